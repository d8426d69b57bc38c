"""Replays recorded exchanges with Azure against the emulator and compares the answers.

Every recording gets an emulator that holds the accounts and vaults it speaks of, at the time it was
made. Compared are status, the headers that clients read, and the body member by member. What
differs is listed with its reason in `golden_differences.py`; anything else, and anything listed
that no longer differs, is an error.
"""

import argparse
import email.utils
import json
import pathlib
import re
import urllib.parse

import golden_differences as known
from emulator import Emulator
from exchange import Caller

TENANT = "11111111-1111-1111-1111-111111111111"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
RESOURCE = re.compile(
    r"/resourceGroups/([^/]+)/providers"
    r"/Microsoft\.(Storage/storageAccounts|KeyVault/vaults)/([\w-]+)",
    re.IGNORECASE,
)
VAULT_HOST = re.compile(r"^([\w-]+)\.vault(?:-int)?\.azure(?:-int)?\.net$")
KEY_VAULT = (
    "https://graph.microsoft.com/v1.0/servicePrincipals"
    "?$filter=appId%20eq%20'cfa8b339-82a2-471a-a3c9-0fc0be7a4093'"
)
VERSION = re.compile(r"[0-9a-f]{32}")
# Compared by value, without a charset; of the headers in PRESENT only that they are there.
EQUAL = ("content-type", "www-authenticate", "x-ms-failure-cause", "retry-after")
PRESENT = (
    "cache-control",
    "expires",
    "pragma",
    "strict-transport-security",
    "x-content-type-options",
    "x-ms-keyvault-network-info",
    "x-ms-keyvault-region",
    "x-ms-keyvault-service-version",
    "x-ms-ratelimit-remaining-subscription-deletes",
    "x-ms-ratelimit-remaining-subscription-global-reads",
    "x-ms-ratelimit-remaining-subscription-global-writes",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-writes",
    "x-ms-ratelimit-remaining-tenant-reads",
    "x-ms-ratelimit-remaining-tenant-resource-requests",
    "x-ms-user-quota-remaining",
    "x-ms-user-quota-resets-after",
)
# Members that mean the same thing everywhere: their values are compared, of others only the kind.
TOLD = {
    "activeKeyName", "autoRegenerateKey", "code", "contentType", "enabled", "id", "keyName",
    "managed", "message", "name", "nextLink", "objectId", "permissions", "principalId",
    "recoveryId", "recoveryLevel", "regenerationPeriod", "resourceGroup", "resourceId",
    "roleDefinitionId", "sasType", "scope", "sid", "templateUri", "type", "validityPeriod",
}  # fmt: skip


class Replay:
    """One recording, and how its emulator's answers differ."""

    def __init__(self, name, recording, caller):
        self._name = name
        self._recording = recording
        self._caller = caller
        # Values that the recording knows, and the emulator's in their place.
        self._renamed = dict(known.RENAMED)
        self.compared = 0
        self.found = []

    def run(self):
        found = self._caller.send("GET", KEY_VAULT)
        self._renamed[known.KEY_VAULT_PRINCIPAL] = found.body["value"][0]["id"]
        for step, (method, url, body) in known.BEFORE.get(self._name, {}).items():
            answer = self._caller.send(method, url, json.loads(self._here(json.dumps(body))))
            if answer.status not in (200, 201):
                raise RuntimeError("before %s %s: %s" % (self._name, step, answer.body))
        for recorded in self._recording["exchanges"]:
            step = recorded["step"]
            if not known.is_left_out(self._name, step):
                self._replay(step, recorded)
                self.compared += 1

    def _replay(self, step, recorded):
        request, response = recorded["request"], recorded["response"]
        sent = known.BODIES.get((self._name, step), request["body"])
        sent = None if sent is None else json.loads(self._here(json.dumps(sent)))
        url = self._here(request["url"])
        answer = self._caller.send(request["method"], url, sent, signed=response["status"] != 401)
        differs = lambda part, detail: self.found.append((self._name, step, part, detail))
        if answer.status != response["status"]:
            detail = "%s, not %s: %s" % (answer.status, response["status"], json.dumps(answer.body))
            differs("status", detail)
            return
        self._compare_headers(differs, response["headers"], answer.headers)
        wanted, got = as_objects(response["body"]), as_objects(answer.body)
        for part, detail in self._bodies("body", wanted, got):
            differs(part, detail)

    def _compare_headers(self, differs, recorded, given):
        for name in EQUAL:
            wanted, got = self._here(recorded.get(name, "")), given.get(name, "")
            if lower(wanted).split("; charset")[0] != lower(got).split("; charset")[0]:
                differs(name, "%r, not %r" % (got, wanted))
        for name in PRESENT:
            if name in recorded and name not in given:
                differs(name, "missing")
        # The recordings lack it, every real answer has it.
        if "x-ms-request-id" not in given:
            differs("x-ms-request-id", "missing")

    def _bodies(self, part, recorded, given):
        """Yields where two values differ, and learns the emulator's names on the way."""
        if isinstance(recorded, dict) and isinstance(given, dict):
            for name in {**recorded, **given}:
                inner = part + "." + name
                if name not in given:
                    yield inner, "missing"
                elif name not in recorded:
                    yield inner, "not in the recording: %s" % json.dumps(given[name])
                else:
                    yield from self._bodies(inner, recorded[name], given[name])
        elif isinstance(recorded, list) and isinstance(given, list):
            yield from self._lists(part + "#", recorded, given)
        elif recorded is not None and type(recorded) is not type(given):
            yield part, "%s, not %s" % (json.dumps(given), json.dumps(recorded))
        elif not self._same(part, recorded, given):
            yield part, "%s, not %s" % (json.dumps(given), json.dumps(recorded))

    def _lists(self, part, recorded, given):
        """Compares items by their names: the order of a list is no promise of Azure's."""
        wanted, got = self._by_name(recorded), self._by_name(given)
        for name in {**wanted, **got}:
            if name not in got:
                yield part, "no item %s" % name
            elif name not in wanted:
                yield part, "one more item, %s" % name
            else:
                yield from self._bodies(part, wanted[name], got[name])

    def _by_name(self, items):
        names = {}
        for item in items:
            name = item
            if isinstance(item, dict):
                known_by = (item.get(key) for key in ("keyName", "objectId", "id", "name"))
                name = next((value for value in known_by if value), "?")
            name = self._here(name) if isinstance(name, str) else json.dumps(name)
            names[lower(name)] = item
        return names

    def _same(self, part, recorded, given):
        if isinstance(recorded, str) and isinstance(given, str):
            old, new = VERSION.findall(recorded), VERSION.findall(given)
            if part == "body.value":
                old, new = [recorded], [given]
            if len(old) == len(new):
                self._renamed.update(zip(old, new))
        told = part.rstrip("#").rsplit(".", 1)[-1] in TOLD
        return not told or lower(self._here(recorded)) == lower(given)

    def _here(self, text):
        if isinstance(text, str):
            for old, new in self._renamed.items():
                text = text.replace(old, new)
        return text


def as_objects(body):
    """Turns the rows of a Resource Graph table into objects, which do not depend on an order."""
    if not isinstance(body, dict) or "columns" not in (body.get("data") or {}):
        return body
    names = [column["name"] for column in body["data"]["columns"]]
    rows = [dict(zip(names, row)) for row in body["data"]["rows"]]
    return {**body, "data": {**body["data"], "rows": rows}}


def lower(value):
    """Makes strings equal that differ in case alone, as ids and key permissions do in Azure."""
    return value.lower() if isinstance(value, str) else value


def fleet(name, recording):
    """Returns a fleet with everything that the recording speaks of."""
    exchanges = recording["exchanges"]
    caller = known.CALLERS.get(name, known.CALLER)
    accounts, vaults = {}, {}
    for exchange in exchanges:
        status, url = exchange["response"]["status"], exchange["request"]["url"]
        text = json.dumps(exchange["response"]["body"]) + (url if status < 300 else "")
        for group, kind, resource in RESOURCE.findall(text):
            (accounts if "Storage" in kind else vaults)[resource] = group
        host = VAULT_HOST.match(urllib.parse.urlsplit(url).hostname)
        if host:
            vaults.setdefault(host.group(1), "rg")
    return {
        "now": begin(exchanges),
        "tenant_id": TENANT,
        "applications": [
            {
                "client_id": "c11e4700-0000-4000-8000-000000000001",
                "object_id": caller,
                "roles": [{"role": "Owner", "scope": "/subscriptions/" + SUBSCRIPTION}],
            }
        ],
        "principals": known.PRINCIPALS,
        "subscriptions": [
            {
                "id": SUBSCRIPTION,
                "accounts": [
                    {"resource_group": group, "name": account, "location": "westus"}
                    for account, group in accounts.items()
                ],
                "vaults": [
                    {
                        "resource_group": group,
                        "name": vault,
                        "soft_delete_days": known.SOFT_DELETE.get(name),
                        "access_policies": [
                            {"object_id": caller, "storage": ["all"], "secrets": ["all"]}
                        ],
                    }
                    for vault, group in vaults.items()
                ],
            }
        ],
    }


def begin(exchanges):
    """Returns the time of the first answer that has one; not every recorder kept it."""
    dates = [exchange["response"]["headers"].get("date") for exchange in exchanges]
    first = next((date for date in dates if date), "Fri, 14 Jun 2019 00:00:00 GMT")
    return email.utils.parsedate_to_datetime(first).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--data", required=True, help="the folder of recordings")
    options = parser.parse_args()
    compared, found = 0, []
    for path in sorted(pathlib.Path(options.data).glob("*.json")):
        recording = json.loads(path.read_text())
        with Emulator(options.keyrotation, fleet(path.stem, recording)) as azure:
            replay = Replay(path.stem, recording, Caller(azure))
            replay.run()
        compared += replay.compared
        found += replay.found
    problems = known.unexplained(found)
    for problem in problems:
        print(problem)
    print(
        "%d exchanges compared, %d left out; %d differences, %d without a reason"
        % (compared, len(known.LEFT_OUT), len(found), len(problems))
    )
    if problems or not compared:
        raise SystemExit(1)


main()
