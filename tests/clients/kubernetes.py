"""Replays recorded requests to a real Kubernetes server against the emulator's cluster.

Everything is compared but what two servers cannot have in common: ids, times, revisions (only
whether they are the same as before) and the made-up end of a name.
"""

import argparse
import base64
import json
import pathlib

from emulator import GROUP, SUBSCRIPTION, Emulator
from exchange import Caller

HOST = "aks-clients.hcp.westeurope.azmk8s.io"
FLEET = {
    "subscriptions": [
        {
            "id": SUBSCRIPTION,
            "clusters": [
                {
                    "resource_group": GROUP,
                    "name": "aks-clients",
                    "users": [
                        {"name": "admin", "token": "admintoken", "admin": True},
                        {"name": "limited", "token": "limitedtoken"},
                    ],
                }
            ],
        }
    ]
}
# Each means the same thing wherever it comes again, whatever its value is.
RENAMED = {"uid", "resourceVersion", "name", "continue"}
IGNORED = {"creationTimestamp", "time"}
# A body that the recording only describes: one byte more than a secret takes.
TOO_LARGE = base64.b64encode(b"a" * 1_048_577).decode()


class Replay:
    """A transcript, and how the emulator's answers differ."""

    def __init__(self, caller):
        self._caller = caller
        self._renamed = {}
        self.found = []

    def step(self, recorded):
        """Makes one recorded request and compares the answers."""
        body = recorded["body"]
        if recorded["name"] == "too large":
            body["data"]["x"] = TOO_LARGE
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        headers = {}
        if recorded["auth"]:
            headers["authorization"] = "Bearer " + recorded["auth"]
        if recorded["contentType"]:
            headers["content-type"] = recorded["contentType"]
        url = "https://%s%s" % (HOST, recorded["path"])
        status, _, answer = self._caller.ask(recorded["method"], url, headers, text)
        self._name = recorded["name"]
        if status != recorded["status"]:
            self._differ("status", status, recorded["status"])
        if isinstance(recorded["response"], str):
            self._watched(recorded["response"], answer)
        elif recorded["name"] == "version":
            self._same("keys", sorted(answer), sorted(recorded["response"]))
        else:
            self._compare("", recorded["response"], answer)

    def _watched(self, recorded, answer):
        """Compares the start of a stream, which is all that the recording has of it."""
        first = json.loads(answer.splitlines()[0]) if answer else {}
        self._same("the first event", first.get("type"), "ADDED")
        if not recorded.startswith('{"type":"ADDED","object":{"kind":"Secret"'):
            self._differ("the first event", first, recorded)
        self._same("its name", first["object"]["metadata"]["name"], "sas")

    def _compare(self, part, recorded, given):
        if isinstance(recorded, dict) and isinstance(given, dict):
            for name in {**recorded, **given}:
                inner = "%s.%s" % (part, name)
                if (name in recorded) != (name in given):
                    self._differ(inner, given.get(name), recorded.get(name))
                elif name in RENAMED and isinstance(recorded[name], str):
                    self._same(inner, given[name], self._here(name, recorded[name], given[name]))
                elif name not in IGNORED:
                    self._compare(inner, recorded[name], given[name])
        elif isinstance(recorded, list) and isinstance(given, list):
            self._same(part + " length", len(given), len(recorded))
            for one, other in zip(recorded, given):
                self._compare(part + "#", one, other)
        else:
            wanted = recorded
            for (name, old), new in self._renamed.items():
                if name == "uid" and isinstance(wanted, str):
                    wanted = wanted.replace(old, new)
            self._same(part, given, wanted)

    def _here(self, name, recorded, given):
        """Returns the emulator's value for a recorded one: what it was when it first came."""
        if name == "name" and not recorded.startswith("g-"):
            return recorded
        known = self._renamed.setdefault((name, recorded), given)
        # Two recorded values are two here as well.
        others = [old for (kind, old), new in self._renamed.items() if (kind, new) == (name, given)]
        return known if others == [recorded] else "another than %s" % others

    def _same(self, part, given, wanted):
        if given != wanted:
            self._differ(part, given, wanted)

    def _differ(self, part, given, wanted):
        self.found.append(
            "%s %s: %s, not %s" % (self._name, part, json.dumps(given), json.dumps(wanted))
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--data", required=True, help="the folder of the transcript")
    options = parser.parse_args()
    steps = 0
    with Emulator(options.keyrotation, FLEET) as azure:
        replay = Replay(Caller(azure))
        for path in sorted(pathlib.Path(options.data).glob("*.jsonl")):
            for line in path.read_text().splitlines():
                replay.step(json.loads(line))
                steps += 1
    for line in replay.found:
        print(line)
    print("%d requests to a cluster compared, %d differences" % (steps, len(replay.found)))
    if replay.found or not steps:
        raise SystemExit(1)


main()
