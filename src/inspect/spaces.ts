// Finds the address spaces of a stopped machine: the kernel's, and one for each process.
//
// The search begins at the record `kernel_info` (src/abi/kernel-info.ts). It is part of the
// kernel's image, so the ELF file gives its physical address, unless the boot loader has moved the
// image: then the trampoline, which is in every space, has the kernel's CR3, and that space the
// record. From then on everything is read through the kernel's own directory, whichever one the
// processor happens to use.

import {
  FRAME_RECORD_SIZE,
  FRAME_REFERENCES,
  FRAME_RESERVED,
  INFO_CR3,
  INFO_CURRENT,
  INFO_ENTRIES,
  INFO_FRAME_COUNT,
  INFO_FRAMES,
  INFO_FREE_FRAMES,
  INFO_MAGIC,
  INFO_OFFSET,
  INFO_PROCESSES,
  INFO_SEGMENTS,
  INFO_STACK_TOP,
  PROCESS_CR3,
  PROCESS_NAME,
  PROCESS_NAME_SIZE,
  PROCESS_NEXT,
  PROCESS_PID,
  PROCESS_STACK_TOP,
} from "../abi/kernel-info";
import { PAGE_SIZE } from "../abi/memory-map";
import { alignUp, hex } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import type { Snapshot } from "../machine/machine";
import { type ElfImage, loadAddress, symbolAddress } from "./elf-image";
import { pagingMode } from "./paging-format";
import { type AddressSpace, findMapping, readLinear, walk } from "./walk";

/** More than a kernel of 4 GiB can hold: a longer list is a loop. */
const PROCESSES_MAX = 65536;

export interface ProcessSpace {
  readonly pid: number;
  readonly name: string;
  /** Kernel address of the end of a kernel stack: its running thread's, or its first one's. */
  readonly stackTop: number;
  /** Whether it is the one that runs, by the kernel's record. */
  readonly current: boolean;
  readonly space: AddressSpace;
}

/** `hello (pid 3)`. */
export function processTitle({ name, pid }: ProcessSpace): string {
  return `${name || "?"} (pid ${pid})`;
}

/** All address spaces at one moment. */
export interface Spaces {
  readonly snapshot: Snapshot;
  readonly kernel: AddressSpace;
  /** Without zombies: a process whose space is gone already. */
  readonly processes: readonly ProcessSpace[];
  /** How often the trampoline has entered the kernel from ring 3. */
  readonly entries: number;
  /** Kernel address of the running thread's segments, three descriptors; 0: none has run. */
  readonly segments: number;
  /** How far above its own address the image is in physical memory. */
  readonly imageOffset: number;
  /** Kernel address of the list of frames; 0: there is none. */
  readonly frameList: number;
  readonly frameCount: number;
  readonly freeFrames: number;
}

/** The kernel's space and every user space, by title. */
export function everySpace(spaces: Spaces): [string, AddressSpace][] {
  const users = spaces.processes.map((process): [string, AddressSpace] => [
    processTitle(process),
    process.space,
  ]);
  return [["kernel", spaces.kernel], ...users];
}

/**
 * Finds all spaces.
 *
 * @param image the kernel's ELF file
 * @throws Diagnostic INSP002 if the kernel has no `kernel_info`, INSP003 if it is not set up yet,
 *   INSP004 if its list of processes is damaged
 */
export function findSpaces(snapshot: Snapshot, image: ElfImage): Spaces {
  const mode = pagingMode(snapshot.registers);
  const record = findRecord(snapshot, image);
  const kernel = walk(snapshot.memory, record(INFO_CR3), mode);
  return {
    snapshot,
    kernel,
    processes: findProcesses(snapshot, kernel, record),
    entries: record(INFO_ENTRIES),
    segments: record(INFO_SEGMENTS),
    imageOffset: record(INFO_OFFSET),
    frameList: record(INFO_FRAMES),
    frameCount: record(INFO_FRAME_COUNT),
    freeFrames: record(INFO_FREE_FRAMES),
  };
}

/** Where the kernel has its list of frames, in whole pages; nowhere, if there is none. */
export function frameListRange({ frameList, frameCount }: Spaces): { start: number; end: number } {
  const size = alignUp(frameCount * FRAME_RECORD_SIZE, PAGE_SIZE);
  return { start: frameList, end: frameList + (frameList === 0 ? 0 : size) };
}

/**
 * Says of frames, by their physical addresses, whether they are kept out of the list of those that
 * can be allocated: devices' memory, the firmware's, the image. Nothing is, if there is no list.
 */
export function reservedFrames(spaces: Spaces): (pa: number) => boolean {
  const { frameList, frameCount, kernel, snapshot } = spaces;
  if (frameList === 0) return () => false;
  return (pa) => {
    const index = Math.floor(pa / PAGE_SIZE);
    const record = frameList + index * FRAME_RECORD_SIZE;
    if (index >= frameCount) return true;
    return readLinear(snapshot.memory, kernel, record + FRAME_REFERENCES) === FRAME_RESERVED;
  };
}

/** Whether the kernel has got far enough to be inspected: its record names a directory. */
export function isInspectable(snapshot: Snapshot, image: ElfImage): boolean {
  return pagingMode(snapshot.registers).enabled && findRecord(snapshot, image)(INFO_CR3) !== 0;
}

/** The function that reads a field of the `kernel_info` record. */
function findRecord(snapshot: Snapshot, image: ElfImage): (offset: number) => number {
  const va = symbolAddress(image, "kernel_info");
  const pa = va === undefined ? undefined : loadAddress(image, va);
  if (pa === undefined) {
    throw new Diagnostic(
      "INSP002",
      `${image.name} has no symbol kernel_info in a loaded section`,
      "Inspect a kernel that describes itself as src/abi/kernel-info.ts says",
    );
  }
  const magic = snapshot.memory.word(pa);
  if (magic === INFO_MAGIC) return (offset) => snapshot.memory.word(pa + offset) ?? 0;
  const moved = findMoved(snapshot, image, va);
  if (moved === undefined) {
    throw new Diagnostic(
      "INSP003",
      `there is no kernel_info record at physical address ${hex(pa)} (${hex(magic ?? 0)})`,
      "Use the ELF file that the machine booted, and look after the kernel was loaded",
    );
  }
  return (offset) => snapshot.memory.word(moved + offset) ?? 0;
}

/** The physical address of the record at `va` of a kernel that is not where it is linked. */
function findMoved(
  { memory, registers }: Snapshot,
  image: ElfImage,
  va: number | undefined,
): number | undefined {
  const mode = pagingMode(registers);
  const word = symbolAddress(image, "kernel_cr3");
  if (va === undefined || word === undefined || !mode.enabled) return undefined;
  const cr3 = readLinear(memory, walk(memory, registers.cr3, mode), word);
  const mapping = cr3 === undefined ? undefined : findMapping(walk(memory, cr3, mode), va);
  const pa = mapping && mapping.pa + (va - mapping.va);
  return pa !== undefined && memory.word(pa) === INFO_MAGIC ? pa : undefined;
}

function findProcesses(
  snapshot: Snapshot,
  kernel: AddressSpace,
  record: (offset: number) => number,
): ProcessSpace[] {
  const current = record(INFO_CURRENT);
  const processes: ProcessSpace[] = [];
  let count = 0;
  for (let address = record(INFO_PROCESSES); address !== 0; count++) {
    const field = (offset: number) => {
      const word = readLinear(snapshot.memory, kernel, address + offset);
      if (word === undefined || count > PROCESSES_MAX) throw damagedList(address);
      return word;
    };
    const cr3 = field(PROCESS_CR3);
    if (cr3 !== 0) {
      processes.push({
        pid: field(PROCESS_PID),
        name: processName(field),
        stackTop: address === current ? record(INFO_STACK_TOP) : field(PROCESS_STACK_TOP),
        current: address === current,
        space: walk(snapshot.memory, cr3, kernel.mode),
      });
    }
    address = field(PROCESS_NEXT);
  }
  return processes.sort((a, b) => a.pid - b.pid);
}

function processName(field: (offset: number) => number): string {
  const bytes = new Uint8Array(PROCESS_NAME_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < PROCESS_NAME_SIZE; i += 4) view.setUint32(i, field(PROCESS_NAME + i), true);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function damagedList(address: number): Diagnostic {
  return new Diagnostic(
    "INSP004",
    `the list of processes is damaged at kernel address ${hex(address)}`,
    "Stop the machine at another moment; if it stays damaged, the kernel's list is wrong",
  );
}
