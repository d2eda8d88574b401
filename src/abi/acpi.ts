// The pointer from which ACPI's tables are found. See the ACPI Specification 6.5, 5.2.5.3.
//
//   RSDP   0 "RSD PTR "   8 checksum of 20 bytes   15 revision   16 the RSDT (32 bits)
//          from revision 2 on: 20 size   24 the XSDT (64 bits)   32 checksum of all

export const RSDP_REVISION: usize = 15;
export const RSDP_RSDT: usize = 16;
export const RSDP_XSDT: usize = 24;
export const RSDP_OLD_SIZE: u32 = 20;
export const RSDP_SIZE: u32 = 36;
