// The floating-point registers of processes: x87, MMX and XMM0 to XMM7.
//
// The kernel is compiled without floating point, so while a process is in the kernel its numbers
// stay in the registers; they are exchanged when another process gets the processor, always: a
// process must never see, nor guess from a delay, what another has left there.
//
//     0  FCW 037Fh     2  FSW 0     4  FTW 0: all empty     8  FIP, FDP
//    24  MXCSR 1F80h  28  MXCSR_MASK                       32  ST0 to ST7, 160  XMM0 to XMM7
//   512  end           Intel SDM vol. 1, 10.5.1: all exceptions masked, rounding to nearest
//
// Invariants
//   - Where the processor lacks FXSAVE or SSE2, CR0.EM stays set and every instruction that would
//     use these registers raises #NM: there is nothing to save then.

import { CR0_EM, CR0_MP, CR0_NE, CR4_OSFXSR, CR4_OSXMMEXCPT } from "../../../src/abi/paging";
import * as x86 from "../../../src/abi/x86";

/** Bytes that FXSAVE writes, at a multiple of 16. */
export const FLOATING_POINT_SIZE: u32 = 512;

/** In those bytes: what the last x87 instruction was, where it was, and where its operand. */
export const FXSAVE_OPCODE: u32 = 6;
export const FXSAVE_INSTRUCTION: u32 = 8;
export const FXSAVE_OPERAND: u32 = 16;

const CONTROL: u32 = 0;
const MXCSR: u32 = 24;
const CONTROL_INITIAL: u16 = 0x37f;
const MXCSR_MASK: u32 = 28;
const MXCSR_DEFAULT_MASK: u32 = 0xffbf;
const MXCSR_INITIAL: u32 = 0x1f80;

let isThere: bool = false;
const probe: usize = memory.data(FLOATING_POINT_SIZE, 16);

/** Whether programs have floating-point registers. */
export function hasFloatingPoint(): bool {
  return isThere;
}

/** Allows the instructions, or forbids them all where the processor has not enough of them. */
export function startFloatingPoint(offered: bool): void {
  isThere = offered;
  const cr0 = x86.readcr0() | CR0_NE;
  if (!offered) {
    x86.writecr0((cr0 | CR0_EM) & ~CR0_MP);
    return;
  }
  x86.writecr0((cr0 | CR0_MP) & ~CR0_EM);
  x86.writecr4(x86.readcr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

/** Makes the state at `area` that of a program that starts. */
export function clearFloatingPoint(area: usize): void {
  memory.fill(area, 0, FLOATING_POINT_SIZE);
  store<u16>(area + CONTROL, CONTROL_INITIAL);
  store<u32>(area + MXCSR, MXCSR_INITIAL);
}

/**
 * Clears the bits of MXCSR in `area` that this processor does not have: FXRSTOR would fault. A
 * processor that names none (MXCSR_MASK is 0) has all but DAZ. Intel SDM vol. 1, 11.6.6.
 */
export function keepKnownMxcsr(area: usize): void {
  x86.fxsave(probe);
  const mask = load<u32>(probe, MXCSR_MASK);
  const known = mask !== 0 ? mask : MXCSR_DEFAULT_MASK;
  store<u32>(area, load<u32>(area, MXCSR) & known, MXCSR);
}

/** Writes the registers to `area`. */
export function saveFloatingPoint(area: usize): void {
  if (isThere) x86.fxsave(area);
}

/** Writes the registers to `from`, and fills them from `to`. */
export function exchangeFloatingPoint(from: usize, to: usize): void {
  "inline";
  if (!isThere) return;
  x86.fxsave(from);
  x86.fninit(); // as in loadFloatingPoint()
  x86.fxrstor(to);
}

/**
 * Fills the registers from `area`. AMD's FXRSTOR leaves the addresses of the last x87 instruction
 * and its operand as they are when no exception is pending: FNINIT clears the other process's.
 */
export function loadFloatingPoint(area: usize): void {
  "inline";
  if (!isThere) return;
  x86.fninit();
  x86.fxrstor(area);
}
