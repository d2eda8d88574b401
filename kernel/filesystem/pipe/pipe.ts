// Pipes: bytes that one process writes and another reads, in order, up to PIPE_SIZE at a time, or
// less where fcntl(F_SETPIPE_SZ) says so.
//
//   pages   |  0 |  1 |  2 | … | 15 |      of the kernel's heap, allocated when bytes go into them
//                 ^start        ^start + count       offsets run round modulo PIPE_SIZE
//
// An unnamed pipe and a FIFO that is open are the same thing: see pipe-file.ts for what they do.
//
// Invariants
//   - A page is there while bytes of it are in the pipe, and at most one more.
//   - A pipe goes with its last reader or writer; what was not read is lost.

import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE } from "../../../src/abi/memory-map";
import { allocate, free } from "../../memory/heap";
import { allocatePages, freePages } from "../../memory/pages";
import { WaitQueue } from "../../thread/wait-queue";

/** As much as Linux's pipes hold. */
export const PIPE_SIZE: u32 = 65536;
const PAGES: u32 = PIPE_SIZE / PAGE_SIZE;
const SLOT_SHIFT: u32 = 2;

@unmanaged
export class Pipe {
  /** Who waits for bytes or for a writer, and who waits for room or for a reader. */
  readable: WaitQueue = changetype<WaitQueue>(0);
  writable: WaitQueue = changetype<WaitQueue>(0);
  /** Open files that may read, and that may write. */
  readers: u32 = 0;
  writers: u32 = 0;
  /** How often it was opened for each: an opener that waits sees that another came and went. */
  readerOpens: u32 = 0;
  writerOpens: u32 = 0;
  /** Bytes that can be read. */
  count: u32 = 0;
  /** How many it holds: whole pages, a power of two, PIPE_SIZE at the most. */
  capacity: u32 = 0;
  /** A call copies its bytes, or fills its room, and may wait: no other takes or puts any. */
  isDrained: bool = false;
  isFilled: bool = false;
  private start: u32 = 0;

  /** Has the pipe hold `size` bytes from now on; false: there are more in it. */
  setCapacity(size: u32): bool {
    if (size < this.count) return false;
    this.capacity = size;
    return true;
  }

  /** Whether there are bytes that anyone may read. */
  get isReady(): bool {
    return this.count !== 0 && !this.isDrained;
  }

  /** Bytes that anyone may write. */
  get room(): u32 {
    return this.count < this.capacity && !this.isFilled ? this.capacity - this.count : 0;
  }

  /** Whether anyone may write so many bytes, which are some. */
  hasRoomFor(size: u32): bool {
    return this.count + size <= this.capacity && !this.isFilled;
  }

  /** The address of the next byte to read; `readableThere` bytes follow it on its page. */
  get readAddress(): usize {
    return load<usize>(this.slot(this.start)) + (this.start & PAGE_MASK);
  }

  get readableThere(): u32 {
    return min<u32>(this.count, PAGE_SIZE - (this.start & PAGE_MASK));
  }

  /** The address of the byte that is read after `skipped` others; what follows on its page. */
  peekAddress(skipped: u32): usize {
    const at = this.start + skipped;
    return load<usize>(this.slot(at)) + (at & PAGE_MASK);
  }

  peekableThere(skipped: u32): u32 {
    return min<u32>(this.count - skipped, PAGE_SIZE - ((this.start + skipped) & PAGE_MASK));
  }

  /** `size` bytes at readAddress were read: `readableThere` at the most. */
  take(size: u32): void {
    const slot = this.slot(this.start);
    this.start = (this.start + size) & (PIPE_SIZE - 1);
    this.count -= size;
    if (this.count === 0) {
      // The page at hand stays for what comes next.
      this.start &= ~PAGE_MASK;
      if (this.slot(this.start) === slot) return;
    } else if ((this.start & PAGE_MASK) !== 0) return;
    dropPage(slot);
  }

  /** The address of the next byte to write, or 0 when out of memory. There must be room. */
  writeAddress(): usize {
    const end = (this.start + this.count) & (PIPE_SIZE - 1);
    const slot = this.slot(end);
    if (load<usize>(slot) === 0) store<usize>(slot, allocatePages(1));
    const page = load<usize>(slot);
    return page === 0 ? 0 : page + (end & PAGE_MASK);
  }

  /** How many bytes can be written at writeAddress(). */
  get writableThere(): u32 {
    const end = this.start + this.count;
    return min<u32>(this.room, PAGE_SIZE - (end & PAGE_MASK));
  }

  /** `size` bytes were written there. */
  put(size: u32): void {
    this.count += size;
  }

  /** Frees the pipe. */
  destroy(): void {
    for (let i: u32 = 0; i < PAGES; i++) dropPage(this.slot(i << PAGE_SHIFT));
    free(changetype<usize>(this));
  }

  /** Where the address of the page of an offset is: after the record. */
  private slot(offset: u32): usize {
    const index = (offset & (PIPE_SIZE - 1)) >> PAGE_SHIFT;
    return changetype<usize>(this) + offsetof<Pipe>() + (index << SLOT_SHIFT);
  }
}

function dropPage(slot: usize): void {
  const page = load<usize>(slot);
  store<usize>(slot, 0);
  if (page !== 0) freePages(page, 1);
}

/** An empty pipe that is not open, or null when out of memory. */
export function createPipe(): Pipe | null {
  const record: usize = offsetof<Pipe>() + (PAGES << SLOT_SHIFT);
  const at = allocate(record + 2 * offsetof<WaitQueue>());
  if (at === 0) return null;
  const pipe = changetype<Pipe>(at);
  pipe.capacity = PIPE_SIZE;
  pipe.readable = changetype<WaitQueue>(at + record);
  pipe.writable = changetype<WaitQueue>(at + record + offsetof<WaitQueue>());
  return pipe;
}
