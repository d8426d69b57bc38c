// Loaded into Azurite's process (node -r) by the keyrotation emulator: puts new account keys in force while Azurite
// runs, and sets its clock. One line on standard input holds the time in milliseconds and, after a blank, the whole list as
// Azurite writes it, name:key1:key2;..., and is answered by one line on standard output. The end of the input is the end of
// the emulator, and then of Azurite too.
"use strict";

const path = require("path");
const readline = require("readline");

const EXPECTED_VERSION = "3.35.0";

function azurite(module) {
  const started = path.dirname(path.resolve(process.argv[1]));
  return require(require.resolve(`azurite/${module}`, { paths: [started] }));
}

const { version } = azurite("package.json");
if (version !== EXPECTED_VERSION) {
  console.error(`azurite ${version} is not supported, only ${EXPECTED_VERSION}`);
  process.exit(1);
}

// Azurite reads its accounts from its own environment when it starts, and again on refresh().
const stores = new Set();
const { prototype } = azurite("dist/src/common/AccountDataStore").default;
const { init } = prototype;
prototype.init = function remember() {
  stores.add(this);
  return init.call(this);
};

// Azurite judges the life of a token by this process's clock, which has to be the emulator's.
let ahead = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + ahead);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + ahead;
  }
};

const input = readline.createInterface({ input: process.stdin });
input.on("line", (line) => {
  const [now, accounts] = line.split(" ", 2);
  ahead = Number(now) - RealDate.now();
  process.env.AZURITE_ACCOUNTS = accounts;
  for (const store of stores) store.refresh();
  process.stdout.write("keyrotation: keys are in force\n");
});
input.on("close", () => process.exit(0));
