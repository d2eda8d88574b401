# The trampoline: the only code and data that the kernel and user programs both see. The layout
# parks it at the end of the address space, and loads it with the kernel.
#
# While the user's page directory is loaded, every address outside .shared_text and .shared_data
# means something else. So: CR3 first on the way in, and nothing of the kernel before it; on the way
# out everything that is needed is in registers or here before CR3 is the user's.

.set KERNEL_DATA, 0x10
.set USER_CODE, 0x1b
.set USER_DATA, 0x23
.set INTERRUPTS_ON, 0x202

.section .shared_text, "ax"

# int 0x80: EAX the number, EBX and ECX the arguments, EAX the result.
.globl system_call_entry
.type system_call_entry, @function
system_call_entry:
  pusha
  mov $KERNEL_DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov kernel_cr3, %eax
  mov %eax, %cr3
  # From here on the kernel is mapped: the registers that pusha saved are its arguments.
  mov %esp, %esi
  mov kernel_stack_top, %esp
  cld
  push 24(%esi)
  push 16(%esi)
  push 28(%esi)
  call system_call
  mov %esi, %esp
  mov %eax, 28(%esp)
  mov user_cr3, %eax
  mov %eax, %cr3
  mov $USER_DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  popa
  iret
.size system_call_entry, . - system_call_entry

# enter_user(entry, stack): called by the kernel, does not return.
.globl enter_user
.type enter_user, @function
enter_user:
  mov 4(%esp), %edx
  mov 8(%esp), %ecx
  mov $entry_stack_top, %esp
  push $USER_DATA
  push %ecx
  push $INTERRUPTS_ON
  push $USER_CODE
  push %edx
  mov user_cr3, %eax
  mov %eax, %cr3
  mov $USER_DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  xor %eax, %eax
  iret
.size enter_user, . - enter_user

# Exceptions: one stub of 8 bytes for each vector. None of them is expected, so none returns.
.balign 8
.globl exception_stubs
exception_stubs:
.set vector, 0
.rept 32
  .balign 8
  push $vector
  jmp exception_entry
  .set vector, vector + 1
.endr

.type exception_entry, @function
exception_entry:
  mov $KERNEL_DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov kernel_cr3, %eax
  mov %eax, %cr3
  mov (%esp), %eax
  mov %cr2, %edx
  mov kernel_stack_top, %esp
  push %edx
  push %eax
  call exception
.size exception_entry, . - exception_entry

# What the processor reads and writes at an interrupt lies here too: its addresses are linear
# addresses of whatever page directory is loaded.
.section .shared_data, "aw"
.balign 8
.globl idt
.type idt, @object
idt:
  .skip 256 * 8
.size idt, . - idt
.globl gdt
.type gdt, @object
gdt:
  .quad 0
  .quad 0x00cf9b000000ffff   # 0x08 kernel code
  .quad 0x00cf93000000ffff   # 0x10 kernel data
  .quad 0x00cffb000000ffff   # 0x18 user code
  .quad 0x00cff3000000ffff   # 0x20 user data
  .quad 0                    # 0x28 the TSS: kernel.cpp writes its base
.size gdt, . - gdt
.balign 128                  # a TSS must not cross a page
.globl tss
.type tss, @object
tss:
  .long 0
  .long entry_stack_top      # ESP0: the processor switches to it before any code runs
  .long KERNEL_DATA
  .skip 104 - 12 - 2
  .word 104                  # no I/O permission bitmap
.size tss, . - tss
.globl kernel_cr3
kernel_cr3:
  .long 0
.globl user_cr3
user_cr3:
  .long 0
.globl kernel_stack_top
kernel_stack_top:
  .long 0
.balign 16
  .skip 512
entry_stack_top:

.section .note.GNU-stack, "", @progbits
