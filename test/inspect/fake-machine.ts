// A machine's memory made by hand: page tables, processes and an entry stack in a byte array, all
// nine laws kept. A test breaks one of them and looks at what the audit says.
//
//   physical   0x0010_0000  the kernel's image, one page each: .text, .data with kernel_info
//              0x0010_8000  the trampoline's three frames: text, rodata, data with the entry stack
//              0x0020_0000  page tables and kernel stacks, one page after the other
//              0x0030_0000  frames of users, likewise
//
//   kernel     image at its own addresses; kernel stacks at KERNEL_STACKS; trampoline
//   user       code at 0x1000, data at 0x2000, stack below 0xffffc000; trampoline

import { layout } from "../../kernel/layout";
import { EFLAGS_FIXED, EFLAGS_IF, USER_CS, USER_DS } from "../../src/abi/descriptors";
import {
  INFO_CR3,
  INFO_CURRENT,
  INFO_ENTRIES,
  INFO_MAGIC,
  INFO_PROCESSES,
  INFO_STACK_TOP,
  PROCESS_CR3,
  PROCESS_NAME,
  PROCESS_NEXT,
  PROCESS_PID,
  PROCESS_STACK_TOP,
} from "../../src/abi/kernel-info";
import {
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  EFER_NXE,
  ENTRY_FRAME,
  ENTRY_G,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_US,
} from "../../src/abi/paging";
import { FRAME_EFLAGS, FRAME_EIP, FRAME_ESP, FRAME_SIZE } from "../../src/abi/trap-frame";
import type { BootedFiles } from "../../src/inspect/booted-files";
import type { ElfImage } from "../../src/inspect/elf-image";
import { resolveLayout } from "../../src/link/layout/resolve";
import type { Registers, Snapshot } from "../../src/machine/machine";
import { PhysicalMemory } from "../../src/machine/physical-memory";
import { V86_CAPABILITIES } from "../../src/machine/v86";

const PAGE = 0x1000;
export const TEXT = 0x10_0000;
export const DATA = 0x10_1000;
export const TRAMPOLINE_FRAME = 0x10_8000;
export const TRAMPOLINE = 0xffffd000;
export const KERNEL_STACKS = 0xe000_0000;
export const USER_CODE = 0x1000;
export const USER_DATA = 0x2000;
export const USER_STACK = 0xffffb000;
const ENTRY_STACK = 0xfffff000;
const ENTRY_STACK_TOP = ENTRY_STACK + 512;
const KERNEL_INFO = DATA + 0x100;
const PROCESS_RECORDS = DATA + 0x400;
const PROCESS_RECORD_SIZE = 64;

export interface EntryFlags {
  readonly write?: boolean;
  readonly user?: boolean;
  readonly execute?: boolean;
  readonly global?: boolean;
}

/** The kernel's file, as far as the inspector asks. */
export const IMAGE: ElfImage = {
  name: "kernel.elf",
  segments: [
    { va: TEXT, pa: TEXT, size: PAGE, write: false, execute: true },
    { va: DATA, pa: DATA, size: PAGE, write: true, execute: false },
    { va: TRAMPOLINE, pa: TRAMPOLINE_FRAME, size: 3 * PAGE, write: true, execute: true },
  ],
  sections: [
    { name: ".text", va: TEXT, size: PAGE, write: false, execute: true },
    { name: ".data", va: DATA, size: PAGE, write: true, execute: false },
    { name: ".trampoline.text", va: TRAMPOLINE, size: 0x900, write: false, execute: true },
    {
      name: ".trampoline.rodata",
      va: TRAMPOLINE + PAGE,
      size: 0x804,
      write: false,
      execute: false,
    },
    { name: ".trampoline.data", va: ENTRY_STACK, size: 0x400, write: true, execute: false },
  ],
  symbols: [
    { name: "kernelMain", va: TEXT + 0x10, size: 0x20 },
    { name: "kernel_info", va: KERNEL_INFO, size: 40 },
    { name: "entry_stack", va: ENTRY_STACK, size: 512 },
    { name: "entry_stack_top", va: ENTRY_STACK_TOP, size: 0 },
  ],
};

/** A user program's file: code at USER_CODE. */
export const PROGRAM: ElfImage = {
  name: "hello",
  segments: [{ va: USER_CODE, pa: USER_CODE, size: 0x300, write: false, execute: true }],
  sections: [{ name: ".text", va: USER_CODE, size: 0x300, write: false, execute: true }],
  symbols: [{ name: "main", va: USER_CODE, size: 0x300 }],
};

export const FILES: BootedFiles = {
  image: IMAGE,
  layout: resolveLayout(layout),
  programs: new Map([["hello", PROGRAM]]),
};

export class FakeMachine {
  readonly bytes = new Uint8Array(0x40_0000);
  readonly kernelCr3: number;
  readonly processes: { readonly pid: number; readonly cr3: number; readonly stackTop: number }[] =
    [];
  /** Overrides of the registers in the snapshot. */
  registers: Partial<Registers> = {};
  readonly #view = new DataView(this.bytes.buffer);
  #nextTable = 0x20_0000;
  #nextUserFrame = 0x30_0000;

  /** @param nx whether entries use NX, and EFER.NXE is on */
  constructor(readonly nx = true) {
    this.kernelCr3 = this.takeTable();
    this.map(this.kernelCr3, TEXT, TEXT, { execute: true });
    this.map(this.kernelCr3, DATA, DATA, { write: true });
    this.#mapTrampoline(this.kernelCr3);
    this.setWord(KERNEL_INFO, INFO_MAGIC);
    this.setWord(KERNEL_INFO + INFO_CR3, this.kernelCr3);
    this.setWord(KERNEL_INFO + INFO_ENTRIES, 1);
    this.addProcess("hello");
    this.addProcess("sh");
    this.enterUser(0);
  }

  setWord(pa: number, value: number): void {
    this.#view.setUint32(pa, value, true);
  }

  word(pa: number): number {
    return this.#view.getUint32(pa, true);
  }

  /** A zeroed frame for a table or a kernel stack. */
  takeTable(): number {
    const pa = this.#nextTable;
    this.#nextTable += PAGE;
    return pa;
  }

  takeUserFrame(): number {
    const pa = this.#nextUserFrame;
    this.#nextUserFrame += PAGE;
    return pa;
  }

  /** Adds a process with code, data, stack, kernel stack and the trampoline. */
  addProcess(name: string): void {
    const index = this.processes.length;
    const cr3 = this.takeTable();
    this.map(cr3, USER_CODE, this.takeUserFrame(), { user: true, execute: true });
    this.map(cr3, USER_DATA, this.takeUserFrame(), { user: true, write: true });
    this.map(cr3, USER_STACK, this.takeUserFrame(), { user: true, write: true });
    this.#mapTrampoline(cr3);
    const stack = KERNEL_STACKS + index * 2 * PAGE;
    const stackFrame = this.takeTable();
    this.map(this.kernelCr3, stack, stackFrame, { write: true });
    this.#fillFrame(stackFrame + PAGE - FRAME_SIZE, index);
    const record = PROCESS_RECORDS + index * PROCESS_RECORD_SIZE;
    this.setWord(record + PROCESS_NEXT, this.word(KERNEL_INFO + INFO_PROCESSES));
    this.setWord(record + PROCESS_PID, index + 1);
    this.setWord(record + PROCESS_CR3, cr3);
    this.setWord(record + PROCESS_STACK_TOP, stack + PAGE);
    this.bytes.set(Buffer.from(name), record + PROCESS_NAME);
    this.setWord(KERNEL_INFO + INFO_PROCESSES, record);
    this.processes.push({ pid: index + 1, cr3, stackTop: stackFrame + PAGE });
  }

  /** The processor runs process `index` in ring 3; its exit frame is on the entry stack. */
  enterUser(index: number): void {
    const process = this.processes[index];
    if (!process) throw new Error(`no process ${index}`);
    this.registers = { ...this.registers, cr3: process.cr3, cpl: 3 };
    const record = PROCESS_RECORDS + index * PROCESS_RECORD_SIZE;
    this.setWord(KERNEL_INFO + INFO_CURRENT, record);
    this.setWord(KERNEL_INFO + INFO_STACK_TOP, this.word(record + PROCESS_STACK_TOP));
    const top = TRAMPOLINE_FRAME + 2 * PAGE + (ENTRY_STACK_TOP - ENTRY_STACK);
    for (let offset = 4; offset <= FRAME_SIZE; offset += 4) {
      this.setWord(top - offset, this.word(process.stackTop - offset));
    }
  }

  enterKernel(): void {
    this.registers = { ...this.registers, cr3: this.kernelCr3, cpl: 0 };
  }

  /** The physical address of a field of `kernel_info`. */
  infoWord(offset: number): number {
    return KERNEL_INFO + offset;
  }

  /** The physical address of a word of the entry stack, counted down from its top. */
  entryStackWord(index: number): number {
    return TRAMPOLINE_FRAME + 2 * PAGE + (ENTRY_STACK_TOP - ENTRY_STACK) - 4 * index;
  }

  /** Maps a page; tables in between are made with all rights. Returns the entry's address. */
  map(cr3: number, va: number, pa: number, flags: EntryFlags): number {
    const entry = this.#entryAddress(cr3, va);
    const low =
      ENTRY_P |
      (flags.write ? ENTRY_RW : 0) |
      (flags.user ? ENTRY_US : 0) |
      (flags.global ? ENTRY_G : 0);
    this.setWord(entry, (pa | low) >>> 0);
    this.setWord(entry + 4, this.nx && !flags.execute ? ENTRY_NX_HIGH : 0);
    return entry;
  }

  snapshot(): Snapshot {
    const zero = { base: 0, limit: 0 };
    const general = { eax: 0, ebx: 0, ecx: 0, edx: 0, esi: 0, edi: 0, ebp: 0, esp: 0, eip: 0 };
    const segments = { cs: 0, ss: 0, ds: 0, es: 0, fs: 0, gs: 0 };
    return {
      memory: new PhysicalMemory(this.bytes),
      machine: this.nx ? "qemu" : "v86",
      capabilities: { ...V86_CAPABILITIES, nx: this.nx || V86_CAPABILITIES.nx },
      registers: {
        ...general,
        ...segments,
        eflags: 2,
        cpl: 0,
        cr0: (CR0_PE | CR0_PG | CR0_WP) >>> 0,
        cr2: 0,
        cr3: this.kernelCr3,
        cr4: CR4_PAE | CR4_PGE,
        efer: this.nx ? EFER_NXE : undefined,
        gdtr: zero,
        idtr: zero,
        tr: { selector: 0x28, ...zero },
        halted: false,
        ...this.registers,
      },
    };
  }

  #entryAddress(cr3: number, va: number): number {
    const directory = this.#below(cr3 + (va >>> 30) * 8, ENTRY_P);
    const all = ENTRY_P | ENTRY_RW | (cr3 === this.kernelCr3 ? 0 : ENTRY_US);
    const table = this.#below(directory + ((va >>> 21) & 511) * 8, all);
    return table + ((va >>> 12) & 511) * 8;
  }

  #below(entry: number, flags: number): number {
    if (!this.word(entry)) this.setWord(entry, (this.takeTable() | flags) >>> 0);
    return (this.word(entry) & ENTRY_FRAME) >>> 0;
  }

  #mapTrampoline(cr3: number): void {
    const global = true;
    this.map(cr3, TRAMPOLINE, TRAMPOLINE_FRAME, { global, execute: true });
    this.map(cr3, TRAMPOLINE + PAGE, TRAMPOLINE_FRAME + PAGE, { global });
    this.map(cr3, TRAMPOLINE + 2 * PAGE, TRAMPOLINE_FRAME + 2 * PAGE, { global, write: true });
  }

  /** A trap frame that tells the processes apart. */
  #fillFrame(pa: number, index: number): void {
    for (let offset = 0; offset < FRAME_SIZE; offset += 4) {
      this.setWord(pa + offset, 0xa000_0000 + index * 0x1000 + offset);
    }
    this.setWord(pa + FRAME_EIP, USER_CODE + 0x10);
    this.setWord(pa + FRAME_EIP + 4, USER_CS);
    this.setWord(pa + FRAME_EFLAGS, EFLAGS_IF | EFLAGS_FIXED);
    this.setWord(pa + FRAME_ESP, USER_STACK + 0x800 + index * 16);
    this.setWord(pa + FRAME_ESP + 4, USER_DS);
  }
}
