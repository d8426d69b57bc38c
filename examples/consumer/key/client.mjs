// Reads a blob with the account key that direct rotation publishes, and outlives each renewal of it.
//
//     node client.mjs https://kvexample.vault.azure.net/secrets/stexample-key https://stexample.blob.core.windows.net/pictures/picture.jpg
//
// Each line on stdin makes it read once, and say how much and with which version of the secret. Needs @azure/identity,
// @azure/keyvault-secrets and @azure/storage-blob. The key stays in memory.

import { createInterface } from "node:readline";
import { DefaultAzureCredential } from "@azure/identity";
import { parseKeyVaultSecretIdentifier, SecretClient } from "@azure/keyvault-secrets";
import { BlobClient, StorageSharedKeyCredential } from "@azure/storage-blob";

// A key is looked up again after this time; keep it well below the overlap of the rotation.
const KEPT_MILLISECONDS = 3_600_000;
const FORBIDDEN = 403;

class Reader {
  #secrets;
  #name;
  #blob;
  #key;
  #readAt;

  constructor(secret, blob) {
    const { vaultUrl, name } = parseKeyVaultSecretIdentifier(secret);
    this.#secrets = new SecretClient(vaultUrl, new DefaultAzureCredential());
    this.#name = name;
    this.#blob = blob;
  }

  /** Gives the blob. A key that is refused may just have been renewed: the newest one gets a try. */
  async read() {
    if (this.#key === undefined || performance.now() - this.#readAt > KEPT_MILLISECONDS) {
      await this.#lookUp();
    }
    try {
      return await this.#download();
    } catch (error) {
      if (error.statusCode !== FORBIDDEN) throw error;
      await this.#lookUp();
      return this.#download();
    }
  }

  get version() {
    return this.#key.properties.version;
  }

  async #lookUp() {
    this.#key = await this.#secrets.getSecret(this.#name);
    this.#readAt = performance.now();
  }

  #download() {
    const account = new URL(this.#blob).hostname.split(".")[0];
    const credential = new StorageSharedKeyCredential(account, this.#key.value);
    return new BlobClient(this.#blob, credential).downloadToBuffer();
  }
}

const reader = new Reader(...process.argv.slice(2));
for await (const _ of createInterface({ input: process.stdin })) {
  const { length } = await reader.read();
  console.log(`${length} bytes with ${reader.version}`);
}
