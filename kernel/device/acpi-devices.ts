// Which interrupt controllers, processors and timer ACPI's tables name.
//
//   MADT  36 the local APICs   40 flags   44 entries: 0 kind, 1 size
//           kind 0, a processor: 4 flags (1: enabled)
//           kind 1, an I/O APIC: 4 address, 8 its first interrupt
//           kind 2, a line of the PICs that is something else there: 3 line, 4 interrupt,
//             8 flags (bits 0, 1: 3 active low; bits 2, 3: 3 by level, else as ISA has it)
//   HPET  40 space   44 address (64 bits)
//
// See the ACPI Specification 6.5, 5.2.12, and the IA-PC HPET Specification 1.0a, 3.2.4.

import { inform } from "../log/log";

const ENTRIES: u32 = 44;
const ENTRY_SIZE: usize = 1;
const PROCESSOR: u32 = 0;
const PROCESSOR_SIZE: u32 = 8;
const PROCESSOR_ENABLED: u32 = 1;
const IO_APIC: u32 = 1;
const IO_APIC_SIZE: u32 = 12;
const OVERRIDE: u32 = 2;
const OVERRIDE_SIZE: u32 = 10;
const LINES: u32 = 16;
const LOW: u32 = 3;
const LEVEL: u32 = 3 << 2;
const LOCAL_APICS: usize = 36;
const HPET_SPACE: usize = 40;
const HPET_ADDRESS: usize = 44;
const HPET_SIZE: u32 = 56;

let processors: u32 = 0;
/** Physical addresses; 0: there is none below 4 GiB. */
let localApics: u32 = 0;
let ioApic: u32 = 0;
let hpet: u32 = 0;
/** Of each line of the PICs: which interrupt of the I/O APIC it is, and its flags. */
const inputs: usize = memory.data(LINES * 4, 4);
const flags: usize = memory.data(LINES, 1);

/** Takes what the MADT says, up to an entry that makes no sense: then it names no local APICs. */
export function readMadt(table: usize, size: u32): void {
  for (let line: u32 = 0; line < LINES; line++) store<u32>(inputs + 4 * line, line);
  for (let at: u32 = ENTRIES; at + 2 <= size; ) {
    const entry = table + at;
    const bytes: u32 = load<u8>(entry, ENTRY_SIZE);
    if (bytes < 2 || bytes > size - at) return;
    readEntry(entry, load<u8>(entry), bytes);
    at += bytes;
  }
  if (size >= ENTRIES) localApics = load<u32>(table, LOCAL_APICS);
}

function readEntry(entry: usize, kind: u32, bytes: u32): void {
  if (kind === PROCESSOR && bytes >= PROCESSOR_SIZE) {
    processors += load<u32>(entry, 4) & PROCESSOR_ENABLED;
  }
  if (kind === IO_APIC && bytes >= IO_APIC_SIZE && load<u32>(entry, 8) === 0) {
    ioApic = load<u32>(entry, 4);
  }
  if (kind === OVERRIDE && bytes >= OVERRIDE_SIZE && load<u8>(entry, 3) < LINES) {
    const line: u32 = load<u8>(entry, 3);
    store<u32>(inputs + 4 * line, load<u32>(entry, 4));
    store<u8>(flags + line, load<u8>(entry, 8));
  }
}

/** Where processors see their own APIC: a physical address; 0: nowhere. */
export function localApicAddress(): u32 {
  return localApics;
}

/** Where the I/O APIC is that has the interrupts from 0 on: a physical address; 0: nowhere. */
export function ioApicAddress(): u32 {
  return ioApic;
}

/** Which interrupt of the I/O APIC line `line` of the PICs is. */
export function lineInput(line: u32): u32 {
  return load<u32>(inputs + 4 * line);
}

/** Whether that interrupt is wanted while the line is low, not high. */
export function isActiveLow(line: u32): bool {
  return (load<u8>(flags + line) & LOW) === LOW;
}

/** Whether it is wanted as long as the line says so, not once. */
export function isByLevel(line: u32): bool {
  return (load<u8>(flags + line) & LEVEL) === LEVEL;
}

/** Takes the timer's address, if it is in memory below 4 GiB. */
export function readHpet(table: usize, size: u32): void {
  if (size < HPET_SIZE || load<u8>(table, HPET_SPACE) !== 0) return;
  if (load<u32>(table, HPET_ADDRESS + 4) === 0) hpet = load<u32>(table, HPET_ADDRESS);
}

/** Says what was found; once all tables were read. */
export function reportDevices(): void {
  inform(cstr("acpi: %u processors, I/O APIC at %x, HPET at %x"), processors, ioApic, hpet);
}
