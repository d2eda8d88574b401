// What the FADT says: how to switch off and reset, and where there is a timer.
//
//   FADT  40 the DSDT   48 SMI command   52 what it takes to switch ACPI on   64, 68 control ports
//         76 timer port   112 flags
//         116 reset register: space, width, offset, access, address (64 bits)
//         128 reset value   140 the DSDT (64 bits)
//
// The state to switch off is in the DSDT, whose language is not interpreted: what every firmware
// has there is `Name (_S5_, Package () { a, b, … })` with constants, which is found by its bytes.
// Only a reset register among the ports is used.
// See the ACPI Specification 6.5, 4.8.3.2, 4.8.3.6, 5.2.9, 7.4.2 and 20.2.

import { inw, outb, outw } from "../../src/abi/x86";

const DSDT: usize = 40;
const SMI_COMMAND: usize = 48;
const ACPI_ENABLE: usize = 52;
const CONTROL_A: usize = 64;
const CONTROL_B: usize = 68;
const TIMER: usize = 76;
const FLAGS: usize = 112;
const RESET_SPACE: usize = 116;
const RESET_ADDRESS: usize = 120;
const RESET_VALUE: usize = 128;
const NEW_DSDT: usize = 140;
/** Of ACPI 1.0, and up to where what came later is there. */
const FADT_SIZE: u32 = 116;
const FADT_WITH_RESET: u32 = 129;
const FADT_WITH_NEW_DSDT: u32 = 148;

const FLAG_RESET: u32 = 1 << 10;
const SPACE_PORTS: u32 = 1;
const PORT_MAX: u32 = 0xffff;

/** In the control ports: ACPI is on; the kind of sleep; go to sleep. */
const SCI_ENABLE: u32 = 1 << 0;
const SLEEP_TYPE_SHIFT: u32 = 10;
const SLEEP_TYPE_MASK: u32 = 7 << SLEEP_TYPE_SHIFT;
const SLEEP_ENABLE: u32 = 1 << 13;
/** Reads of a port before ACPI is taken for on: some firmware needs milliseconds. */
const PATIENCE: u32 = 1000000;

/** "_S5_", and what comes around it. */
const NAME_S5: u32 = 0x5f35535f;
const NAME: u32 = 0x08;
const ROOT: u32 = 0x5c;
const PACKAGE: u32 = 0x12;
const BYTE: u32 = 0x0a;

/** Ports; 0: there is none. */
let controlA: u32 = 0;
let controlB: u32 = 0;
let timer: u32 = 0;
let smiCommand: u32 = 0;
let acpiEnable: u32 = 0;
let resetPort: u32 = 0;
let resetValue: u32 = 0;

let knowsSleep: bool = false;
let sleepA: u32 = 0;
let sleepB: u32 = 0;

/** Takes what the FADT says; returns the physical address of the DSDT, 0: unknown. */
export function readFadt(table: usize, size: u32): u32 {
  if (size < FADT_SIZE) return 0;
  controlA = portAt(table + CONTROL_A);
  controlB = portAt(table + CONTROL_B);
  timer = portAt(table + TIMER);
  smiCommand = portAt(table + SMI_COMMAND);
  acpiEnable = load<u8>(table, ACPI_ENABLE);
  if (size >= FADT_WITH_RESET && (load<u32>(table, FLAGS) & FLAG_RESET) !== 0) {
    if (load<u8>(table, RESET_SPACE) === SPACE_PORTS) resetPort = portAt(table + RESET_ADDRESS);
    resetValue = load<u8>(table, RESET_VALUE);
  }
  const isNew = size >= FADT_WITH_NEW_DSDT && load<u32>(table, NEW_DSDT + 4) === 0;
  const dsdt: u32 = isNew ? load<u32>(table, NEW_DSDT) : 0;
  return dsdt !== 0 ? dsdt : load<u32>(table, DSDT);
}

/** Looks for the state of a machine that is off in [code, end). */
export function readDsdt(code: usize, end: usize): void {
  for (let at = code + 2; at + 4 < end; at++) {
    if (load<u32>(at) !== NAME_S5 || load<u8>(at + 4) !== PACKAGE) continue;
    const isNamed = load<u8>(at - 1) === NAME;
    if (!isNamed && (load<u8>(at - 1) !== ROOT || load<u8>(at - 2) !== NAME)) continue;
    if (readPackage(at + 5, end)) return;
  }
}

/** The port of a timer that counts up at 3579545 Hz, 24 bits of it; 0: there is none. */
export function acpiTimer(): u32 {
  return timer;
}

/** Switches the machine off, if it is known how. Returns if not, and a moment before it happens. */
export function sleepForGood(): void {
  if (!knowsSleep || controlA === 0) return;
  if (smiCommand !== 0 && acpiEnable !== 0 && (inw(controlA) & SCI_ENABLE) === 0) {
    outb(smiCommand, acpiEnable);
    for (let i: u32 = 0; i < PATIENCE && (inw(controlA) & SCI_ENABLE) === 0; i++) {}
  }
  sleep(controlA, sleepA);
  if (controlB !== 0) sleep(controlB, sleepB);
}

/** Resets the machine, if the tables say how. Returns if not, and a moment before it happens. */
export function resetByRegister(): void {
  if (resetPort !== 0) outb(resetPort, resetValue);
}

function sleep(port: u32, type: u32): void {
  const kept = inw(port) & ~(SLEEP_TYPE_MASK | SLEEP_ENABLE);
  outw(port, kept | (type << SLEEP_TYPE_SHIFT) | SLEEP_ENABLE);
}

/** What follows PACKAGE: how long it is, how many elements it has, and those for both ports. */
function readPackage(at: usize, end: usize): bool {
  if (at >= end) return false;
  const first = at + 2 + (load<u8>(at) >> 6);
  const second = first + constantSize(first, end);
  if (second === first || constantSize(second, end) === 0) return false;
  sleepA = constantAt(first);
  sleepB = constantAt(second);
  knowsSleep = true;
  return true;
}

/** 0 and 1 are their own names, other constants follow a prefix. 0: it is none of less than 8. */
function constantSize(at: usize, end: usize): u32 {
  if (at + 1 >= end) return at < end && load<u8>(at) <= 1 ? 1 : 0;
  if (load<u8>(at) <= 1) return 1;
  return load<u8>(at) === BYTE && load<u8>(at + 1) < 8 ? 2 : 0;
}

function constantAt(at: usize): u32 {
  return load<u8>(at) === BYTE ? load<u8>(at + 1) : load<u8>(at);
}

function portAt(at: usize): u32 {
  const port = load<u32>(at);
  return port <= PORT_MAX ? port : 0;
}
