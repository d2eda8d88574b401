# From the boot loader to Rust, and what Rust's core library expects of its surroundings.

.set MAGIC, 0x1badb002
.set FLAGS, 1 | 2          # modules on pages, memory map

.section .multiboot, "a"
.balign 4
.long MAGIC, FLAGS, -(MAGIC + FLAGS)

.section .boot, "ax"
.globl _start
_start:
  cli
  # Not every loader clears .bss.
  lea bss_start, %edi
  lea bss_size, %ecx
  xor %eax, %eax
  rep stosb
  # Rust's i686 has SSE2: CR4.OSFXSR and OSXMMEXCPT. PSE is for one page of 4 MiB.
  mov %cr4, %eax
  or $0x610, %eax
  mov %eax, %cr4
  lea boot_stack_top, %esp
  call kernel_main

.text
# C's functions on bytes, which rustc calls where it likes.
.globl memcpy, memmove, memset, memcmp, bcmp
memcpy:
  push %edi
  push %esi
  mov 12(%esp), %edi
  mov 16(%esp), %esi
  mov 20(%esp), %ecx
  mov %edi, %eax
  rep movsb
  pop %esi
  pop %edi
  ret
memmove:
  mov 4(%esp), %eax
  cmp 8(%esp), %eax
  jbe memcpy               # downwards: from the first byte on
  push %edi
  push %esi
  mov 20(%esp), %ecx
  lea -1(%eax, %ecx), %edi
  mov 16(%esp), %esi
  lea -1(%esi, %ecx), %esi
  std
  rep movsb
  cld
  pop %esi
  pop %edi
  ret
memset:
  push %edi
  mov 8(%esp), %edi
  mov 12(%esp), %eax
  mov 16(%esp), %ecx
  rep stosb
  mov 8(%esp), %eax
  pop %edi
  ret
memcmp:
bcmp:
  push %edi
  push %esi
  mov 12(%esp), %esi
  mov 16(%esp), %edi
  mov 20(%esp), %ecx
  xor %eax, %eax           # equal, if there are no bytes
  repe cmpsb
  je 1f
  sbb %eax, %eax
  or $1, %eax
1:
  pop %esi
  pop %edi
  ret

.bss
.balign 16
.skip 16384
boot_stack_top:

.section .note.GNU-stack, "", @progbits
