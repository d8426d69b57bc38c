"""Microsoft's `az`, as PyPI has it, against the emulator: command lines as people type them.

`az` 2.53.1 is the last one with `az keyvault storage`; any later one gets the other command lines.
The first command that fails, or shows something else than it would of Azure, ends the program.
"""

import argparse
import json
import shlex
import subprocess
import time

from emulator import (
    ACCOUNT,
    ACCOUNT_ID,
    GROUP,
    KEY_VAULT_APPLICATION,
    SUBSCRIPTION,
    VAULT,
    Emulator,
)

OPERATOR = "0b7ec700-0000-4000-8000-0000000000bb"
FUNCTION = "0b7ec700-0000-4000-8000-0000000000cc"
TEMPLATE = "sv=2018-03-28&ss=b&srt=sco&sp=rwdlacup&spr=https&sig=AAAA"
RENEWAL = "Microsoft.Storage/storageAccounts/regenerateKey/action"
# Where `az` asks for news of itself; the proxy refuses them, which `az` takes quietly.
NEWS = (
    "CONNECT https://raw.githubusercontent.com:",
    "CONNECT https://azcliprod.blob.core.windows.net:",
)
# `az keyvault storage` calls a function that Python dropped in 3.11; everything else is untouched.
LAUNCH = (
    "import inspect, runpy\n"
    "inspect.getargspec = inspect.getfullargspec\n"
    "runpy.run_module('azure.cli', run_name='__main__', alter_sys=True)"
)
WORDS = {
    "V": VAULT,
    "RG": GROUP,
    "A": ACCOUNT,
    "ACCOUNT_ID": ACCOUNT_ID,
    "KEY_VAULT": KEY_VAULT_APPLICATION,
    "OPERATOR": OPERATOR,
    "FUNCTION": FUNCTION,
    "TEMPLATE": TEMPLATE,
}


def anything(_):
    return True


def one(shown):
    return len(shown) == 1


def none(shown):
    return shown == []


def member(name, value):
    """Returns a check that a member, named as in `attributes.enabled`, has the value."""

    def check(shown):
        for part in name.split("."):
            shown = shown[part]
        return shown == value

    return check


def policy_of(object_id, kind, expected):
    """Returns a check that a vault's access policy holds the permissions."""

    def check(shown):
        policies = shown["properties"]["accessPolicies"]
        held = [entry["permissions"] for entry in policies if entry["objectId"] == object_id]
        return len(held) == 1 and sorted(held[0][kind]) == sorted(expected)

    return check


# What every `az` has: (words after `az`, check of the JSON that it prints).
GENERAL = [
    ("account show", member("id", SUBSCRIPTION)),
    (
        "role assignment create --assignee {KEY_VAULT}"
        ' --role "Storage Account Key Operator Service Role" --scope {ACCOUNT_ID}',
        member("scope", ACCOUNT_ID),
    ),
    ("role assignment list --assignee {KEY_VAULT} --scope {ACCOUNT_ID}", one),
    (
        "keyvault set-policy -n {V} --object-id {OPERATOR}"
        " --storage-permissions list regeneratekey set --secret-permissions set list",
        policy_of(OPERATOR, "storage", ["list", "regeneratekey", "set"]),
    ),
    (
        "keyvault set-policy -n {V} --object-id {FUNCTION}"
        " --storage-permissions setsas getsas --secret-permissions get",
        policy_of(FUNCTION, "secrets", ["get"]),
    ),
    ("keyvault show -n {V}", member("name", VAULT)),
    (
        "storage account list --query '[*].{{name:name,resourceGroup:resourceGroup}}'",
        lambda shown: {"name": ACCOUNT, "resourceGroup": GROUP} in shown,
    ),
    ("storage account show -n {A} -g {RG}", member("id", ACCOUNT_ID)),
    ("storage account keys list --account-name {A} --resource-group {RG}", lambda s: len(s) == 2),
    (
        "storage account keys renew --account-name {A} --resource-group {RG} --key primary",
        lambda shown: [key["keyName"] for key in shown] == ["key1", "key2"],
    ),
    (
        "storage account show-connection-string --name {A} --resource-group {RG} --key secondary",
        lambda shown: "AccountName=%s;AccountKey=" % ACCOUNT in shown["connectionString"],
    ),
    (
        "monitor activity-log list --resource-group {RG} --status Succeeded --offset 90d"
        " --query '[*].{{authorization:authorization.action,eventTimestamp:eventTimestamp}}'",
        lambda shown: RENEWAL in [event["authorization"] for event in shown],
    ),
    ("keyvault secret set --vault-name {V} -n plain --value one", member("value", "one")),
    ("keyvault secret show --vault-name {V} -n plain", member("value", "one")),
    ("keyvault secret list --vault-name {V}", one),
    ("keyvault secret delete --vault-name {V} -n plain", anything),
    ("keyvault secret purge --vault-name {V} -n plain", None),
]

# What is made, locked and deleted.
RESOURCES = [
    ("account list", one),
    ("group create -n made -l westeurope", member("properties.provisioningState", "Succeeded")),
    ("group list --query '[].name'", lambda shown: sorted(shown) == ["made", GROUP]),
    (
        "storage account create -n stmade -g made -l westeurope --sku Standard_LRS",
        member("sku.name", "Standard_LRS"),
    ),
    (
        "storage account update -n stmade -g made --key-exp-days 60 --sas-exp 1.00:00:00"
        " --allow-shared-key-access false",
        member("keyPolicy.keyExpirationPeriodInDays", 60),
    ),
    ("lock create --name keep --lock-type CanNotDelete -g made", member("level", "CanNotDelete")),
    ("lock list -g made", one),
    ("lock delete --name keep -g made", None),
    (
        "keyvault create -n kv-made -g made -l westeurope --retention-days 7"
        " --enable-rbac-authorization false",
        member("properties.softDeleteRetentionInDays", 7),
    ),
    ("keyvault list --query '[].name'", lambda shown: sorted(shown) == [VAULT, "kv-made"]),
    ("keyvault delete -n kv-made -g made", anything),
    ("keyvault list-deleted", one),
    ("keyvault show-deleted -n kv-made", member("name", "kv-made")),
    ("keyvault recover -n kv-made", member("name", "kv-made")),
    ("keyvault delete -n kv-made", anything),
    ("keyvault purge -n kv-made", anything),
    ("keyvault list-deleted", none),
    ("storage account delete -n stmade -g made --yes", None),
    ("group delete -n made --yes", None),
]

# What ended with 2.53.1: every subcommand of `az keyvault storage` and its `sas-definition`.
MANAGED = [
    (
        "keyvault storage add --vault-name {V} -n logs --active-key-name key1 --auto-regenerate-key"
        " --regeneration-period P1D --resource-id {ACCOUNT_ID}",
        member("regenerationPeriod", "P1D"),
    ),
    ("keyvault storage list --vault-name {V}", one),
    ("keyvault storage show --vault-name {V} -n logs", member("activeKeyName", "key1")),
    (
        "keyvault storage update --vault-name {V} -n logs --regeneration-period P30D",
        member("regenerationPeriod", "P30D"),
    ),
    (
        "keyvault storage regenerate-key --vault-name {V} -n logs --key-name key2",
        member("activeKeyName", "key2"),
    ),
    (
        "keyvault storage sas-definition create --vault-name {V} --account-name logs -n read"
        ' --validity-period PT2H --sas-type account --template-uri "{TEMPLATE}"',
        member("secretId", "https://%s.vault.azure.net/secrets/logs-read" % VAULT),
    ),
    ("keyvault storage sas-definition list --vault-name {V} --account-name logs", one),
    (
        "keyvault storage sas-definition show --vault-name {V} --account-name logs -n read",
        member("sasType", "account"),
    ),
    (
        "keyvault storage sas-definition update --vault-name {V} --account-name logs -n read"
        " --validity-period PT1H",
        member("validityPeriod", "PT1H"),
    ),
    (
        "keyvault secret show --vault-name {V} -n logs-read",
        member("contentType", "application/vnd.ms-sastoken-storage"),
    ),
    (
        "keyvault storage sas-definition delete --vault-name {V} --account-name logs -n read",
        anything,
    ),
    ("keyvault storage sas-definition list-deleted --vault-name {V} --account-name logs", one),
    (
        "keyvault storage sas-definition show-deleted --vault-name {V} --account-name logs -n read",
        member("sasType", "account"),
    ),
    (
        "keyvault storage sas-definition recover --vault-name {V} --account-name logs -n read",
        member("sasType", "account"),
    ),
    ("keyvault storage backup --vault-name {V} -n logs --file logs.backup", None),
    ("keyvault storage remove --vault-name {V} -n logs", anything),
    ("keyvault storage list-deleted --vault-name {V}", one),
    ("keyvault storage show-deleted --vault-name {V} -n logs", member("activeKeyName", "key2")),
    ("keyvault storage recover --vault-name {V} -n logs", member("activeKeyName", "key2")),
    ("keyvault storage remove --vault-name {V} -n logs", anything),
    ("keyvault storage purge --vault-name {V} -n logs", None),
    (
        "keyvault storage restore --vault-name {V} --file logs.backup",
        member("activeKeyName", "key2"),
    ),
    ("keyvault storage list --vault-name {V}", one),
]


class Az:
    """The `az` of one Python, signed in to the emulator."""

    def __init__(self, python, azure):
        self._python = python
        self._home = azure.home
        settings = azure.home / "az"
        settings.mkdir()
        # Telemetry is a second process with a host of its own.
        (settings / "config").write_text("[core]\ncollect_telemetry = no\noutput = json\n")
        self._environment = {**azure.environment(), "AZURE_CONFIG_DIR": str(settings)}
        login = "login --service-principal -u {AZURE_CLIENT_ID} -p {AZURE_CLIENT_SECRET}"
        self.run(login + " --tenant {AZURE_TENANT_ID}", azure.variables)

    def run(self, line, words):
        """Runs one command line and returns the JSON that it prints, or None."""
        command = [self._python, "-c", LAUNCH]
        command += [part.format(**words) for part in shlex.split(line)]
        said = subprocess.run(
            command,
            env=self._environment,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if said.returncode != 0:
            raise AssertionError("az %s\nended with %d: %s" % (line, said.returncode, said.stderr))
        return json.loads(said.stdout) if said.stdout.strip() else None

    def expect(self, line, check):
        """Runs one command line and checks what it shows; without a check it shows nothing."""
        begin = time.monotonic()
        shown = self.run(line, WORDS)
        right = shown is None if check is None else check(shown)
        if not right:
            raise AssertionError("az %s\nshows %s" % (line, json.dumps(shown, indent=1)))
        print("%5.1f s  az %s" % (time.monotonic() - begin, line.format(**WORDS)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--python", required=True, help="the Python that has azure-cli")
    parser.add_argument("--managed", action="store_true", help="it has `az keyvault storage`")
    options = parser.parse_args()
    with Emulator(options.keyrotation) as azure:
        az = Az(options.python, azure)
        for line, check in GENERAL + RESOURCES + (MANAGED if options.managed else []):
            az.expect(line, check)
        unmodelled = [request for request in azure.unmodelled() if not request.startswith(NEWS)]
        if unmodelled:
            raise AssertionError("unmodelled: " + "; ".join(unmodelled))


if __name__ == "__main__":
    main()
