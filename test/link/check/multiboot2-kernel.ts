// Kernels with a Multiboot 2 header, for the tests that boot them by GRUB.

import { change } from "./make-kernel";

/** A Multiboot 2 header with these tags, in place of Multiboot 1's. */
export const multiboot2 = (text: string, tags = "") =>
  change(
    text,
    ".balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)",
    `.balign 8
header: .long 0xe85250d6, 0, header_end - header, -(0xe85250d6 + (header_end - header))
${tags}.balign 8
.short 0, 0
.long 8
header_end:`,
  );

/**
 * A kernel that runs wherever it is loaded: each address counts from where it finds itself. It
 * reports 1 if that is not where it was linked, or else 2.
 */
const ANYWHERE = `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.text
.globl _start
_start:
  # Multiboot 2 leaves no stack: the record has room.
  lea 0x100(%ebx), %esp
  call 1f
1:
  pop %esi
  mov $'1', %al
  cmp $1b, %esi
  jne 2f
  mov $'2', %al
2:
  mov %al, digit - 1b(%esi)
  lea text - 1b(%esi), %esi
  mov $0xe9, %dx
  mov $7, %ecx
  rep outsb
  mov $0xf4, %dx
  out %al, %dx
3:
  hlt
  jmp 3b
.data
text: .ascii "exit "
digit: .ascii "0\\n"
.section .far, "aw"
.long 0x600dcafe
`;

/** Room for the image from `least` on, up to `most`. */
export const relocatable = (least: string, most: string, preference: number) =>
  multiboot2(ANYWHERE, `.short 10, 0\n.long 24, ${least}, ${most}, 4096, ${preference}\n`);
