// Physical memory as an inspector sees it.
//
// A read outside RAM gives `undefined` and not 0, which would look like an empty table entry; the
// caller reports which table pointed there. Words are little-endian, as on the machine.

/** RAM from physical address 0 on. */
export class PhysicalMemory {
  readonly #view: DataView;

  /** `bytes[i]` is the byte at physical address i; the array is not copied. */
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** In bytes. */
  get size(): number {
    return this.bytes.length;
  }

  /** The 32-bit word at `address`, unsigned; undefined if a byte of it lies outside RAM. */
  word(address: number): number | undefined {
    return address >= 0 && address + 4 <= this.size
      ? this.#view.getUint32(address, true)
      : undefined;
  }

  /** `length` bytes from `address` on, not copied; undefined if one lies outside RAM. */
  slice(address: number, length: number): Uint8Array | undefined {
    return address >= 0 && address + length <= this.size
      ? this.bytes.subarray(address, address + length)
      : undefined;
  }
}
