// A small machine for the memory manager's files, in one wasm memory: they run as they are, and
// what they write into page tables can be read.
//
//   0x0000_1000  static data of the part under test
//   TABLES       the kernel's boot tables, the end of the identity map after them
//                the heap: each address in it is memory, mapped or not
//   PAGE_TABLES  the kernel's page tables as one array, moved down from 0xff000000
//   WINDOWS      moved down, too: between the array and the windows lies more of the heap
//   RAM          the frames that can be allocated
//
// There is no MMU, so a frame does not appear where it is mapped. Where that matters, a window on a
// frame is the frame's own address.

import { readFileSync } from "node:fs";
import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import { ENTRY_P, ENTRY_SIZE } from "../../../src/abi/paging";
import { type AddressSpace, walk } from "../../../src/inspect/walk";
import { PhysicalMemory } from "../../../src/machine/physical-memory";
import { type Calls, compileKernelPart, type KernelPart } from "../kernel-part";

export const PAGE = 4096;
export const KERNEL_INFO = 0x0f_f000;
export const FRAME_LIST = 0x10_0000;
export const TABLES = 0x12_0000;
export const PAGE_TABLES = 0x100_0000;
export const DIRECTORIES = PAGE_TABLES + PAGE_TABLES / 512;
export const PAGE_TABLES_END = 0x180_0000;
export const WINDOWS = 0x190_0000;
export const RAM = 0x1a0_0000;
export const END = 0x200_0000;
export const RAM_FRAMES = (END - RAM) / PAGE;

export const TRAMPOLINE = { text: 0xffffd000, rodata: 0xffffe000, data: 0xfffff000 };
/** Where the image has the trampoline's pages. */
export const TRAMPOLINE_LOAD = { text: 0x10_8000, rodata: 0x10_9000, data: 0x10_a000 };

/** The sections of the image: where they start, and their sizes. */
export const SECTIONS: Readonly<Record<string, readonly [start: number, size: number]>> = {
  boot: [0x10_0000, PAGE],
  text: [0x10_2000, 2 * PAGE],
  rodata: [0x10_5000, PAGE],
  symbols: [0x10_7000, 0x800],
};

/** What runs in the machine: `start()` boots its memory with `frames` frames of RAM. */
export const BOOT = `
  import * as boot from "./kernel/memory/frames";
  import * as bootSpace from "./kernel/memory/kernel-space";
  import { startPaging } from "./kernel/machine/i686/paging";
  export function startSpace(frames: u32): void {
    startPaging(true);
    boot.startFrameList(${FRAME_LIST}, ${END / PAGE});
    boot.countRam(${RAM / PAGE}, ${RAM / PAGE} + frames);
    boot.freeReserved(${RAM / PAGE}, ${RAM / PAGE} + frames);
    bootSpace.buildKernelSpace(${TABLES}, 0);
  }
`;

/** As BOOT, with the heap's pages. */
export const BOOT_PAGES = `
  ${BOOT}
  import * as bootPages from "./kernel/memory/pages";
  export function start(frames: u32): void {
    startSpace(frames);
    bootPages.startPages();
  }
`;

/** What a walk looks at: the tests take less of the heap. */
const HEAP_END = 0x40_0000;
const MODE = { enabled: true, pae: true, pse: true, nx: true, writeProtect: true };
const MEMORY_MAP = "src/abi/memory-map.ts";
/** Frames seen at their own addresses, and how many are being looked at. */
const OWN_ADDRESSES = `
  import { entryFrame } from "../machine/i686/paging";
  let open: i32 = 0;
  export function openWindow(frame: u32): usize {
    open++;
    return frame;
  }
  export function openEntry(entry: usize): usize { return openWindow(entryFrame(entry)); }
  export function closeWindow(_address: usize): void {
    open--;
  }
  export function noWindowOpen(): bool {
    return open === 0;
  }
`;

/** A machine that has started. */
export interface Machine {
  readonly part: KernelPart;
  /** Calls an export; the result is a signed number. */
  call(name: string, ...values: number[]): number;
  /** Calls an export whose result is an address. */
  address(name: string, ...values: number[]): number;
  word(address: number): number;
  setWord(address: number, value: number): void;
  /** The addresses that were taken out of the TLB. */
  readonly flushed: number[];
  /** All that the tables of `cr3` map, as a processor would find them. */
  walk(cr3: number): AddressSpace;
}

interface MachineOptions {
  readonly replace?: Readonly<Record<string, string>>;
  /** Whether windows are those of kernel/memory/window.ts; if not, a frame is seen where it is. */
  readonly realWindows?: boolean;
  /** Whether the addresses stay that are moved down otherwise: then the heap cannot be used. */
  readonly realAddresses?: boolean;
  /** More functions to import, by module and name. */
  readonly imports?: Readonly<Record<string, Calls>>;
}

/**
 * A function that starts a new machine on `source`; panic() throws its reason. Nothing is booted:
 * see BOOT.
 */
export function machineFor(source: string, options: MachineOptions = {}): () => Machine {
  let current: Machine | undefined;
  const here = () => {
    if (current === undefined) throw new Error("no machine has started");
    return current;
  };
  const startPart = compileKernelPart(source, {
    memory: END,
    replace: {
      ...(options.realAddresses ? {} : { [MEMORY_MAP]: movedMemoryMap() }),
      ...(options.realWindows ? {} : { "kernel/memory/window.ts": OWN_ADDRESSES }),
      ...options.replace,
    },
    imports: {
      ...options.imports,
      symbols: { ...symbolImports(), ...options.imports?.symbols },
      panic: {
        panic(reason = 0) {
          throw new Error(here().part.text(reason));
        },
      },
      x86: {
        invlpg(address = 0) {
          return here().flushed.push(address >>> 0);
        },
        ...options.imports?.x86,
      },
    },
  });
  return () => {
    current = machineOf(startPart());
    return current;
  };
}

function machineOf(part: KernelPart): Machine {
  const call = (name: string, ...values: number[]) => {
    const called = part.call[name];
    if (called === undefined) throw new Error(`the part exports no ${name}`);
    return called(...values);
  };
  return {
    part,
    call,
    address: (name, ...values) => call(name, ...values) >>> 0,
    word: (address) => Buffer.from(part.read(address, 4)).readUInt32LE(),
    setWord(address, value) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value >>> 0);
      part.write(address, bytes);
    },
    flushed: [],
    walk: (cr3) => walk(physicalMemory(part), cr3, MODE),
  };
}

/**
 * What lies at physical addresses: the boot tables, where the image was moved to, and the heap's
 * pages in their frames.
 */
function physicalMemory(part: KernelPart): PhysicalMemory {
  const bytes = new Uint8Array(END);
  const offset = Buffer.from(part.read(KERNEL_INFO + INFO_OFFSET, 4)).readUInt32LE();
  bytes.set(part.read(FRAME_LIST, HEAP_END - FRAME_LIST), FRAME_LIST + offset);
  const entries = new DataView(part.read(PAGE_TABLES, (HEAP_END / PAGE) * ENTRY_SIZE).buffer);
  for (let page = 0; page < HEAP_END; page += PAGE) {
    const entry = entries.getUint32((page / PAGE) * ENTRY_SIZE, true);
    if ((entry & ENTRY_P) !== 0) bytes.set(part.read(page, PAGE), entry - (entry % PAGE));
  }
  return new PhysicalMemory(bytes);
}

/** The addresses of the memory map, with those of the kernel's space moved into the memory. */
function movedMemoryMap(): string {
  const moved = { PAGE_TABLES, PAGE_TABLES_END, WINDOWS, WINDOW_END: WINDOWS + 16 * PAGE };
  return Object.entries(moved).reduce(
    (text, [name, address]) => {
      const declaration = new RegExp(`(?<=export const ${name}: u32 = )\\w+`);
      if (!declaration.test(text)) throw new Error(`${MEMORY_MAP} declares no ${name}`);
      return text.replace(declaration, String(address));
    },
    readFileSync(MEMORY_MAP, "utf8"),
  );
}

/** What the linker would define. */
function symbolImports(): Record<string, () => number> {
  const symbols: Record<string, () => number> = { kernel_info: () => KERNEL_INFO };
  for (const [name, [start, size]] of Object.entries(SECTIONS)) {
    symbols[`${name}_start`] = () => start;
    symbols[`${name}_size`] = () => size;
  }
  for (const name of ["text", "rodata", "data"] as const) {
    symbols[`trampoline_${name}_start`] = () => TRAMPOLINE[name];
    symbols[`trampoline_${name}_size`] = () => 0x300;
    symbols[`trampoline_${name}_load`] = () => TRAMPOLINE_LOAD[name];
  }
  return symbols;
}
