// What the tests of user spaces share: the part that they run, and words for what they do with it.

import assert from "node:assert/strict";
import { FAULT_USER } from "../../../src/abi/paging";
import { BOOT_PAGES, type Machine, PAGE, RAM_FRAMES } from "./simulated-machine";

// As kernel/memory/region.ts has them.
export const [READ, WRITE, EXECUTE] = [1, 2, 4] as const;
export const [SHARED, GROWS_DOWN, STAYS_READ_ONLY, NOT_INHERITED, WIPED, LOCKED] = [
  1, 2, 4, 8, 16, 32,
] as const;
export const NOT_EXECUTED = 64;
export const [EPERM, EIO, ENOMEM, EACCES, EFAULT, EINVAL] = [-1, -5, -12, -13, -14, -22] as const;
export const USER_END = 0xffffc000;
export const STACK_LIMIT = 8 * 2 ** 20;
export const STACK_GAP = 16 * PAGE;

/** The part: `start()` of BOOT_PAGES, spaces, their regions and pages, objects. */
export const USER_SPACE = `
  ${BOOT_PAGES}
  import * as faults from "./kernel/memory/fault";
  import * as maps from "./kernel/memory/map-range";
  import { allocate } from "./kernel/memory/heap";
  import { FramePool } from "./kernel/memory/frame-tree";
  import * as objects from "./kernel/memory/memory-object";
  import * as regionFile from "./kernel/memory/region";
  import * as spaces from "./kernel/memory/space";
  import { freeSpareTables } from "./kernel/memory/page-tables";
  export { freeSpareTables } from "./kernel/memory/page-tables";
  export { zeroFrame } from "./kernel/memory/frame-contents";
  export * from "./kernel/memory/frames";
  export { noWindowOpen } from "./kernel/memory/window";
  export function at(space: usize): spaces.AddressSpace {
    return changetype<spaces.AddressSpace>(space);
  }
  function regionOf(record: usize): regionFile.Region {
    return changetype<regionFile.Region>(record);
  }
  export function createSpace(): usize { return changetype<usize>(spaces.createSpace()); }
  export function release(space: usize): void { at(space).release(); }
  export function retain(space: usize): void { at(space).retain(); }
  export function fork(space: usize): usize { return changetype<usize>(at(space).fork()); }
  export function resolveFault(space: usize, address: usize, code: u32): i32 {
    return faults.resolveFault(at(space), address, code);
  }
  export function map(
    space: usize, from: usize, to: usize, rights: u32, flags: u32,
    object: usize, page: u32, file: usize,
  ): i32 {
    const shown = changetype<objects.MemoryObject | null>(object);
    return maps.mapRange(at(space), from, to, rights, flags, shown, page, file);
  }
  export function unmap(space: usize, from: usize, to: usize): i32 {
    return maps.unmapRange(at(space), from, to);
  }
  export function findRegion(space: usize, address: usize): usize {
    return changetype<usize>(at(space).findRegion(address));
  }
  export function reserveRegions(space: usize, more: u32): bool {
    return at(space).regions.reserve(more);
  }
  export function regionCount(space: usize): u32 { return at(space).regions.count; }
  export function regionAt(space: usize, index: u32): usize {
    return changetype<usize>(at(space).regions.at(index));
  }
  export function startOf(record: usize): usize { return regionOf(record).start; }
  export function endOf(record: usize): usize { return regionOf(record).end; }
  export function rightsOf(record: usize): u32 { return regionOf(record).rights; }
  export function flagsOf(record: usize): u32 { return regionOf(record).flags; }
  export function pageOf(record: usize): u32 { return regionOf(record).firstPage; }
  export function objectOf(record: usize): usize {
    return changetype<usize>(regionOf(record).object);
  }
  export function fileOf(record: usize): usize { return regionOf(record).file; }
  export function cr3(space: usize): u32 { return at(space).cr3; }
  export function entry(space: usize, address: usize): usize { return at(space).entry(address); }
  export function makeEntry(space: usize, address: usize): usize {
    return at(space).makeEntry(address);
  }
  export function resident(space: usize): u32 { return at(space).residentPages; }
  export function setLimits(space: usize, stack: u32, size: u32, data: u32): void {
    at(space).stackLimit = stack;
    at(space).sizeLimit = size;
    at(space).dataLimit = data;
  }
  export function createObject(pages: u32): usize {
    const object = objects.createMemoryObject()!;
    object.truncate(<u64>pages << 12);
    return changetype<usize>(object);
  }
  export function frameOfObject(object: usize, index: u32): u32 {
    return changetype<objects.MemoryObject>(object).frame(index);
  }
  export function ensureFrame(object: usize, index: u32): u32 {
    return changetype<objects.MemoryObject>(object).ensureFrame(index);
  }
  /** How many frames the object may have. */
  export function limitFrames(object: usize, limit: u32): void {
    const pool = changetype<FramePool>(allocate(offsetof<FramePool>()));
    pool.limit = limit;
    changetype<objects.MemoryObject>(object).pool = pool;
  }
  export function truncate(object: usize, pages: u32): void {
    changetype<objects.MemoryObject>(object).truncate(<u64>pages << 12);
  }
  export function objectReferences(object: usize): u32 {
    return changetype<objects.MemoryObject>(object).references;
  }
  export function releaseObject(object: usize): void {
    changetype<objects.MemoryObject>(object).release();
  }
  export function countFiles(): void {
    regionFile.onMappedFile(retainFile.index, releaseFile.index, noteWritten.index);
  }
  function noteWritten(file: usize): void { store<u32>(file, load<u32>(file, 4) + 1, 4); }
  function retainFile(file: usize): void { store<u32>(file, load<u32>(file) + 1); }
  function releaseFile(file: usize): void { store<u32>(file, load<u32>(file) - 1); }
`;

/** A region, in pages where it can be. */
export interface SeenRegion {
  readonly from: number;
  readonly to: number;
  readonly rights: number;
  readonly flags: number;
}

/** A machine with a space in it. */
export class UserSpace {
  readonly space: number;
  /** Free frames before there was a space. */
  readonly #framesAtStart: number;

  constructor(readonly machine: Machine) {
    this.call("start", RAM_FRAMES);
    // It stays once it is there, and so does the page of the smallest records.
    this.call("zeroFrame");
    this.call("countFiles");
    this.#framesAtStart = this.call("freeFrameCount");
    this.space = this.address("createSpace");
  }

  call(name: string, ...values: number[]): number {
    return this.machine.call(name, ...values);
  }

  address(name: string, ...values: number[]): number {
    return this.machine.address(name, ...values);
  }

  /** Maps the pages [from, to) of a space. */
  map(from: number, to: number, rights: number = READ | WRITE, flags = 0, of = this.space): number {
    return this.call("map", of, from * PAGE, to * PAGE, rights, flags, 0, 0, 0);
  }

  /** Maps [from, to) to an object. */
  show(object: number, from: number, to: number, rights: number, flags = 0, page = 0, file = 0) {
    const range = [from * PAGE, to * PAGE] as const;
    assert.equal(this.call("map", this.space, ...range, rights, flags, object, page, file), 0);
  }

  /** A fault of a user's at address `at`. */
  fault(at: number, code = 0, of = this.space): number {
    return this.call("resolveFault", of, at, FAULT_USER | code);
  }

  /** Touches page `page`, which must be allowed. */
  touch(page: number, code = 0, of = this.space): void {
    assert.equal(this.fault(page * PAGE, code, of), 0, `page ${page}`);
  }

  /** The low word of the entry of `at`, 0 if there is no table. */
  entry(at: number, of = this.space): number {
    const pte = this.address("entry", of, at);
    return pte === 0 ? 0 : this.machine.word(pte);
  }

  high(at: number, of = this.space): number {
    return this.machine.word(this.address("entry", of, at) + 4);
  }

  frame(at: number, of = this.space): number {
    return (this.entry(at, of) & ~(PAGE - 1)) >>> 0;
  }

  references(frame: number): number {
    return this.call("frameReferences", frame);
  }

  write(at: number, text: string, of = this.space): void {
    this.machine.part.write(this.frame(at, of), text);
  }

  text(at: number, of = this.space): string {
    return this.machine.part.text(this.frame(at, of));
  }

  /** The regions of a space, with page numbers. */
  regions(of = this.space): SeenRegion[] {
    return Array.from({ length: this.call("regionCount", of) }, (_, index) => {
      const region = this.address("regionAt", of, index);
      return {
        from: this.address("startOf", region) / PAGE,
        to: this.address("endOf", region) / PAGE,
        rights: this.call("rightsOf", region),
        flags: this.call("flagsOf", region),
      };
    });
  }

  /** The same, as pairs of start and end. */
  ranges(of = this.space): [from: number, to: number][] {
    return this.regions(of).map(({ from, to }) => [from, to]);
  }

  /** Frames that are taken since there was no space; spare tables do not count. */
  taken(): number {
    this.call("freeSpareTables");
    return this.#framesAtStart - this.call("freeFrameCount");
  }

  /** Takes frames until `left` are left; a function that gives them back. */
  leaveFrames(left: number): () => void {
    this.call("freeSpareTables");
    const frames = Array.from({ length: this.call("freeFrameCount") - left }, () =>
      this.address("allocateFrame"),
    );
    return () => {
      for (const frame of frames.reverse()) this.call("releaseFrame", frame);
    };
  }

  /** Leaves no memory for a region's record; the pages from 0x10000 on are used for that. */
  leaveNoRecords(): () => void {
    this.call("reserveRegions", this.space, 3000);
    const giveBack = this.leaveFrames(0);
    let page = 0x10000;
    while (this.map(page, page + 1) === 0) page += 2;
    return giveBack;
  }

  /** What `attempt` returns with 0, 1, 2 … frames left, up to the first success. */
  withFewFrames(attempt: () => number, isDone: (result: number) => boolean): number[] {
    const results: number[] = [];
    while (results.length < 40) {
      const giveBack = this.leaveFrames(results.length);
      const result = attempt();
      giveBack();
      results.push(result);
      if (isDone(result)) break;
    }
    return results;
  }
}
