// Two places of v86's WebAssembly, changed so that v86 can stop after any instruction.
//
// v86's `main_loop` runs until some 100,003 instructions are done, and its interpreter until a
// block ends. The patch puts two cells of memory in charge of both:
//
//   as shipped                                  as patched
//     i32.const 100003                            i32.load LIMIT
//     i32.lt_u                                    i32.lt_u
//
//     call interpreter                            JIT_BLOCK_BOUNDARY := load8 STEP
//     if JIT_BLOCK_BOUNDARY leave the block       call interpreter
//                                                 if JIT_BLOCK_BOUNDARY leave the block
//
// With LIMIT 100003 and STEP 0 nothing has changed: the interpreter itself leaves
// JIT_BLOCK_BOUNDARY at 0 as long as a block goes on. With LIMIT 1 a call of `main_loop` runs one
// block, and with STEP 1 as well one instruction. No function, local or address gets another index.
//
// A third change exports the function that delivers an interrupt, which v86 keeps to itself: by it
// an NMI is raised.
//
// Invariants
//   - The bytes are those of the pinned version, by length and checksum, or the patch refuses them:
//     that the cells are free, and what the two places mean, was found out for that version.
//   - Each of the places is found exactly once.

import { Diagnostic } from "../base/diagnostic";

/** v86's memory: its globals end at 1280, its data begins at 4096. Nobody uses what is between. */
export const STEP_CELL = 2048;
export const LIMIT_CELL = 2052;
/** What LIMIT must be for v86 to run as shipped. */
export const SHIPPED_LIMIT = 100_003;

const SHIPPED = { version: "0.5.462", length: 2_101_621, checksum: 0xfedc69c9 };

/** What the function that delivers an interrupt is exported as. */
export const DELIVER = "call_interrupt_vector";

const SECTION_EXPORT = 7;
const SECTION_CODE = 10;
const EXPORT_FUNCTION = 0;
const HEADER_SIZE = 8;

const I32_CONST = 0x41;
const I32_LOAD = 0x28;
const I32_LOAD8_U = 0x2d;
const I32_STORE8 = 0x3a;
const CALL = 0x10;
const LOCAL_GET = 0x20;
const I32_AND = 0x71;
const BR_IF = 0x0d;
const ALIGNED_4 = 2;
const ALIGNED_1 = 0;

/** A range of the bytes, half-open. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Bytes in place of a range of the original. */
interface Splice extends Range {
  readonly bytes: readonly number[];
}

/**
 * v86's WebAssembly with all changes.
 *
 * @throws Diagnostic MACH007 if the bytes are not exactly those of the pinned version
 */
export function patchV86(wasm: Uint8Array): Uint8Array {
  if (wasm.length !== SHIPPED.length || checksum(wasm) !== SHIPPED.checksum) throw notShipped();
  const code = findSection(wasm, SECTION_CODE);
  const limit = only(findAll(wasm, code, [I32_CONST, ...signed(SHIPPED_LIMIT), 0x49]));
  const body = bodyAround(wasm, code, limit);
  const deliver = findDeliver(wasm, body);
  const spliced = splice(wasm, code, body, [atInterpreter(wasm, body), atLimit(limit)]);
  return addExport(spliced, DELIVER, deliver);
}

/** A checksum of all bytes: FNV-1a. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

function notShipped(): Diagnostic {
  return new Diagnostic(
    "MACH007",
    `these are not the bytes of v86.wasm in version ${SHIPPED.version}, which Isthmus patches`,
    `Install that version of v86: \`npm install v86@${SHIPPED.version}\``,
  );
}

/** `i32.const 100003` becomes `i32.load LIMIT`. */
function atLimit(start: number): Splice {
  const length = 1 + signed(SHIPPED_LIMIT).length;
  const bytes = [I32_CONST, 0, I32_LOAD, ALIGNED_4, ...unsigned(LIMIT_CELL)];
  return { start, end: start + length, bytes };
}

/** The store goes before the call of the interpreter, whose argument may stay on the stack. */
function atInterpreter(wasm: Uint8Array, body: Range): Splice {
  const { call, boundary } = only(findCalls(wasm, body));
  const bytes = [
    ...[I32_CONST, 0, I32_CONST, 0, I32_LOAD8_U, ALIGNED_1, ...unsigned(STEP_CELL)],
    ...[I32_STORE8, ALIGNED_1, ...unsigned(boundary)],
  ];
  return { start: call, end: call, bytes };
}

/** Where `call …; i32.const 0; i32.load8_u BOUNDARY; br_if 1` stands. */
function findCalls(wasm: Uint8Array, { start, end }: Range) {
  const found: { call: number; boundary: number }[] = [];
  for (let call = start; call < end; call++) {
    if (wasm[call] !== CALL) continue;
    const next = readUnsigned(wasm, call + 1).end;
    const expected = [I32_CONST, 0, I32_LOAD8_U, ALIGNED_1];
    if (!startsWith(wasm, next, expected)) continue;
    const boundary = readUnsigned(wasm, next + expected.length);
    if (startsWith(wasm, boundary.end, [BR_IF, 1])) found.push({ call, boundary: boundary.value });
  }
  return found;
}

/** The function that `main_loop` calls, in two places, with an interrupt's number and no error. */
function findDeliver(wasm: Uint8Array, body: Range): number {
  const number = [I32_CONST, 0xff, 1, I32_AND];
  const call = [...number, I32_CONST, 0, I32_CONST, 0, LOCAL_GET, 3, CALL];
  const found = findAll(wasm, body, call).map((at) => readUnsigned(wasm, at + call.length).value);
  return only([...new Set(found)]);
}

function addExport(wasm: Uint8Array, name: string, index: number): Uint8Array {
  const section = findSection(wasm, SECTION_EXPORT);
  const count = readUnsigned(wasm, section.start);
  const entry = [name.length, ...new TextEncoder().encode(name), EXPORT_FUNCTION];
  const content = [
    ...unsigned(count.value + 1),
    ...wasm.subarray(count.end, section.end),
    ...[...entry, ...unsigned(index)],
  ];
  const before = wasm.subarray(0, section.start - unsigned(section.end - section.start).length);
  return concatenate([before, unsigned(content.length), content, wasm.subarray(section.end)]);
}

function findSection(wasm: Uint8Array, number: number): Range {
  for (let at = HEADER_SIZE; at < wasm.length; ) {
    const size = readUnsigned(wasm, at + 1);
    if (wasm[at] === number) return { start: size.end, end: size.end + size.value };
    at = size.end + size.value;
  }
  throw notShipped();
}

/** The function body that `position` is in. */
function bodyAround(wasm: Uint8Array, code: Range, position: number): Range {
  for (let at = readUnsigned(wasm, code.start).end; at < code.end; ) {
    const size = readUnsigned(wasm, at);
    const end = size.end + size.value;
    if (position < end) return { start: size.end, end };
    at = end;
  }
  throw notShipped();
}

/** Puts in the splices, ascending, and writes the sizes of body and section anew. */
function splice(
  wasm: Uint8Array,
  code: Range,
  body: Range,
  splices: readonly Splice[],
): Uint8Array {
  const pieces: (Uint8Array | readonly number[])[] = [];
  let at = body.start;
  for (const { start, end, bytes } of splices) {
    pieces.push(wasm.subarray(at, start), bytes);
    at = end;
  }
  pieces.push(wasm.subarray(at, body.end));
  const newBody = pieces.reduce((total, { length }) => total + length, 0);
  const bodySize = unsigned(newBody);
  const oldBodySize = unsigned(body.end - body.start);
  const beforeBody = wasm.subarray(code.start, body.start - oldBodySize.length);
  const afterBody = wasm.subarray(body.end, code.end);
  const newCode = beforeBody.length + bodySize.length + newBody + afterBody.length;
  const beforeCode = wasm.subarray(0, code.start - unsigned(code.end - code.start).length);
  return concatenate([
    ...[beforeCode, unsigned(newCode), beforeBody, bodySize],
    ...[...pieces, afterBody, wasm.subarray(code.end)],
  ]);
}

function concatenate(pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function findAll(wasm: Uint8Array, { start, end }: Range, bytes: readonly number[]): number[] {
  const found: number[] = [];
  const [first = 0] = bytes;
  for (let at = wasm.indexOf(first, start); at !== -1 && at < end; ) {
    if (startsWith(wasm, at, bytes)) found.push(at);
    at = wasm.indexOf(first, at + 1);
  }
  return found;
}

function startsWith(wasm: Uint8Array, at: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => wasm[at + index] === byte);
}

function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length > 1) throw notShipped();
  return item;
}

/** LEB128, unsigned. */
function readUnsigned(wasm: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = wasm[at];
    if (byte === undefined || shift > 28) return { value, end: at };
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 0x80))];
}

/** LEB128, signed; of a number that is not negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(Math.floor(value / 0x80))];
}
