"""The scripts of the example pipelines, run as their services would: on a release that is served here, and
on the emulator in the place of Azure, in which a key is too old.
"""

import base64
import functools
import hashlib
import http.server
import io
import json
import pathlib
import re
import subprocess
import tarfile
import threading
import time

from emulator import SUBSCRIPTION, Emulator

OLD = "2025-01-01T00:00:00Z"
ACCOUNT = {"resource_group": "rg", "name": "stold", "key1_created": OLD, "key2_created": OLD}
FLEET = {"subscriptions": [{"id": SUBSCRIPTION, "accounts": [ACCOUNT]}]}
NAME = "keyrotation_1.2.3_linux_amd64"
DRIFT = 2


class Release:
    """An archive as a release has it, whose program is the one that was built; and a server for it."""

    def __init__(self, program, folder):
        self.folder = folder
        script = ("#!/bin/sh\nexec '%s' \"$@\"\n" % program).encode()
        packed = folder / (NAME + ".tar.gz")
        with tarfile.open(packed, "w:gz") as archive:
            entry = tarfile.TarInfo(NAME + "/keyrotation")
            entry.size, entry.mode = len(script), 0o755
            archive.addfile(entry, io.BytesIO(script))
        self.sum = hashlib.sha256(packed.read_bytes()).hexdigest()
        handler = functools.partial(Silent, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = "http://127.0.0.1:%d/%s.tar.gz" % (self._server.server_port, NAME)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Job:
    """A folder in which the scripts of one pipeline run, one after the other."""

    def __init__(self, azure, name):
        self.folder = azure.home / name
        self.folder.mkdir()
        self.environment = azure.environment()
        self.environment["GITHUB_STEP_SUMMARY"] = str(self.folder / "page")

    def run(self, script, variables=(), shell="bash"):
        words = [shell, "-e", "-c", script]
        environment = {**self.environment, **dict(variables)}
        done = subprocess.run(
            words, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )
        return done.returncode, done.stdout + done.stderr

    def read(self, name):
        return (self.folder / name).read_text()


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def expect_code(ended, code, name):
    expect(ended[0] == code, "%s: %d instead of %d: %s" % (name, ended[0], code, ended[1]))
    return ended[1]


def filled(variables, values):
    """Puts values in the places of `${{ vars.NAME }}` and `$(name)`."""
    name = re.compile(r"\$\{\{ vars\.(\w+) \}\}|\$\((\w+)\)")
    put = lambda found: values[(found[1] or found[2]).lower().replace("_", "")]
    return {key: name.sub(put, str(value)) for key, value in variables.items()}


def github(job, workflow, values):
    """Runs the steps that have a script."""
    steps = next(iter(workflow["jobs"].values()))["steps"]
    steps = {step["name"]: step for step in steps if "run" in step}
    variables = lambda step: filled(step.get("env", {}), values)
    fetch, check, show = (steps[name] for name in ("Fetch keyrotation", "Check", "Show the summary"))
    wrong = filled(fetch["env"], {**values, "keyrotationsha256": "0" * 64})
    expect(job.run(fetch["run"], wrong)[0] != 0, "a checksum that differs is taken")
    expect_code(job.run(fetch["run"], variables(fetch)), 0, "fetch")
    said = expect_code(job.run(check["run"], variables(check)), DRIFT, "check")
    expect("::error title=key-overdue::" in said, said)
    expect_code(job.run(show["run"], variables(show)), 0, "summary")
    expect("## Keys of storage accounts" in job.read("page"), "no summary")
    expect(json.loads(job.read("keys.sarif"))["runs"][0]["results"], "no findings")
    expect("<html" in job.read("keys.html"), "no page")


def azure_pipelines(job, pipeline, values):
    """Runs the scripts, those within the task for the Azure CLI too."""
    scripts, variables = [], {}
    for step in pipeline["steps"]:
        scripts += [step["bash"]] if "bash" in step else []
        scripts += [step["inputs"]["inlineScript"]] if step.get("task") == "AzureCLI@2" else []
        variables.update(filled(step.get("env", {}), values))
    fetch, check, show = scripts
    expect(job.run(fetch, {**variables, "KEYROTATION_SHA256": "0" * 64})[0] != 0, "not verified")
    expect_code(job.run(fetch, variables), 0, "fetch")
    said = expect_code(job.run(check), DRIFT, "check")
    expect("##vso[task.logissue type=error" in said, said)
    said = expect_code(job.run(show), 0, "summary")
    expect("##vso[task.uploadsummary]%s/summary.md" % job.folder in said, said)
    expect("<testsuite" in job.read("keys.xml"), "no tests")


def gitlab(job, pipeline, values):
    """Runs the lines of the job in one shell; what they install is here."""
    work = next(iter(pipeline.values()))
    install, *prepare = work["before_script"]
    expect(install.startswith("apt-get "), install)
    variables = {
        **work["variables"],
        "ARM_OIDC_TOKEN": assertion(),
        "KEYROTATION_URL": values["keyrotationurl"],
        "KEYROTATION_SHA256": values["keyrotationsha256"],
    }
    # The token of the job is the only way to sign in.
    for name in ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        job.environment.pop(name, None)
    lines = "\n".join([*prepare, *work["script"]])
    wrong = {**variables, "KEYROTATION_SHA256": "0" * 64}
    expect("FAILED" in job.run(lines, wrong, "sh")[1], "a checksum that differs is taken")
    said = expect_code(job.run(lines, variables, "sh"), DRIFT, "check")
    expect("overdue" in said, said)
    expect("<testsuite" in job.read("keys.xml"), "no tests")


def assertion():
    """Makes a token as GitLab does; the emulator looks at its shape and its end."""
    claims = {"iss": "https://gitlab.example", "sub": "project", "exp": int(time.time()) + 600}
    claims["aud"] = "api://AzureADTokenExchange"
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    return ".".join([encode(json.dumps(part).encode()) for part in parts] + [encode(b"signed")])


def everything(program, pipelines):
    """The pipelines on the emulator: what differs from its checksum is not run, drift fails the job."""
    with Emulator(program, fleet=FLEET) as azure:
        folder = azure.home / "release"
        folder.mkdir()
        with Release(pathlib.Path(program).resolve(), folder) as release:
            values = {"keyrotationurl": release.url, "keyrotationsha256": release.sum}
            for run, pipeline in zip((github, azure_pipelines, gitlab), pipelines):
                run(Job(azure, run.__name__), pipeline, values)
    return "%d pipelines" % len(pipelines)
