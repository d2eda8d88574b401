// The driver of test processes, in our own assembler: calls functions with given arguments and
// records what came of each, and whether the callee kept the calling convention.
//
//   record i   0  status   RETURNED, TRAPPED or BROKEN (a preserved register or ESP changed)
//              4  results  value after value of one word or two, or which trap
//
// Traps are signals (trap.ts); the handler goes on with the next event.

import {
  argumentPlaces,
  exchangedWords,
  resultPlaces,
} from "../../../src/compile/code/calling-convention";
import { FIRST_FLOAT, wordsOf } from "../../../src/compile/code/code";
import { type NumberType, type Signature, valuesOf } from "../../../src/compile/ir/ir";
import { I686 } from "../../../src/compile/targets/i686";
import type { ObjectFile } from "../../../src/object/object";
import { Assembler } from "../../../src/x86/assembler";
import { type MemoryParts, mem, mem32, mem64, symbol } from "../../../src/x86/operand";
import {
  eax,
  ebp,
  ebx,
  ecx,
  edi,
  edx,
  esi,
  esp,
  type Register32,
  registers32,
  registersXmm,
  xmm0,
} from "../../../src/x86/registers";
import { installHandlers, reportedTrap, writeHandler } from "./trap";

/** A result as an unsigned number, `undefined` for void, several in order, or what went wrong. */
export type Outcome = bigint | undefined | readonly bigint[] | Trapped | "broken";

/** A trap in the words of the standard's interpreter. */
export type Trapped = ReturnType<typeof reportedTrap>;

/** A call of a function, or the reading of a global, by symbol. */
export type NativeEvent =
  | {
      readonly kind: "call";
      readonly symbol: string;
      readonly signature: Signature;
      readonly args: readonly bigint[];
      /** A function to call before, which changes no register. */
      readonly prepare?: string;
    }
  | { readonly kind: "read"; readonly symbol: string; readonly type: NumberType };

const RETURNED = 1;
const TRAPPED = 2;
const BROKEN = 3;
/** Words of results that a record has room for. */
const RESULT_WORDS = 32;
const RECORD = 4 * (1 + RESULT_WORDS);

const SYS_EXIT = 1;
const SYS_WRITE = 4;

/** What came of each event, from the records that the process wrote. */
export function readOutcomes(output: Buffer, events: readonly NativeEvent[]): Outcome[] {
  if (output.length !== events.length * RECORD) {
    throw new Error(`the process wrote ${output.length} bytes for ${events.length} events`);
  }
  return events.map((event, index) =>
    outcome(output, index * RECORD, event.kind === "call" ? event.signature.results : [event.type]),
  );
}

function outcome(output: Buffer, at: number, results: readonly NumberType[]): Outcome {
  const status = output.readUInt32LE(at);
  if (status === TRAPPED) return reportedTrap(output.readUInt32LE(at + 4));
  if (status !== RETURNED) return "broken";
  let next = at + 4;
  const values = results.map((type) => {
    const isWide = type === "i64" || type === "f64";
    const value = isWide ? output.readBigUInt64LE(next) : BigInt(output.readUInt32LE(next));
    next += isWide ? 8 : 4;
    return value;
  });
  return values.length > 1 ? values : values[0];
}

/** Ends the process. */
export function exit(a: Assembler): void {
  a.mov(eax, SYS_EXIT);
  a.xor(ebx, ebx);
  a.int(0x80);
}

const KEPT = [ebx, esi, edi, ebp] as const;
const magic = (index: number) => 0x51000000 + index;

/** `_start`: all events, then the records to standard output. */
export function driver(events: readonly NativeEvent[]): ObjectFile {
  const a = new Assembler("driver");
  a.section(".text");
  a.function("_start", () => {
    installHandlers(a);
    for (const [i, event] of events.entries()) {
      if (event.kind === "call") callOnce(a, i, event);
      else readOnce(a, i, event.symbol);
    }
    a.mov(eax, SYS_WRITE);
    a.mov(ebx, 1);
    a.mov(ecx, symbol("records"));
    a.mov(edx, events.length * RECORD);
    a.int(0x80);
    exit(a);
  });
  writeHandler(a, TRAPPED);
  a.section(".bss");
  for (const name of ["stack", "record", "resume"]) {
    a.local(name);
    a.space(4);
  }
  a.local("records");
  a.space(events.length * RECORD);
  return a.finish();
}

/** Two words of memory, whatever the type. */
function readOnce(a: Assembler, index: number, name: string): void {
  const record = { symbol: "records", disp: index * RECORD };
  a.mov(mem32(record), RETURNED);
  for (const disp of [0, 4]) {
    a.mov(eax, mem32({ symbol: name, disp }));
    a.mov(mem32({ ...record, disp: record.disp + 4 + disp }), eax);
  }
}

function putWords(a: Assembler, to: MemoryParts, words: readonly number[]): void {
  for (const [i, word] of words.entries()) {
    a.mov(mem32({ ...to, disp: (to.disp ?? 0) + 4 * i }), word);
  }
}

/** Stores the results of a call from where they are to the words at `to`. */
function takeResults(a: Assembler, to: MemoryParts, signature: Signature): void {
  const types = valuesOf(signature.results);
  let disp = to.disp ?? 0;
  const store = (from: Register32): void => {
    a.mov(mem32({ ...to, disp }), from);
    disp += 4;
  };
  for (const [i, place] of resultPlaces(signature, I686).entries()) {
    const words = wordsOf(types[i]!);
    if ("stack" in place) {
      for (let word = 0; word < words; word++) {
        a.mov(ecx, mem32({ base: esp, disp: 4 * (place.stack + word) }));
        store(ecx);
      }
    } else if (place.register < FIRST_FLOAT) store(registers32[place.register]!);
    else {
      if (words === 2) a.movsd(mem64({ ...to, disp }), xmm0);
      else a.movss(mem32({ ...to, disp }), xmm0);
      disp += 4 * words;
    }
  }
}

function callOnce(
  a: Assembler,
  index: number,
  { symbol: name, signature, args, prepare }: NativeEvent & { kind: "call" },
): void {
  const next = a.newLabel();
  const record = { symbol: "records", disp: index * RECORD };
  const words = signature.parameters.flatMap((type, i) => {
    const value = args[i] ?? 0n;
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    return type === "i64" ? [[low], [high]] : [type === "f64" ? [low, high] : [low]];
  });
  const places = argumentPlaces(signature, I686);
  const room = exchangedWords(signature, I686);
  if (prepare !== undefined) a.call(prepare);
  a.mov(mem32({ symbol: "stack" }), esp);
  a.mov(mem32({ symbol: "record" }), symbol("records", index * RECORD));
  a.mov(mem32({ symbol: "resume" }), symbol(next));
  if (room > 0) a.sub(esp, 4 * room);
  for (const [i, register] of KEPT.entries()) a.mov(register, magic(i));
  for (const [i, place] of places.entries()) {
    if ("stack" in place) putWords(a, { base: esp, disp: 4 * place.stack }, words[i]!);
    else if (place.register < FIRST_FLOAT) a.mov(registers32[place.register]!, words[i]![0]!);
    else {
      const number = { symbol: "records", disp: index * RECORD + 12 };
      putWords(a, number, words[i]!);
      a.movsd(registersXmm[place.register - FIRST_FLOAT]!, mem64(number));
    }
  }
  a.call(name);
  takeResults(a, { ...record, disp: record.disp + 4 }, signature);
  if (room > 0) a.add(esp, 4 * room);
  a.mov(mem32(record), BROKEN);
  for (const [i, register] of KEPT.entries()) {
    a.cmp(register, magic(i));
    a.jne(next);
  }
  a.cmp(esp, mem({ symbol: "stack" }));
  a.jne(next);
  a.mov(mem32(record), RETURNED);
  a.label(next);
  a.mov(esp, mem({ symbol: "stack" }));
}
