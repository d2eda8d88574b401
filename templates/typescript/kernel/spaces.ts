// The two address spaces: what each of the two page directories shows.
//
//   kernel directory   0x00001000 .. 1 MiB    identity: low memory, the screen among it
//                      the kernel's image     identity, each section with its own permissions
//                      the trampoline         at the end of the address space
//   user directory     0x00001000 ..          the user program, then nothing, then its stack
//                      the trampoline         the same pages

import { readcr0, writecr0, writecr3 } from "isthmus/src/abi/x86";
import {
  boot_size,
  boot_start,
  bss_size,
  bss_start,
  data_size,
  data_start,
  kernel_directory,
  kernel_low,
  rodata_size,
  rodata_start,
  text_size,
  text_start,
  trampoline_data_load,
  trampoline_data_size,
  trampoline_data_start,
  trampoline_table,
  trampoline_text_load,
  trampoline_text_size,
  trampoline_text_start,
  user_directory,
  user_low,
  user_stack,
  user_text_load,
  user_text_size,
  user_text_start,
} from "./symbols";

export const USER_STACK_TOP: usize = 0x00300000;

const PAGE: usize = 4096;
const KERNEL: usize = 0x00100000;
const PRESENT: usize = 1;
const WRITE: usize = 2;
const USER: usize = 4;
/** PG, and WP: read-only pages are read-only for the kernel too. */
const CR0_PAGING: u32 = 0x80010000;

export function buildDirectories(): void {
  mapRange(kernel_low(), PAGE, KERNEL - PAGE, PAGE, WRITE);
  mapRange(kernel_low(), boot_start(), boot_size(), boot_start(), 0);
  mapRange(kernel_low(), data_start(), data_size(), data_start(), WRITE);
  mapRange(kernel_low(), bss_start(), bss_size(), bss_start(), WRITE);
  mapRange(kernel_low(), rodata_start(), rodata_size(), rodata_start(), 0);
  mapRange(kernel_low(), text_start(), text_size(), text_start(), 0);
  // Where the kernel reads what a pointer of the user program means.
  mapRange(kernel_low(), user_text_load(), user_text_size(), user_text_load(), 0);

  mapRange(user_low(), user_text_start(), user_text_size(), user_text_load(), USER);
  mapRange(user_low(), USER_STACK_TOP - PAGE, PAGE, user_stack(), USER | WRITE);

  // One table for both directories: what is in it is shared.
  const shared = trampoline_table();
  const code = trampoline_text_start();
  const data = trampoline_data_start();
  mapRange(shared, code, trampoline_text_size(), trampoline_text_load(), 0);
  mapRange(shared, data, trampoline_data_size(), trampoline_data_load(), WRITE);

  setEntry(kernel_directory(), 0, kernel_low() | WRITE);
  setEntry(kernel_directory(), 1023, shared | WRITE);
  setEntry(user_directory(), 0, user_low() | USER | WRITE);
  setEntry(user_directory(), 1023, shared | WRITE);
}

export function turnPagingOn(): void {
  writecr3(<u32>kernel_directory());
  writecr0(readcr0() | CR0_PAGING);
}

/**
 * Where the byte is that the user program means by `pointer`: an address of another space, so its
 * page tables are walked. 0: it has no such byte. Its frame is in the identity map, so that its
 * physical address is a pointer here.
 */
export function translate(pointer: usize): usize {
  const table = frameOf(load<usize>(user_directory() + (pointer >> 22) * 4));
  if (table === 0) return 0;
  const frame = frameOf(load<usize>(table + ((pointer >> 12) & 1023) * 4));
  return frame === 0 ? 0 : frame | (pointer & (PAGE - 1));
}

/** The frame of an entry that the user program may use; 0: it may not. */
function frameOf(entry: usize): usize {
  const isVisible = (entry & (PRESENT | USER)) === (PRESENT | USER);
  return isVisible ? entry & ~(PAGE - 1) : 0;
}

/** Shows `size` bytes from `physical` on at `linear`, in the table that is for this part. */
function mapRange(table: usize, linear: usize, size: usize, physical: usize, flags: usize): void {
  for (let offset: usize = 0; offset < size; offset += PAGE) {
    setEntry(table, ((linear + offset) >> 12) & 1023, (physical + offset) | flags);
  }
}

function setEntry(table: usize, index: usize, entry: usize): void {
  store<usize>(table + index * 4, entry | PRESENT);
}
