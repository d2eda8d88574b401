# From the boot loader to the kernel. GRUB, QEMU and v86 leave protected mode, flat segments, paging off.

.set MAGIC, 0x1badb002
.set FLAGS, 1 | 2          # modules on pages, memory map

.section .multiboot, "a"
.balign 4
.long MAGIC, FLAGS, -(MAGIC + FLAGS)

.section .boot, "ax"
.globl _start
.type _start, @function
_start:
  cli
  mov $boot_stack_top, %esp
  push $0
  popf
  # Not every loader clears .bss.
  mov $bss_start, %edi
  mov $bss_size, %ecx
  xor %eax, %eax
  rep stosb
  push %ebx                # the loader's record: kernel_main(info)
  call kernel_main
1:
  hlt
  jmp 1b
.size _start, . - _start

.bss
.balign 16
.skip 8192
boot_stack_top:

.section .note.GNU-stack, "", @progbits
