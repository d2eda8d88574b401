// Frames by their index in a file: a radix tree that holes cost nothing in.
//
//   height 0   root -> the frame of page 0
//   height 1   root -> node -> the frames of pages 0 to 63
//   height n   root -> node -> … n nodes … -> the frames of the first 64^n pages
//
// A node is 64 words of the kernel heap. A word is 0 for a hole, else the address of a node or, in
// the lowest ones, the physical address of a frame. The tree becomes higher when an index needs it.
//
// Invariants
//   - The tree holds one reference of each of its `frameCount` frames.
//   - With a height, or `bits`, of 0 the root is a frame or 0, with any other a node or 0.

import { releaseFrame } from "./frames";
import { allocate, free } from "./heap";

const NODE_SHIFT: u32 = 6;
const NODE_WORDS: u32 = 1 << NODE_SHIFT;
const NODE_MASK: u32 = NODE_WORDS - 1;
/** With so many levels each index has its place. */
const MOST_LEVELS: u32 = 6;
const MOST_BITS: u32 = MOST_LEVELS * NODE_SHIFT;

/** Past every index: no such page. */
export const NO_PAGE: u64 = 1 << 32;

/** How many frames all trees hold. */
export let treeFrames: u32 = 0;

/** What several trees hold together, at most so many frames. */
@unmanaged
export class FramePool {
  frames: u32 = 0;
  limit: u32 = 0;
}

@unmanaged
export class FrameTree {
  private root: usize = 0;
  /** The bits of an index that choose its frame below the root: NODE_SHIFT for each level. */
  private bits: u32 = 0;
  /** How many pages have a frame. */
  frameCount: u32 = 0;
  /** Null: there is no limit but memory. */
  pool: FramePool | null = null;

  /** Whether no page more can have a frame. */
  get isFull(): bool {
    const pool = this.pool;
    return pool !== null && pool.frames >= pool.limit;
  }

  /** The frame of page `index`, 0 for a hole. */
  frame(index: u32): u32 {
    if (!this.covers(index)) return 0;
    let at = this.root;
    for (let bits = this.bits; bits !== 0 && at !== 0; bits -= NODE_SHIFT) {
      at = load<usize>(wordOf(at, bits, index));
    }
    return at;
  }

  /**
   * Makes `frame`, whose reference passes to the tree, the one of page `index`, a hole so far.
   * False: the tree is full, or out of memory, and the reference stays with the caller.
   */
  putFrame(index: u32, frame: u32): bool {
    if (this.isFull) return false;
    while (!this.covers(index)) {
      if (!this.addLevel()) return false;
    }
    let word = changetype<usize>(this) + offsetof<FrameTree>("root");
    for (let bits = this.bits; bits !== 0; bits -= NODE_SHIFT) {
      if (load<usize>(word) === 0) store<usize>(word, allocate(NODE_WORDS << 2));
      const node = load<usize>(word);
      if (node === 0) return false;
      word = wordOf(node, bits, index);
    }
    store<u32>(word, frame);
    this.count(1);
    return true;
  }

  /** The first page from `index` on that has a frame; NO_PAGE: there is none. */
  nextPage(index: u32): u64 {
    let next: u64 = index;
    while (next < NO_PAGE && this.root !== 0 && this.covers(<u32>next)) {
      let at = this.root;
      let bits = this.bits;
      for (; bits !== 0 && at !== 0; bits -= NODE_SHIFT)
        at = load<usize>(wordOf(at, bits, <u32>next));
      if (at !== 0) return next;
      const hole = (<u64>1) << bits;
      next = (next & ~(hole - 1)) + hole;
    }
    return NO_PAGE;
  }

  /** Gives back the frame of page `index`, which has one. */
  dropFrame(index: u32): void {
    let word = changetype<usize>(this) + offsetof<FrameTree>("root");
    for (let bits = this.bits; bits !== 0; bits -= NODE_SHIFT) {
      word = wordOf(load<usize>(word), bits, index);
    }
    releaseFrame(load<u32>(word));
    store<u32>(word, 0);
    this.count(-1);
  }

  /** Gives back the frames of page `index` and of all after it. */
  dropFrames(index: u32): void {
    if (!this.covers(index) || this.root === 0) return;
    if (!this.dropBelow(this.root, this.bits, index)) return;
    this.root = 0;
    this.bits = 0;
  }

  /**
   * Gives back what lies below `at`, from page `index` of that part on. True if nothing is left;
   * then `at` is gone, too.
   */
  private dropBelow(at: usize, bits: u32, index: u32): bool {
    if (bits === 0) {
      releaseFrame(at);
      this.count(-1);
      return true;
    }
    const first = wordOf(at, bits, index);
    for (let word = first; word < at + (NODE_WORDS << 2); word += 4) {
      const below = load<usize>(word);
      const start = word === first ? index & (pagesBelow(bits) - 1) : 0;
      if (below !== 0 && this.dropBelow(below, bits - NODE_SHIFT, start)) store<usize>(word, 0);
    }
    if (first !== at || load<usize>(at) !== 0) return false;
    free(at);
    return true;
  }

  private count(change: u32): void {
    this.frameCount += change;
    treeFrames += change;
    const pool = this.pool;
    if (pool !== null) pool.frames += change;
  }

  private covers(index: u32): bool {
    return this.bits === MOST_BITS || index >> this.bits === 0;
  }

  private addLevel(): bool {
    if (this.root !== 0) {
      const node = allocate(NODE_WORDS << 2);
      if (node === 0) return false;
      store<usize>(node, this.root);
      this.root = node;
    }
    this.bits += NODE_SHIFT;
    return true;
  }
}

/** How many pages a word of a node stands for below which `bits` of an index choose. */
function pagesBelow(bits: u32): u32 {
  return 1 << (bits - NODE_SHIFT);
}

/** The word of `node`, below which `bits` choose, that leads to page `index`. */
function wordOf(node: usize, bits: u32, index: u32): usize {
  return node + (((index >> (bits - NODE_SHIFT)) & NODE_MASK) << 2);
}
