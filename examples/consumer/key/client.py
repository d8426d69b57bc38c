"""Reads a blob with the account key that direct rotation publishes, and outlives each renewal of it.

    python client.py https://kvexample.vault.azure.net/secrets/stexample-key https://stexample.blob.core.windows.net/pictures/picture.jpg

Each line on stdin makes it read once, and say how much and with which version of the secret. Needs azure-identity,
azure-keyvault-secrets and azure-storage-blob. The key stays in memory.
"""

import sys
import time

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import KeyVaultSecretIdentifier, SecretClient
from azure.storage.blob import BlobClient

# A key is looked up again after this time; keep it well below the overlap of the rotation.
KEPT_SECONDS = 3600
FORBIDDEN = 403


class Reader:
    def __init__(self, secret, blob):
        identifier = KeyVaultSecretIdentifier(secret)
        self._secrets = SecretClient(identifier.vault_url, DefaultAzureCredential())
        self._name, self._blob, self._key = identifier.name, blob, None

    def read(self):
        """Returns the blob. A key that is refused may just have been renewed: the newest one gets a try."""
        if self._key is None or time.monotonic() - self._read_at > KEPT_SECONDS:
            self._look_up()
        try:
            return self._download()
        except HttpResponseError as error:
            if error.status_code != FORBIDDEN:
                raise
            self._look_up()
            return self._download()

    def version(self):
        return self._key.properties.version

    def _look_up(self):
        self._key, self._read_at = self._secrets.get_secret(self._name), time.monotonic()

    def _download(self):
        account = self._blob.split("/")[2].split(".")[0]
        credential = {"account_name": account, "account_key": self._key.value}
        with BlobClient.from_blob_url(self._blob, credential=credential) as blob:
            return blob.download_blob().readall()


if __name__ == "__main__":
    reader = Reader(*sys.argv[1:])
    for _ in sys.stdin:
        print(len(reader.read()), "bytes with", reader.version(), flush=True)
