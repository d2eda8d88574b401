// Addresses that the linker and the assembly files define, as numbers.
//
// The compiler turns each call into `mov reg, symbol`. For an output section `.a_b` the linker
// defines a_b_start, a_b_size and a_b_load.

export declare function boot_start(): usize;
export declare function boot_size(): usize;
export declare function data_start(): usize;
export declare function data_size(): usize;
export declare function bss_start(): usize;
export declare function bss_size(): usize;
export declare function rodata_start(): usize;
export declare function rodata_size(): usize;
export declare function text_start(): usize;
export declare function text_size(): usize;

export declare function user_text_start(): usize;
export declare function user_text_size(): usize;
export declare function user_text_load(): usize;
export declare function trampoline_text_start(): usize;
export declare function trampoline_text_size(): usize;
export declare function trampoline_text_load(): usize;
export declare function trampoline_data_start(): usize;
export declare function trampoline_data_size(): usize;
export declare function trampoline_data_load(): usize;

// trampoline.asm.ts
export declare function system_call_entry(): usize;
export declare function exception_stubs(): usize;
export declare function idt(): usize;
export declare function gdt(): usize;
export declare function tss(): usize;
export declare function kernel_cr3(): usize;
export declare function user_cr3(): usize;
export declare function kernel_stack_pointer(): usize;

// memory.asm.ts
export declare function kernel_directory(): usize;
export declare function kernel_low(): usize;
export declare function user_directory(): usize;
export declare function user_low(): usize;
export declare function trampoline_table(): usize;
export declare function user_stack(): usize;
export declare function kernel_stack_top(): usize;
