// Atomic operations: exchanges that compare or add, the lock prefix, fences.
//
// `lock add` and the like are rows of their own, made from the rows of the plain instruction. They
// exist for a memory destination only; the processor refuses all others (#UD). `xchg` with memory
// locks without the prefix.

import type { Memory } from "../operand";
import type { OperandKind } from "../operand-kind";
import { m8, m16, m32, m64, r8, r16, r32, rm8, rm16, rm32 } from "../operand-kind";
import { eax, ebx, ecx, edx } from "../registers";
import { arithmetic } from "./arithmetic";
import { bit } from "./bit";
import type { OperandSpec, Row } from "./row";
import { effects, r, row, rw } from "./row";

const ACCUMULATOR = effects({ reads: [eax], writes: [eax], flagsWritten: "OSZAPC" });
const SUM = effects({ flagsWritten: "OSZAPC" });
const WIDE = effects({ reads: [eax, ebx, ecx, edx], writes: [eax, edx], flagsWritten: "Z" });

const exchange = {
  cmpxchg: [
    row([rw(rm8), r(r8)], "0F B0 /r", ACCUMULATOR),
    row([rw(rm16), r(r16)], "66 0F B1 /r", ACCUMULATOR),
    row([rw(rm32), r(r32)], "0F B1 /r", ACCUMULATOR),
  ],
  cmpxchg8b: [row([rw(m64)], "0F C7 /1", WIDE)],
  xadd: [
    row([rw(rm8), rw(r8)], "0F C0 /r", SUM),
    row([rw(rm16), rw(r16)], "66 0F C1 /r", SUM),
    row([rw(rm32), rw(r32)], "0F C1 /r", SUM),
  ],
};

const MEMORY_ONLY = new Map<OperandKind, OperandKind<Memory>>([
  [rm8, m8],
  [rm16, m16],
  [rm32, m32],
  [m64, m64],
]);

/** The locked form of a row, or never where its first operand cannot be memory. */
type Locked<R> =
  R extends Row<readonly [OperandSpec<infer T>, ...infer Rest extends readonly OperandSpec[]]>
    ? Memory extends T
      ? Row<readonly [OperandSpec<Memory>, ...Rest]>
      : never
    : never;

function locked<R extends Row>(rows: readonly R[]): Locked<R>[] {
  const found: Row[] = [];
  for (const { operands, encoding, effects } of rows) {
    const [first, ...rest] = operands;
    const kind = first && MEMORY_ONLY.get(first.kind);
    if (kind !== undefined) found.push(row([rw(kind), ...rest], `F0 ${encoding}`, effects));
  }
  return found as Locked<R>[];
}

export const atomic = {
  ...exchange,
  "lock cmpxchg": locked(exchange.cmpxchg),
  "lock cmpxchg8b": locked(exchange.cmpxchg8b),
  "lock xadd": locked(exchange.xadd),
  "lock add": locked(arithmetic.add),
  "lock or": locked(arithmetic.or),
  "lock adc": locked(arithmetic.adc),
  "lock sbb": locked(arithmetic.sbb),
  "lock and": locked(arithmetic.and),
  "lock sub": locked(arithmetic.sub),
  "lock xor": locked(arithmetic.xor),
  "lock inc": locked(arithmetic.inc),
  "lock dec": locked(arithmetic.dec),
  "lock not": locked(arithmetic.not),
  "lock neg": locked(arithmetic.neg),
  "lock bts": locked(bit.bts),
  "lock btr": locked(bit.btr),
  "lock btc": locked(bit.btc),
  mfence: [row([], "0F AE F0")],
  lfence: [row([], "0F AE E8")],
  sfence: [row([], "0F AE F8")],
};
