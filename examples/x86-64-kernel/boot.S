# From the boot loader to C++. GRUB (Multiboot 2) and QEMU's -kernel (the PVH note) both leave 32-bit
# protected mode, flat segments, paging off, and both may begin at the same instruction: nothing
# that they pass is needed here.

.set MAGIC, 0xe85250d6
.set PRESENT_WRITE, 3
.set LARGE, 0x80
.set CR4_PAE, 0x20
.set EFER, 0xc0000080
.set EFER_SCE_LME_NXE, 0x901       # syscall, long mode, no-execute
.set CR0_PG_WP_PE, 0x80010011      # written whole: firmware may leave CD or WP set

.section .multiboot2, "a"
.balign 8
header:
.long MAGIC, 0, header_end - header, -(MAGIC + header_end - header)
.word 0, 0
.long 8
header_end:

# XEN_ELFNOTE_PHYS32_ENTRY: where a loader of PVH begins. GNU ld and ours give a section of notes a
# program header of its own, by which it is found.
.section .note.Xen, "a", @note
.balign 4
.long 4, 4, 18
.asciz "Xen"
.long _start

.section .boot, "ax"
.code32
.globl _start
.type _start, @function
_start:
  cli
  cld
  mov $boot_stack_top, %esp
  # Not every loader clears .bss.
  mov $bss_start, %edi
  mov $bss_size, %ecx
  xor %eax, %eax
  rep stosb
  mov $CR4_PAE, %eax
  mov %eax, %cr4
  mov $boot_pml4, %eax
  mov %eax, %cr3
  mov $EFER, %ecx
  rdmsr
  or $EFER_SCE_LME_NXE, %eax
  wrmsr
  mov $CR0_PG_WP_PE, %eax
  mov %eax, %cr0
  lgdt boot_gdtr
  ljmp $0x08, $long_mode
.size _start, . - _start

.code64
.type long_mode, @function
long_mode:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $boot_stack_top, %rsp
  call kernel_main
1:
  hlt
  jmp 1b
.size long_mode, . - long_mode

.balign 8
boot_gdt:
  .quad 0
  .quad 0x00af9b000000ffff   # 0x08 kernel code, 64-bit
  .quad 0x00cf93000000ffff   # 0x10 kernel data
boot_gdtr:
  .word . - boot_gdt - 1
  .long boot_gdt

# The first GiB by pages of 2 MiB, until kernel.cpp has built tables with rights.
.data
.balign 4096
boot_pml4:
  .quad boot_pdpt + PRESENT_WRITE
  .skip 4096 - 8
boot_pdpt:
  .quad boot_directory + PRESENT_WRITE
  .skip 4096 - 8
boot_directory:
.set page, 0
.rept 512
  .quad page + LARGE + PRESENT_WRITE
  .set page, page + 0x200000
.endr

.bss
.balign 16
.skip 8192
boot_stack_top:

.section .note.GNU-stack, "", @progbits
