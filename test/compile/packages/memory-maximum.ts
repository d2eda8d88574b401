// A module's bytes with another maximum of its own memory, so that it grows in Node as far as it
// may natively and no further: what finds no memory goes another way from then on.

import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { leb, section } from "../wasm/wasm-bytes";

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;

/** The bytes of `module` with `pages` as the most that its memory may have. */
export function withMaximum(bytes: Uint8Array, module: WasmModule, pages: number): Uint8Array {
  const [memory] = module.memories;
  if (!memory || memory.imported) return bytes;
  const own = [1, HAS_MAXIMUM, ...leb(memory.limits.min), ...leb(pages)];
  const parts = [bytes.subarray(0, HEADER_BYTES)];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const [length, contents] = lebAt(bytes, at + 1);
    const end = contents + length;
    const isMemory = bytes[at] === MEMORY_SECTION;
    parts.push(isMemory ? new Uint8Array(section(MEMORY_SECTION, own)) : bytes.subarray(at, end));
    at = end;
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** An unsigned LEB128 number, and where it ends. */
function lebAt(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  let end = at;
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes[end++]!;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return [value, end];
  }
}
