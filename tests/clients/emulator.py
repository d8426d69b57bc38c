"""The emulator as a process, for clients that take it for Azure.

A client gets the variables of the emulator's env.sh, a home of its own and the search path: nothing
else of the caller's environment.
"""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import time
import urllib.request

START_LIMIT = 60
FLEET = json.loads(pathlib.Path(__file__).with_name("fleet.json").read_text())
SUBSCRIPTION = "50b5c000-0000-4000-8000-0000000000c1"
GROUP = "rg-clients"
VAULT = "kv-clients"
ACCOUNT = "stclients"
ACCOUNT_ID = (
    "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Storage/storageAccounts/%s"
    % (SUBSCRIPTION, GROUP, ACCOUNT)
)
KEY_VAULT_APPLICATION = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
KEY_OPERATOR = "Storage Account Key Operator Service Role"


class Emulator:
    """A running emulator; leaving its `with` block ends it and removes its files."""

    def __init__(self, program, fleet=FLEET, azurite=None, generate=None):
        self._folder = tempfile.TemporaryDirectory(prefix="keyrotation-clients-")
        self.home = pathlib.Path(self._folder.name)
        state = self.home / "emulator"
        document = self.home / "fleet.json"
        document.write_text(json.dumps(fleet))
        command = [str(program), "emulator", "start", "--state-dir", str(state)]
        command += ["--generate", generate] if generate else ["--fleet", str(document)]
        if azurite:
            command += ["--azurite", str(azurite)]
        self._log = open(self.home / "emulator.log", "w+")
        self._process = subprocess.Popen(
            command, env=self._own(), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        try:
            self._ready = self._wait(state / "ready.json")
            self.variables = exports((state / "env.sh").read_text())
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def environment(self):
        """Returns all that a client may see."""
        return {**self._own(), **self.variables}

    def control(self, method, path, body=None):
        """Asks the control interface and returns its JSON."""
        data = None if body is None else json.dumps(body).encode()
        url = "http://%s%s" % (self._ready["control"], path)
        request = urllib.request.Request(url, data, method=method)
        request.add_header("content-type", "application/json")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def unmodelled(self):
        """Returns the requests that the emulator could not answer as Azure would."""
        requests = self.control("GET", "/journal")["requests"]
        return [
            "%(method)s %(url)s -> %(status)s" % request
            for request in requests
            if request["operation"] == "unmodelled"
        ]

    def _own(self):
        home = str(self.home)
        return {"HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}

    def _wait(self, path):
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if path.exists():
                return json.loads(path.read_text())
            if self._process.poll() is not None:
                self._log.seek(0)
                raise RuntimeError("the emulator has ended: " + self._log.read())
            time.sleep(0.02)
        raise RuntimeError("the emulator was not ready within %d s" % START_LIMIT)


def exports(text):
    """Reads the `export NAME='value'` lines of a file for shells."""
    words = [shlex.split(line) for line in text.splitlines() if line.startswith("export ")]
    return dict(line[1].split("=", 1) for line in words)
