// A Multiboot kernel of a few instructions for the tests of the machines: it needs no toolchain.
//
// The code is written as bytes, one instruction a function, and wrapped in the smallest ELF file
// that v86, QEMU and GRUB load: one segment at 1 MiB that holds header and code.

const LOAD = 0x100000;
const ELF_HEADERS = 52 + 32;

/** Writes `value` to an I/O port: `mov dx, port; mov al, value; out dx, al`. */
export function out(port: number, value: number): number[] {
  return [0x66, 0xba, port & 0xff, port >> 8, 0xb0, value, 0xee];
}

/** Sends text to the first serial port. */
export function print(text: string): number[] {
  return [...Buffer.from(text)].flatMap((byte) => out(0x3f8, byte));
}

/** Writes a line to the debug console. */
export function debugLine(text: string): number[] {
  return [...Buffer.from(`${text}\n`)].flatMap((byte) => out(0xe9, byte));
}

/** Waits for a byte on the serial port and sends it back. */
export const ECHO: readonly number[] = [
  ...[0x66, 0xba, 0xfd, 0x03], // mov dx, 0x3fd
  ...[0xec, 0xa8, 0x01, 0x74, 0xfb], // again: in al, dx; test al, 1; jz again
  ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
  ...[0xec, 0xee], // in al, dx; out dx, al
];

/** Stores the character `code` and attribute 7 in a cell of the VGA text screen. */
export function poke(column: number, row: number, code: number): number[] {
  return store16(0xb8000 + (row * 80 + column) * 2, 0x0700 | code);
}

/** `mov word [address], value`. */
export function store16(address: number, value: number): number[] {
  return [0x66, 0xc7, 0x05, ...word(address), value & 0xff, value >> 8];
}

export const SPIN: readonly number[] = [0xeb, 0xfe]; // jmp $
export const HALT: readonly number[] = [0xfa, 0xf4, 0xeb, 0xfd]; // cli; again: hlt; jmp again
/** An empty interrupt table, and then an exception: the processor shuts down. */
export const TRIPLE_FAULT: readonly number[] = [
  ...[0x6a, 0x00, 0x6a, 0x00], // push 0; push 0
  ...[0x0f, 0x01, 0x1c, 0x24], // lidt [esp]
  ...[0x0f, 0x0b], // ud2
];

function word(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}

function half(value: number): number[] {
  return [value & 0xff, value >> 8];
}

/** The kernel as an ELF file; its stack ends at 0x90000. */
export function tinyKernel(...code: readonly (readonly number[])[]): Uint8Array {
  const magic = 0x1badb002;
  const multiboot = [magic, 3, -(magic + 3)].flatMap(word);
  const setStack = [0xbc, ...word(0x90000)]; // mov esp, 0x90000
  const image = [...multiboot, ...setStack, ...code.flat()];
  const entry = LOAD + multiboot.length;
  const elf = [
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[...half(2), ...half(3), ...word(1), ...word(entry), ...word(52), ...word(0), ...word(0)],
    ...[...half(52), ...half(32), ...half(1), ...half(40), ...half(0), ...half(0)],
    ...[...word(1), ...word(ELF_HEADERS), ...word(LOAD), ...word(LOAD)],
    ...[...word(image.length), ...word(image.length), ...word(5), ...word(4)],
    ...image,
  ];
  return Uint8Array.from(elf);
}
