// Huffman codes for bytes of several kinds: each kind of field has a code of its own, because what
// is common in names is rare in line numbers.
//
// A code is canonical: how many symbols have each length, and the symbols in their order, say all
// of it (src/abi/symbol-table.ts). Codes are made from what is to be written, so that has to be
// known first: a `CodedBytes` is bytes with the code of each, and `PrefixCodes` is made from them.

import { CODE_COUNT, CODE_LENGTHS, CODE_SYMBOLS } from "../../abi/symbol-table";
import { ByteWriter } from "../../base/byte-writer";

/** Bytes to be coded, each with the number of its code. */
export class CodedBytes {
  readonly codes: number[] = [];
  readonly bytes: number[] = [];

  byte(code: number, byte: number): void {
    this.codes.push(code);
    this.bytes.push(byte);
  }

  uleb(code: number, value: number): void {
    this.#number(code, (out) => out.uleb(value));
  }

  sleb(code: number, value: number): void {
    this.#number(code, (out) => out.sleb(value));
  }

  /** The text in UTF-8 and a NUL. */
  text(code: number, value: Uint8Array): void {
    for (const byte of value) this.byte(code, byte);
    this.byte(code, 0);
  }

  #number(code: number, write: (out: ByteWriter) => void): void {
    const out = new ByteWriter(8);
    write(out);
    for (const byte of out.finish()) this.byte(code, byte);
  }
}

interface Code {
  /** How many symbols have 1 bit, 2 bits, ... */
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
  /** Of each symbol: its code, the last bit lowest, and its bits. */
  readonly words: ReadonlyMap<number, { readonly code: number; readonly bits: number }>;
}

export class PrefixCodes {
  readonly #codes: readonly Code[];

  /** Codes by which all of this can be written. */
  constructor(texts: readonly CodedBytes[]) {
    const uses = Array.from({ length: CODE_COUNT }, () => new Map<number, number>());
    for (const { codes, bytes } of texts) {
      for (const [at, byte] of bytes.entries()) {
        const code = uses[codes[at]!]!;
        code.set(byte, (code.get(byte) ?? 0) + 1);
      }
    }
    this.#codes = uses.map(makeCode);
  }

  /** The places of the codes, and the codes. `out` begins with the table that they are in. */
  writeCodes(out: ByteWriter): void {
    let place = out.length + 4 * CODE_COUNT;
    for (const { symbols } of this.#codes) {
      out.u32(place);
      place += CODE_SYMBOLS + symbols.length;
    }
    for (const { counts, symbols } of this.#codes) {
      for (const count of counts) out.u16(count);
      out.bytes(symbols);
    }
  }

  /** The bits of `text`, up to the end of a byte. */
  write({ codes, bytes }: CodedBytes, out: ByteWriter): void {
    let held = 0;
    let room = 0;
    for (const [at, byte] of bytes.entries()) {
      const { code, bits } = this.#codes[codes[at]!]!.words.get(byte)!;
      for (let bit = bits - 1; bit >= 0; bit--) {
        held |= ((code >> bit) & 1) << room;
        room += 1;
        if (room === 8) {
          out.u8(held);
          held = 0;
          room = 0;
        }
      }
    }
    if (room > 0) out.u8(held);
  }
}

function makeCode(uses: ReadonlyMap<number, number>): Code {
  const lengths = lengthsOf(uses);
  const symbols = [...lengths.keys()].sort((a, b) => lengths.get(a)! - lengths.get(b)! || a - b);
  const counts = Array.from({ length: CODE_LENGTHS }, () => 0);
  const words = new Map<number, { code: number; bits: number }>();
  let code = 0;
  let bits = 0;
  for (const symbol of symbols) {
    const length = lengths.get(symbol)!;
    code <<= length - bits;
    bits = length;
    words.set(symbol, { code, bits });
    counts[bits - 1]! += 1;
    code += 1;
  }
  return { counts, symbols, words };
}

/** How many bits each symbol has, at most CODE_LENGTHS. */
function lengthsOf(uses: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const lengths = huffmanLengths(uses);
  if (Math.max(0, ...lengths.values()) <= CODE_LENGTHS) return lengths;
  // Rare symbols are made less rare, until the tree is flat enough.
  return lengthsOf(new Map([...uses].map(([symbol, count]) => [symbol, Math.ceil(count / 2)])));
}

/** Huffman's algorithm: the two rarest trees become one, until one is left. */
function huffmanLengths(uses: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const lengths = new Map<number, number>();
  const ordered = [...uses].sort(([a, m], [b, n]) => m - n || a - b);
  const leaves = ordered.map(([symbol, count]) => ({ count, symbols: [symbol] }));
  const joined: typeof leaves = [];
  // Both lists are in the order of their counts, so the rarest tree is at the front of one of them.
  const rarest = () => {
    const [leaf, tree] = [leaves[0], joined[0]];
    const list = !tree || (leaf && leaf.count <= tree.count) ? leaves : joined;
    return list.shift()!;
  };
  // A lone symbol has a bit all the same.
  if (leaves.length === 1) lengths.set(leaves[0]!.symbols[0]!, 1);
  while (leaves.length + joined.length > 1) {
    const [a, b] = [rarest(), rarest()];
    const symbols = [...a.symbols, ...b.symbols];
    for (const symbol of symbols) lengths.set(symbol, (lengths.get(symbol) ?? 0) + 1);
    joined.push({ count: a.count + b.count, symbols });
  }
  return lengths;
}
