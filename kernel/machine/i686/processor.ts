// What the processor can do, asked once; and the control registers that follow from it.
//
// CPUID, PAE and CMOV are there: boot would not have come here (check-processor.asm.ts).
// Everything else is optional, and the audit is told which of the features were switched on
// (kernel_info).
//
// Invariants
//   - Control registers and EFER are written whole: what a loader left in them is gone.

import {
  INFO_FEATURES,
  INFO_NX,
  INFO_PGE,
  INFO_SMAP,
  INFO_SMEP,
  INFO_UMIP,
} from "../../../src/abi/kernel-info";
import {
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  CR4_UMIP,
  EFER_NXE,
  ENTRY_FRAME,
  ENTRY_PAT,
  MSR_EFER,
  MSR_PAT,
} from "../../../src/abi/paging";
import * as x86 from "../../../src/abi/x86";
import * as symbols from "./symbols";

// CPUID bits. Intel SDM vol. 2A, CPUID.
const EDX_PSE: u32 = 1 << 3;
const EDX_APIC: u32 = 1 << 9;
const EDX_SEP: u32 = 1 << 11;
const EDX_PGE: u32 = 1 << 13;
const EDX_PAT: u32 = 1 << 16;
const EDX_FXSR: u32 = 1 << 24;
const EDX_SSE2: u32 = 1 << 26;
const EBX7_SMEP: u32 = 1 << 7;
const EBX7_SMAP: u32 = 1 << 20;
const ECX7_UMIP: u32 = 1 << 2;
const EXTENDED_EDX_SYSCALL: u32 = 1 << 11;
const EXTENDED_EDX_NX: u32 = 1 << 20;
const EXTENDED_EDX_LONG_MODE: u32 = 1 << 29;
/** What EFER is for: with any of them it exists. */
const EXTENDED_EDX_EFER: u32 = EXTENDED_EDX_SYSCALL | EXTENDED_EDX_NX | EXTENDED_EDX_LONG_MODE;
const MSR_SYSENTER_CS: u32 = 0x174;
/** IA32_APIC_BASE, and in it: it is on, and its registers are not in memory but in MSRs. */
const MSR_APIC_BASE: u32 = 0x1b;
const APIC_ON: u32 = 1 << 11;
const APIC_IN_MSRS: u32 = 1 << 10;
/** Kinds of memory by an entry's PAT, PCD, PWT: as a reset has them, but 4 is write-combining. */
const PAT_VALUE: u64 = 0x0007040100070406;

/** boot.asm.ts: paging on, with CR3 first the one, then the other. */
declare function switch_to_paging(first: u32, kernel: u32): void;

const answer: usize = memory.data(16, 4);
const EBX: usize = 4;
const ECX: usize = 8;
const EDX: usize = 12;

let features: u32 = 0;
let hasPse: bool = false;
let hasSysenter: bool = false;
let hasSse2: bool = false;
let hasEfer: bool = false;
let hasPat: bool = false;
let hasApic: bool = false;

/** Asks CPUID. */
export function detectProcessor(): void {
  x86.cpuid(0, 0, answer);
  const lastLeaf = load<u32>(answer);
  x86.cpuid(1, 0, answer);
  const edx = load<u32>(answer, EDX);
  hasPse = (edx & EDX_PSE) !== 0;
  hasSysenter = (edx & EDX_SEP) !== 0;
  hasPat = (edx & EDX_PAT) !== 0;
  hasApic = (edx & EDX_APIC) !== 0;
  hasSse2 = (edx & EDX_FXSR) !== 0 && (edx & EDX_SSE2) !== 0;
  if (edx & EDX_PGE) features |= INFO_PGE;
  if (lastLeaf >= 7) {
    x86.cpuid(7, 0, answer);
    if (load<u32>(answer, EBX) & EBX7_SMEP) features |= INFO_SMEP;
    if (load<u32>(answer, EBX) & EBX7_SMAP) features |= INFO_SMAP;
    if (load<u32>(answer, ECX) & ECX7_UMIP) features |= INFO_UMIP;
  }
  x86.cpuid(0x80000000, 0, answer);
  if (load<u32>(answer) > 0x80000000) {
    x86.cpuid(0x80000001, 0, answer);
    hasEfer = (load<u32>(answer, EDX) & EXTENDED_EDX_EFER) !== 0;
    if (load<u32>(answer, EDX) & EXTENDED_EDX_NX) features |= INFO_NX;
  }
}

export function hasNoExecute(): bool {
  return (features & INFO_NX) !== 0;
}

/**
 * Switches paging on with the page-directory-pointer table at `cr3`, and everything that guards it
 * but CR0.WP: descriptors are still to be written to the trampoline's read-only page. `first` is
 * CR3 for the moment at which code is still fetched where it was loaded.
 */
export function enablePaging(first: u32, cr3: u32): void {
  // A firmware's LME, left there, would make long mode of PAE.
  if (hasEfer) x86.wrmsr(MSR_EFER, features & INFO_NX ? EFER_NXE : 0);
  if (hasPat) x86.wrmsr(MSR_PAT, PAT_VALUE);
  // Real processors have 2 MiB pages under PAE without CR4.PSE; v86 asks for it.
  let cr4 = CR4_PAE | (hasPse ? CR4_PSE : 0);
  x86.writecr4(cr4);
  switch_to_paging(first, cr3);

  if (features & INFO_PGE) cr4 |= CR4_PGE;
  if (features & INFO_SMEP) cr4 |= CR4_SMEP;
  if (features & INFO_SMAP) cr4 |= CR4_SMAP;
  if (features & INFO_UMIP) cr4 |= CR4_UMIP;
  x86.writecr4(cr4);
  // With CS 0 in the MSR, SYSENTER is a general-protection fault: int 0x80 is the only gate.
  if (hasSysenter) x86.wrmsr(MSR_SYSENTER_CS, 0);
  store<u32>(symbols.kernel_info(), features, INFO_FEATURES);
}

/** For entries of page tables of a screen's memory: write-combining, if the processor has it. */
export function combiningFlags(): u32 {
  return hasPat ? ENTRY_PAT : 0;
}

/** Where the processor's APIC has its registers: a physical address; 0: nowhere below 4 GiB. */
export function localApicBase(): u32 {
  if (!hasApic) return 0;
  const base = x86.rdmsr(MSR_APIC_BASE);
  if ((<u32>base & (APIC_ON | APIC_IN_MSRS)) !== APIC_ON || base >> 32 !== 0) return 0;
  return <u32>base & ENTRY_FRAME;
}

/** Whether floating-point registers can be saved and restored: FXSAVE and SSE2. */
export function offersFloatingPoint(): bool {
  return hasSse2;
}

/** From here on read-only pages are read-only for the kernel too. */
export function protectPages(): void {
  x86.writecr0(x86.readcr0() | CR0_WP);
}
