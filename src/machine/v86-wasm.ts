// Reads v86's WebAssembly in Node, patched as v86-stepper.ts wants it.
//
// `tools/build-package.js` leaves the patched file in dist/, where the bundled command finds it.
// Where there is none, the file of v86's package is read and patched.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { patchV86 } from "./v86-patch";

/** From dist/cli/, where this file is bundled. */
const PREPARED = new URL("../v86.wasm", import.meta.url);

export async function readV86Wasm(): Promise<Uint8Array> {
  try {
    return await readFile(PREPARED);
  } catch {
    return patchV86(await readFile(shippedV86Wasm()));
  }
}

/** The file of v86's package. */
export function shippedV86Wasm(): URL {
  const main = createRequire(import.meta.url).resolve("v86");
  return new URL("v86.wasm", `file://${main}`);
}
