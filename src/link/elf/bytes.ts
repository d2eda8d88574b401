// The bytes of an ELF file, read by fields as wide as its class, and what to do where it is broken.
//
// Offsets, sizes and symbol values are numbers, which are exact for whatever is in the file; what
// may be an address of 64 bits is a bigint.

import { Diagnostic } from "../../base/diagnostic";
import { type AcceptedFiles, type ElfShape, I386_FILES, identifyElf } from "./shape";

/** A table of entries of `step` bytes that lies within the file. */
export interface Table {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

export class ElfBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly shape: ElfShape;

  /**
   * @param name what diagnostics call the file
   * @param damage takes sentences about broken tables; without it they are thrown
   * @throws Diagnostic ELF001 if the file is not one of those `accepted`
   */
  constructor(
    bytes: Uint8Array,
    readonly name: string,
    accepted: AcceptedFiles = I386_FILES,
    readonly damage?: string[],
  ) {
    // Node's Buffer is a Uint8Array whose `slice` does not copy; this one does.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.shape = identifyElf(this.bytes, name, accepted);
  }

  half(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** A field as wide as the class: an offset or a size. What is not exact is outside the file. */
  extent(offset: number): number {
    const low = this.view.getUint32(offset, true);
    if (this.shape.bits === 32) return low;
    return this.view.getUint32(offset + 4, true) * 2 ** 32 + low;
  }

  /** A field as wide as the class: a value, which is signed in 64-bit files. See `highPart`. */
  value(offset: number): number {
    const low = this.view.getUint32(offset, true);
    if (this.shape.bits === 32) return low;
    const high = this.view.getInt32(offset + 4, true);
    return isExact(high) ? high * 2 ** 32 + low : low;
  }

  /** What `value` leaves out because no double holds it, in units of 2^32; mostly 0. */
  highPart(offset: number): number {
    if (this.shape.bits === 32) return 0;
    const high = this.view.getInt32(offset + 4, true);
    return isExact(high) ? 0 : high;
  }

  /** A field as wide as the class: an address. */
  address(offset: number): bigint {
    if (this.shape.bits === 32) return BigInt(this.view.getUint32(offset, true));
    return this.view.getBigUint64(offset, true);
  }

  /** Records what is broken, or throws it if damage is not being collected. */
  report(what: string): void {
    if (!this.damage) throw this.malformed(what);
    this.damage.push(what);
  }

  malformed(what: string): Diagnostic {
    const text = `${this.name} is malformed: ${what} (${this.bytes.length} bytes)`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.name,
    });
  }
}

/** Whether a double holds a number with this upper half. */
function isExact(high: number): boolean {
  return high >= -(2 ** 20) && high < 2 ** 20;
}
