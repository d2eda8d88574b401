// A kernel with an address space of its own: it shares with user programs one trampoline, no more.
//
//   kernel directory   0x00001000 .. 4 MiB    identity: low memory and the kernel's image
//                      the shared pages       at the end of the address space, supervisor
//   user directory     0x00001000 ..          the user program, then nothing, then its stack
//                      the shared pages       the same ones
//
// The addresses of the shared pages come from the linker: layout-table.h is written by
// `isthmus script --table`. Their frames are part of the kernel's image or, if the layout says so, a
// file of its own that the boot loader has brought as a module.

#include <stdint.h>

#include "layout-table.h"

extern "C" {
// trampoline.S
extern uint64_t idt[256];
extern uint64_t gdt[6];
extern char tss[];
extern char exception_stubs[];
extern uint32_t kernel_cr3, user_cr3, kernel_stack_top;
void system_call_entry();
[[noreturn]] void enter_user(uint32_t entry, uint32_t stack);
}

namespace {

constexpr uint32_t PAGE = 4096;
constexpr uint32_t PRESENT = 1, WRITE = 2, USER = 4;
constexpr uint32_t USER_STACK_TOP = 0x00300000;
constexpr int32_t BAD_ADDRESS = -14, NO_SUCH_CALL = -38;

struct alignas(4096) Table {
  uint32_t entries[1024];
};

Table kernel_directory, kernel_low;
Table user_directory, user_low;
Table shared_table;  // one for both directories: what is in it is shared
alignas(4096) char user_stack[PAGE];
alignas(16) char kernel_stack[PAGE];

void out8(uint16_t port, uint8_t value) {
  asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

uint8_t in8(uint16_t port) {
  uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

void put(char character) {
  while ((in8(0x3fd) & 0x20) == 0) {
  }
  out8(0x3f8, static_cast<uint8_t>(character));
}

void print(const char *text) {
  for (; *text; text++) put(*text);
}

void print_hex(uint32_t value) {
  print("0x");
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}

// Lines to port 0xe9 tell the emulator how the run ended; port 0xf4 ends it.
[[noreturn]] void finish(const char *word, uint32_t status) {
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

uint32_t address(const void *pointer) { return reinterpret_cast<uint32_t>(pointer); }

// What Multiboot tells, as far as it is needed here (specification 0.6.96, 3.3).
struct BootModule {
  uint32_t start, end, text, reserved;
};
struct BootInfo {
  uint32_t flags, unused[4], module_count;
  const BootModule *modules;
};
constexpr uint32_t HAS_MODULES = 8;

// The two headers of an ELF file.
struct ElfHeader {
  uint32_t magic, unused[6], segments_offset, more[2];
  uint16_t header_size, segment_size, segment_count;
};
struct Segment {
  uint32_t type, offset, linear, physical, file_size, memory_size, flags, align;
};
constexpr uint32_t ELF_MAGIC = 0x464c457f, LOADED = 1;

// The module's pages lie in its file as they shall lie in memory: they are mapped where they are.
uint32_t frame_in_module(const BootInfo &info, uint32_t linear) {
  if (!(info.flags & HAS_MODULES) || info.module_count == 0) give_up("there is no module");
  const uint32_t file = info.modules[0].start, size = info.modules[0].end - file;
  const ElfHeader &header = *reinterpret_cast<const ElfHeader *>(file);
  if (file % PAGE != 0) give_up("the module does not begin on a page");
  if (size < PAGE || header.magic != ELF_MAGIC) give_up("the module is no ELF file");
  const Segment *segments = reinterpret_cast<const Segment *>(file + header.segments_offset);
  for (uint32_t index = 0; index < header.segment_count; index++) {
    const Segment &segment = segments[index];
    const uint32_t inside = linear - segment.linear;
    if (segment.type == LOADED && linear >= segment.linear && inside < segment.file_size) {
      return file + segment.offset + inside;
    }
  }
  give_up("the module was not linked with this kernel");
}

uint32_t shared_frame;  // of the first shared page

void map(Table &table, uint32_t linear, uint32_t physical, uint32_t flags) {
  table.entries[linear / PAGE % 1024] = physical | flags | PRESENT;
}

// Each section of the layout with its own permissions, in the tables that should show it.
void map_sections(const BootInfo &info) {
  for (const layout_section &section : layout_sections) {
    uint32_t flags = section.flags & LAYOUT_WRITE ? WRITE : 0;
    for (uint32_t offset = 0; offset < address(section.size); offset += PAGE) {
      uint32_t linear = address(section.vma) + offset;
      uint32_t physical = section.flags & LAYOUT_MODULE ? frame_in_module(info, linear)
                                                        : address(section.lma) + offset;
      if (linear == address(shared_text_start)) shared_frame = physical;
      if (linear >= REGION_SHARED_LOWEST) {
        map(shared_table, linear, physical, flags);
      } else if (linear >= REGION_KERNEL_LOWEST) {
        map(kernel_low, linear, physical, flags);
      } else {
        map(user_low, linear, physical, USER);
        map(kernel_low, physical, physical, 0);  // where the kernel reads what a pointer means
      }
    }
  }
}

void build_directories(const BootInfo &info) {
  // Identity for the rest of the low memory: the screen, and what the boot loader left.
  for (uint32_t page = PAGE; page < REGION_KERNEL_LOWEST; page += PAGE) {
    map(kernel_low, page, page, WRITE);
  }
  map_sections(info);
  map(user_low, USER_STACK_TOP - PAGE, address(user_stack), USER | WRITE);
  kernel_directory.entries[0] = address(&kernel_low) | WRITE | PRESENT;
  user_directory.entries[0] = address(&user_low) | USER | WRITE | PRESENT;
  kernel_directory.entries[1023] = address(&shared_table) | WRITE | PRESENT;
  user_directory.entries[1023] = address(&shared_table) | WRITE | PRESENT;
}

// Both registers are written whole, and CR4 first: firmware leaves bits in them, PAE or a cache that
// is off, say, that a kernel which only adds its own would keep.
void turn_paging_on() {
  asm volatile("mov %0, %%cr4" : : "r"(0));
  asm volatile("mov %0, %%cr3" : : "r"(&kernel_directory) : "memory");
  // PG, WP (read-only pages are read-only for the kernel too), NE and PE.
  asm volatile("mov %0, %%cr0" : : "r"(0x80010021u) : "memory");
}

void set_gate(int vector, uint32_t handler, uint32_t level) {
  uint64_t high = (handler & 0xffff0000u) | 0x8e00u | level << 13;
  idt[vector] = high << 32 | 0x00080000u | (handler & 0xffffu);
}

void load_tables() {
  // No driver here wants interrupts: the two interrupt controllers keep them.
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  uint64_t base = address(tss);
  gdt[5] = 0x0000890000000067ull | (base & 0xffffffu) << 16 | (base >> 24) << 56;
  for (int vector = 0; vector < 32; vector++) {
    set_gate(vector, address(exception_stubs) + 8 * static_cast<uint32_t>(vector), 0);
  }
  set_gate(0x80, reinterpret_cast<uint32_t>(&system_call_entry), 3);
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

// A pointer of a user program is an address of another space: the user's page tables say where the
// byte is. The frame is in the identity map, so its physical address is a pointer here.
const char *translate(uint32_t pointer) {
  uint32_t directory_entry = user_directory.entries[pointer >> 22];
  if ((directory_entry & (PRESENT | USER)) != (PRESENT | USER)) return nullptr;
  const Table *table = reinterpret_cast<const Table *>(directory_entry & ~(PAGE - 1));
  uint32_t entry = table->entries[pointer / PAGE % 1024];
  if ((entry & (PRESENT | USER)) != (PRESENT | USER)) return nullptr;
  return reinterpret_cast<const char *>((entry & ~(PAGE - 1)) | pointer % PAGE);
}

int32_t write(uint32_t pointer, uint32_t length) {
  for (uint32_t done = 0; done < length; done++) {
    const char *byte = translate(pointer + done);
    if (!byte) return BAD_ADDRESS;
    put(*byte);
  }
  return static_cast<int32_t>(length);
}

}  // namespace

extern "C" int32_t system_call(uint32_t number, uint32_t first, uint32_t second) {
  switch (number) {
    case 1:
      finish("exit ", first & 63);
    case 4:
      return write(first, second);
    default:
      return NO_SUCH_CALL;
  }
}

extern "C" [[noreturn]] void exception(uint32_t vector, uint32_t cr2) {
  print("exception ");
  print_hex(vector);
  print(", CR2 ");
  print_hex(cr2);
  print("\n");
  finish("panic exception ", vector);
}

// Behind this point paging is on: the shared pages are where they are linked.
extern "C" [[noreturn]] void run_user() {
  load_tables();
  kernel_cr3 = address(&kernel_directory);
  user_cr3 = address(&user_directory);
  kernel_stack_top = address(kernel_stack) + sizeof kernel_stack;
  print("kernel: the trampoline is at ");
  print_hex(address(shared_text_start));
  print(", loaded at ");
  print_hex(shared_frame);
  print("\n");
  enter_user(address(user_text_start), USER_STACK_TOP);
}

extern "C" void kernel_main(const BootInfo *info) {
  print("kernel: paging is off\n");
  build_directories(*info);
  turn_paging_on();
  run_user();
}
