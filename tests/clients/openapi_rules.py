"""What the check against Azure's documents allows and leaves out, each with its reason.

Nothing here may be idle: a rule that no exchange needs any more is an error.
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Deviation:
    """Where real Azure breaks its documents.

    `recordings` are (file, step) of exchanges with Azure that break them in the same place; the
    check makes sure that they do. Without one, `reason` says why there is none.
    """

    operation: str
    part: str
    recordings: tuple
    reason: str


DEVIATIONS = [
    Deviation(
        "StorageAccounts_*Key*",
        "body.keys#.permissions",
        (("arm-storage-keys-renew-2019", 0), ("arm-storage-keys-renew-2019", 1)),
        "documented `Full`, answered `FULL`",
    ),
    Deviation(
        "Get*",
        "body.nextLink",
        (("msak-lifecycle-2019", 28), ("msak-lifecycle-2019", 35)),
        "null on the last page of every list of a vault",
    ),
    Deviation(
        "*List*",
        "query.$skiptoken",
        (("arm-vault-list-paging-and-kv-401-2023", 1),),
        "a parameter of links to a next page, which clients follow as they are",
    ),
    Deviation(
        "Get*s",
        "query.$skiptoken",
        (),
        "the same in a vault. No recorded list of a vault is longer than a page; an example in the"
        " documents of a vault has such a link",
    ),
    Deviation(
        "ActivityLogs_List",
        "body.[CM]*e",
        (("arm-activity-log-400-2019", 4),),
        "`Code` and `Message` alone, without the `error` around them",
    ),
    Deviation(
        "Resources",
        "body.data",
        (),
        "the document contradicts itself: by its type an object, by its description an array unless"
        " a table is asked for. The one recording, resource-graph-storage-2019, is a table",
    ),
    Deviation(
        "StorageAccounts_*",
        "body*.properties.keyCreationTime.key?",
        (),
        "null for keys from before 2021. The recordings of accounts are of 2019, when there was no"
        " such member; a client failed at `value[0].properties.keyCreationTime.key1` in public",
    ),
    Deviation(
        "Subscriptions_List",
        "body.nextLink",
        (),
        "documented as required, which would leave no last page. No recording asks for"
        " subscriptions; clients take its absence for the last page",
    ),
    Deviation(
        "Tenants_List",
        "body.nextLink",
        (),
        "documented as required, which would leave no last page. No recording asks for tenants;"
        " clients take its absence for the last page",
    ),
]


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """Exchanges that no document is about, by host, path and api-version."""

    reason: str
    host: str = r".*"
    path: str = r".*"
    version: str = r".*"

    def holds(self, host, path, version):
        parts = ((self.host, host), (self.path, path), (self.version, version))
        return all(re.fullmatch(form, text, re.IGNORECASE) for form, text in parts)


VAULTS = r"[^.]+\.vault\..*"
MANAGEMENT = r"management\..*"
ELSEWHERE = "the folder has no document of "
LEFT_OUT = [
    LeftOut("sign-in is described by OpenID Connect, not by OpenAPI", host=r"login\..*"),
    LeftOut(ELSEWHERE + "Microsoft Graph", host=r"(graph|microsoftgraph)\..*"),
    LeftOut(
        "2016-10-01 writes a definition by `parameters`; no document here has that form",
        host=VAULTS,
        path=r"/storage/[^/]+/sas/[^/]+",
        version="2016-10-01",
    ),
    LeftOut(
        ELSEWHERE + "backups in a version without them",
        host=VAULTS,
        path=r"/deletedstorage.*",
        version="2016-10-01",
    ),
    LeftOut(
        ELSEWHERE + "resource groups and resources in general",
        host=MANAGEMENT,
        path=r"/subscriptions/[^/]+/(resourceGroups(/[^/]+)?(/resources)?|resources)",
    ),
    LeftOut(ELSEWHERE + "apps", host=MANAGEMENT, path=r".*/Microsoft\.Web/sites(/.*)?"),
    LeftOut(
        ELSEWHERE + "clusters",
        host=MANAGEMENT,
        path=r".*/Microsoft\.ContainerService/managedClusters(/.*)?",
    ),
    LeftOut(
        "the API of a cluster is held against a real server's answers by kubernetes.py",
        host=r".*\.azmk8s\.io",
    ),
    LeftOut(
        ELSEWHERE + "management groups",
        host=MANAGEMENT,
        path=r"/providers/Microsoft\.Management/managementGroups(/.*)?",
    ),
    LeftOut(
        ELSEWHERE + "locks", host=MANAGEMENT, path=r".*/Microsoft\.Authorization/locks(/[^/]+)?"
    ),
]
