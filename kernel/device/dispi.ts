// Bochs' display adapter, which emulators have (QEMU's standard VGA, v86): a mode of pixels without
// a BIOS or a boot loader that would set one.
//
//   port 0x1ce   which of its registers is meant
//   port 0x1cf   that register
//
// Its memory is where the first base address register of its PCI function says. See Bochs'
// VBE Display API 0xb0c5, and the PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6.2.5.

import { inl, inw, outl, outw } from "../../src/abi/x86";

/** As many cells of 8 by 16 as the screen has. */
export const DISPI_WIDTH: u32 = 640;
export const DISPI_HEIGHT: u32 = 400;

const INDEX: u32 = 0x1ce;
const DATA: u32 = 0x1cf;
const ID: u32 = 0;
const WIDTH: u32 = 1;
const HEIGHT: u32 = 2;
const BITS: u32 = 3;
const ENABLE: u32 = 4;
const ENABLED: u32 = 1 << 0;
/** Its memory is in one piece, instead of a window in the VGA's. */
const LINEAR: u32 = 1 << 6;
/** 0xb0c0 to 0xb0cf are its versions. */
const VERSIONS: u32 = 0xb0c;
const VERSION_SHIFT: u32 = 4;

const PCI_ADDRESS: u32 = 0xcf8;
const PCI_DATA: u32 = 0xcfc;
const PCI_ENABLE: u32 = 0x80000000;
const PCI_DEVICE_SHIFT: u32 = 11;
const PCI_DEVICES: u32 = 32;
/** The registers of a function: whose it is, and where its first memory is. */
const PCI_ID: u32 = 0;
const PCI_MEMORY: u32 = 0x10;
const ADAPTER: u32 = 0x11111234;
const MEMORY_FLAGS: u32 = 0x0f;

/**
 * Sets a mode of `bits` bits a pixel (24 or 32), blue lowest and lines without a gap: the physical
 * address of the first pixel, or 0 if there is no such adapter.
 */
export function setDispiMode(bits: u32): u32 {
  outw(INDEX, ID);
  if (inw(DATA) >> VERSION_SHIFT !== VERSIONS) return 0;
  const address = findMemory();
  if (address === 0) return 0;
  write(ENABLE, 0);
  write(WIDTH, DISPI_WIDTH);
  write(HEIGHT, DISPI_HEIGHT);
  write(BITS, bits);
  write(ENABLE, ENABLED | LINEAR);
  return address;
}

function write(register: u32, value: u32): void {
  outw(INDEX, register);
  outw(DATA, value);
}

/** On the first bus, where emulators have it. */
function findMemory(): u32 {
  for (let device: u32 = 0; device < PCI_DEVICES; device++) {
    if (readPci(device, PCI_ID) === ADAPTER) return readPci(device, PCI_MEMORY) & ~MEMORY_FLAGS;
  }
  return 0;
}

function readPci(device: u32, register: u32): u32 {
  outl(PCI_ADDRESS, PCI_ENABLE | (device << PCI_DEVICE_SHIFT) | register);
  return inl(PCI_DATA);
}
