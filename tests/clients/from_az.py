"""What `az keyvault storage` did and what `keyrotation vault` does, side by side, on two emulators.

`az` 2.53.1, the last one that has it, acts on the one, and `keyrotation` on the other, by the pairs of
the guide. After every step both vaults hold the same: the first difference ends the program. So does a
command of `az` that the guide does not list.
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import time

from az import LAUNCH, Az, WORDS
from emulator import ACCOUNT, ACCOUNT_ID, VAULT, Emulator

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "guides" / "from-az.md"
TEMPLATE = "sv=2018-03-28&ss=b&srt=sco&sp=rwdlacup&spr=https"
ROLE = (
    "role assignment create --assignee {KEY_VAULT}"
    ' --role "Storage Account Key Operator Service Role" --scope {ACCOUNT_ID}'
)
MANAGED = "--vault-name {V} -n logs"
DEFINITION = "--vault-name {V} --account-name logs -n read"

# (command after `az keyvault storage`, its options; our command after `keyrotation vault`, its options)
PAIRS = [
    (
        "add",
        MANAGED + " --resource-id {ACCOUNT_ID} --active-key-name key1 --auto-regenerate-key"
        " --regeneration-period P30D --tags team=logs",
        "add",
        MANAGED + " --resource-id {ACCOUNT_ID} --active-key-name key1 --auto-regenerate-key"
        " --regeneration-period P30D --tags team=logs --grant-access --yes",
    ),
    ("list", "--vault-name {V}", "list", "--vault-name {V}"),
    ("show", MANAGED, "show", MANAGED),
    (
        "update",
        MANAGED + " --regeneration-period P45D --tags team=storage",
        "update",
        MANAGED + " --regeneration-period P45D --tags team=storage --yes",
    ),
    (
        "update",
        MANAGED + " --active-key-name key2 --auto-regenerate-key false",
        "update",
        MANAGED + " --active-key-name key2 --auto-regenerate-key false --yes",
    ),
    (
        "regenerate-key",
        MANAGED + " --key-name key1",
        "regenerate-key",
        MANAGED + " --yes",
    ),
    (
        "regenerate-key",
        MANAGED + " --key-name key1",
        "regenerate-key",
        MANAGED + " --key-name key1 --force --again --yes",
    ),
    (
        "sas-definition create",
        DEFINITION + ' --validity-period PT2H --sas-type account --template-uri "{TEMPLATE}"',
        "sas-definition create",
        DEFINITION + ' --validity-period PT2H --sas-type account --template-uri "{TEMPLATE}" --yes',
    ),
    (
        "sas-definition list",
        "--vault-name {V} --account-name logs",
        "sas-definition list",
        "--vault-name {V} --account-name logs",
    ),
    ("sas-definition show", DEFINITION, "sas-definition show", DEFINITION),
    (
        "sas-definition update",
        DEFINITION + " --validity-period PT1H",
        "sas-definition update",
        DEFINITION + " --validity-period PT1H --yes",
    ),
    ("sas-definition delete", DEFINITION, "sas-definition delete", DEFINITION + " --yes"),
    (
        "sas-definition list-deleted",
        "--vault-name {V} --account-name logs",
        "sas-definition list-deleted",
        "--vault-name {V} --account-name logs",
    ),
    (
        "sas-definition show-deleted",
        DEFINITION,
        "sas-definition show-deleted",
        DEFINITION,
    ),
    ("sas-definition recover", DEFINITION, "sas-definition recover", DEFINITION + " --yes"),
    ("backup", MANAGED + " --file logs.backup", "backup", MANAGED + " --file logs.backup"),
    ("remove", MANAGED, "remove", MANAGED + " --yes"),
    ("list-deleted", "--vault-name {V}", "list-deleted", "--vault-name {V}"),
    ("show-deleted", MANAGED, "show-deleted", MANAGED),
    ("recover", MANAGED, "recover", MANAGED + " --yes"),
    ("remove", MANAGED, "remove", MANAGED + " --yes"),
    ("purge", MANAGED, "purge", MANAGED + " --yes"),
    (
        "restore",
        "--vault-name {V} --file logs.backup",
        "restore",
        "--vault-name {V} --file logs.backup --yes",
    ),
]


class Keyrotation:
    """Our tool on one emulator."""

    def __init__(self, program, azure):
        self._program = program
        self._azure = azure

    def run(self, line):
        """Runs one command line after `vault` and returns its stdout."""
        words = {**WORDS, "TEMPLATE": TEMPLATE}
        command = [self._program, "vault"]
        command += [part.format(**words) for part in shlex.split(line)]
        said = subprocess.run(
            command,
            env=self._azure.environment(),
            cwd=self._azure.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if said.returncode != 0:
            raise AssertionError("%s\nended with %d: %s" % (line, said.returncode, said.stderr))
        return said.stdout

    def holds(self, began):
        """Returns what the vault holds, without what differs from run to run."""
        found = self.read("list --vault-name " + VAULT, "enrolments")
        for enrolment in found:
            keys = enrolment["keys"]
            enrolment["keys"] = {name: keys[name]["created_at"] > began for name in keys}
            place = " --vault-name %s --account-name %s" % (VAULT, enrolment["name"])
            enrolment["definitions"] = self.read("sas-definition list" + place, "sas_definitions")
            enrolment["deleted definitions"] = self.read(
                "sas-definition list-deleted" + place, "deleted_sas_definitions"
            )
        deleted = self.read("list-deleted --vault-name " + VAULT, "deleted_enrolments")
        return without_times({"living": found, "deleted": deleted})

    def read(self, line, member):
        return json.loads(self.run(line + " --format json"))[member]


def without_times(value):
    """Leaves out every moment: the two emulators were not started in the same one."""
    if isinstance(value, dict):
        times = ("created", "updated", "deleted_at", "purged_at", "next_rotation_due")
        return {name: without_times(part) for name, part in value.items() if name not in times}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def exchange(one, other):
    """Swaps two backups, so that each tool restores what the other one has written."""
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def commands_of(python):
    """Returns the subcommands of `az keyvault storage`, as its own help lists them."""
    found = set()
    for group in ("", "sas-definition "):
        words = ("keyvault storage " + group).split() + ["--help"]
        said = subprocess.run([python, "-c", LAUNCH] + words, capture_output=True, text=True)
        _, listed = said.stdout.split("\nCommands:\n")
        names = re.findall(r"^    ([a-z-]+) +(?:\[[A-Z]\w+\] +)?:", listed, re.MULTILINE)
        found |= {group + name for name in names}
    return found


def check_guide(python):
    """Compares the commands that `az` has with those of the guide, and these with the pairs."""
    rows = re.findall(r"^\| `az keyvault storage ([a-z -]+)` \|", GUIDE.read_text(), re.MULTILINE)
    theirs = commands_of(python)
    pairs = {pair[0] for pair in PAIRS}
    if not (set(rows) == theirs == pairs and theirs):
        raise AssertionError("guide: %s\naz: %s\npairs: %s" % (sorted(rows), sorted(theirs), pairs))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--python", required=True, help="the Python that has azure-cli 2.53.1")
    options = parser.parse_args()
    check_guide(options.python)
    with Emulator(options.keyrotation) as first, Emulator(options.keyrotation) as second:
        az = Az(options.python, first)
        az.run(ROLE, WORDS)
        readers = [Keyrotation(options.keyrotation, azure) for azure in (first, second)]
        began = [azure.control("GET", "/clock")["now"] for azure in (first, second)]
        for theirs, their_options, ours, our_options in PAIRS:
            begin = time.monotonic()
            az.run("keyvault storage %s %s" % (theirs, their_options), {**WORDS, "TEMPLATE": TEMPLATE})
            readers[1].run("%s %s" % (ours, our_options))
            if theirs == "backup":
                exchange(*(azure.home / "logs.backup" for azure in (first, second)))
            held = [reader.holds(moment) for reader, moment in zip(readers, began)]
            if held[0] != held[1]:
                shown = [json.dumps(one, indent=1) for one in held]
                raise AssertionError("after %s\naz: %s\nours: %s" % (theirs, shown[0], shown[1]))
            print(
                "%5.1f s  az keyvault storage %s = keyrotation vault %s"
                % (time.monotonic() - begin, theirs, ours),
                flush=True,
            )
        print("%s of %s: the same after %d steps" % (ACCOUNT, ACCOUNT_ID, len(PAIRS)))


if __name__ == "__main__":
    main()
