// Multiboot 1: what a boot loader looks for in the image and leaves in memory.
//
//   header (in the first 8 KiB of the file, 4-byte aligned)
//      0 magic     MULTIBOOT_HEADER_MAGIC
//      4 flags     HEADER_PAGE_ALIGN | HEADER_MEMORY_INFO
//      8 checksum  magic + flags + checksum = 0 (mod 2^32)
//
//   information record, its address in EBX, EAX = MULTIBOOT_BOOT_MAGIC
//      0 flags     which of the fields below are there
//      4 memLower  KiB from 0          (INFO_MEMORY)
//      8 memUpper  KiB from 1 MiB      (INFO_MEMORY)
//     16 cmdline   address of a string (INFO_COMMAND_LINE)
//     20 modsCount, 24 modsAddress     (INFO_MODULES)   a module: start, end, string, reserved
//     44 mmapLength, 48 mmapAddress    (INFO_MEMORY_MAP)
//        an entry: 0 size of the rest, 4 base (64 bits), 12 length (64 bits), 20 type (1: RAM)
//
// See the Multiboot Specification 0.6.96, sections 3.1 and 3.3.

export const MULTIBOOT_HEADER_MAGIC: u32 = 0x1badb002;
export const MULTIBOOT_BOOT_MAGIC: u32 = 0x2badb002;
export const HEADER_PAGE_ALIGN: u32 = 1 << 0;
export const HEADER_MEMORY_INFO: u32 = 1 << 1;

export const MULTIBOOT_MEMORY: u32 = 1 << 0;
export const MULTIBOOT_COMMAND_LINE: u32 = 1 << 2;
export const MULTIBOOT_MODULES: u32 = 1 << 3;
export const MULTIBOOT_MEMORY_MAP: u32 = 1 << 6;

export const MULTIBOOT_MEM_UPPER: u32 = 8;
export const MULTIBOOT_CMDLINE: u32 = 16;
export const MULTIBOOT_MODS_COUNT: u32 = 20;
export const MULTIBOOT_MODS_ADDRESS: u32 = 24;
export const MULTIBOOT_MMAP_LENGTH: u32 = 44;
export const MULTIBOOT_MMAP_ADDRESS: u32 = 48;

export const MMAP_BASE: u32 = 4;
export const MMAP_LENGTH: u32 = 12;
export const MMAP_TYPE: u32 = 20;
export const MMAP_RAM: u32 = 1;

// Multiboot 2: the header alone. See the Multiboot2 Specification, section 3.1.
export const MULTIBOOT2_HEADER_MAGIC: u32 = 0xe85250d6;
/** Loaders look for it in so many bytes of the file. */
export const MULTIBOOT2_WINDOW: u32 = 32768;
export const MULTIBOOT2_HEADER_SIZE: u32 = 16;
export const MULTIBOOT2_I386: u32 = 0;
export const MULTIBOOT2_TAG_HEADER_SIZE: u32 = 8;
export const MULTIBOOT2_END_TAG: u32 = 0;
export const MULTIBOOT2_RELOCATABLE_TAG: u32 = 10;
export const MULTIBOOT2_RELOCATABLE_SIZE: u32 = 24;
