"""Microsoft's Python clients, as PyPI has them, against the emulator.

They know nothing of it, so what they refuse is wrong on its wire. The first thing that is not as it
would be with Azure ends the program with an error.
"""

import argparse
import base64
import inspect
import json
import logging
import os
import pathlib
import time
import urllib.parse
import urllib.request
import uuid

import emulator
from emulator import ACCOUNT, ACCOUNT_ID, GROUP, KEY_OPERATOR, KEY_VAULT_APPLICATION
from emulator import SUBSCRIPTION, VAULT

ARM_URL = "https://management.azure.com"
VAULT_URL = "https://%s.vault.azure.net" % VAULT
BLOB_URL = "https://%s.blob.core.windows.net" % ACCOUNT
# Service version 2018-03-28 is the newest one whose tokens Key Vault can sign.
TEMPLATE = "sv=2018-03-28&ss=b&srt=sco&sp=rwdlacup&spr=https&sig=AAAA"
# The application of the fleet that has a certificate, and the key of that.
HOLDER = "c11e4700-0000-4000-8000-0000000000dd"
KEY_FILE = os.path.join(os.path.dirname(__file__), "../fixtures/throw-away/throw-away-pkcs1.pem")


def credential():
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
    )


def identity():
    """azure-identity: client secret, certificate, environment, assertions, both managed identities; refusals."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import (
        CertificateCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        EnvironmentCredential,
        ManagedIdentityCredential,
        WorkloadIdentityCredential,
    )

    scope = "https://management.azure.com/.default"
    tenant, client = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]
    file = pathlib.Path(os.environ["HOME"]) / "federated-token"
    file.write_text(assertion())
    kinds = [
        credential(),
        CertificateCredential(tenant, HOLDER, KEY_FILE),
        EnvironmentCredential(),
        ClientAssertionCredential(tenant, client, assertion),
        WorkloadIdentityCredential(tenant_id=tenant, client_id=client, token_file_path=str(file)),
        ManagedIdentityCredential(),
    ]
    # Without these two variables, which App Service sets, the identity is that of a machine.
    service = {name: os.environ.pop(name) for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
    # A machine is asked over plain HTTP, which the proxy passes on for this one address.
    os.environ["HTTP_PROXY"] = os.environ["HTTPS_PROXY"]
    kinds.append(ManagedIdentityCredential())
    for kind in kinds:
        token = kind.get_token(scope)
        expect(token.token and token.expires_on > time.time(), "%s: no token" % type(kind).__name__)
    del os.environ["HTTP_PROXY"]
    os.environ.update(service)
    wrong = ClientSecretCredential(tenant, client, "wrong")
    error = raised(ClientAuthenticationError, lambda: wrong.get_token(scope))
    expect("AADSTS7000215" in str(error), "a wrong secret: %s" % error)
    stranger = CertificateCredential(tenant, client, KEY_FILE)
    error = raised(ClientAuthenticationError, lambda: stranger.get_token(scope))
    expect("AADSTS700027" in str(error), "a certificate of another application: %s" % error)


def assertion():
    """Returns what a pipeline or a cluster would vouch with; the emulator knows no issuer's key."""
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    claims = {"iss": "https://issuer.example", "sub": "job", "exp": int(time.time()) + 600}
    return "%s.%s.%s" % (part({"alg": "RS256", "typ": "JWT"}), part(claims), part("signature"))


def secrets():
    """azure-keyvault-secrets: the whole life of a secret."""
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.keyvault.secrets import SecretClient

    client = SecretClient(VAULT_URL, credential())
    first = client.set_secret("plain", "one", tags={"owner": "us"})
    second = client.set_secret("plain", "two", content_type="text/plain")
    expect(client.get_secret("plain").value == "two", "the current value")
    expect(client.get_secret("plain", first.properties.version).value == "one", "the old value")
    versions = {item.version for item in client.list_properties_of_secret_versions("plain")}
    expect(versions == {first.properties.version, second.properties.version}, "the versions")
    expect("plain" in names(client.list_properties_of_secrets()), "the list")
    client.update_secret_properties("plain", tags={"owner": "them"})
    expect(client.get_secret("plain").properties.tags == {"owner": "them"}, "the new tags")
    deleted = client.begin_delete_secret("plain").result()
    expect(deleted.recovery_id.endswith("/deletedsecrets/plain"), "the recovery id")
    raised(ResourceNotFoundError, lambda: client.get_secret("plain"))
    error = raised(HttpResponseError, lambda: client.set_secret("plain", "three"))
    expect(error.status_code == 409, "set over a deleted secret: %s" % error.status_code)
    expect("plain" in names(client.list_deleted_secrets()), "the list of the deleted")
    client.begin_recover_deleted_secret("plain").wait()
    expect(client.get_secret("plain").value == "two", "the recovered value")
    client.begin_delete_secret("plain").wait()
    client.purge_deleted_secret("plain")
    raised(ResourceNotFoundError, lambda: client.get_deleted_secret("plain"))


def managed_storage():
    """azure-keyvault 1.1.0, the last one with managed storage accounts: from set to purge."""
    from azure.keyvault.models import KeyVaultErrorException

    client = storage_client()
    enrol = lambda: client.set_storage_account(VAULT_URL, "logs", ACCOUNT_ID, "key1", True, "P30D")
    error = raised(KeyVaultErrorException, enrol)
    expect(error.response.status_code == 403, "Key Vault has no role yet: %s" % error)
    grant_key_vault()
    enrolled = enrol()
    expect(enrolled.active_key_name == "key1" and enrolled.regeneration_period == "P30D", "set")
    expect(client.get_storage_account(VAULT_URL, "logs").resource_id == ACCOUNT_ID, "get")
    listed = [item.id for item in client.get_storage_accounts(VAULT_URL)]
    expect(listed == [VAULT_URL + "/storage/logs"], "the list: %s" % listed)
    updated = client.update_storage_account(VAULT_URL, "logs", regeneration_period="P60D")
    expect(updated.regeneration_period == "P60D", "update")
    renewed = client.regenerate_storage_account_key(VAULT_URL, "logs", "key2")
    expect(renewed.active_key_name == "key2", "regeneratekey makes its key the active one")
    sas_definitions(client)
    backup = client.backup_storage_account(VAULT_URL, "logs").value
    client.delete_storage_account(VAULT_URL, "logs")
    deleted = [item.recovery_id for item in client.get_deleted_storage_accounts(VAULT_URL)]
    expect(deleted == [VAULT_URL + "/deletedstorage/logs"], "the deleted: %s" % deleted)
    client.recover_deleted_storage_account(VAULT_URL, "logs")
    client.delete_storage_account(VAULT_URL, "logs")
    client.purge_deleted_storage_account(VAULT_URL, "logs")
    restored = client.restore_storage_account(VAULT_URL, backup)
    expect(restored.active_key_name == "key2", "restore")
    client.delete_storage_account(VAULT_URL, "logs")
    client.purge_deleted_storage_account(VAULT_URL, "logs")
    refusals(client)


def grant_key_vault():
    """Gives Key Vault its role on the account; no client here is made for that."""
    roles = ACCOUNT_ID + "/providers/Microsoft.Authorization/"
    found = ask(
        "GET",
        "https://graph.microsoft.com",
        "/v1.0/servicePrincipals?$filter=appId%20eq%20'" + KEY_VAULT_APPLICATION + "'",
    )
    name = urllib.parse.quote("roleName eq '%s'" % KEY_OPERATOR)
    path = roles + "roleDefinitions?api-version=2022-04-01&$filter=" + name
    properties = {
        "principalId": found["value"][0]["id"],
        "principalType": "ServicePrincipal",
        "roleDefinitionId": ask("GET", ARM_URL, path)["value"][0]["id"],
    }
    path = roles + "roleAssignments/%s?api-version=2022-04-01" % uuid.uuid4()
    ask("PUT", ARM_URL, path, {"properties": properties})


def ask(method, host, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(host + path, data, method=method)
    request.add_header(
        "authorization", "Bearer " + credential().get_token(host + "/.default").token
    )
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def sas_definitions(client):
    created = client.set_sas_definition(VAULT_URL, "logs", "read", TEMPLATE, "account", "PT2H")
    expect(created.secret_id == VAULT_URL + "/secrets/logs-read", "sid: %s" % created.secret_id)
    expect(client.get_sas_definition(VAULT_URL, "logs", "read").sas_type == "account", "get")
    listed = [item.secret_id for item in client.get_sas_definitions(VAULT_URL, "logs")]
    expect(listed == [created.secret_id], "the definitions: %s" % listed)
    updated = client.update_sas_definition(VAULT_URL, "logs", "read", validity_period="PT1H")
    expect(updated.validity_period == "PT1H", "update")
    secret = client.get_secret(VAULT_URL, "logs-read", "")
    expect(secret.value.startswith("?sv=2018-03-28&"), "the token's beginning")
    expect(secret.content_type == "application/vnd.ms-sastoken-storage", "the content type")
    expect(secret.managed, "a managed secret")
    client.delete_sas_definition(VAULT_URL, "logs", "read")
    deleted = [item.recovery_id for item in client.get_deleted_sas_definitions(VAULT_URL, "logs")]
    expect(deleted == [VAULT_URL + "/deletedstorage/logs/sas/read"], "the deleted: %s" % deleted)
    client.get_deleted_sas_definition(VAULT_URL, "logs", "read")
    client.recover_deleted_sas_definition(VAULT_URL, "logs", "read")


def refusals(client):
    """Errors that the client understands, which needs the published error body."""
    from azure.keyvault.models import KeyVaultErrorException

    missing = raised(KeyVaultErrorException, lambda: client.get_storage_account(VAULT_URL, "no"))
    expect(missing.response.status_code == 404, "a missing enrolment")
    expect(missing.error.error.code, "the code of the error")


def storage_client():
    # Python has had no `getargspec` since 3.11; this client is older than that.
    inspect.getargspec = inspect.getfullargspec
    from azure.keyvault import KeyVaultAuthentication, KeyVaultClient

    def authenticate(server, resource, scope):
        expect(server.endswith(os.environ["AZURE_TENANT_ID"]), "the challenge names %s" % server)
        return "Bearer", credential().get_token(resource + "/.default").token

    return KeyVaultClient(KeyVaultAuthentication(authenticate), api_version="7.0")


def management():
    """azure-mgmt-storage: accounts, their keys, a renewal."""
    from azure.core.exceptions import ResourceNotFoundError
    from azure.mgmt.storage import StorageManagementClient

    client = StorageManagementClient(credential(), SUBSCRIPTION)
    listed = {account.name for account in client.storage_accounts.list()}
    expect(listed == {"stclients", "stother"}, "the list: %s" % listed)
    grouped = {account.name for account in client.storage_accounts.list_by_resource_group(GROUP)}
    expect(grouped == listed, "the list of the group: %s" % grouped)
    account = client.storage_accounts.get_properties(GROUP, "stother")
    expect(account.key_creation_time.key1, "the creation time of key1")
    before = keys(client.storage_accounts.list_keys(GROUP, "stother"))
    after = keys(client.storage_accounts.regenerate_key(GROUP, "stother", {"keyName": "key2"}))
    expect(before["key1"] == after["key1"], "key1 is untouched")
    expect(before["key2"] != after["key2"], "key2 is new")
    missing = lambda: client.storage_accounts.get_properties(GROUP, "stnone")
    expect(raised(ResourceNotFoundError, missing).error.code == "ResourceNotFound", "the code")


def blobs():
    """azure-storage-blob with a token of the vault: it lives as long as its key does."""
    from azure.core.exceptions import HttpResponseError
    from azure.storage.blob import BlobServiceClient

    client = storage_client()
    client.set_storage_account(VAULT_URL, "blobs", ACCOUNT_ID, "key1", True, "P30D")
    client.set_sas_definition(VAULT_URL, "blobs", "all", TEMPLATE, "account", "PT2H")

    def service():
        token = client.get_secret(VAULT_URL, "blobs-all", "").value
        return BlobServiceClient(BLOB_URL, credential=token.lstrip("?"))

    first = service()
    blob = first.create_container("container").get_blob_client("hello.txt")
    blob.upload_blob(b"hello")
    expect(blob.download_blob().readall() == b"hello", "the blob")
    client.regenerate_storage_account_key(VAULT_URL, "blobs", "key2")
    expect(blob.download_blob().readall() == b"hello", "the blob by a token of the old key")
    client.regenerate_storage_account_key(VAULT_URL, "blobs", "key1")
    # Azurite's code is AuthorizationFailure where Azure's is AuthenticationFailed; both are 403.
    error = raised(HttpResponseError, lambda: blob.download_blob().readall())
    expect(error.status_code == 403, "a token of a key that is no more: %s" % error.status_code)
    again = service().get_blob_client("container", "hello.txt")
    expect(again.download_blob().readall() == b"hello", "the blob by a new token")


def keys(answer):
    return {key.key_name: key.value for key in answer.keys_property}


def names(items):
    return [item.name for item in items]


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def raised(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise AssertionError("no %s" % kind.__name__)


def main():
    # azure-identity warns about the wrong secret, which is meant to be refused.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    parser.add_argument("--azurite", required=True)
    options = parser.parse_args()
    with emulator.Emulator(options.keyrotation, azurite=options.azurite) as azure:
        environment = azure.environment()
        os.environ.clear()
        os.environ.update(environment)
        for client in (identity, secrets, managed_storage, management, blobs):
            begin = time.monotonic()
            client()
            print("%5.1f s  %s" % (time.monotonic() - begin, client.__doc__), flush=True)
        expect(not azure.unmodelled(), "unmodelled: " + "; ".join(azure.unmodelled()))


main()
