"""kubectl, as PyPI has it, against the emulator's cluster, with the credential that Azure gives.

It applies a secret as a delivery does, reads it, meets a conflict, and deletes it.
"""

import argparse
import base64
import json
import subprocess

from emulator import GROUP, SUBSCRIPTION, Emulator
from exchange import Caller

CLUSTER = {"resource_group": GROUP, "name": "aks-clients"}
FLEET = {"subscriptions": [{"id": SUBSCRIPTION, "clusters": [CLUSTER]}]}
CREDENTIAL = (
    "https://management.azure.com/subscriptions/%s/resourceGroups/%s/providers"
    "/Microsoft.ContainerService/managedClusters/aks-clients/listClusterUserCredential"
    "?api-version=2024-05-01"
)


class Kubectl:
    """A kubectl with a home of its own and the credential of a user."""

    def __init__(self, program, azure):
        self._program = program
        self._home = azure.home
        self._environment = {**azure.environment(), "KUBECONFIG": str(azure.home / "kubeconfig")}
        given = Caller(azure).send("POST", CREDENTIAL % (SUBSCRIPTION, GROUP))
        config = base64.b64decode(given.body["kubeconfigs"][0]["value"])
        (azure.home / "kubeconfig").write_bytes(config)

    def run(self, *words, expected=0):
        said = subprocess.run(
            [self._program, *words],
            env=self._environment,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if said.returncode != expected:
            raise AssertionError("kubectl %s: %s" % (" ".join(words), said.stderr))
        print("kubectl %s" % " ".join(words), flush=True)
        return said.stdout, said.stderr

    def apply(self, manager, value, **options):
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "sas", "namespace": "default"},
            "data": {"SAS": base64.b64encode(value).decode()},
        }
        (self._home / "secret.json").write_text(json.dumps(secret))
        words = ("apply", "--server-side", "--validate=false", "--field-manager=" + manager)
        return self.run(*words, "-f", "secret.json", **options)

    def value(self):
        shown, _ = self.run("get", "secret", "sas", "-o", "json")
        return base64.b64decode(json.loads(shown)["data"]["SAS"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--kubectl", required=True)
    options = parser.parse_args()
    with Emulator(options.keyrotation, FLEET) as azure:
        kubectl = Kubectl(options.kubectl, azure)
        kubectl.apply("one", b"first")
        expect(kubectl.value() == b"first", "what was applied")
        _, error = kubectl.apply("two", b"second", expected=1)
        expect('conflict with "one": .data.SAS' in error, error)
        expect(kubectl.value() == b"first", "what was there before the conflict")
        kubectl.apply("one", b"third")
        expect(kubectl.value() == b"third", "what was applied again")
        shown, _ = kubectl.run("get", "secrets")
        expect("sas" in shown, shown)
        kubectl.run("delete", "secret", "sas", "--wait=false")
        _, error = kubectl.run("get", "secret", "sas", expected=1)
        expect('secrets "sas" not found' in error, error)


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


main()
