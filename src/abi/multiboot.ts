// Multiboot 1 and 2: what a boot loader looks for in the image and leaves in memory.
//
//   header (in the first 8 KiB of the file, 4-byte aligned)
//      0 magic     MULTIBOOT_HEADER_MAGIC
//      4 flags     HEADER_PAGE_ALIGN | HEADER_MEMORY_INFO
//      8 checksum  magic + flags + checksum = 0 (mod 2^32)
//
//   information record, its address in EBX, EAX = MULTIBOOT_BOOT_MAGIC
//      0 flags     which of the fields below are there
//      4 memLower  KiB from 0          (MULTIBOOT_MEMORY)
//      8 memUpper  KiB from 1 MiB      (MULTIBOOT_MEMORY)
//     16 cmdline   address of a string (MULTIBOOT_COMMAND_LINE)
//     20 modsCount, 24 modsAddress     (MULTIBOOT_MODULES)   a module: start, end, string, reserved
//     44 mmapLength, 48 mmapAddress    (MULTIBOOT_MEMORY_MAP)
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

// Multiboot 2: header and record. See the Multiboot2 Specification, sections 3.1 and 3.6.
//
//   information record, its address in EBX, EAX = MULTIBOOT2_BOOT_MAGIC
//      0 size of all, 4 reserved, 8 the first tag; each begins at a multiple of 8
//      a tag: 0 type, 4 size without what fills it up to 8, 8 what it says
//         1 command line   8 a string
//         3 module         8 start, 12 end, 16 a string
//         4 basic memory   8 KiB from 0, 12 KiB from 1 MiB
//         6 memory map     8 size of an entry, 12 version, 16 entries:
//                          0 base (64 bits), 8 length (64 bits), 16 type (1: RAM)
//         8 screen         8 address (64 bits), 16 bytes of a line, 20 width, 24 height,
//                          28 bits of a pixel, 29 kind (1: colours), 32 positions and sizes in
//                          bits of red, green and blue
//        14, 15 ACPI       8 a copy of the RSDP, of 20 bytes or of 36
//        17 UEFI's map     8 size of a descriptor, 12 version, 16 descriptors:
//                          0 type, 8 physical start (64 bits), 24 how many pages (64 bits)
//        21 load base      8 where the image's lowest address went
export const MULTIBOOT2_HEADER_MAGIC: u32 = 0xe85250d6;
/** Loaders look for it in so many bytes of the file. */
export const MULTIBOOT2_WINDOW: u32 = 32768;
export const MULTIBOOT2_HEADER_SIZE: u32 = 16;
export const MULTIBOOT2_I386: u32 = 0;
export const MULTIBOOT2_TAG_HEADER_SIZE: u32 = 8;
/** In a header's tag: a loader that does not know it may ignore it. */
export const MULTIBOOT2_OPTIONAL: u32 = 1;
export const MULTIBOOT2_MODULE_ALIGNMENT_TAG: u32 = 6;
export const MULTIBOOT2_END_TAG: u32 = 0;
export const MULTIBOOT2_RELOCATABLE_TAG: u32 = 10;
export const MULTIBOOT2_RELOCATABLE_SIZE: u32 = 24;
/** The last word of a relocatable tag: of the places that suit it, the lowest. */
export const MULTIBOOT2_PREFER_LOW: u32 = 1;

export const MULTIBOOT2_BOOT_MAGIC: u32 = 0x36d76289;
export const TAG_COMMAND_LINE: u32 = 1;
export const TAG_MODULE: u32 = 3;
export const TAG_BASIC_MEMORY: u32 = 4;
export const TAG_MEMORY_MAP: u32 = 6;
export const TAG_FRAMEBUFFER: u32 = 8;
export const TAG_ACPI_OLD: u32 = 14;
export const TAG_ACPI_NEW: u32 = 15;
export const TAG_UEFI_MAP: u32 = 17;
export const TAG_LOAD_BASE: u32 = 21;
/** Tags that have entries: where their size is said, and where they begin. */
export const TAG_ENTRY_SIZE: u32 = 8;
export const TAG_ENTRIES: u32 = 16;
export const MMAP2_BASE: u32 = 0;
export const MMAP2_LENGTH: u32 = 8;
export const MMAP2_TYPE: u32 = 16;
export const MMAP2_LEAST_ENTRY: u32 = 20;
export const UEFI_MAP_TYPE: u32 = 0;
export const UEFI_MAP_START: u32 = 8;
export const UEFI_MAP_PAGES: u32 = 24;
export const UEFI_LEAST_DESCRIPTOR: u32 = 32;
/** Kinds of UEFI's memory that are RAM once its boot services are over. UEFI 2.10, table 7.10. */
export const UEFI_LOADER_CODE: u32 = 1;
export const UEFI_BOOT_SERVICES_DATA: u32 = 4;
export const UEFI_CONVENTIONAL: u32 = 7;
