// Small sources that make compilers and assemblers use what x86-64 has: one feature each.

import { SOURCES } from "./same-bytes-sources";

export type SourceName64 = keyof typeof SOURCES_64;

/** By file name. */
export const SOURCES_64 = {
  "strings.c": SOURCES["strings.c"],
  "numbers.c": SOURCES["numbers.c"],
  "unused.c": SOURCES["unused.c"],
  "table.c": SOURCES["table.c"],
  "weak.c": SOURCES["weak.c"],
  "strong.c": SOURCES["strong.c"],
  "common-a.c": SOURCES["common-a.c"],
  "common-b.c": SOURCES["common-b.c"],
  "inline.cpp": SOURCES["inline.cpp"],
  "throws.cpp": SOURCES["throws.cpp"],
  "classes.cpp": SOURCES["classes.cpp"].replace("void *, unsigned)", "void *, unsigned long)"),
  "marked.S": SOURCES["marked.S"].replace(".long", ".quad"),
  "start.c": SOURCES["start.c"].replace("int sum = (int)", "long sum = (long)"),
  "fields.S": `
    .text
    .globl _start, here
    _start: mov $here, %rax
      mov $_start, %edx
      movabs $here + 0x123456789, %rcx
      call here
      jmp small_word
      lea here+5(%rip), %rsi
      mov table(,%rax,8), %rbx
    here: ret
    .data
    table: .quad here, _start - 16, here - table
    .quad . - table
      .long _start + 1, table@SIZE
      .quad big@SIZE, big@SIZE + 8
      .word small_word, 2f - .
      .byte small_byte, 2f - .
    2: .byte small_byte + 1
    .globl small_word, small_byte, big
    .set small_word, 0x7ff0
    .set small_byte, 0x41
    .bss
    .type big, @object
    .size big, 72
    big: .skip 72
  `,
  // Page tables, whose entries have rights at both ends of a word.
  "pages.S": `
    .set BASE, 0xffffffff80000000
    .set NO_EXECUTE, 0x8000000000000000
    .globl magic, physical
    .set magic, 0xdeadbeefcafef00d
    .set physical, pml4 - BASE
    .data
    .p2align 12
    pml4: .quad pdpt - BASE + 3 + NO_EXECUTE
      .skip 4080
      .quad pdpt - BASE + 3
    pdpt: .quad magic, magic + 0x1111111111111111, physical, physical + NO_EXECUTE
      .quad 0x83, 0x40000083 + NO_EXECUTE
  `,
  "uses-magic.S": `
    .text
    .globl choose
    choose: movabs $magic, %rax
      movabs $physical, %rdx
      mov $physical, %ecx
      ret
  `,
  "fetches.S": `
    .text
    .globl choose
    choose:
      mov counter@GOTPCREL(%rip), %rax
      mov counter@GOTPCREL(%rip), %r13
      mov counter@GOTPCREL(%rip), %edx
      mov counter@GOTPCREL(%rip), %r9d
      add counter@GOTPCREL(%rip), %rsi
      cmp counter@GOTPCREL(%rip), %r11
      sub counter@GOTPCREL(%rip), %ecx
      and counter@GOTPCREL(%rip), %r8d
      test %rax, counter@GOTPCREL(%rip)
      test %r12d, counter@GOTPCREL(%rip)
      xor number_of_things@GOTPCREL(%rip), %rbx
      mov number_of_things@GOTPCREL(%rip), %rbx
      mov nothing@GOTPCREL(%rip), %rdi
      call *choose@GOTPCREL(%rip)
      call *nothing@GOTPCREL(%rip)
      jmp *_start@GOTPCREL(%rip)
      .weak nothing
    .globl number_of_things
    .set number_of_things, 12
  `,
  "slots.S": `
    .text
    .globl choose
    choose: push counter@GOTPCREL(%rip)
      cmpq $7, local@GOTPCREL(%rip)
      movq other@GOTPCREL(%rip), %xmm0
      mov counter@GOTPCREL+4(%rip), %rax
      ret
    .data
    local: .quad 1
    .globl other
    other: .quad counter@GOTPCREL, local@GOTPCREL
      .long local@GOTPCREL - 4, counter@GOTPCREL + 2
  `,
  "table-relative.S": `
    .text
    .globl choose
    choose: lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
      movabs $_GLOBAL_OFFSET_TABLE_ - choose, %r11
      movabs $counter@GOT, %rax
      movabs $inside@GOTOFF, %rcx
      movabs $choose@PLTOFF, %rdx
      movabs $counter@GOTPLT, %rdi
      ret
    .data
      .quad inside@GOTOFF, counter@GOT
      .long counter@GOT
    inside: .quad 5
  `,
  "boot.S": `
    .section .multiboot, "a"
    .p2align 3
    header: .long 0xe85250d6, 0, end - header, -(0xe85250d6 + end - header)
      .word 0, 0
      .long 8
    end:
    .text
    .code32
    .globl boot
    boot: mov $stack_top - 0xffffffff80000000, %esp
      lgdt gdtr - 0xffffffff80000000
      ljmp $8, $1f - 0xffffffff80000000
    .code64
    1: movabs $_start, %rax
      jmp *%rax
    .code16
    .globl real
    real: mov $real_word, %ax
      jmp 2f
    2: .byte real_byte
    .globl real_word, real_byte
    .set real_word, 0x8000
    .set real_byte, 0xf0
    .section .rodata
    gdt: .quad 0, 0x00209a0000000000
    gdtr: .word . - gdt - 1
      .long gdt - 0xffffffff80000000
    .bss
    .skip 64
    stack_top:
  `,
  "trampoline.S": `
    .section .shared_text, "ax"
    .globl enter
    enter: mov %rsp, saved_rsp(%rip)
      mov saved_cr3, %rsp
      mov %rsp, %cr3
      call inside
      lea entries(%rip), %rax
      mov $shared_text_load, %edx
      mov saved_rsp(%rip), %rsp
      sysretq
    inside: ret
    .section .shared_data, "aw"
    saved_rsp: .quad 0
    saved_cr3: .quad 0x1234
    entries: .quad enter, inside, . - saved_rsp
    idtr: .word . - entries - 1
      .quad entries
  `,
  "note.S": `
    .section .note.Xen, "a", @note
    .p2align 2
    .long 4, 4, 18
    .asciz "Xen"
    .long _start
    .text
  `,
  "threads.c": `
    __thread int counter = 5;
    static __thread char name[20] = "boot processor";
    __thread int depth;
    static __thread long long zeros[3];
    int choose(int x) { return counter + name[x] + depth + (int)zeros[x]; }
    int *address(void) { return &depth; }
    long long *local(void) { return zeros + 1; }
  `,
  "more-threads.c": `
    extern __thread int counter;
    extern __thread int depth __attribute__((tls_model("initial-exec")));
    __thread double own __attribute__((aligned(64))) = 1.5;
    int print(const char *text, int value) { return text[counter] + value + depth + (int)own; }
    void _start(void) { for (;;) print("", 0); }
  `,
  "initial-exec.S": `
    .text
    .globl find
    find: mov counter@gottpoff(%rip), %rax
      mov counter@gottpoff(%rip), %r14
      add counter@gottpoff(%rip), %rdx
      add counter@gottpoff(%rip), %r12
      add counter@gottpoff(%rip), %rsp
      add counter@gottpoff(%rip), %r9
      movabs $counter@tpoff, %rcx
      mov %fs:depth@tpoff, %eax
      ret
  `,
  // A program for Linux: it prints, and its exit status is what its parts have counted.
  "hello.c": `
    static long call(long number, long first, const void *second, long third) {
      long result;
      __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third)
        : "rcx", "r11", "memory");
      return result;
    }
    extern const char *words[];
    extern int sum(int), calls;
    int (*through)(int) = sum;
    static int zeros[100];
    __attribute__((noreturn)) void run(void) {
      for (int i = 0; words[i]; i++) {
        long length = 0;
        while (words[i][length]) length++;
        call(1, 1, words[i], length);
        zeros[i]++;
      }
      call(60, through(30) + sum(zeros[1]) + calls, 0, 0);
      __builtin_unreachable();
    }
    __asm__(".globl _start\\n_start: xor %ebp, %ebp; and $-16, %rsp; call run");
  `,
  "words.cpp": `
    extern "C" { extern const char *words[]; extern int calls; int sum(int); }
    template <int N> struct Counter { static int count; int add(int x) { return count += x + N; } };
    template <int N> int Counter<N>::count = N;
    const char *words[] = {"hello ", "from ", "our linker\\n", nullptr};
    int calls;
    int sum(int x) { static Counter<3> counter; calls++; return counter.add(x); }
  `,
  "nasm.nasm": `
    bits 64
    default rel
    global choose
    extern counter
    section .text
    choose: mov eax, [counter]
      add eax, [values + 8]
      mov rdx, buffer
      mov edi, [abs buffer]
      jmp near done
      align 16
    done: ret
    section .rodata
    values: dq 1, choose, done - values
      dd 5
    section .data
      db 5
      align 8
    word_here: dq word_here
    section .bss
    buffer: resb 300
  `,
} as const;
