// node run-in-node.mjs MODULE FOLDER ARGUMENTS…: runs a program in Node's WASI, with FOLDER as `.`.

import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [module, folder, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: ["program", ...args],
  env: { GREETING: process.env.GREETING },
  preopens: { ".": folder },
});
const { instance } = await WebAssembly.instantiate(readFileSync(module), wasi.getImportObject());
process.exitCode = wasi.start(instance);
