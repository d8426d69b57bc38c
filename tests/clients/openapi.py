"""Validates exchanges with the emulator under the OpenAPI documents that Azure publishes.

Makes every request of the managed storage accounts, and those of secrets and of Resource Manager
that rotation needs, in each version that has a document; refusals too. Then takes all exchanges
that the emulators of the test suite have kept. What is allowed and what is left out is listed in
`openapi_rules.py`.
"""

import argparse
import collections
import dataclasses
import fnmatch
import itertools
import json
import pathlib
import urllib.parse

import openapi_rules as rules
from emulator import ACCOUNT, ACCOUNT_ID, GROUP, KEY_OPERATOR, KEY_VAULT_APPLICATION
from emulator import SUBSCRIPTION, VAULT, Emulator
from exchange import Caller, Exchange
from openapi_documents import Documents, api_version, is_error, problems

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
    words = [word for word in parts.path.split("/") if word]
    if exchange.method in ("GET", "PATCH") and words[0] == "secrets" and len(words) == 2:
        words.append("current")
    # Clients write slashes too many, and the service takes them: the vaults of the recordings too.
    return dataclasses.replace(exchange, url=parts._replace(path="/" + "/".join(words)).geturl())


def read_exchanges(folder):
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


def recording(folder, name, step):
    """Returns one exchange with Azure."""
    content = json.loads((pathlib.Path(folder) / (name + ".json")).read_text())
    one = next(one for one in content["exchanges"] if one["step"] == step)
    request, response = one["request"], one["response"]
    return Exchange(
        request["method"],
        request["url"],
        request["body"],
        response["status"],
        response["headers"],
        response["body"],
    )


class Check:
    """All that was found about the exchanges so far."""

    def __init__(self, documents):
        self._documents = documents
        self._needed = set()
        self._operations = set()
        self._by_version = collections.Counter()
        self._left_out = collections.Counter()
        self._counts = collections.Counter()
        self.wrong = []

    def hold(self, exchange):
        """Holds an exchange against the documents."""
        exchange = current_version(exchange)
        self._counts["all"] += 1
        version = api_version(exchange.url)
        parts = urllib.parse.urlsplit(exchange.url)
        for rule in rules.LEFT_OUT:
            if rule.holds(parts.hostname, parts.path, version):
                self._left_out[rule] += 1
                return
        operation = self._documents.operation(exchange.method, exchange.url)
        if operation is None:
            self._unknown(exchange)
            return
        self._operations.add((operation.id, operation.version))
        self._counts["exact" if operation.version == version else "nearest"] += 1
        if operation.version != version:
            service = operation.file.stem
            self._by_version[service, version or "without", operation.version] += 1
        for found in problems(self._documents, operation, exchange):
            self._judge(*found)

    def _unknown(self, exchange):
        """A route that no document has may be refused, in the shape that all services have."""
        if exchange.status >= 400 and is_error(exchange.body):
            self._counts["refused"] += 1
        else:
            self.wrong.append("no operation of any document: %s" % exchange)

    def _judge(self, operation, part, detail):
        matching = [rule for rule in rules.DEVIATIONS if allows(rule, operation, part)]
        self._needed.update(matching)
        if not matching:
            self.wrong.append("%s %s: %s" % (operation, part, detail))

    def prove(self, folder):
        """Makes sure that Azure breaks its documents wherever a recording is said to show it."""
        for rule in rules.DEVIATIONS:
            for name, step in rule.recordings:
                exchange = current_version(recording(folder, name, step))
                operation = self._documents.operation(exchange.method, exchange.url)
                found = problems(self._documents, operation, exchange) if operation else ()
                if not any(allows(rule, one, part) for one, part, _ in found):
                    self.wrong.append("%s, step %d, does not show %s" % (name, step, rule))

    def finish(self):
        """Finds rules that nothing needs, and prints everything."""
        idle = [rule for rule in rules.DEVIATIONS if rule not in self._needed]
        idle += [rule for rule in rules.LEFT_OUT if rule not in self._left_out]
        self.wrong += ["listed, but no longer so: %s" % (rule,) for rule in idle]
        for line in self.wrong:
            print(line)
        for (service, asked, read), count in sorted(self._by_version.items()):
            print("%6d by the nearest version: %s %s as %s" % (count, service, asked, read))
        for rule, count in self._left_out.items():
            print("%6d left out: %s" % (count, rule.reason))
        proven = sum(len(rule.recordings) > 0 for rule in rules.DEVIATIONS)
        print(
            "%d exchanges: %d by the document of their version, %d by the nearest, %d refused on"
            " routes without a document, %d left out; %d operations, %d deviations (%d recorded),"
            " %d problems"
            % (
                self._counts["all"],
                self._counts["exact"],
                self._counts["nearest"],
                self._counts["refused"],
                self._left_out.total(),
                len(self._operations),
                len(rules.DEVIATIONS),
                proven,
                len(self.wrong),
            )
        )


def allows(rule, operation, part):
    return fnmatch.fnmatchcase(operation, rule.operation) and fnmatch.fnmatchcase(part, rule.part)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--data", required=True, help="the folder of OpenAPI documents")
    parser.add_argument("--recordings", required=True, help="the folder of exchanges with Azure")
    parser.add_argument("--exchanges", required=True, help="what the tests' emulators recorded")
    options = parser.parse_args()
    check = Check(Documents(options.data))
    check.prove(options.recordings)
    with Emulator(options.keyrotation) as azure:
        caller = Caller(azure)
        Scenario(caller).run()
    for exchange in itertools.chain(caller.exchanges, read_exchanges(options.exchanges)):
        check.hold(exchange)
    check.finish()
    if check.wrong:
        raise SystemExit(1)


main()
