// Small sources that make compilers and assemblers use what a linker must know: one feature each.

export type SourceName = keyof typeof SOURCES;

const STRINGS = `
  int outside;
  const char *names[] = {"world %d", "hello world %d", "d", "rld %d",
    "a string of more than 32 bytes, aligned to a word"};
  const char *more(int i) { return i ? "hello world %d"
    : "a longer string that ends as others do, world %d"; }
  const unsigned short *wide(void) { return u"wide characters of two bytes"; }
  const unsigned *wider(void) { return (const unsigned *)U"wide characters of four bytes"; }
  const unsigned *widest(int i) { return (const unsigned *)(i ? U"of four bytes" : U"four bytes"); }
  int print(const char *text, int value) { outside += value; return text[0] + names[value & 3][1]; }
`;

const NUMBERS = `
  static int calls;
  int array[40] = {1, 2, 3};
  static unsigned char zeros[3000] __attribute__((aligned(64)));
  double scale(double x) { return x * 2.25 + 3.5; }
  float scale_float(float x) { return x * 2.25f - 0.1f; }
  double scale_again(double x) { return x * 3.5 - 2.25; }
  static int helper(int x) { calls++; return x * zeros[x & 1023]; }
  int choose(int x) {
    switch (x) {
      case 0: return helper(7); case 1: return array[2]; case 2: return 9; case 3: return helper(2);
      case 4: return helper(1) + 5; case 5: return array[x]; case 6: return -x; case 9: return 77;
      default: return calls;
    }
  }
`;

/** By file name. */
export const SOURCES = {
  "start.c": `
    extern int choose(int) __attribute__((weak));
    extern int print(const char *, int) __attribute__((weak));
    extern const char *more(int);
    int counter = 3;
    extern char kernel_end[];
    extern void (*__init_array_start[])(void), (*__init_array_end[])(void);
    int run(void) {
      int sum = (int)kernel_end;
      for (void (**f)(void) = __init_array_start; f != __init_array_end; f++) (*f)();
      if (choose) sum += choose(counter);
      return print ? sum + print("hello world %d", sum) : sum;
    }
    void _start(void) { counter += run(); for (;;) ; }
  `,
  "strings.c": STRINGS,
  "numbers.c": NUMBERS,
  "unused.c": `
    int never_read = 5;
    int never_called(int x) { return x + never_read; }
    const char *unused_text(void) { return "nobody reads this"; }
    int kept_by_address(int x) { return x; }
  `,
  "classes.cpp": `
    struct Shape { virtual ~Shape(); virtual int area() const { return 1; } int id = 7; };
    struct Square : Shape { int area() const override { return side * side; } int side = 4; };
    Shape::~Shape() {}
    void operator delete(void *, unsigned) noexcept {}
    void operator delete(void *) noexcept {}
    extern "C" int atexit(void (*)()) { return 0; }
    extern "C" int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
    void *__dso_handle;
    template <class T> struct List {
      T items[8];
      T &at(int i) { static int hits; hits++; return items[i]; }
    };
    inline int twice(int x) { static int total; return total += x; }
    int use(List<int> &list);
    List<int> list;
    struct Early { int value; Early(int v) : value(v * use(list)) {} };
    __attribute__((init_priority(300))) Early later(3);
    __attribute__((init_priority(200))) Early sooner(4);
    Early last(5);
    Square square;
    int sum() { return list.at(2) + twice(3) + square.area() + sooner.value; }
  `,
  "throws.cpp": `
    extern "C" {
    int personalities, caught;
    int __gxx_personality_v0() { return ++personalities; }
    void *__cxa_begin_catch(void *thrown) throw() { caught++; return thrown; }
    void __cxa_end_catch() { caught--; }
    void _Unwind_Resume(void *) { for (;;) ; }
    int print(const char *text, int number);
    int choose(int);
    }
    struct Guard { int &depth; Guard(int &d) : depth(d) { depth++; } ~Guard() { depth--; } };
    int depth;
    int print(const char *text, int number) {
      Guard guard(depth);
      try { return choose(number) + text[0]; } catch (...) { return depth; }
    }
    int never_called(int number) {
      try { return choose(number); } catch (...) { return 7; }
    }
    int choose(int number) { return number > 3 ? print("again", number - 1) : number; }
  `,
  "inline.cpp": `
    template <class T> struct List {
      T items[8];
      T &at(int i) { static int hits; hits++; return items[i]; }
    };
    inline int twice(int x) { static int total; return total += x; }
    inline const char *label() { return "a label"; }
    int use(List<int> &list) { return list.at(1) + twice(2) + label()[1]; }
    __attribute__((constructor(150))) static void first() { twice(1); }
    __attribute__((constructor)) static void any() { twice(9); }
  `,
  "trampoline.S": `
    .section .shared_text, "ax"
    .globl enter
    enter: push %eax
      mov saved_cr3, %eax
      mov %eax, %cr3
      call inside
      mov $shared_text_load, %edx
      lea table_of_entries(,%eax,4), %ecx
      pop %eax
      iret
      .p2align 5
    inside: ret
    .section .shared_data, "aw"
    saved_cr3: .long 0x1234
    table_of_entries: .long enter, inside, enter + 3, . - saved_cr3
    gdt: .quad 0, 0x00cf9a000000ffff
    gdtr: .word . - gdt - 1
      .long gdt
  `,
  "cross.S": `
    .data
    .globl cross
    cross: .long cross, behind - cross, _start + 4
      .byte 1
      .p2align 3
    behind: .long behind
    .section .rodata.str1.1, "aMS", @progbits, 1
    text: .asciz "world %d"
      .asciz "orld %d"
    .section .rodata.cst8, "aM", @progbits, 8
      .quad 0x400c000000000000
    number: .quad 12345
    .text
    .globl fetch
    fetch: mov text, %al
      mov $text + 2, %eax
      mov number, %edx
      mov .rodata.cst8, %ecx
      ret
  `,
  "real.S": `
    .code16
    .text
    .globl real
    real: jmp 1f
      .byte real_size
      .word real_size
    1: ret
      .section .data.real, "aw"
      .byte 1
    near: .byte near_end - near
      .byte real_small, real_small + 1
      .word real_word
    near_end:
    .globl real_size, real_small, real_word
    real_size = 0x40
    real_small = 0x7f
    real_word = 0xfff0
  `,
  "physical.S": `
    .text
    .globl _start, entry
    _start = entry - 0xc0000000
    entry: mov $directory_load, %eax
      mov directory - 0xc0000000, %edx
      jmp _start
    .data
    .globl directory, directory_load
    directory: .long directory_load + 4, _start - 8, before
    directory_load = directory - 0xc0000000
    before = directory - 4
  `,
  "threads.c": `
    __thread int counter = 5;
    static __thread char name[20] = "boot processor";
    __thread int depth;
    static __thread long long zeros[3];
    int choose(int x) { return counter + name[x] + depth + (int)zeros[x]; }
    int *address(void) { return &depth; }
  `,
  "more-threads.c": `
    extern __thread int counter;
    __thread double own __attribute__((aligned(64))) = 1.5;
    int print(const char *text, int value) { return text[counter] + value + (int)own; }
    void _start(void) { for (;;) print("", 0); }
  `,
  "marked.S": `
    .data
    .long etext, data_begins, edata, almost_end, end
    .bss
    .skip 7
  `,
  "unflagged.S": `
    .section .multiboot
    .long 1, 2, stack_top
    .text
    .globl _start
    _start: mov $stack_top, %esp
    .section .bootstrap_stack
    .skip 64
    stack_top:
    .bss
    .skip 32
    .data
    .long stack_top
  `,
  "nasm.nasm": `
    bits 32
    global choose
    extern counter
    section .text
    choose: mov eax, [counter]
      add eax, [values + 4]
      mov edx, buffer
      jmp near done
      align 16
    done: ret
    section .rodata
    values: dd 1, 2, choose, done - values
    section .data
      db 5
      align 8
    word_here: dd word_here
    section .bss
    buffer: resb 300
    section .data.more write
      dd buffer
  `,
  "table.c": `
    struct entry { int key; const char *name; };
    #define IN_TABLE __attribute__((section("table"), used))
    #define ENTRY(k, n) static const struct entry entry_##k IN_TABLE = {k, n}
    ENTRY(1, "one"); ENTRY(2, "two"); ENTRY(3, "hello world %d");
    extern const struct entry __start_table[], __stop_table[];
    int choose(int x) {
      for (const struct entry *e = __start_table; e != __stop_table; e++)
        if (e->key == x) return e->name[0];
      return -1;
    }
  `,
  "weak.c": `
    __attribute__((weak)) int choose(int x) { return x + 1; }
    __attribute__((weak)) int setting = 11;
    extern int absent(void) __attribute__((weak));
    int print(const char *text, int value) { return absent ? absent() : text[0] + value + setting; }
  `,
  "strong.c": `
    int setting = 22;
    int choose(int x) { return x * setting; }
  `,
  "common-a.c": `
    int tentative; 
    int choose(int x) { return tentative + x; }
  `,
  "common-b.c": `
    int tentative;
    char large[300] __attribute__((aligned(32)));
    int print(const char *text, int value) { return text[value] + tentative + large[value]; }
  `,
} as const;
