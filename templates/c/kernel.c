// A kernel with an address space of its own: it shares with the user program one trampoline.
//
//   kernel directory   0x00001000 .. 1 MiB    identity: low memory, the screen among it
//                      the kernel's image     identity, each section with its own permissions
//                      the trampoline         at the end of the address space
//   user directory     0x00001000 ..          the user program, then nothing, then its stack
//                      the trampoline         the same pages
//
// Where the sections are, the linker knows: layout-table.h is written by `isthmus script --table`.

#include <stddef.h>
#include <stdint.h>

#include "layout-table.h"

enum { PAGE = 4096, PRESENT = 1, WRITE = 2, USER = 4 };
enum { COLUMNS = 80, ROWS = 25, LIGHT_GREY = 0x0700 };
enum { BAD_ADDRESS = -14, NO_SUCH_CALL = -38 };
#define USER_STACK_TOP 0x00300000u

typedef struct {
  _Alignas(4096) uint32_t entries[1024];
} Table;

// trampoline.S
extern uint64_t idt[256];
extern uint64_t gdt[6];
extern char tss[];
extern char exception_stubs[];
extern uint32_t kernel_cr3, user_cr3, kernel_stack_top;
void system_call_entry(void);
_Noreturn void enter_user(uint32_t entry, uint32_t stack);

static Table kernel_directory, kernel_low;
static Table user_directory, user_low;
static Table trampoline_table;  // one for both directories: what is in it is shared
static _Alignas(4096) char user_stack[PAGE];
static _Alignas(16) char kernel_stack[PAGE];

static void out8(uint16_t port, uint8_t value) {
  asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port) {
  uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static uint32_t address(const volatile void *pointer) { return (uint32_t)pointer; }

// The text screen of the VGA: 25 lines of 80 cells, a character and its colour each.
static volatile uint16_t *const screen = (volatile uint16_t *)0xb8000;
static unsigned column, row;

static void clear_screen(void) {
  for (unsigned cell = 0; cell < COLUMNS * ROWS; cell++) screen[cell] = LIGHT_GREY | ' ';
}

static void show(char character) {
  if (character == '\n' || column == COLUMNS) {
    column = 0;
    row = (row + 1) % ROWS;
  }
  if (character != '\n') screen[row * COLUMNS + column++] = LIGHT_GREY | (uint8_t)character;
}

// A character goes to the screen and to the first serial line.
static void put(char character) {
  show(character);
  while ((in8(0x3fd) & 0x20) == 0) {
  }
  out8(0x3f8, (uint8_t)character);
}

static void print(const char *text) {
  for (; *text; text++) put(*text);
}

static void print_hex(uint32_t value) {
  print("0x");
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

// A line to port 0xe9 tells the emulator how the run ended; port 0xf4 ends it.
static _Noreturn void finish(const char *word, uint32_t status) {
  for (; *word; word++) out8(0xe9, (uint8_t)*word);
  if (status >= 10) out8(0xe9, (uint8_t)('0' + status / 10 % 10));
  out8(0xe9, (uint8_t)('0' + status % 10));
  out8(0xe9, '\n');
  out8(0xf4, 0);
  for (;;) asm volatile("cli; hlt");
}

static void map(Table *table, uint32_t linear, uint32_t physical, uint32_t flags) {
  table->entries[linear / PAGE % 1024] = physical | flags | PRESENT;
}

// Each section of the layout with its own permissions, in the tables that should show it.
static void map_sections(void) {
  for (unsigned index = 0; index < LAYOUT_SECTIONS; index++) {
    const struct layout_section *section = &layout_sections[index];
    uint32_t flags = section->flags & LAYOUT_WRITE ? WRITE : 0;
    for (uint32_t offset = 0; offset < address(section->size); offset += PAGE) {
      uint32_t linear = address(section->vma) + offset;
      uint32_t physical = address(section->lma) + offset;
      if (linear >= REGION_TRAMPOLINE_LOWEST) {
        map(&trampoline_table, linear, physical, flags);
      } else if (linear >= REGION_KERNEL_LOWEST) {
        map(&kernel_low, linear, physical, flags);
      } else {
        map(&user_low, linear, physical, USER);
        map(&kernel_low, physical, physical, 0);  // where the kernel reads what a pointer means
      }
    }
  }
}

static void build_directories(void) {
  for (uint32_t page = PAGE; page < REGION_KERNEL_LOWEST; page += PAGE) {
    map(&kernel_low, page, page, WRITE);
  }
  map_sections();
  map(&user_low, USER_STACK_TOP - PAGE, address(user_stack), USER | WRITE);
  kernel_directory.entries[0] = address(&kernel_low) | WRITE | PRESENT;
  user_directory.entries[0] = address(&user_low) | USER | WRITE | PRESENT;
  kernel_directory.entries[1023] = address(&trampoline_table) | WRITE | PRESENT;
  user_directory.entries[1023] = address(&trampoline_table) | WRITE | PRESENT;
}

static void turn_paging_on(void) {
  uint32_t cr0;
  asm volatile("mov %0, %%cr3" : : "r"(&kernel_directory) : "memory");
  asm volatile("mov %%cr0, %0" : "=r"(cr0));
  // PG, and WP: read-only pages are read-only for the kernel too.
  asm volatile("mov %0, %%cr0" : : "r"(cr0 | 0x80010000u) : "memory");
}

static void set_gate(unsigned vector, uint32_t handler, uint32_t level) {
  uint64_t high = (handler & 0xffff0000u) | 0x8e00u | level << 13;
  idt[vector] = high << 32 | 0x00080000u | (handler & 0xffffu);
}

static void load_tables(void) {
  // No driver here wants interrupts: the two interrupt controllers keep them.
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  uint64_t base = address(tss);
  gdt[5] = 0x0000890000000067ull | (base & 0xffffffu) << 16 | (base >> 24) << 56;
  for (unsigned vector = 0; vector < 32; vector++) {
    set_gate(vector, address(exception_stubs) + 8 * vector, 0);
  }
  set_gate(0x80, (uint32_t)&system_call_entry, 3);
  struct __attribute__((packed)) {
    uint16_t limit;
    uint32_t base;
  } gdtr = {sizeof gdt - 1, address(gdt)}, idtr = {sizeof idt - 1, address(idt)};
  asm volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
  asm volatile(
      "ljmp $0x08, $1f; 1: mov %0, %%ds; mov %0, %%es; mov %0, %%ss; ltr %w1"
      :
      : "r"(0x10), "r"(0x28)
      : "memory");
}

// A pointer of the user program is an address of another space: the user's page tables say where
// the byte is. Its frame is in the identity map, so its physical address is a pointer here.
static const char *translate(uint32_t pointer) {
  uint32_t directory_entry = user_directory.entries[pointer >> 22];
  if ((directory_entry & (PRESENT | USER)) != (PRESENT | USER)) return NULL;
  const Table *table = (const Table *)(directory_entry & ~(PAGE - 1u));
  uint32_t entry = table->entries[pointer / PAGE % 1024];
  if ((entry & (PRESENT | USER)) != (PRESENT | USER)) return NULL;
  return (const char *)((entry & ~(PAGE - 1u)) | pointer % PAGE);
}

static int32_t write(uint32_t pointer, uint32_t length) {
  for (uint32_t done = 0; done < length; done++) {
    const char *byte = translate(pointer + done);
    if (byte == NULL) return BAD_ADDRESS;
    put(*byte);
  }
  return (int32_t)length;
}

// What the trampoline calls when the user program executes `int 0x80`.
int32_t system_call(uint32_t number, uint32_t first, uint32_t second) {
  switch (number) {
    case 1:
      finish("exit ", first & 63);
    case 4:
      return write(first, second);
    default:
      return NO_SUCH_CALL;
  }
}

// What the trampoline calls at any exception.
_Noreturn void exception(uint32_t vector, uint32_t cr2) {
  print("exception ");
  print_hex(vector);
  print(", CR2 ");
  print_hex(cr2);
  print("\n");
  finish("panic exception ", vector);
}

// From here on paging is on: the trampoline is where it was linked.
_Noreturn void run_user(void) {
  load_tables();
  kernel_cr3 = address(&kernel_directory);
  user_cr3 = address(&user_directory);
  kernel_stack_top = address(kernel_stack) + sizeof kernel_stack;
  print("kernel: the trampoline is at ");
  print_hex(address(trampoline_text_start));
  print(", loaded at ");
  print_hex(address(trampoline_text_load));
  print("\n");
  enter_user(address(user_text_start), USER_STACK_TOP);
}

void kernel_main(void) {
  clear_screen();
  print("kernel: hello\n");
  build_directories();
  turn_paging_on();
  run_user();
}
