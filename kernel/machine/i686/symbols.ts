// Addresses that the linker and the assembly files define, as numbers.
//
// Each declaration is an import of module `symbols`, which the compiler turns into
// `mov reg, symbol`. For an output section `.a.b` the linker defines a_b_start, a_b_end, a_b_size
// and a_b_load (see ARCHITECTURE.md); an end at 4 GiB is 0, so ends are computed from sizes.

export declare function boot_start(): usize;
export declare function boot_size(): usize;
export declare function data_start(): usize;
export declare function data_size(): usize;
export declare function bss_start(): usize;
export declare function bss_size(): usize;
export declare function rodata_start(): usize;
export declare function rodata_size(): usize;
export declare function symbols_start(): usize;
export declare function symbols_size(): usize;
export declare function text_start(): usize;
export declare function text_size(): usize;

export declare function trampoline_text_start(): usize;
export declare function trampoline_text_size(): usize;
export declare function trampoline_text_load(): usize;
export declare function trampoline_rodata_start(): usize;
export declare function trampoline_rodata_size(): usize;
export declare function trampoline_rodata_load(): usize;
export declare function trampoline_data_start(): usize;
export declare function trampoline_data_size(): usize;
export declare function trampoline_data_load(): usize;

/** The first address past the kernel image, load images of the trampoline included. */
export declare function kernel_end(): usize;

// kernel/machine/i686/trampoline.asm.ts
export declare function vector_stubs(): usize;
export declare function system_call_entry(): usize;
export declare function idt(): usize;
export declare function kernel_cr3(): usize;
export declare function gdt(): usize;
export declare function tss(): usize;
export declare function double_fault_tss(): usize;
export declare function entry_stack(): usize;
export declare function entry_stack_top(): usize;

// kernel/machine/i686/trampoline.asm.ts and kernel/machine/i686/records.asm.ts
export declare function double_fault_entry(): usize;
export declare function double_fault_stack_top(): usize;
export declare function return_to_user(): usize;
/** kernel/trap/fault.ts: where a new process starts. */
export declare function beforeUserReturn(): usize;
export declare function kernel_info(): usize;
export declare function current_kernel_stack(): usize;
export declare function current_cr3(): usize;
export declare function boot_stack(): usize;
export declare function boot_stack_top(): usize;

// kernel/machine/i686/panic.asm.ts
export declare function epitaph(): usize;

// kernel/device/font.asm.ts
export declare function font_glyphs(): usize;
export declare function font_boxes(): usize;
export declare function font_vga(): usize;
