"""Where the emulator's answers are known to differ from the recorded ones, each with the reason.

Also what a recording does not tell of itself: the state before it, and request bodies that its
recorder dropped.
"""

import fnmatch

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
KEY_VAULT_PRINCIPAL = "93c27d83-f79b-4cb2-8dd4-4aa716542e74"
KEY_OPERATOR = (
    SUBSCRIPTION
    + "/providers/Microsoft.Authorization/roleDefinitions/81a9662b-bebf-436f-a333-f67b29880f12"
)
ROLE = {"properties": {"roleDefinitionId": KEY_OPERATOR, "principalId": KEY_VAULT_PRINCIPAL}}
RENAMED = {
    # One recording was made against an internal vault, whose host the emulator does not model.
    "vault-int.azure-int.net": "vault.azure.net",
    # Key Vault's challenge has named another host for the sign-in since 2023.
    "https://login.windows.net/": "https://login.microsoftonline.com/",
}

# The caller's object id, where a vault's access policies name it.
CALLER = "22222222-2222-2222-2222-222222222200"
NOBODY = "00000000-0000-0000-0000-000000000000"
CALLERS = {
    "arm-access-policies-add-2024": "22222222-2222-2222-2222-222222222203",
    "msak-crud-2018": NOBODY,
    "msak-sas-2018": NOBODY,
    "msak-lifecycle-2019": "22222222-2222-2222-2222-222222222201",
    "kv-secret-lifecycle-2020": "22222222-2222-2222-2222-222222222202",
    "kv-secret-soft-delete-2020": "22222222-2222-2222-2222-222222222202",
}
PRINCIPALS = ["22222222-2222-2222-2222-222222222208", "22222222-2222-2222-2222-222222222209"]
SOFT_DELETE = {"kv-secret-list-401-2023": 7, "kv-secret-soft-delete-2020": 90}

INTERNAL = SUBSCRIPTION + (
    "/resourceGroups/kvstoragetestrg/providers/Microsoft.Storage"
    "/storageAccounts/azkvteststorage1westus"
)
INTERNAL_VAULT = "https://storage-sdk-test.vault.azure.net/storage/"
ENROLMENT = {
    "resourceId": INTERNAL,
    "activeKeyName": "key1",
    "autoRegenerateKey": True,
    "regenerationPeriod": "P30D",
    "attributes": {"enabled": True},
}
# What was there before a recording began.
BEFORE = {
    "kv-secret-list-401-2023": {
        "a secret that expires": (
            "PUT",
            "https://example-vault-three.vault.azure.net/secrets/example-secret-with-exp"
            "?api-version=7.3",
            {
                "value": "one",
                "contentType": "",
                "attributes": {"exp": 1704067200},
                "tags": {"example": "value"},
            },
        ),
    },
    "msak-regenerate-update-2017": {
        "Key Vault has its role": (
            "PUT",
            "https://management.azure.com" + INTERNAL + "/providers/Microsoft.Authorization"
            "/roleAssignments/db38efd9-9fbb-4080-a107-5be41f6874c0?api-version=2022-04-01",
            ROLE,
        ),
    },
}


def enrolment(account):
    group = SUBSCRIPTION + "/resourceGroups/rg-0/providers/Microsoft.Storage"
    return {**ENROLMENT, "resourceId": "%s/storageAccounts/%s" % (group, account)}


PLAIN_VAULT = {
    "location": "westcentralus",
    "properties": {
        "tenantId": "11111111-1111-1111-1111-111111111111",
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [
            {
                "tenantId": "11111111-1111-1111-1111-111111111111",
                "objectId": NOBODY,
                "permissions": {"secrets": ["all"], "storage": ["all"]},
            }
        ],
    },
}
# Request bodies that the recorder dropped, as the answers show they were.
BODIES = {
    ("arm-access-policies-add-2024", 2): {
        "properties": {
            "accessPolicies": [
                {
                    "tenantId": "11111111-1111-1111-1111-111111111111",
                    "objectId": "22222222-2222-2222-2222-222222222299",
                    "permissions": {"keys": ["Get"]},
                }
            ]
        }
    },
    ("msak-crud-2018", 5): ROLE,
    ("msak-crud-2018", 6): PLAIN_VAULT,
    ("msak-crud-2018", 10): enrolment("sa22c29322de"),
    ("msak-crud-2018", 13): {
        "activeKeyName": "key2",
        "autoRegenerateKey": False,
        "regenerationPeriod": "P60D",
    },
    ("msak-sas-2018", 5): ROLE,
    ("msak-sas-2018", 6): PLAIN_VAULT,
    ("msak-sas-2018", 10): enrolment("sabc0663752a"),
    ("msak-sas-2018", 11): {
        "templateUri": "ss=bfqt&sig=SCRUBBED%2Fsignature%2BSCRUBBED%2Fsignature%2BFAKEA%3D"
        "&se=2020-01-01T08%3A00%3A00Z&sv=2015-12-11&srt=sco&sp=racwdlup",
        "sasType": "account",
        "validityPeriod": "PT2H",
    },
    ("msak-regenerate-update-2017", 3): ENROLMENT,
    ("resource-graph-storage-2019", 1): {
        "subscriptions": ["00000000-0000-0000-0000-000000000000"],
        "query": "Resources | where type =~ 'microsoft.storage/storageaccounts'",
        "options": {"resultFormat": "table"},
    },
}

AT_ONCE = "the emulator creates and deletes accounts at once, so there is no operation to poll"
NO_STORAGE = "a request to the storage server, which Azurite answers where it runs beside"
RETIRED = "the retired Azure AD Graph; clients of today ask Microsoft Graph"
# Exchanges that are not replayed.
LEFT_OUT = {
    ("arm-activity-log-400-2019", 1): AT_ONCE,
    ("arm-activity-log-400-2019", 2): AT_ONCE,
    ("arm-activity-log-event-2025", 1): "an event of a virtual machine, which the emulator has not",
    (
        "arm-role-assignment-outcomes-2020",
        0,
    ): "the principal was not there yet, but is in the fleet",
    (
        "arm-role-assignment-outcomes-2020",
        3,
    ): "the principal was not there yet, but is in the fleet",
    ("arm-vault-list-paging-and-kv-401-2023", 0): "an empty page that goes on; here pages are full",
    ("arm-vault-list-paging-and-kv-401-2023", 1): "the recorded skip token is a placeholder",
    ("arm-vault-list-paging-and-kv-401-2023", 2): "the recorded skip token is a placeholder",
    ("arm-vault-list-paging-and-kv-401-2023", 3): "the recorded skip token is a placeholder",
    ("arm-vault-list-paging-and-kv-401-2023", 5): "keys of a vault are not modelled",
    (
        "msak-crud-2018",
        0,
    ): "asks at the scope `\\`, a slip of its client; another recording asks well",
    ("msak-crud-2018", 1): AT_ONCE,
    ("msak-crud-2018", 2): AT_ONCE,
    ("msak-crud-2018", 3): AT_ONCE,
    ("msak-lifecycle-2019", 1): RETIRED,
    ("msak-lifecycle-2019", 5): AT_ONCE,
    ("msak-lifecycle-2019", 6): AT_ONCE,
    ("msak-lifecycle-2019", 7): AT_ONCE,
    ("msak-lifecycle-2019", 8): AT_ONCE,
    ("msak-lifecycle-2019", 9): AT_ONCE,
    ("msak-lifecycle-2019", 10): AT_ONCE,
    ("msak-lifecycle-2019", 12): RETIRED,
    ("msak-lifecycle-2019", 18): NO_STORAGE,
    ("msak-lifecycle-2019", 19): NO_STORAGE,
    ("msak-lifecycle-2019", 24): NO_STORAGE,
    ("msak-lifecycle-2019", 27): NO_STORAGE,
    ("msak-regenerate-update-2017", 6): "the service no longer takes the body of 2016-10-01",
    ("msak-regenerate-update-2017", 7): "the definition of step 6 is not there",
    ("msak-sas-2018", 1): AT_ONCE,
    ("msak-sas-2018", 2): AT_ONCE,
    ("msak-sas-2018", 3): AT_ONCE,
}

# (recording, step or None for all, part of the answer, reason); `*` stands for anything.
LATER = "a member that Azure has added since the recording"
REDUNDANT = "the emulator's accounts are of one kind, Standard_LRS, without a secondary region"
BUILT_IN = "the emulator does not know when Microsoft has written a built-in role, and who"
DROPPED = "the recorder dropped the permissions of the request; the fleet grants all"
COPIED = "the recording was copied by hand without it"
ALREADY = "the fleet has the group already, which is 200 instead of 201"
DIFFERENCES = [
    ("kv-secret-*-2020", None, "body.error.message", "the text has begun with AKV10000 since 2023"),
    ("msak-*-2018", 9, "content-type", "the answer 401 has had a body since August 2019"),
    ("msak-lifecycle-2019", 14, "content-type", "the answer 401 has had a body since August 2019"),
    ("msak-*", None, "retry-after", "put in by the recorder of the Java client"),
    ("*", None, "body.properties.enableRbacAuthorization", LATER),
    ("*", None, "body.properties.enableSoftDelete", LATER),
    ("*", None, "body.properties.enabledFor*", LATER),
    ("*", None, "body.properties.publicNetworkAccess", LATER),
    ("*", None, "body.properties.softDeleteRetentionInDays", LATER),
    ("*", None, "body*.properties.accessTier", LATER),
    ("*", None, "body*.properties.allowBlobPublicAccess", LATER),
    ("*", None, "body*.properties.minimumTlsVersion", LATER),
    ("*", None, "body*.properties.encryption.services.*.keyType", LATER),
    ("msak-*-2018", 4, "body.properties.encryption.services.file", LATER),
    ("*", None, "body*.properties.privateEndpointConnections", "the emulator has no networks"),
    ("*", None, "body*.properties.isHnsEnabled", "the emulator's accounts have no file systems"),
    (
        "*",
        None,
        "body*.properties.primaryEndpoints.dfs",
        "the emulator's accounts have no file systems",
    ),
    (
        "*",
        None,
        "body*.properties.primaryEndpoints.web",
        "the emulator's accounts have no web sites",
    ),
    ("*", None, "body*.properties.secondary*", REDUNDANT),
    ("*", None, "body*.properties.statusOfSecondary", REDUNDANT),
    ("*", None, "body*.sku.name", "the emulator has one tier of accounts and one of vaults"),
    ("arm-storage-account-list-2019", 0, "body.value#.tags.*", "the fleet's accounts have no tags"),
    ("kv-secret-list-401-2023", 3, "body.value#.tags.*", "the tag of another project's own"),
    ("*", None, "body.value#.properties.createdBy", BUILT_IN),
    ("*", None, "body.value#.properties.createdOn", BUILT_IN),
    ("*", None, "body.value#.properties.updatedBy", BUILT_IN),
    ("*", None, "body.value#.properties.updatedOn", BUILT_IN),
    (
        "arm-access-policies-add-2024",
        3,
        "body.properties.networkAcls",
        "the emulator has no networks",
    ),
    ("arm-access-policies-add-2024", 3, "body*.permissions*", DROPPED),
    ("msak-crud-2018", None, "body*.permissions*", DROPPED),
    ("msak-sas-2018", None, "body*.permissions*", DROPPED),
    ("msak-*-2018", 4, "body.properties.networkAcls", LATER),
    ("msak-*-2018", 4, "body.properties.supportsHttpsTrafficOnly", LATER),
    ("msak-*-2018", 5, "body.properties.principalType", LATER),
    ("msak-lifecycle-2019", 4, "body.type", LATER),
    ("msak-regenerate-update-2017", None, "body.attributes.recoveryLevel", LATER),
    ("msak-regenerate-update-2017", None, "content-type", COPIED),
    ("msak-regenerate-update-2017", None, "body.id", COPIED),
    ("msak-regenerate-update-2017", None, "body.resourceId", COPIED),
    ("resource-graph-*", 1, "body.data.columns#.type", "a column without values counts as text"),
    ("resource-graph-*", 1, "body.data.*", LATER),
    ("arm-activity-log-400-2019", 0, "status", ALREADY),
    ("msak-lifecycle-2019", 0, "status", ALREADY),
    ("arm-activity-log-400-2019", 5, "status", AT_ONCE),
    ("msak-lifecycle-2019", 40, "status", AT_ONCE),
]

_used = set()


def is_left_out(name, step):
    _used.add((name, step))
    return (name, step) in LEFT_OUT


def unexplained(found):
    """Returns what differs without a reason, and the reasons for nothing."""
    problems = []
    for name, step, part, detail in found:
        rules = [
            rule
            for rule in DIFFERENCES
            if fnmatch.fnmatchcase(name, rule[0])
            and rule[1] in (None, step)
            and fnmatch.fnmatchcase(part, rule[2])
        ]
        _used.update(rules)
        if not rules:
            problems.append("%s %s %s: %s" % (name, step, part, detail))
    idle = [rule for rule in DIFFERENCES if rule not in _used]
    idle += [left for left in LEFT_OUT if left not in _used]
    return problems + ["listed, but no longer so: %s" % (rule,) for rule in idle]
