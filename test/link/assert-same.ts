// Whether two linkers made the same kernel: entry point, symbols, and each byte with its addresses.

import assert from "node:assert/strict";
import { STT_FILE, STT_SECTION } from "../../src/abi/elf";
import { readElf } from "../../src/link/elf/read";
import { loadedBytes } from "./loaded-bytes";

/** Fails unless `ours` is what GNU ld made. */
export function assertSame(ours: Uint8Array, theirs: Uint8Array): void {
  const our = readElf(ours, "ours");
  const their = readElf(theirs, "theirs");
  assert.equal(our.entry, their.entry, "entry point");
  assert.deepEqual(symbolsOf(our), commonTo(symbolsOf(our), symbolsOf(their)), "symbols");
  const expected = loadedBytes(their, theirs);
  const actual = loadedBytes(our, ours);
  for (const [address, byte] of expected) {
    assert.equal(actual.get(address), byte, `VMA/value at LMA ${address.toString(16)}`);
  }
  // Between two of our sections in one segment the loader zeroes what theirs leaves alone.
  for (const [address, byte] of actual) {
    if (!expected.has(address)) assert.match(byte, /: 0$/, `only ours, at ${address.toString(16)}`);
  }
  assert.ok(expected.size > 20);
}

/** Values by name; of several local symbols of one name, all. */
function symbolsOf(file: ReturnType<typeof readElf>): Record<string, string> {
  const values = new Map<string, number[]>();
  for (const { name, value, type, section, special } of file.symbols) {
    const undefinedHere = section === 0 && special === 0;
    if (name === "" || type === STT_FILE || type === STT_SECTION || undefinedHere) continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(
    [...values].map(([name, list]) => [name, list.sort((a, b) => a - b).join(" ")]),
  );
}

/** What `theirs` says of the symbols of `ours`, except those that only a layout defines. */
function commonTo(ours: Record<string, string>, theirs: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(ours).map(([name, value]) => {
      const isLayouts = /_(start|end|size|load)$/.test(name);
      return [name, theirs[name] ?? (isLayouts ? value : "missing")];
    }),
  );
}
