"""What people copy into their pipelines, read by linters that we did not write.

Each linter is first shown something wrong, so that one which sees nothing is noticed. The first thing
that is not as a pipeline expects ends this program.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from ruamel.yaml import YAML

import pipeline_runs

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/pipelines"
ACTION = ROOT / "action.yml"
OURS = "azure-keyrotation/terraform-provider-keyrotation"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
WRONG_WORKFLOW = """\
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ github.event.issue.title }}
"""


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def run(*words, text=None):
    return subprocess.run([str(word) for word in words], input=text, capture_output=True, text=True)


def read(path):
    return YAML(typ="safe").load(path.read_text())


class Linters:
    """The programs, each with what it is asked for."""

    def __init__(self, actionlint):
        self.actionlint_program = actionlint
        self.shellcheck_program = pathlib.Path(sys.prefix) / "bin/shellcheck"

    def workflow(self, path):
        words = ["-no-color", "-shellcheck", self.shellcheck_program, "-pyflakes", ""]
        return run(self.actionlint_program, *words, path)

    def schema(self, name, path, *more):
        words = ["-m", "check_jsonschema", "--builtin-schema", "vendor." + name]
        return run(sys.executable, *words, *more, path)

    def shell(self, text, name, shell="bash"):
        done = run(self.shellcheck_program, "--shell", shell, "-", text=text)
        expect(done.returncode == 0, "%s: %s" % (name, done.stdout + done.stderr))


def accepted(done, path):
    shown = path.relative_to(ROOT)
    expect(done.returncode == 0, "%s:\n%s" % (shown, done.stdout + done.stderr))


def check_github(linters):
    """Workflows under actionlint and GitHub's schema; actions of others are pinned by their commit."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = pathlib.Path(folder, "wrong.yml")
        wrong.write_text(WRONG_WORKFLOW)
        done = linters.workflow(wrong)
        expect("untrusted" in done.stdout, "actionlint sees no injection: " + done.stdout)
        wrong.write_text("on: push\njobs: []\n")
        expect(linters.schema("github-workflows", wrong).returncode == 1, "no schema")
    examples = sorted(EXAMPLES.glob("github-actions/*.yml"))
    files = examples + sorted(ROOT.glob(".github/workflows/*.yml"))
    for file in files:
        accepted(linters.workflow(file), file)
        accepted(linters.schema("github-workflows", file), file)
        for job in read(file)["jobs"].values():
            check_uses(job["steps"])
    expect(len(examples) == 2, "%d examples instead of 2" % len(examples))
    return "%d files" % len(files)


def check_uses(steps):
    for step in steps:
        used = step.get("uses", "")
        if used.startswith(OURS + "@v"):
            check_own_inputs(step)
        else:
            expect(not used or PINNED.fullmatch(used), "%s is not pinned" % used)


def check_own_inputs(step):
    """An example names the inputs that there are, all that are needed, and the version of this commit."""
    inputs = read(ACTION)["inputs"]
    given = step["with"]
    needed = {name for name, terms in inputs.items() if terms.get("required")}
    expect(set(given) <= set(inputs), "%s are no inputs" % (set(given) - set(inputs)))
    expect(needed <= set(given), "%s are missing" % (needed - set(given)))
    expect(step["uses"] == "%s@v%s" % (OURS, version()), step["uses"])


def check_action(linters):
    """The action under GitHub's schema; no expression stands in a script of it."""
    accepted(linters.schema("github-actions", ACTION), ACTION)
    action = read(ACTION)
    check_uses(action["runs"]["steps"])
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    for script in scripts:
        expect("${{" not in script, "an expression in a script: " + script)
        linters.shell(script, "action.yml")
    page = (ROOT / "docs/guides/pipelines.md").read_text()
    blocks = [YAML(typ="safe").load(block) for block in re.findall("```yaml\n(.*?)```", page, re.S)]
    check_uses([step for block in blocks if "permissions" in block for step in block["steps"]])
    for name in [*action["inputs"], *action["outputs"]]:
        expect("`%s`" % name in page, "docs/guides/pipelines.md tells nothing of `%s`" % name)
    return "%d inputs, %d outputs" % (len(action["inputs"]), len(action["outputs"]))


def check_azure(linters):
    """The pipeline under Microsoft's schema, its scripts under shellcheck."""
    more = ["--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"]
    file = EXAMPLES / "azure-pipelines/azure-pipelines.yml"
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder, "pipeline.json")
        place.write_text('{"steps": [{"bash": "a", "comand": "b"}]}')
        expect(linters.schema("azure-pipelines", place, *more).returncode == 1, "no schema")
        # The schema is one of texts: Azure Pipelines takes `true` for a text as well.
        text = json.dumps(read(file)).replace(": true", ': "true"')
        place.write_text(text)
        done = linters.schema("azure-pipelines", place, *more)
        expect(done.returncode == 0, done.stdout + done.stderr)
    scripts = []
    for step in read(file)["steps"]:
        scripts += [step["bash"]] if "bash" in step else []
        scripts += [step["inputs"]["inlineScript"]] if step.get("task") == "AzureCLI@2" else []
    expect(len(scripts) == 3, "%d scripts instead of 3" % len(scripts))
    for script in scripts:
        linters.shell(script, file.name)
    return "%d scripts" % len(scripts)


def check_gitlab(linters):
    """The pipeline under GitLab's schema, its scripts under shellcheck."""
    file = EXAMPLES / "gitlab/.gitlab-ci.yml"
    more = ["--data-transform", "gitlab-ci"]
    with tempfile.TemporaryDirectory() as folder:
        wrong = pathlib.Path(folder, "wrong.yml")
        wrong.write_text("a:\n  script: b\n  rules: c\n")
        expect(linters.schema("gitlab-ci", wrong, *more).returncode == 1, "no schema")
    accepted(linters.schema("gitlab-ci", file, *more), file)
    scripts = []
    for job in read(file).values():
        for part in ("before_script", "script", "after_script"):
            scripts += job.get(part, [])
    expect(len(scripts) == 5, "%d lines of scripts" % len(scripts))
    linters.shell("\n".join(scripts) + "\n", file.name, "sh")
    return "%d lines" % len(scripts)


def check_scripts(linters):
    """Every script that starts with a line for a shell, under shellcheck."""
    done = run(linters.shellcheck_program, "-", text="#!/bin/sh\necho $1\n")
    expect("SC2086" in done.stdout, "shellcheck sees nothing")
    listed = run("git", "-C", ROOT, "ls-files", "*.sh", ".ci/*", "action/*").stdout.split()
    scripts = [name for name in listed if (ROOT / name).read_text().startswith("#!")]
    expect({".ci/run", "action/check.sh", "action/fetch.sh"} <= set(scripts), str(scripts))
    done = run(linters.shellcheck_program, *(ROOT / name for name in scripts))
    expect(done.returncode == 0, done.stdout)
    return "%d scripts" % len(scripts)


def check_hook(program):
    """The hooks under pre-commit itself, over the example: good files pass, a typing error does not."""
    example = ROOT / "examples/pre-commit"
    with tempfile.TemporaryDirectory() as folder:
        hooks, copy = pathlib.Path(folder, "hooks"), pathlib.Path(folder, "copy")
        hooks.mkdir()
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
        shutil.copytree(example, copy)
        environment = dict(os.environ, HOME=folder, PRE_COMMIT_HOME=folder + "/cache")
        environment["PATH"] = "%s:%s" % (pathlib.Path(program).parent, os.environ["PATH"])
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        # The address of the repository leads to the copy of its hooks here.
        environment["GIT_CONFIG_COUNT"] = "1"
        environment["GIT_CONFIG_KEY_0"] = "url.%s.insteadOf" % hooks
        environment["GIT_CONFIG_VALUE_0"] = "https://github.com/" + OURS
        commit = ["-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "x"]
        for place in (hooks, copy):
            for words in (["init", "--quiet"], ["add", "."], commit, ["tag", "v" + version()]):
                subprocess.run(["git", "-C", place, *words], check=True, env=environment)

        def hook():
            words = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
            done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True)
            return done.returncode, done.stdout + done.stderr

        code, said = hook()
        expect(code == 0 and said.count("Passed") == 2, "%s: %s" % (code, said))
        settings = copy / "keyrotation.toml"
        settings.write_text(settings.read_text().replace("key-overdue", "key-overdu"))
        (copy / "fleets/team.txt").write_text("nowhere\n")
        code, said = hook()
        expect(code == 1 and said.count("Failed") == 2, "%s: %s" % (code, said))
        for place in ("keyrotation.toml:7: ", "fleets/team.txt:1: "):
            expect(place in said, "%s is not named: %s" % (place, said))
    return "2 hooks"


def version():
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]


def report(name, check, *arguments):
    begin = time.monotonic()
    found = check(*arguments)
    first = check.__doc__.strip().splitlines()[0]
    took = time.monotonic() - begin
    print("%5.1f s  %s: %s (%s)" % (took, name, first, found), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--keyrotation", "--actionlint"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    linters = Linters(options.actionlint)
    report("github", check_github, linters)
    report("action", check_action, linters)
    report("azure", check_azure, linters)
    report("gitlab", check_gitlab, linters)
    report("scripts", check_scripts, linters)
    report("hook", check_hook, options.keyrotation)
    names = ("github-actions/without-action.yml", "azure-pipelines/azure-pipelines.yml")
    files = [EXAMPLES / name for name in (*names, "gitlab/.gitlab-ci.yml")]
    runs = [read(file) for file in files]
    report("runs", pipeline_runs.everything, options.keyrotation, runs)


main()
