// The memory of process 1 of a machine that has stopped, read page by page as it is asked for: no
// more of the machine's memory is fetched than that.
//
//   the trampoline, in every space -> the kernel's tables -> kernel_info (src/abi/kernel-info.ts)
//     -> the list of processes -> process 1's tables -> its pages
//
// The kernel uses PAE. Frames in a row are fetched at once, since each question costs QEMU a
// millisecond.

import {
  INFO_MAGIC,
  INFO_PROCESSES,
  INFO_SIZE,
  PROCESS_CR3,
  PROCESS_NEXT,
  PROCESS_PID,
} from "../abi/kernel-info";
import { PAGE_MASK, PAGE_SIZE } from "../abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_FRAME_HIGH,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_SIZE,
  PDPT_SHIFT,
} from "../abi/paging";
import { type ElfImage, symbolAddress } from "../inspect/elf-image";
import type { Machine } from "../machine/machine";

const PAGE_SHIFT = 12;
const PROCESS_HEAD = 20;
const PROCESSES_MAX = 65536;
const LARGE_PAGE = 1 << DIRECTORY_SHIFT;

type ReadPhysical = Machine["readPhysical"];

/** An address space of a machine that stands still. */
export class SpaceReader {
  readonly #read: ReadPhysical;
  readonly #cr3: number;
  readonly #tables = new Map<number, Promise<DataView>>();

  constructor(read: ReadPhysical, cr3: number) {
    this.#read = read;
    this.#cr3 = cr3;
  }

  /** `size` bytes at `address`; undefined if one of them is not mapped. */
  async bytes(address: number, size: number): Promise<Uint8Array | undefined> {
    const result = new Uint8Array(size);
    let run = { at: 0, from: 0, length: 0 };
    const fetchRun = async () => {
      if (run.length > 0) result.set(await this.#read(run.from, run.length), run.at);
    };
    for (let done = 0; done < size; ) {
      const at = address + done;
      const frame = await this.#frameOf(at);
      if (frame === undefined) return undefined;
      const from = frame + (at & PAGE_MASK);
      const length = Math.min(PAGE_SIZE - (at & PAGE_MASK), size - done);
      if (run.length > 0 && run.from + run.length === from) run.length += length;
      else {
        await fetchRun();
        run = { at: done, from, length };
      }
      done += length;
    }
    await fetchRun();
    return result;
  }

  /** The 32-bit word at `address`. */
  async word(address: number): Promise<number | undefined> {
    const bytes = await this.bytes(address, 4);
    return bytes && new DataView(bytes.buffer).getUint32(0, true);
  }

  async #frameOf(address: number): Promise<number | undefined> {
    const directory = await this.#entry(this.#cr3 & ~31, address >>> PDPT_SHIFT);
    if (!(directory & ENTRY_P)) return undefined;
    const table = await this.#entry(
      frameOf(directory),
      (address >>> DIRECTORY_SHIFT) % ENTRIES_PER_TABLE,
    );
    if (!(table & ENTRY_P)) return undefined;
    if (table & ENTRY_PS) {
      return ((table & -LARGE_PAGE) + (address & (LARGE_PAGE - 1) & ~PAGE_MASK)) >>> 0;
    }
    const index = (address >>> PAGE_SHIFT) % ENTRIES_PER_TABLE;
    const page = await this.#entry(frameOf(table), index);
    if (!(page & ENTRY_P)) return undefined;
    // Tables are below 4 GiB, pages anywhere.
    const high = await this.#entry(frameOf(table), index, 4);
    return frameOf(page) + (high & ENTRY_FRAME_HIGH) * 2 ** 32;
  }

  /** A word of an entry, the low one or that at `part`; `table` is a physical address. */
  async #entry(table: number, index: number, part = 0): Promise<number> {
    const address = (table >>> 0) + index * ENTRY_SIZE + part;
    const page = (address & ~PAGE_MASK) >>> 0;
    let known = this.#tables.get(page);
    if (known === undefined) {
      known = this.#read(page, PAGE_SIZE).then(viewOf);
      this.#tables.set(page, known);
    }
    return (await known).getUint32(address & PAGE_MASK, true);
  }
}

/** The space of process 1, if the kernel still has it. */
export async function firstProcessSpace(
  machine: Pick<Machine, "readPhysical" | "registers">,
  kernel: ElfImage,
): Promise<SpaceReader | undefined> {
  const read: ReadPhysical = (address, size) => machine.readPhysical(address, size);
  const [record, word] = ["kernel_info", "kernel_cr3"].map((name) => symbolAddress(kernel, name));
  if (record === undefined || word === undefined) return undefined;
  const { cr3: present } = await machine.registers();
  const cr3 = await new SpaceReader(read, present).word(word);
  const space = cr3 === undefined ? undefined : new SpaceReader(read, cr3);
  const bytes = await space?.bytes(record, INFO_SIZE);
  if (space === undefined || bytes === undefined) return undefined;
  const info = viewOf(bytes);
  if (info.getUint32(0, true) !== INFO_MAGIC) return undefined;
  let address: number | undefined = info.getUint32(INFO_PROCESSES, true);
  for (let count = 0; address && count < PROCESSES_MAX; count++) {
    const head: Uint8Array | undefined = await space.bytes(address, PROCESS_HEAD);
    if (head === undefined) return undefined;
    const process = viewOf(head);
    const own = process.getUint32(PROCESS_CR3, true);
    if (process.getUint32(PROCESS_PID, true) === 1) {
      return own === 0 ? undefined : new SpaceReader(read, own);
    }
    address = process.getUint32(PROCESS_NEXT, true);
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function frameOf(entry: number): number {
  return (entry & ENTRY_FRAME) >>> 0;
}
