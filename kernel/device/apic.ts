// The processor's own APIC and the I/O APIC: what PCs have had for long in place of the PICs.
//
//   a line of the PICs   ->  an input of the I/O APIC, as the MADT says  ->  VECTOR_IRQ + line
//   the APIC's timer     ->  VECTOR_IRQ + IRQ_TIMER: the 8254's line stays masked (apic-timer.ts)
//   spurious             ->  VECTOR_IRQ + 15: no driver has that line, and old processors want the
//                            low four bits of this vector set
//
// Both are memory of devices, which the kernel's heap shows, uncached. The PICs are masked for good
// then. Where anything is not as ACPI says, they are used instead, and it is said why.
// See the Intel SDM, volume 3A, chapter "Advanced Programmable Interrupt Controller", and the
// 82093AA I/O APIC's data sheet.
//
// Invariants
//   - Nothing that a firmware has left in either is trusted: each register that matters is written.
//   - An interrupt is acknowledged exactly once, a spurious one never.

import { VECTOR_IRQ } from "../../src/abi/descriptors";
import { ENTRY_PCD, ENTRY_PWT, ENTRY_RW } from "../../src/abi/paging";
import { load32, store32 } from "../../src/abi/x86";
import { localApicBase } from "../machine/i686/processor";
import { mapPhysical } from "../memory/pages";
import { ioApicAddress, isActiveLow, isByLevel, lineInput, localApicAddress } from "./acpi-devices";

/** Registers of the processor's APIC. */
const ID: usize = 0x20;
const VERSION: usize = 0x30;
const TASK_PRIORITY: usize = 0x80;
const END_OF_INTERRUPT: usize = 0xb0;
const SPURIOUS: usize = 0xf0;
const TIMER: usize = 0x320;
const PIN_0: usize = 0x350;
const PIN_1: usize = 0x360;
const ERROR: usize = 0x370;
const REGISTERS_SIZE: u32 = 0x400;

const VERSION_MASK: u32 = 0xf0;
/** Of every APIC that is in a processor. */
const VERSION_INTEGRATED: u32 = 0x10;
const ENABLED: u32 = 1 << 8;
/** In an entry for an interrupt: masked, by level, active low; how it comes: as an NMI. */
const MASKED: u32 = 1 << 16;
const BY_LEVEL: u32 = 1 << 15;
const ACTIVE_LOW: u32 = 1 << 13;
const AS_NMI: u32 = 4 << 8;

/** The I/O APIC: which register, and what is in it. */
const SELECT: usize = 0x00;
const WINDOW: usize = 0x10;
const IO_SIZE: u32 = 0x20;
const IO_VERSION: u32 = 1;
/** Two registers for each input. */
const ENTRIES: u32 = 0x10;
const LAST_INPUT_SHIFT: u32 = 16;
const BYTE: u32 = 0xff;
/** What the widest I/O APIC has, and what each has that stands in for two PICs. */
const LAST_INPUT_MAX: u32 = 0xef;
const LAST_INPUT_MIN: u32 = 15;

const SPURIOUS_LINE: u32 = 15;

/** Where the registers are seen; 0: the PICs are used. */
let local: usize = 0;
let io: usize = 0;
let lastInput: u32 = 0;

/** Whether the PICs are left alone. */
export function hasApic(): bool {
  "inline";
  return local !== 0;
}

/**
 * Switches over to the APICs, all lines masked. Returns why not, as a sentence; 0: it is done. The
 * PICs must be masked.
 */
export function startApic(): usize {
  const address = localApicAddress();
  if (address === 0 || ioApicAddress() === 0) return cstr("ACPI names no APIC");
  if (address !== localApicBase()) return cstr("the APIC is off, or not where ACPI says");
  const flags = ENTRY_RW | ENTRY_PCD | ENTRY_PWT;
  io = mapPhysical(ioApicAddress(), IO_SIZE, flags);
  const registers = mapPhysical(address, REGISTERS_SIZE, flags);
  if (io === 0 || registers === 0) return cstr("no memory");
  if ((load32(registers + VERSION) & VERSION_MASK) !== VERSION_INTEGRATED) {
    return cstr("the APIC does not answer");
  }
  lastInput = (readIo(IO_VERSION) >> LAST_INPUT_SHIFT) & BYTE;
  if (lastInput < LAST_INPUT_MIN || lastInput > LAST_INPUT_MAX) {
    return cstr("the I/O APIC does not answer");
  }
  local = registers;
  startIo();
  startLocal();
  return 0;
}

/** Back to the PICs, before a line was unmasked. */
export function leaveApic(): void {
  writeApic(SPURIOUS, VECTOR_IRQ + SPURIOUS_LINE);
  local = 0;
}

function startIo(): void {
  const here = load32(local + ID);
  for (let input: u32 = 0; input <= lastInput; input++) {
    writeIo(ENTRIES + 2 * input, MASKED);
    writeIo(ENTRIES + 2 * input + 1, here);
  }
}

function startLocal(): void {
  writeApic(TIMER, MASKED);
  writeApic(PIN_0, MASKED);
  writeApic(PIN_1, AS_NMI);
  writeApic(ERROR, MASKED);
  writeApic(TASK_PRIORITY, 0);
  writeApic(SPURIOUS, ENABLED | (VECTOR_IRQ + SPURIOUS_LINE));
  acknowledgeApic();
}

/** Lets line `line` of the PICs through. False: the I/O APIC has no such input. */
export function unmaskInput(line: u32): bool {
  const input = lineInput(line);
  if (input > lastInput) return false;
  const how = (isByLevel(line) ? BY_LEVEL : 0) | (isActiveLow(line) ? ACTIVE_LOW : 0);
  writeIo(ENTRIES + 2 * input, how | (VECTOR_IRQ + line));
  return true;
}

/** Tells the processor's APIC that the interrupt that it has brought is taken care of. */
export function acknowledgeApic(): void {
  "inline";
  writeApic(END_OF_INTERRUPT, 0);
}

/** A request that was gone when the processor asked: nothing is to be acknowledged. */
export function isSpuriousByApic(line: u32): bool {
  "inline";
  return line === SPURIOUS_LINE;
}

/** A register of the processor's APIC. */
export function readApic(register: usize): u32 {
  return load32(local + register);
}

export function writeApic(register: usize, value: u32): void {
  store32(local + register, value);
}

function readIo(register: u32): u32 {
  store32(io + SELECT, register);
  return load32(io + WINDOW);
}

function writeIo(register: u32, value: u32): void {
  store32(io + SELECT, register);
  store32(io + WINDOW, value);
}
