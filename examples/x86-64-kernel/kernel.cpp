// A 64-bit kernel with an address space of its own: it shares with user programs one trampoline.
//
//   kernel PML4   entry 0     1 GiB identity: low memory and the kernel's image
//                 entry 511   the shared pages, at the end of 2^64, supervisor
//   user PML4     entry 0     the user program at 0x1000
//                 entry 255   its stack, below 128 TiB
//                 entry 511   the same entry: one chain of three tables
//
// The addresses of the shared pages come from the linker: layout-table.h is written by
// `isthmus script --table`. They are at -0x3000 or so, which is as near to the kernel at 1 MiB as
// any other address: a call from one to the other fits 32 bits.

#include <stdint.h>

#include "layout-table.h"

extern "C" {
// trampoline.S
struct Gate {
  uint64_t low, high;
};
extern Gate idt[32];
extern uint64_t gdt[7];
extern char tss[];
extern char exception_stubs[];
extern uint64_t kernel_cr3, user_cr3, kernel_stack_top;
void system_call_entry();
[[noreturn]] void enter_user(uint64_t entry, uint64_t stack);
}

namespace {

constexpr uint64_t PAGE = 4096, LARGE_PAGE = 2 << 20;
constexpr uint64_t PRESENT = 1, WRITE = 2, USER = 4, LARGE = 0x80, NO_EXECUTE = 1ull << 63;
constexpr uint64_t FRAME = 0x000ffffffffff000;
// The last page of the lower half stays empty: see the end of system_call_entry.
constexpr uint64_t USER_STACK_TOP = 0x00007fffffffe000;
constexpr int64_t BAD_ADDRESS = -14, NO_SUCH_CALL = -38;
constexpr uint64_t PAGE_FAULT = 14;

struct alignas(4096) Table {
  uint64_t entries[512];
};

Table kernel_pml4, user_pml4;
// Tables for everything else are taken from here, one after the other.
Table tables[24];
int tables_used;
alignas(4096) char user_stack[PAGE];
alignas(16) char kernel_stack[2 * PAGE];
uint64_t expected_fault;

void out8(uint16_t port, uint8_t value) {
  asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

uint8_t in8(uint16_t port) {
  uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

void write_msr(uint32_t number, uint64_t value) {
  asm volatile("wrmsr"
               :
               : "c"(number), "a"(static_cast<uint32_t>(value)),
                 "d"(static_cast<uint32_t>(value >> 32)));
}

void put(char character) {
  while ((in8(0x3fd) & 0x20) == 0) {
  }
  out8(0x3f8, static_cast<uint8_t>(character));
}

void print(const char *text) {
  for (; *text; text++) put(*text);
}

void print_hex(uint64_t value) {
  print("0x");
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}

// Lines to port 0xe9 tell the emulator how the run ended; port 0xf4 ends it.
[[noreturn]] void finish(const char *word, uint64_t status) {
  for (; *word; word++) out8(0xe9, static_cast<uint8_t>(*word));
  if (status >= 10) out8(0xe9, static_cast<uint8_t>('0' + status / 10 % 10));
  out8(0xe9, static_cast<uint8_t>('0' + status % 10));
  out8(0xe9, '\n');
  out8(0xf4, 0);
  for (;;) asm volatile("cli; hlt");
}

[[noreturn]] void give_up(const char *why) {
  print(why);
  print("\n");
  finish("exit ", 2);
}

uint64_t address(const void *pointer) { return reinterpret_cast<uint64_t>(pointer); }

// Tables lie in the identity map, so the address of one is a pointer.
Table *table_of(uint64_t entry) { return reinterpret_cast<Table *>(entry & FRAME); }

// The entry for a page in the last of the four tables; those above it are made as needed, and allow
// everything: the last one decides.
uint64_t &entry_for(Table &pml4, uint64_t linear) {
  Table *table = &pml4;
  for (int shift = 39; shift > 12; shift -= 9) {
    uint64_t &entry = table->entries[(linear >> shift) & 511];
    if (!(entry & PRESENT)) {
      if (tables_used == sizeof tables / sizeof *tables) give_up("no tables are left");
      entry = address(&tables[tables_used++]) | USER | WRITE | PRESENT;
    }
    table = table_of(entry);
  }
  return table->entries[(linear >> 12) & 511];
}

void map(Table &pml4, uint64_t linear, uint64_t physical, uint64_t flags) {
  entry_for(pml4, linear) = physical | flags | PRESENT;
}

// Each section of the layout with its own permissions, in the space that should show it.
void map_sections() {
  for (const layout_section &section : layout_sections) {
    uint64_t flags = section.flags & LAYOUT_WRITE ? WRITE : 0;
    if (!(section.flags & LAYOUT_EXECUTE)) flags |= NO_EXECUTE;
    for (uint64_t offset = 0; offset < address(section.size); offset += PAGE) {
      uint64_t linear = address(section.vma) + offset;
      uint64_t physical = address(section.lma) + offset;
      if (linear >= REGION_KERNEL_LOWEST) {
        map(kernel_pml4, linear, physical, flags);
      } else {
        map(user_pml4, linear, physical, USER);
        map(kernel_pml4, physical, physical, NO_EXECUTE);  // where a user's pointer is followed
      }
    }
  }
}

void build_spaces() {
  // Identity for the rest of low memory: what the boot loader left. Page 0 stays empty.
  for (uint64_t page = PAGE; page < REGION_KERNEL_LOWEST; page += PAGE) {
    map(kernel_pml4, page, page, WRITE | NO_EXECUTE);
  }
  map_sections();
  map(user_pml4, USER_STACK_TOP - PAGE, address(user_stack), USER | WRITE | NO_EXECUTE);
  user_pml4.entries[511] = kernel_pml4.entries[511];
}

// What the two spaces have in common, by their tables.
void prove_spaces() {
  int same = 0, both = 0;
  for (int index = 0; index < 512; index++) {
    uint64_t kernels = kernel_pml4.entries[index], users = user_pml4.entries[index];
    if (!(kernels & PRESENT) || !(users & PRESENT)) continue;
    both++;
    if ((kernels & FRAME) == (users & FRAME)) same++;
  }
  if (both != 2 || same != 1) give_up("kernel: the spaces share more than the trampoline");
  print("kernel: both PML4s have entry 0, each its own, and share entry 511 alone\n");
}

void set_gate(int vector, uint64_t handler, uint64_t stack) {
  idt[vector].low = (handler & 0xffff) | 0x08 << 16 | stack << 32 | 0x8eull << 40 |
                    ((handler >> 16) & 0xffff) << 48;
  idt[vector].high = handler >> 32;
}

void load_tables() {
  // No driver here wants interrupts: the two interrupt controllers keep them.
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  uint64_t base = address(tss);
  gdt[5] = 0x0000890000000067ull | (base & 0xffffff) << 16 | ((base >> 24) & 0xff) << 56;
  gdt[6] = base >> 32;
  for (int vector = 0; vector < 32; vector++) {
    set_gate(vector, address(exception_stubs) + 8 * static_cast<uint64_t>(vector), 1);
  }
  struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } gdtr = {sizeof gdt - 1, address(gdt)}, idtr = {sizeof idt - 1, address(idt)};
  asm volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
  asm volatile(
      "pushq $0x08; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: mov %0, %%ds; mov %0, %%es;"
      "mov %0, %%ss; ltr %w1"
      :
      : "r"(0x10), "r"(0x28)
      : "rax", "memory");
  write_msr(0xc0000081, 0x0013000800000000);  // STAR: user 0x13 + 8 and + 16, kernel 0x08
  write_msr(0xc0000082, reinterpret_cast<uint64_t>(&system_call_entry));
  write_msr(0xc0000084, 0x47700);             // SFMASK: NT, IOPL, DF, IF, TF, AC
}

// A pointer of a user program is an address of another space: the user's page tables say where the
// byte is. The frame is in the identity map, so its physical address is a pointer here.
const char *translate(uint64_t pointer) {
  Table *table = &user_pml4;
  if (pointer >= 1ull << 47) return nullptr;
  for (int shift = 39;; shift -= 9) {
    uint64_t entry = table->entries[(pointer >> shift) & 511];
    if ((entry & (PRESENT | USER)) != (PRESENT | USER)) return nullptr;
    if (shift == 12) return reinterpret_cast<const char *>((entry & FRAME) | pointer % PAGE);
    table = table_of(entry);
  }
}

int64_t write(uint64_t pointer, uint64_t length) {
  for (uint64_t done = 0; done < length; done++) {
    const char *byte = translate(pointer + done);
    if (!byte) return BAD_ADDRESS;
    put(*byte);
  }
  return static_cast<int64_t>(length);
}

}  // namespace

extern "C" int64_t system_call(uint64_t number, uint64_t first, uint64_t second) {
  switch (number) {
    case 1:
      return write(first, second);
    case 2:
      expected_fault = first;
      return 0;
    case 60:
      finish("exit ", first & 63);
    default:
      return NO_SUCH_CALL;
  }
}

extern "C" [[noreturn]] void exception(uint64_t vector, uint64_t cr2) {
  if (vector == PAGE_FAULT && expected_fault != 0 && cr2 == expected_fault) {
    print("kernel: the program faulted at ");
    print_hex(cr2);
    print(", where my code is\n");
    finish("exit ", 0);
  }
  print("exception ");
  print_hex(vector);
  print(", CR2 ");
  print_hex(cr2);
  print("\n");
  finish("panic exception ", vector);
}

extern "C" void kernel_main() {
  print("kernel: long mode\n");
  build_spaces();
  prove_spaces();
  asm volatile("mov %0, %%cr3" : : "r"(&kernel_pml4) : "memory");
  load_tables();
  kernel_cr3 = address(&kernel_pml4);
  user_cr3 = address(&user_pml4);
  kernel_stack_top = address(kernel_stack) + sizeof kernel_stack;
  print("kernel: the trampoline is at ");
  print_hex(address(shared_text_start));
  print(", loaded at ");
  print_hex(address(shared_text_load));
  print("\n");
  enter_user(address(user_text_start), USER_STACK_TOP);
}
