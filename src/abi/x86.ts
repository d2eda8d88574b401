// The processor's instructions that wasm has no operation for, as imports of module `x86`.
//
// asc names an import's module after the last part of the declaring file's path, so this file's
// name is the module's. The compiler (src/compile/select/intrinsics.ts) turns each call into the
// instruction itself, inline; imports are full barriers for Binaryen, so none is merged, moved or
// dropped. Addresses are plain numbers; loads and stores here are volatile: exactly one access.

export declare function inb(port: u32): u32;
export declare function inw(port: u32): u32;
export declare function inl(port: u32): u32;
export declare function outb(port: u32, value: u32): void;
export declare function outw(port: u32, value: u32): void;
export declare function outl(port: u32, value: u32): void;

export declare function cli(): void;
export declare function sti(): void;
export declare function hlt(): void;
/** `sti` and `hlt` with nothing between: an interrupt cannot slip in before the halt. */
export declare function stihlt(): void;
export declare function pause(): void;

export declare function readcr0(): u32;
export declare function writecr0(value: u32): void;
export declare function readcr2(): u32;
export declare function readcr3(): u32;
export declare function writecr3(value: u32): void;
export declare function readcr4(): u32;
export declare function writecr4(value: u32): void;
export declare function readeflags(): u32;
export declare function writeeflags(value: u32): void;
export declare function readesp(): u32;

/** FS and GS from 16 bits of memory, and to them: a selector that cannot be loaded faults. */
export declare function loadfs(address: usize): void;
export declare function loadgs(address: usize): void;
export declare function storefs(address: usize): void;
export declare function storegs(address: usize): void;

/** `pointer` is the address of the 6-byte pseudo-descriptor. */
export declare function lgdt(pointer: usize): void;
export declare function lidt(pointer: usize): void;
export declare function ltr(selector: u32): void;
export declare function invlpg(address: usize): void;
/** 512 bytes at a multiple of 16: the x87 and SSE registers. */
export declare function fxsave(area: usize): void;
export declare function fxrstor(area: usize): void;
export declare function fninit(): void;
/** Stores EAX, EBX, ECX, EDX, in this order, at `out`. */
export declare function cpuid(leaf: u32, subleaf: u32, out: usize): void;
export declare function rdtsc(): u64;
export declare function rdmsr(index: u32): u64;
export declare function wrmsr(index: u32, value: u64): void;

export declare function load8(address: usize): u32;
export declare function load16(address: usize): u32;
export declare function load32(address: usize): u32;
export declare function store8(address: usize, value: u32): void;
export declare function store16(address: usize, value: u32): void;
export declare function store32(address: usize, value: u32): void;
/** Atomically stores `value` and returns what was there. */
export declare function xchg32(address: usize, value: u32): u32;
/** Atomically stores `value` if `expected` is there; returns what was there. */
export declare function cmpxchg32(address: usize, expected: u32, value: u32): u32;

/** `int 0x80` with the number in EAX and the arguments in EBX, ECX, EDX, ESI, EDI, EBP. */
export declare function int80(number: u32, a: u32, b: u32, c: u32, d: u32, e: u32, f: u32): i32;
