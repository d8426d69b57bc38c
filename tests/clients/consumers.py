"""The clients of examples/consumer/key, with Microsoft's own libraries: they read while both keys are renewed.

Each holds a key until it is refused. The first thing that is not as with Azure ends this program.
"""

import argparse
import datetime
import pathlib
import shutil
import subprocess
import sys

import emulator
from emulator import ACCOUNT, ACCOUNT_ID, SUBSCRIPTION, VAULT

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/consumer/key"
SECRET = "https://%s.vault.azure.net/secrets/%s-key" % (VAULT, ACCOUNT)
BLOB = "https://%s.blob.core.windows.net/pictures/picture.jpg" % ACCOUNT
PICTURE = b"a picture"
FLEET = {
    "subscriptions": [
        {
            "id": SUBSCRIPTION,
            "accounts": [
                {
                    "resource_group": "rg-clients",
                    "name": ACCOUNT,
                    "key1_created": "2025-01-01T00:00:00Z",
                    "key2_created": "2025-01-01T00:00:00Z",
                }
            ],
            "vaults": [{"resource_group": "rg-clients", "name": VAULT, "rbac": False}],
        }
    ]
}
PUT_PICTURE = """
import sys
from azure.storage.blob import BlobServiceClient
url, key = sys.argv[1:]
service = BlobServiceClient(url, credential={"account_name": url[8:].split(".")[0], "account_key": key})
service.create_container("pictures").upload_blob("picture.jpg", b"a picture")
"""


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


class Client:
    """A client that reads whenever it is asked."""

    def __init__(self, azure, command):
        self._process = subprocess.Popen(
            [str(word) for word in [*command, SECRET, BLOB]],
            env=azure.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read(self):
        """Makes it read, and returns the version of the secret that it used."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().split()
        expect(said[:1] == [str(len(PICTURE))], said or self._process.communicate()[1][-2000:])
        return said[-1]

    def end(self):
        _, said = self._process.communicate(timeout=60)
        expect(self._process.returncode == 0, said[-2000:])


def rotate(azure, program, hours):
    """Takes the step of direct rotation that is due so many hours from now."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    command = [program, "rotate", "apply", "--auto-approve", "--wait", "PT1H"]
    command += ["--as-of", moment.strftime("%Y-%m-%dT%H:%M:%SZ")]
    command += ["--vault-uri", "https://%s.vault.azure.net" % VAULT]
    command += ["--secret-name", "{account}-key", "--account", ACCOUNT_ID]
    done = subprocess.run(
        [str(word) for word in command],
        cwd=azure.home,
        env=azure.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    expect(done.returncode == 0, done.stdout + done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--keyrotation", "--azurite", "--node-modules"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    with emulator.Emulator(options.keyrotation, fleet=FLEET, azurite=options.azurite) as azure:
        key = azure.control("GET", "/accounts")["accounts"][0]["key1"]
        url = "https://%s.blob.core.windows.net" % ACCOUNT
        words = [sys.executable, "-c", PUT_PICTURE, url, key]
        subprocess.run(words, env=azure.environment(), check=True)
        # A module looks for its libraries beside itself.
        shutil.copy(EXAMPLE / "client.mjs", options.node_modules)
        module = pathlib.Path(options.node_modules, "client.mjs")
        rotate(azure, options.keyrotation, 0)
        clients = {
            "Python": Client(azure, [sys.executable, "-B", EXAMPLE / "client.py"]),
            "Node": Client(azure, ["node", module]),
        }
        seen = {name: [client.read()] for name, client in clients.items()}
        # The first step leaves the key in use good; after the second it is dead.
        for hours in (2, 4):
            rotate(azure, options.keyrotation, hours)
            for name, client in clients.items():
                seen[name].append(client.read())
        for name, client in clients.items():
            client.end()
            first, overlap, after = seen[name]
            expect(first == overlap, "%s gave up a key that was good" % name)
            expect(first != after, "%s reads with a key that is dead" % name)
            print("%s: 3 reads with 2 keys, none failed" % name, flush=True)
        expect(not azure.unmodelled(), azure.unmodelled())


main()
