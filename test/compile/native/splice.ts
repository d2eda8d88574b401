// Puts instructions into the function bodies of a module: what is measured on it then.

import { leb } from "../wasm/wasm-bytes";

const CODE_SECTION = 10;
const HEADER = 8;

/** Bytes to put in before the byte at an offset of the module. */
export type Insertions = ReadonlyMap<number, readonly number[]>;

/** The module with `insertions`, which must lie in function bodies, at starts of instructions. */
export function splice(bytes: Uint8Array, insertions: Insertions): Uint8Array {
  const result: number[] = [...bytes.slice(0, HEADER)];
  for (let at = HEADER; at < bytes.length; ) {
    const id = bytes[at]!;
    const size = readLeb(bytes, at + 1);
    const end = size.next + size.value;
    const contents =
      id === CODE_SECTION
        ? spliceBodies(bytes, size.next, insertions)
        : [...bytes.slice(size.next, end)];
    result.push(id, ...leb(contents.length));
    for (const byte of contents) result.push(byte);
    at = end;
  }
  return Uint8Array.from(result);
}

function spliceBodies(bytes: Uint8Array, start: number, insertions: Insertions): number[] {
  const count = readLeb(bytes, start);
  const result = leb(count.value);
  for (let i = 0, at = count.next; i < count.value; i++) {
    const size = readLeb(bytes, at);
    const end = size.next + size.value;
    const body: number[] = [];
    for (let each = size.next; each < end; each++) {
      body.push(...(insertions.get(each) ?? []), bytes[each]!);
    }
    result.push(...leb(body.length), ...body);
    at = end;
  }
  return result;
}

function readLeb(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    value += (bytes[at]! & 0x7f) * factor;
    if (bytes[at]! < 0x80) return { value, next: at + 1 };
  }
}
