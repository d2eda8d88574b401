// Linux's mmap2(2) for assembly that maps pages of zeros at an address of its own choice. Our
// kernel lacks the call and answers -ENOSYS.

export const MMAP2 = 192;
export const PROT_READ_WRITE = 3;
/** MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_FIXED_NOREPLACE. */
export const MAP_ZEROS_HERE = 0x02 | 0x20 | 0x4000 | 0x100000;
