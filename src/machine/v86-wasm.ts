// Reads v86's WebAssembly from its package, in Node.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

export function readV86Wasm(): Promise<Uint8Array> {
  const main = createRequire(import.meta.url).resolve("v86");
  return readFile(new URL("v86.wasm", `file://${main}`));
}
