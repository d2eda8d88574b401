// Which protocol the kernel was loaded by, and so which reader the loader's record gets.

import { MULTIBOOT_BOOT_MAGIC, MULTIBOOT2_BOOT_MAGIC } from "../../src/abi/multiboot";
import { panic } from "../log/panic";
import { beforePaging } from "../machine/i686/image-offset";
import { checkBootRecord } from "./boot-record";
import { readMultiboot } from "./multiboot";
import { readMultiboot2 } from "./multiboot2";

/** Copies the loader's record; `magic` and `record` are EAX and EBX at entry. */
export function readBootRecord(magic: u32, record: u32): void {
  if (magic === MULTIBOOT_BOOT_MAGIC) readMultiboot(record);
  else if (magic === MULTIBOOT2_BOOT_MAGIC) readMultiboot2(beforePaging(record));
  else panic(cstr("boot: the loader speaks neither Multiboot 1 nor Multiboot 2"));
  checkBootRecord();
}
