// Segments of a thread's own: three descriptors that it can fill, and the registers FS and GS. C
// libraries find the variables of a thread by them (thread-local storage).
//
//   a thread's segments    0  three descriptors: low word, high word
//                         24  fs   28  gs      while another thread runs
//   the GDT               entries 6 to 8 are those of the running thread
//
// Invariants
//   - The GDT lies in the trampoline, where everybody could see it were it not the supervisor's: it
//     holds the running thread's descriptors and never another's (law 5). INFO_SEGMENTS says where
//     these are; it is 0 if the thread has none, and the three of the GDT are 0 then.
//   - A descriptor is 0, or a present 32-bit data segment of ring 3. Its base and limit may be
//     anything: paging alone isolates, as with the flat segments.
//   - FS and GS are loaded in ring 0 only with a selector that cannot fault: null, a flat segment
//     of the user's, or one of the three that is there. The user's own code can have loaded nothing
//     else; when a descriptor changes, describe() sees to it that this stays so.

import {
  DESCRIPTOR_PRESENT,
  TLS_ENTRIES,
  TLS_FIRST,
  USER_CS,
  USER_DS,
} from "../../../src/abi/descriptors";
import { INFO_SEGMENTS } from "../../../src/abi/kernel-info";
import {
  USER_DESC_32BIT,
  USER_DESC_CONTENTS_MASK,
  USER_DESC_CONTENTS_SHIFT,
  USER_DESC_IN_PAGES,
  USER_DESC_NOT_PRESENT,
  USER_DESC_READ_ONLY,
  USER_DESC_USEABLE,
} from "../../../src/abi/linux/user-desc";
import * as x86 from "../../../src/abi/x86";
import * as symbols from "./symbols";

const RPL_MASK: u32 = 3;
const INDEX_SHIFT: u32 = 3;
/** The low three bits of a selector: from the LDT, and the privilege that is asked for. */
const TABLE_BIT: u32 = 4;

// Bits of a descriptor's high word.
const TYPE_WRITABLE: u32 = 1 << 9;
const TYPE_EXPAND_DOWN_SHIFT: u32 = 10;
/** Accessed, not the system's, ring 3, present: the processor need not write to it. */
const USER_DATA: u32 = 0x0000f100;
const AVAILABLE: u32 = 1 << 20;
const IS_32BIT: u32 = 1 << 22;
const GRANULARITY: u32 = 1 << 23;
const LIMIT_HIGH: u32 = 0x000f0000;

/** Bytes between the two selectors. */
const GS_AFTER_FS: usize = 4;

@unmanaged
export class UserSegments {
  low0: u32 = 0;
  high0: u32 = 0;
  low1: u32 = 0;
  high1: u32 = 0;
  low2: u32 = 0;
  high2: u32 = 0;
  fs: u32 = 0;
  gs: u32 = 0;

  /** Notes the registers of the running thread, whose segments these are. */
  save(): void {
    "inline";
    x86.storefs(this.selectors);
    x86.storegs(this.selectors + GS_AFTER_FS);
  }

  /** Makes these the segments of the processor. */
  load(): void {
    "inline";
    if ((load<u32>(symbols.kernel_info(), INFO_SEGMENTS) | this.areUsed) !== 0) this.describeAll();
    x86.loadfs(this.selectors);
    x86.loadgs(this.selectors + GS_AFTER_FS);
  }

  /** Has the GDT hold these descriptors. */
  private describeAll(): void {
    const gdt = symbols.gdt() + (TLS_FIRST << INDEX_SHIFT);
    store<u32>(gdt, this.low0, 0);
    store<u32>(gdt, this.high0, 4);
    store<u32>(gdt, this.low1, 8);
    store<u32>(gdt, this.high1, 12);
    store<u32>(gdt, this.low2, 16);
    store<u32>(gdt, this.high2, 20);
    const place = this.areUsed !== 0 ? changetype<usize>(this) : 0;
    store<usize>(symbols.kernel_info(), place, INFO_SEGMENTS);
  }

  /** No segment of its own, FS and GS null: what a program starts with. */
  clear(): void {
    memory.fill(changetype<usize>(this), 0, offsetof<UserSegments>());
  }

  /** Those of another thread. */
  copyFrom(other: UserSegments): void {
    memory.copy(changetype<usize>(this), changetype<usize>(other), offsetof<UserSegments>());
  }

  /** The first of the descriptors that is not used: its index in the GDT, or 0. */
  freeIndex(): u32 {
    for (let i: u32 = 0; i < TLS_ENTRIES; i++) {
      if (this.highOf(TLS_FIRST + i) === 0) return TLS_FIRST + i;
    }
    return 0;
  }

  /**
   * Makes descriptor `index` say what Linux's user_desc says; flags 0 and no base: nothing, and a
   * selector of it becomes null. Of the running thread it follows save(), and load() follows it.
   */
  describe(index: u32, base: u32, limit: u32, flags: u32): void {
    const isUsed = (flags & USER_DESC_NOT_PRESENT) === 0 && (base | limit | flags) !== 0;
    store<u32>(this.descriptor(index), isUsed ? (base << 16) | (limit & 0xffff) : 0);
    store<u32>(this.descriptor(index), isUsed ? highWord(base, limit, flags) : 0, 4);
    this.fs = this.loadable(this.fs);
    this.gs = this.loadable(this.gs);
  }

  baseOf(index: u32): u32 {
    const high = this.highOf(index);
    return (load<u32>(this.descriptor(index)) >> 16) | ((high & 0xff) << 16) | (high & 0xff000000);
  }

  limitOf(index: u32): u32 {
    return (load<u32>(this.descriptor(index)) & 0xffff) | (this.highOf(index) & LIMIT_HIGH);
  }

  /** The flags of a user_desc. */
  flagsOf(index: u32): u32 {
    const high = this.highOf(index);
    let flags = ((high >> TYPE_EXPAND_DOWN_SHIFT) & 1) << USER_DESC_CONTENTS_SHIFT;
    if ((high & TYPE_WRITABLE) === 0) flags |= USER_DESC_READ_ONLY;
    if ((high & DESCRIPTOR_PRESENT) === 0) flags |= USER_DESC_NOT_PRESENT;
    if ((high & IS_32BIT) !== 0) flags |= USER_DESC_32BIT;
    if ((high & GRANULARITY) !== 0) flags |= USER_DESC_IN_PAGES;
    if ((high & AVAILABLE) !== 0) flags |= USER_DESC_USEABLE;
    return flags;
  }

  /** The selector itself if it can be loaded, otherwise null. */
  private loadable(selector: u32): u32 {
    const index = selector >> INDEX_SHIFT;
    if ((selector & TABLE_BIT) !== 0) return 0;
    if (index === USER_CS >> INDEX_SHIFT || index === USER_DS >> INDEX_SHIFT) return selector;
    if (index - TLS_FIRST >= TLS_ENTRIES) return 0;
    return (this.highOf(index) & DESCRIPTOR_PRESENT) !== 0 ? selector : 0;
  }

  /** Not 0 if one of the descriptors is there. */
  private get areUsed(): u32 {
    return this.high0 | this.high1 | this.high2;
  }

  private get selectors(): usize {
    return changetype<usize>(this) + offsetof<UserSegments>("fs");
  }

  private descriptor(index: u32): usize {
    return changetype<usize>(this) + ((index - TLS_FIRST) << INDEX_SHIFT);
  }

  private highOf(index: u32): u32 {
    return load<u32>(this.descriptor(index), 4);
  }
}

function highWord(base: u32, limit: u32, flags: u32): u32 {
  let high = (base & 0xff000000) | ((base >> 16) & 0xff) | (limit & LIMIT_HIGH) | USER_DATA;
  const contents = (flags >> USER_DESC_CONTENTS_SHIFT) & USER_DESC_CONTENTS_MASK;
  high |= contents << TYPE_EXPAND_DOWN_SHIFT;
  if ((flags & USER_DESC_READ_ONLY) === 0) high |= TYPE_WRITABLE;
  if ((flags & USER_DESC_32BIT) !== 0) high |= IS_32BIT;
  if ((flags & USER_DESC_IN_PAGES) !== 0) high |= GRANULARITY;
  if ((flags & USER_DESC_USEABLE) !== 0) high |= AVAILABLE;
  return high;
}

if (offsetof<UserSegments>("gs") !== offsetof<UserSegments>("fs") + GS_AFTER_FS) ERROR("FS, GS");
if (USER_CS >> INDEX_SHIFT !== 3 || (USER_DS & RPL_MASK) !== RPL_MASK) ERROR("user selectors");
