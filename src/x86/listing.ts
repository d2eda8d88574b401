// A disassembly listing with symbols and source lines, as the linker leaves beside each image.
//
//   00101000 <kernelMain>:
//   ; kernel/main.ts:12
//     101000  8b 44 24 04              mov    eax,DWORD PTR [esp+0x4]
//     101004  e8 17 00 00 00           call   0x101020 <allocateFrame>
//     101009  ...
//
// `...` stands for eight or more zero bytes. Bytes that are not an instruction of ours are `db`.
//
// Invariants
//   - Every byte of the input appears once, in order, or in a `...`.
//   - An instruction never runs across the start of a symbol.

import { hex } from "../base/align";
import type { Place } from "../base/diagnostic";
import { formatPlace } from "../base/diagnostic";
import { decode } from "./decode";
import type { SymbolOffset } from "./print";
import { print } from "./print";

export interface ListingInput {
  readonly bytes: Uint8Array;
  /** The address of the first byte. */
  readonly address: number;
  /** The symbol that contains an address. */
  readonly symbolAt?: (address: number) => SymbolOffset | undefined;
  /** Where the code at an address comes from. */
  readonly lineAt?: (address: number) => Place | undefined;
}

const MIN_ZEROS = 8;
const BYTES_PER_LINE = 8;
const BYTES_WIDTH = 3 * BYTES_PER_LINE;

/** The listing of a range of code; lines end with `\n`. */
export function listing(input: ListingInput): string {
  const { bytes, address, symbolAt, lineAt } = input;
  const lines: string[] = [];
  let place = "";
  for (let offset = 0; offset < bytes.length; ) {
    const here = address + offset;
    const symbol = symbolAt?.(here);
    if (symbol?.offset === 0) lines.push("", `${hex(here).slice(2)} <${symbol.name}>:`);
    const found = lineAt?.(here);
    const next = found === undefined ? place : formatLine(found);
    if (next !== place) lines.push(`; ${next}`);
    place = next;
    const item = itemAt(input, offset);
    lines.push(...formatItem(here, bytes.subarray(offset, offset + item.length), item.text));
    offset += item.length;
  }
  return lines.length === 0 ? "" : `${lines.join("\n").trimStart()}\n`;
}

interface Item {
  readonly text: string;
  readonly length: number;
}

function formatLine({ file, line }: Place): string {
  return formatPlace(line === undefined ? { file } : { file, line });
}

function itemAt(input: ListingInput, offset: number): Item {
  const zeros = zeroRun(input, offset);
  if (zeros >= MIN_ZEROS) return { text: "...", length: zeros };
  const instruction = decode(input.bytes, offset);
  if (instruction === undefined || crossesSymbol(input, offset, instruction.length)) {
    return { text: `db     ${hex(input.bytes[offset] as number, 2)}`, length: 1 };
  }
  const { symbolAt } = input;
  const context = { address: input.address + offset, ...(symbolAt && { symbolAt }) };
  return { text: print(instruction, context), length: instruction.length };
}

function beginsSymbol({ address, symbolAt }: ListingInput, offset: number): boolean {
  return symbolAt?.(address + offset)?.offset === 0;
}

function crossesSymbol(input: ListingInput, offset: number, length: number): boolean {
  for (let at = offset + 1; at < offset + length; at++) {
    if (beginsSymbol(input, at)) return true;
  }
  return false;
}

/** The number of zero bytes from `offset` to the next symbol or other byte. */
function zeroRun(input: ListingInput, offset: number): number {
  let end = offset;
  while (input.bytes[end] === 0 && (end === offset || !beginsSymbol(input, end))) end++;
  return end - offset;
}

/** `101000  8b 44 24 04   mov …`; long instructions continue their bytes on lines of their own. */
function formatItem(address: number, bytes: Uint8Array, text: string): string[] {
  const prefix = `  ${address.toString(16)}  `;
  if (text === "...") return [`${prefix}...`];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    const part = [...bytes.subarray(at, at + BYTES_PER_LINE)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    if (at === 0) lines.push(`${prefix}${digits.padEnd(BYTES_WIDTH)} ${text}`);
    else lines.push(`${" ".repeat(prefix.length)}${digits}`);
  }
  return lines;
}
