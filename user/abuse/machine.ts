// What the machine can do that some cases need.

import { cpuid, load32 } from "../../src/abi/x86";
import { machineCases } from "./machine-cases";
import { call_code } from "./machine-code";
import { EXITS, isIn, statusOf } from "./outcome";

const EXTENDED_LEAVES: u32 = 0x80000000;
const EXTENDED_FEATURES: u32 = 0x80000001;
const FEATURE_NX: u32 = 1 << 20;
const FEATURES: u32 = 1;
const FEATURES_FLOATING_POINT: u32 = (1 << 24) | (1 << 26);
const EDX: usize = 12;
const UNKNOWN: i32 = -1;

const registers: usize = memory.data(16, 4);
let singleStep: i32 = UNKNOWN;

/** Whether the processor can refuse to execute data. */
export function hasNoExecute(): bool {
  cpuid(EXTENDED_LEAVES, 0, registers);
  if (load32(registers) < EXTENDED_FEATURES) return false;
  cpuid(EXTENDED_FEATURES, 0, registers);
  return (load32(registers + EDX) & FEATURE_NX) !== 0;
}

/** Whether the processor has FXSAVE and SSE2: then programs have floating-point registers. */
export function hasFloatingPoint(): bool {
  cpuid(FEATURES, 0, registers);
  return (load32(registers + EDX) & FEATURES_FLOATING_POINT) === FEATURES_FLOATING_POINT;
}

/** Whether the trap flag does anything: v86 ignores it. */
export function hasSingleStep(): bool {
  if (singleStep === UNKNOWN) singleStep = isIn(EXITS, statusOf(trap, 0)) ? 0 : 1;
  return singleStep === 1;
}

/** The case `trap-flag`, which must end by a signal. */
function trap(_argument: u32): i32 {
  const cases = machineCases();
  for (let i = 0; i < cases.length; i++) {
    if (cases[i].name === "trap-flag") return call_code(cases[i].code);
  }
  return 1;
}
