// ACPI's tables: found, and read only if they are whole.
//
//   RSDP          the loader's, else the one in the BIOS's memory; points to
//   XSDT or RSDT  addresses of all other tables, of 64 or of 32 bits
//     FACP        how to switch off and reset (fadt.ts)
//     APIC, HPET  interrupt controllers and timer (acpi-devices.ts)
//
//   a table       0 signature   4 size of all   8 revision   9 makes the sum of all bytes 0   36 …
//
// A machine without tables, or with damaged ones, works without what they would have told: nothing
// here ends the boot. Tables are seen while they are read, and not kept.
// See the ACPI Specification 6.5, 5.2.

import { RSDP_OLD_SIZE, RSDP_REVISION, RSDP_RSDT, RSDP_SIZE, RSDP_XSDT } from "../../src/abi/acpi";
import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { mapPhysical, unmapPhysical } from "../memory/pages";
import { readHpet, readMadt, reportDevices } from "./acpi-devices";
import { readDsdt, readFadt } from "./fadt";

/** Signatures, as words. */
const RSD: u32 = 0x20445352;
const PTR: u32 = 0x20525450;
const RSDT: u32 = 0x54445352;
const XSDT: u32 = 0x54445358;
const FACP: u32 = 0x50434146;
const DSDT: u32 = 0x54445344;
const APIC: u32 = 0x43495041;
const HPET: u32 = 0x54455048;

const SIZE: usize = 4;
const HEADER_SIZE: u32 = 36;
/** Larger than any table that there is; a damaged size maps no gigabytes. */
const SIZE_MAX: u32 = 4 << 20;

/** Where a BIOS leaves the RSDP, at a multiple of 16: in its own memory, or in a KiB of data. */
const BIOS_MEMORY: usize = 0xe0000;
const BIOS_MEMORY_END: usize = 0x100000;
const BIOS_DATA_SEGMENT: u32 = 0x40e;
const BIOS_DATA_SIZE: u32 = 1024;
const LOW_MEMORY_END: u32 = 0xa0000;

/** Reads what tables there are; `rsdp` is the loader's, unchecked. */
export function startAcpi(rsdp: usize): void {
  if (!isRsdp(rsdp)) rsdp = findRsdp();
  if (rsdp === 0) return;
  const isNew = load<u8>(rsdp, RSDP_REVISION) >= 2 && sum(rsdp, RSDP_SIZE) === 0;
  if (isNew && load<u32>(rsdp, RSDP_XSDT + 4) === 0) {
    if (readRoot(load<u32>(rsdp, RSDP_XSDT), XSDT, 8)) return;
  }
  readRoot(load<u32>(rsdp, RSDP_RSDT), RSDT, 4);
}

/** Reads all tables that a root names, by addresses of so many bytes. False: it is not whole. */
function readRoot(address: u32, signature: u32, stride: u32): bool {
  const root = openTable(address);
  if (root === 0) return false;
  const isRoot = load<u32>(root) === signature;
  const end = root + load<u32>(root, SIZE);
  if (isRoot) {
    for (let at = root + HEADER_SIZE; end - at >= stride; at += stride) {
      // What lies above 4 GiB is not seen from here.
      if (stride === 4 || load<u32>(at, 4) === 0) readTable(load<u32>(at));
    }
  }
  closeTable(root);
  if (isRoot) reportDevices();
  return isRoot;
}

function readTable(address: u32): void {
  const table = openTable(address);
  if (table === 0) return;
  const size = load<u32>(table, SIZE);
  switch (load<u32>(table)) {
    case FACP:
      readCode(readFadt(table, size));
      break;
    case APIC:
      readMadt(table, size);
      break;
    case HPET:
      readHpet(table, size);
      break;
    default:
  }
  closeTable(table);
}

/** Reads the table of the firmware's own code. */
function readCode(address: u32): void {
  const table = openTable(address);
  if (table === 0) return;
  if (load<u32>(table) === DSDT) readDsdt(table + HEADER_SIZE, table + load<u32>(table, SIZE));
  closeTable(table);
}

/** The table at a physical address, for closeTable(); 0 if it is not whole, or memory runs out. */
function openTable(address: u32): usize {
  if (address === 0 || address > u32.MAX_VALUE - HEADER_SIZE) return 0;
  const header = mapPhysical(address, HEADER_SIZE, 0);
  if (header === 0) return 0;
  const size = load<u32>(header, SIZE);
  close(header, HEADER_SIZE);
  if (size < HEADER_SIZE || size > SIZE_MAX || address > u32.MAX_VALUE - size) return 0;
  const table = mapPhysical(address, size, 0);
  if (table === 0 || sum(table, size) === 0) return table;
  close(table, size);
  return 0;
}

function closeTable(table: usize): void {
  close(table, load<u32>(table, SIZE));
}

function close(view: usize, size: u32): void {
  const offset = <u32>view & PAGE_MASK;
  unmapPhysical(view - offset, (offset + size + PAGE_MASK) >> PAGE_SHIFT);
}

function findRsdp(): usize {
  const word = mapPhysical(BIOS_DATA_SEGMENT, 2, 0);
  if (word === 0) return 0;
  const data = (<u32>load<u16>(word)) << 4;
  close(word, 2);
  const isThere = data !== 0 && data <= LOW_MEMORY_END - BIOS_DATA_SIZE;
  const found: usize = isThere ? findBetween(data, data + BIOS_DATA_SIZE) : 0;
  return found !== 0 ? found : findBetween(BIOS_MEMORY, BIOS_MEMORY_END);
}

/** Low memory is seen under its own addresses. */
function findBetween(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) if (isRsdp(at)) return at;
  return 0;
}

function isRsdp(at: usize): bool {
  return load<u32>(at) === RSD && load<u32>(at, 4) === PTR && sum(at, RSDP_OLD_SIZE) === 0;
}

function sum(at: usize, size: u32): u32 {
  let total: u32 = 0;
  for (const end = at + size; at < end; at++) total += load<u8>(at);
  return total & 0xff;
}
