// Reads the primitive encodings of the WebAssembly binary format from a range of bytes.
//
// Every reader of a part of a module (sections, function bodies, names) shares this one, so that
// running off the end or a number that is too long is found in one place and reported with the
// byte offset. Source: WebAssembly Core Specification 2.0, section 5.2.

import { hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";

/** A fault of a WebAssembly module; `offset` counts bytes from the start of the module. */
export class WasmDiagnostic extends Diagnostic {
  constructor(
    code: string,
    text: string,
    remedy: string,
    readonly module: string,
    readonly offset: number,
    readonly functionName?: string,
  ) {
    const where = functionName === undefined ? "" : ` in function ${functionName}`;
    super(code, `${text}, at byte ${hex(offset, 1)}${where}`, remedy, { file: module });
  }
}

/** Reports a module that is well-formed but breaks a rule of the standard. */
export function invalid(module: string, text: string, at: number, functionName?: string): never {
  throw new WasmDiagnostic(
    "WASM003",
    `the module is invalid: ${text}`,
    "Build the module again; whatever wrote it is at fault.",
    module,
    at,
    functionName,
  );
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over `[position, end)` of a module's bytes. */
export class WasmReader {
  /** The function whose body is being read, for messages. */
  functionName: string | undefined;

  constructor(
    readonly bytes: Uint8Array,
    readonly module: string,
    public position = 0,
    public end = bytes.length,
  ) {}

  /** Reports bytes that no producer may write. */
  malformed(text: string, offset = this.position): never {
    throw new WasmDiagnostic(
      "WASM001",
      `the module is malformed: ${text}`,
      "Build the module again; it is damaged, or whatever wrote it is at fault.",
      this.module,
      offset,
      this.functionName,
    );
  }

  /** Reports a feature of WebAssembly that this compiler does not have. */
  unsupported(text: string, offset = this.position): never {
    throw new WasmDiagnostic(
      "WASM002",
      `the module uses ${text}, which is not supported`,
      "Build the module without this feature.",
      this.module,
      offset,
      this.functionName,
    );
  }

  u8(): number {
    if (this.position >= this.end) this.malformed("it ends in the middle of an item");
    return this.bytes[this.position++]!;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.u8();
    if (last > 0x0f) this.malformed("a number needs more than 32 bits", start);
    return (value | (last << 28)) >>> 0;
  }

  /** A signed LEB128 number of at most 32 bits. */
  s32(): number {
    return this.#signed(32, 0x0f);
  }

  /** A signed LEB128 number of at most 33 bits that must not be negative: a type index. */
  typeIndex(): number {
    const start = this.position;
    const index = this.#signed(33, 0x1f);
    if (index < 0) this.malformed("a block has no such type", start);
    return index;
  }

  #signed(bits: number, lastMask: number): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8();
    const sign = last & ((lastMask + 1) >> 1) ? 0x7f & ~lastMask : 0;
    if ((last & ~lastMask) !== sign) {
      this.malformed(`a number needs more than ${bits} bits`, start);
    }
    return value | (last << 28);
  }

  /** A signed LEB128 number of at most 64 bits, as two halves. */
  s64(): { low: number; high: number } {
    const start = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = this.u8();
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32);
      if (byte < 0x80) {
        if (byte & 0x40) {
          if (shift + 7 < 32) low |= -1 << (shift + 7);
          high |= shift + 7 < 32 ? -1 : shift + 7 < 64 ? -1 << (shift + 7 - 32) : 0;
        }
        return { low, high };
      }
    }
    const last = this.u8();
    if (last !== 0 && last !== 0x7f) this.malformed("a number needs more than 64 bits", start);
    return { low, high: high | (last << 31) };
  }

  /** Four bytes, little-endian, as a signed number. */
  word(): number {
    if (this.position + 4 > this.end) this.malformed("it ends in the middle of an item");
    const { bytes, position } = this;
    this.position += 4;
    const low = bytes[position]! | (bytes[position + 1]! << 8);
    return low | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24);
  }

  /** A length that counts items of at least one byte each, so it cannot exceed what is left. */
  count(what: string): number {
    const start = this.position;
    const count = this.u32();
    if (count > this.end - this.position) {
      this.malformed(`there are fewer ${what} than announced`, start);
    }
    return count;
  }

  /** A UTF-8 string preceded by its length. */
  name(): string {
    const length = this.count("bytes of a name");
    const start = this.position;
    this.position += length;
    try {
      return UTF8.decode(this.bytes.subarray(start, this.position));
    } catch {
      return this.malformed("a name is not UTF-8", start);
    }
  }
}
