// What depends on a condition: jumps, byte sets, conditional moves.
//
// A condition's code is its place in `CONDITIONS`; the last bit negates it (SDM vol. 2A, B.1.4.7).

import { onlyRel8, r16, r32, rel8, rel32, rm8, rm16, rm32 } from "../operand-kind";
import { ecx } from "../registers";
import type { Row } from "./row";
import { byte, effects, in32, r, row, rw, w } from "./row";

/** The sixteen conditions by their codes, under the names that the disassembler prints. */
export const CONDITIONS = [
  ...(["o", "no", "b", "ae", "e", "ne", "be", "a"] as const),
  ...(["s", "ns", "p", "np", "l", "ge", "le", "g"] as const),
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** Other names for some conditions. */
const ALIASES = { c: "b", nc: "ae", z: "e", nz: "ne" } as const;

type ConditionName = Condition | keyof typeof ALIASES;

/** The flags that decide each pair of conditions. */
const FLAGS = ["O", "C", "Z", "ZC", "S", "P", "SO", "ZSO"];

/** The condition that holds exactly when `condition` does not. */
export function negated(condition: Condition): Condition {
  return CONDITIONS[CONDITIONS.indexOf(condition) ^ 1] as Condition;
}

/** The rows `<prefix><condition>` for every condition and alias. */
function perCondition<P extends string, R extends Row>(
  prefix: P,
  rows: (code: number, flags: string) => R[],
): Record<`${P}${ConditionName}`, R[]> {
  const entries = CONDITIONS.map((name, code) => [
    prefix + name,
    rows(code, FLAGS[code >> 1] as string),
  ]);
  const aliases = Object.entries(ALIASES).map(([alias, name]) => [
    prefix + alias,
    entries[CONDITIONS.indexOf(name)]?.[1],
  ]);
  return Object.fromEntries([...entries, ...aliases]);
}

const jump = (code: number, flags: string) => [
  row([r(rel8)], `${byte(0x70 + code)} cb`, effects({ flagsRead: flags })),
  row([r(rel32)], `0F ${byte(0x80 + code)} cd`, effects({ flagsRead: flags })),
];

const set = (code: number, flags: string) => [
  row([w(rm8)], `0F ${byte(0x90 + code)} /0`, effects({ flagsRead: flags })),
];

/** The destination keeps its value when the condition is false, hence read-write. */
const move = (code: number, flags: string) => [
  row([rw(r16), r(rm16)], `66 0F ${byte(0x40 + code)} /r`, effects({ flagsRead: flags })),
  row([rw(r32), r(rm32)], `0F ${byte(0x40 + code)} /r`, effects({ flagsRead: flags })),
];

const COUNTED = { reads: [ecx], writes: [ecx] };

export const condition = {
  ...perCondition("j", jump),
  ...perCondition("set", set),
  ...perCondition("cmov", move),
  jecxz: [in32(row([r(onlyRel8)], "E3 cb", effects({ reads: [ecx] })))],
  loop: [row([r(onlyRel8)], "E2 cb", effects(COUNTED))],
  loope: [row([r(onlyRel8)], "E1 cb", effects({ ...COUNTED, flagsRead: "Z" }))],
  loopne: [row([r(onlyRel8)], "E0 cb", effects({ ...COUNTED, flagsRead: "Z" }))],
};
