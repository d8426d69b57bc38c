"""Validates exchanges with the emulator under the OpenAPI documents that Azure publishes.

Makes every request of the managed storage accounts, and those of secrets and of Resource Manager
that rotation needs, in each version that has a document; refusals too.
"""

import argparse
import fnmatch
import json
import pathlib
import urllib.parse

from emulator import ACCOUNT, ACCOUNT_ID, GROUP, KEY_OPERATOR, KEY_VAULT_APPLICATION
from emulator import SUBSCRIPTION, VAULT, Emulator
from exchange import Caller, Exchange
from openapi_documents import Documents, problems

ARM = "https://management.azure.com"
VAULT_URL = "https://%s.vault.azure.net" % VAULT
STORAGE_VERSIONS = ("7.4", "7.5", "2025-07-01")
SECRET_VERSIONS = ("7.4", "7.5")
ROLES = "%s/providers/Microsoft.Authorization" % ACCOUNT_ID
PROVIDERS = "/subscriptions/%s/resourceGroups/%s/providers" % (SUBSCRIPTION, GROUP)
ENROLMENT = {
    "resourceId": ACCOUNT_ID,
    "activeKeyName": "key1",
    "autoRegenerateKey": True,
    "regenerationPeriod": "P30D",
    "attributes": {"enabled": True},
    "tags": {"owner": "us"},
}
DEFINITION = {
    "templateUri": "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https&sig=AAAA",
    "sasType": "account",
    "validityPeriod": "PT2H",
}
# Where real Azure breaks its documents: (operation, part, what shows it).
DEVIATIONS = [
    ("StorageAccounts_*Key*", "body.keys#.permissions", "FULL in arm-storage-keys-renew-2019"),
    ("Get*", "body.nextLink", "null on the last page in msak-lifecycle-2019, steps 28 and 35"),
    (
        "Resources",
        "body.data",
        "a list, unless a table is asked for as in resource-graph-storage-2019",
    ),
    (
        "StorageAccounts_*",
        "body*.properties.keyCreationTime.key?",
        "null for keys from before 2021; in a public report of a client's failure",
    ),
    (
        "ActivityLogs_List",
        "body.value#.channels",
        "not recorded; in the sample of Azure's reference",
    ),
    (
        "Subscriptions_List",
        "body.nextLink",
        "not recorded; clients take its absence for the last page",
    ),
    ("Tenants_List", "body.nextLink", "not recorded; clients take its absence for the last page"),
]


class Scenario:
    """Makes requests in an order that each of them can be answered in."""

    def __init__(self, caller):
        self._caller = caller

    def run(self):
        self._resource_manager()
        for version in STORAGE_VERSIONS:
            self._version = version
            self._managed_storage()
        for version in SECRET_VERSIONS:
            self._version = version
            self._secrets()

    def _vault(self, method, path, body=None, expected=200, **options):
        join = "&" if "?" in path else "?"
        url = "%s%s%sapi-version=%s" % (VAULT_URL, path, join, self._version)
        return self._expect(expected, self._caller.send(method, url, body, **options))

    def _arm(self, version, method, path, body=None, expected=200):
        join = "&" if "?" in path else "?"
        url = "%s%s%sapi-version=%s" % (ARM, path, join, version)
        return self._expect(expected, self._caller.send(method, url, body))

    def _expect(self, expected, exchange):
        if exchange.status != expected:
            raise AssertionError("%s, expected %d: %s" % (exchange, expected, exchange.body))
        return exchange.body

    def _managed_storage(self):
        vault = self._vault
        vault("GET", "/storage", expected=401, signed=False)
        vault("GET", "/storage/none", expected=404)
        vault("PUT", "/storage/logs", {"activeKeyName": "key1"}, expected=400)
        vault("PUT", "/storage/logs", ENROLMENT)
        vault("GET", "/storage?maxresults=5")
        vault("GET", "/storage/logs")
        vault("PATCH", "/storage/logs", {"regenerationPeriod": "P60D"})
        vault("POST", "/storage/logs/regeneratekey", {"keyName": "key2"})
        self._definitions()
        backup = vault("POST", "/storage/logs/backup")
        vault("DELETE", "/storage/logs")
        vault("PUT", "/storage/logs", ENROLMENT, expected=409)
        vault("GET", "/deletedstorage")
        vault("GET", "/deletedstorage/logs")
        vault("POST", "/deletedstorage/logs/recover")
        vault("DELETE", "/storage/logs")
        vault("DELETE", "/deletedstorage/logs", expected=204)
        vault("POST", "/storage/restore", backup)
        vault("DELETE", "/storage/logs")
        vault("DELETE", "/deletedstorage/logs", expected=204)
        vault("GET", "/deletedstorage/logs", expected=404)

    def _definitions(self):
        vault = self._vault
        vault("PUT", "/storage/logs/sas/read", {**DEFINITION, "sasType": "wrong"}, expected=400)
        vault("PUT", "/storage/logs/sas/read", DEFINITION)
        vault("GET", "/storage/logs/sas?maxresults=5")
        vault("GET", "/storage/logs/sas/read")
        vault("GET", "/storage/logs/sas/none", expected=404)
        vault("PATCH", "/storage/logs/sas/read", {"validityPeriod": "PT1H"})
        vault("DELETE", "/storage/logs/sas/read")
        vault("GET", "/deletedstorage/logs/sas")
        vault("GET", "/deletedstorage/logs/sas/read")
        vault("POST", "/deletedstorage/logs/sas/read/recover")

    def _secrets(self):
        vault = self._vault
        vault("PUT", "/secrets/plain", {"value": "one", "tags": {"owner": "us"}})
        version = vault("GET", "/secrets/plain/")["id"].rsplit("/", 1)[-1]
        vault("GET", "/secrets/plain")
        vault("GET", "/secrets/plain/" + version)
        vault("GET", "/secrets/none/", expected=404)
        vault("GET", "/secrets?maxresults=5")
        vault("GET", "/secrets/plain/versions")
        vault("PATCH", "/secrets/plain/" + version, {"contentType": "text/plain"})
        backup = vault("POST", "/secrets/plain/backup")
        vault("DELETE", "/secrets/plain")
        vault("PUT", "/secrets/plain", {"value": "two"}, expected=409)
        vault("GET", "/deletedsecrets")
        vault("GET", "/deletedsecrets/plain")
        vault("POST", "/deletedsecrets/plain/recover")
        vault("DELETE", "/secrets/plain")
        vault("DELETE", "/deletedsecrets/plain", expected=204)
        vault("POST", "/secrets/restore", backup)
        vault("DELETE", "/secrets/plain")
        vault("DELETE", "/deletedsecrets/plain", expected=204)

    def _resource_manager(self):
        self._roles()
        self._accounts()
        self._vaults()
        self._surroundings()

    def _roles(self):
        arm = lambda *request, **options: self._arm("2022-04-01", *request, **options)
        name = urllib.parse.quote("roleName eq '%s'" % KEY_OPERATOR)
        role = arm("GET", "%s/roleDefinitions?$filter=%s" % (ROLES, name))["value"][0]["id"]
        arm("GET", "%s/roleDefinitions/%s" % (ROLES, role.rsplit("/", 1)[-1]))
        url = "https://graph.microsoft.com/v1.0/servicePrincipals?$filter=appId%20eq%20'"
        found = self._caller.send("GET", url + KEY_VAULT_APPLICATION + "'").body["value"]
        body = {"properties": {"roleDefinitionId": role, "principalId": found[0]["id"]}}
        path = ROLES + "/roleAssignments/db38efd9-9fbb-4080-a107-5be41f6874c"
        arm("PUT", path + "0", body, expected=201)
        arm("PUT", path + "1", body, expected=409)
        arm("GET", path + "0")
        arm("GET", ROLES + "/roleAssignments")
        arm("GET", path + "2", expected=404)

    def _accounts(self):
        arm = lambda *request, **options: self._arm("2023-05-01", *request, **options)
        arm("GET", "/subscriptions/%s/providers/Microsoft.Storage/storageAccounts" % SUBSCRIPTION)
        arm("GET", PROVIDERS + "/Microsoft.Storage/storageAccounts")
        arm("GET", ACCOUNT_ID)
        arm("GET", ACCOUNT_ID.replace(ACCOUNT, "stnone"), expected=404)
        arm("PATCH", ACCOUNT_ID, {"properties": {"keyPolicy": {"keyExpirationPeriodInDays": 90}}})
        arm("POST", ACCOUNT_ID + "/listKeys")
        arm("POST", ACCOUNT_ID + "/regenerateKey", {"keyName": "key2"})
        arm("POST", ACCOUNT_ID + "/regenerateKey", {"keyName": "key3"}, expected=400)

    def _vaults(self):
        arm = lambda *request, **options: self._arm("2023-07-01", *request, **options)
        arm("GET", "/subscriptions/%s/providers/Microsoft.KeyVault/vaults" % SUBSCRIPTION)
        arm("GET", PROVIDERS + "/Microsoft.KeyVault/vaults")
        vault = arm("GET", "%s/Microsoft.KeyVault/vaults/%s" % (PROVIDERS, VAULT))
        policy = {
            "tenantId": vault["properties"]["tenantId"],
            "objectId": "0b7ec700-0000-4000-8000-0000000000bb",
            "permissions": {"secrets": ["get"], "storage": ["get", "setsas"]},
        }
        path = "%s/Microsoft.KeyVault/vaults/%s/accessPolicies/add" % (PROVIDERS, VAULT)
        arm("PUT", path, {"properties": {"accessPolicies": [policy]}})

    def _surroundings(self):
        self._arm("2022-12-01", "GET", "/subscriptions")
        self._arm("2022-12-01", "GET", "/subscriptions/" + SUBSCRIPTION)
        self._arm("2022-12-01", "GET", "/tenants")
        since = self._caller.send("GET", ARM + ACCOUNT_ID + "?api-version=2023-05-01").body
        asked = "eventTimestamp ge '%s' and resourceGroupName eq '%s'"
        asked %= (since["properties"]["creationTime"], GROUP)
        path = "/subscriptions/%s/providers/Microsoft.Insights/eventtypes/management/values"
        path = path % SUBSCRIPTION + "?$filter=" + urllib.parse.quote(asked)
        self._arm("2015-04-01", "GET", path)
        query = "Resources | where type =~ 'microsoft.storage/storageaccounts' | project id, name"
        body = {"subscriptions": [SUBSCRIPTION], "query": query}
        self._arm("2024-04-01", "POST", "/providers/Microsoft.ResourceGraph/resources", body)


def current_version(exchange):
    """Names a version of a secret: the documents lack the request without one that clients send.

    The service takes it, also with an empty version: msak-lifecycle-2019, step 17.
    """
    parts = urllib.parse.urlsplit(exchange.url)
    words = parts.path.strip("/").split("/")
    if exchange.method == "GET" and words[0] == "secrets" and len(words) == 2:
        exchange.url = parts._replace(path="/secrets/%s/current" % words[1]).geturl()
    return exchange


def described(exchange):
    """Tells whether Azure's documents are about the host that an exchange was with."""
    host = urllib.parse.urlsplit(exchange.url).hostname
    return host == "management.azure.com" or host.endswith(".vault.azure.net")


def read_recorded(folder):
    """Yields the exchanges that the emulators of the tests recorded."""
    files = sorted(pathlib.Path(folder).glob("*.jsonl"))
    if not files:
        raise SystemExit("%s holds no exchanges: `cargo xtask test` records them" % folder)
    for file in files:
        for line in file.read_text().splitlines():
            one = json.loads(line)
            yield Exchange(
                one["method"],
                one["url"],
                one["sent"],
                one["status"],
                one["headers"],
                one["body"],
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--data", required=True, help="the folder of OpenAPI documents")
    parser.add_argument("--exchanges", help="a folder of exchanges that emulators recorded")
    options = parser.parse_args()
    documents = Documents(options.data)
    with Emulator(options.keyrotation) as azure:
        caller = Caller(azure)
        Scenario(caller).run()
    recorded = list(read_recorded(options.exchanges)) if options.exchanges else []
    # Sign-in and directory are no part of the documents.
    exchanges = [one for one in caller.exchanges + recorded if described(one)]
    used, wrong, known = set(), [], {}
    for exchange in map(current_version, exchanges):
        found = documents.operation(exchange.method, exchange.url)
        used.add(found and (found.id, found.version))
        for operation, part, detail in problems(documents, exchange):
            matching = [
                rule
                for rule in DEVIATIONS
                if fnmatch.fnmatchcase(operation, rule[0]) and fnmatch.fnmatchcase(part, rule[1])
            ]
            known.update((rule, True) for rule in matching)
            if not matching:
                wrong.append("%s %s: %s" % (operation, part, detail))
    wrong += ["allowed, but no longer so: %s" % (rule,) for rule in DEVIATIONS if rule not in known]
    for line in wrong:
        print(line)
    print(
        "%d exchanges (%d of them recorded by the tests) of %d operations, %d problems"
        % (len(exchanges), len(list(filter(described, recorded))), len(used), len(wrong))
    )
    if wrong:
        raise SystemExit(1)


main()
