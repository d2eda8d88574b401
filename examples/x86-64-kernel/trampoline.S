# The trampoline: the only code and data that the kernel and user programs both see. The layout
# parks it at the end of 2^64, which is -0x3000 or so, and loads it with the kernel.
#
# While the user's PML4 is loaded, every address outside .shared_text and .shared_data means
# something else. So: CR3 first on the way in, by words that lie here; on the way out everything
# that is needed is in registers or here before CR3 is the user's. No swapgs: the words are found
# by their addresses, which are the same in both spaces.
#
# Between `syscall` and the load of RSP the processor is in ring 0 with the user's stack pointer. So
# interrupts are off (SFMASK), and what cannot be turned off, NMI and machine checks, has a stack of
# its own in the interrupt table (IST).

.set USER_FLAGS, 0x202             # interrupts on

.section .shared_text, "ax"

# syscall: RAX the number, RDI and RSI the arguments, RAX the result. RCX and R11 are lost, as
# always, and the other registers that C++ may change are cleared.
.globl system_call_entry
.type system_call_entry, @function
system_call_entry:
  mov %rsp, user_rsp(%rip)
  mov kernel_cr3(%rip), %rsp
  mov %rsp, %cr3
  mov kernel_stack_top(%rip), %rsp
  # From here on the kernel is mapped.
  push %rcx                        # the user's RIP
  push %r11                        # the user's RFLAGS
  mov %rsi, %rdx
  mov %rdi, %rsi
  mov %rax, %rdi
  call system_call
  pop %r11
  pop %rcx
  xor %esi, %esi
  xor %edi, %edi
  xor %r8d, %r8d
  xor %r9d, %r9d
  xor %r10d, %r10d
  mov user_cr3(%rip), %rdx
  mov %rdx, %cr3
  xor %edx, %edx
  mov user_rsp(%rip), %rsp
  # RCX is canonical: the page below 2^47 is never mapped, so no call was made from its end.
  sysretq
.size system_call_entry, . - system_call_entry

# enter_user(entry, stack): called by the kernel, does not return.
.globl enter_user
.type enter_user, @function
enter_user:
  mov %rdi, %rcx
  mov %rsi, %rsp
  mov $USER_FLAGS, %r11d
  mov user_cr3(%rip), %rax
  mov %rax, %cr3
  xor %eax, %eax
  xor %ebx, %ebx
  xor %edx, %edx
  xor %esi, %esi
  xor %edi, %edi
  xor %ebp, %ebp
  sysretq
.size enter_user, . - enter_user

# Exceptions: one stub of 8 bytes for each vector. They report and end, so none returns.
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
  mov kernel_cr3(%rip), %rax
  mov %rax, %cr3
  mov (%rsp), %rdi
  mov %cr2, %rsi
  mov kernel_stack_top(%rip), %rsp
  call exception
.size exception_entry, . - exception_entry

# What the processor reads and writes at an interrupt lies here too: its addresses are linear
# addresses of whatever PML4 is loaded.
.section .shared_data, "aw"
.balign 16
.globl idt
.type idt, @object
idt:
  .skip 32 * 16
.size idt, . - idt
.globl gdt
.type gdt, @object
gdt:
  .quad 0
  .quad 0x00af9b000000ffff   # 0x08 kernel code, 64-bit
  .quad 0x00cf93000000ffff   # 0x10 kernel data
  .quad 0x00cff3000000ffff   # 0x18 user data: sysret wants it before the code
  .quad 0x00affb000000ffff   # 0x20 user code, 64-bit
  .quad 0, 0                 # 0x28 the TSS: kernel.cpp writes its base
.size gdt, . - gdt
.balign 128                  # a TSS must not cross a page
.globl tss
.type tss, @object
tss:
  .long 0
  .quad entry_stack_top      # RSP0: exceptions of user programs
  .skip 24
  .quad entry_stack_top      # IST1: what may come at any instruction
  .skip 104 - 44 - 2
  .word 104                  # no I/O permission bitmap
.size tss, . - tss
.balign 8
.globl kernel_cr3
kernel_cr3:
  .quad 0
.globl user_cr3
user_cr3:
  .quad 0
.globl kernel_stack_top
kernel_stack_top:
  .quad 0
user_rsp:
  .quad 0
.balign 16
  .skip 512
entry_stack_top:

.section .note.GNU-stack, "", @progbits
