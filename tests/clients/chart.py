"""The chart of examples/kubernetes makes what its plain manifests say, in both modes, and refuses a mode there is not."""

import argparse
import subprocess
from pathlib import Path

import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "kubernetes"


def plain(*names):
    found = {}
    for name in names:
        for one in yaml.safe_load_all((EXAMPLE / name).read_text()):
            found[one["kind"], one["metadata"]["name"]] = one
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", help="not needed")
    parser.add_argument("--helm", required=True)
    helm = parser.parse_args().helm

    def run(*words):
        return subprocess.run([helm, *words, str(EXAMPLE / "chart")], capture_output=True, text=True, timeout=120)

    linted = run("lint", "--strict")
    expect(linted.returncode == 0, linted.stdout + linted.stderr)
    for mode, workload in (("cron", "cronjob.yaml"), ("watch", "watch.yaml")):
        said = run("template", "--namespace=pictures", "--set=mode=" + mode, "r")
        expect(said.returncode == 0, said.stderr)
        made = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(said.stdout)}
        settings = made.pop(("ConfigMap", "keyrotation"))["data"]["keyrotation.toml"]
        expect('secret = "pictures/storage-token"' in settings, settings)
        wanted = plain("rbac.yaml", workload)
        expect(set(made) == set(wanted), "%s: %s" % (mode, sorted(made)))
        for name, one in wanted.items():
            expect(made[name] == one, "%s: %s differs: %s" % (mode, name, made[name]))
        print("%s: %d objects, as the plain manifests have them" % (mode, len(made)))
    refused = run("template", "--set=mode=never", "r")
    expect(refused.returncode != 0 and "mode is `cron` or `watch`" in refused.stderr, refused.stderr)


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


main()
