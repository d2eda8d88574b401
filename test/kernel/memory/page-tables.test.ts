import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ENTRY_COPY_ON_WRITE,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_US,
} from "../../../src/abi/paging";
import {
  BOOT_PAGES,
  type Machine,
  machineFor,
  PAGE,
  RAM_FRAMES,
  TRAMPOLINE,
  TRAMPOLINE_LOAD,
} from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { PageTables } from "./kernel/memory/page-tables";
  import { allocate } from "./kernel/memory/heap";
  export { free } from "./kernel/memory/heap";
  export * from "./kernel/memory/frames";
  function at(tables: usize): PageTables { return changetype<PageTables>(tables); }
  export function createRecord(): usize { return allocate(offsetof<PageTables>()); }
  export function startTables(tables: usize): bool { return at(tables).start(); }
  export function release(tables: usize): void { at(tables).release(); }
  export function cr3(tables: usize): u32 { return at(tables).cr3; }
  export function resident(tables: usize): u32 { return at(tables).residentPages; }
  export function entry(tables: usize, address: usize): usize { return at(tables).entry(address); }
  export function makeEntry(tables: usize, address: usize): usize {
    return at(tables).makeEntry(address);
  }
  export function releaseRange(tables: usize, start: usize, end: usize): void {
    at(tables).releaseRange(start, end);
  }
  export function shareWith(tables: usize, child: usize): bool {
    return at(tables).shareWith(at(child));
  }
  export function addPage(tables: usize, address: usize, low: u32, high: u32): u32 {
    const frame = allocateFrame();
    const pte = at(tables).makeEntry(address);
    store<u32>(pte, frame | low);
    store<u32>(pte, high, 4);
    at(tables).residentPages++;
    return frame;
  }
  import { allocateFrame } from "./kernel/memory/frames";
`);

const READ = ENTRY_P | ENTRY_US;
const WRITE = READ | ENTRY_RW;
const SHARED = READ | ENTRY_COPY_ON_WRITE;
const TABLE = 512 * PAGE;
const GIB = 2 ** 30;
const USER_END = 0xffffc000;
let machine: Machine;
let tables = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const add = (address: number, low = WRITE, high = ENTRY_NX_HIGH, to = tables) =>
  call("addPage", to, address, low, high);
const entryOf = (address: number, of = tables) => {
  const pte = call("entry", of, address);
  return pte === 0 ? undefined : machine.word(pte);
};
const references = (frame: number) => call("frameReferences", frame);
const taken = () => framesAtStart - call("freeFrameCount");

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () => call("allocateFrame"));
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

function create(): number {
  const record = call("createRecord");
  assert.equal(call("startTables", record), 1);
  return record;
}

beforeEach(() => {
  machine = start();
  call("start", RAM_FRAMES);
  // What the record shares with others stays: the counts below are those of tables alone.
  call("createRecord");
  framesAtStart = call("freeFrameCount");
  tables = create();
});

describe("the tables of a new space", () => {
  it("map the trampoline and nothing else", () => {
    const { mappings, defects } = machine.walk(call("cr3", tables));
    assert.deepEqual(defects, []);
    assert.deepEqual(
      mappings.map(({ va, pa, user }) => [va, pa, user]),
      (["text", "rodata", "data"] as const).map((part) => [
        TRAMPOLINE[part],
        TRAMPOLINE_LOAD[part],
        false,
      ]),
    );
    assert.equal(call("resident", tables), 0);
  });

  it("give everything back", () => {
    assert.equal(taken(), 3);
    call("release", tables);
    assert.equal(taken(), 0);
  });

  it("cannot be made without memory, and give back what they got", () => {
    // The PDPT's page, a directory, a page table.
    for (let left = 0; left < 3; left++) {
      const record = call("createRecord");
      call("release", tables);
      const giveBack = leaveFrames(left);
      assert.equal(call("startTables", record), 0, `with ${left} frames`);
      call("release", record);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
      tables = create();
    }
  });
});

describe("an entry", () => {
  it("is none without a directory, and none without a page table", () => {
    assert.equal(call("entry", tables, 0x1000), 0);
    call("makeEntry", tables, 0x1000);
    assert.equal(call("entry", tables, TABLE), 0);
    assert.notEqual(call("entry", tables, 0x1000), 0);
  });

  it("is the one that the processor reads", () => {
    const pages = [PAGE, TABLE - PAGE, TABLE, GIB, 3 * GIB, USER_END - PAGE];
    const frames = pages.map((page) => add(page));
    const { mappings, defects } = machine.walk(call("cr3", tables));
    assert.deepEqual(defects, []);
    const found = mappings.filter(({ user }) => user);
    assert.deepEqual(
      found.map(({ va, pa, writable, executable }) => [va, pa, writable, executable]),
      pages.map((page, i) => [page, frames[i], true, false]),
    );
  });

  it("shares the tables of its neighbours", () => {
    call("makeEntry", tables, PAGE);
    const before = taken();
    const first = call("makeEntry", tables, 0);
    assert.equal(call("makeEntry", tables, TABLE - PAGE), first + 511 * 8);
    assert.equal(taken(), before);
    call("makeEntry", tables, TABLE);
    assert.equal(taken(), before + 1, "a page table");
    call("makeEntry", tables, GIB);
    assert.equal(taken(), before + 3, "a directory and a page table");
  });

  it("cannot be made without memory", () => {
    for (let left = 0; left < 2; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("makeEntry", tables, left * GIB), 0);
      giveBack();
    }
    call("release", tables);
    assert.equal(taken(), 0);
  });
});

describe("a range that is released", () => {
  it("gives back the pages in it, and no others", () => {
    const frames = [1, 2, 3, 4].map((i) => add(i * PAGE));
    const before = taken();
    call("releaseRange", tables, 2 * PAGE, 4 * PAGE);
    assert.equal(taken(), before - 2);
    assert.equal(call("resident", tables), 2);
    const entries = [1, 2, 3, 4].map((i) => entryOf(i * PAGE));
    assert.deepEqual(entries, [(frames[0] ?? 0) | WRITE, 0, 0, (frames[3] ?? 0) | WRITE]);
    assert.equal(machine.word(call("entry", tables, 2 * PAGE) + 4), 0);
  });

  it("passes over pages that were never touched", () => {
    add(PAGE);
    add(3 * PAGE);
    call("releaseRange", tables, PAGE, 5 * PAGE);
    assert.equal(call("resident", tables), 0);
  });

  it("finds pages past a hole without page tables", () => {
    add(PAGE);
    add(3 * TABLE);
    add(4 * TABLE - PAGE);
    add(GIB + TABLE);
    call("releaseRange", tables, PAGE, GIB + TABLE + PAGE);
    assert.equal(call("resident", tables), 0);
  });

  it("may begin in the middle of a hole", () => {
    add(2 * TABLE);
    call("releaseRange", tables, TABLE + 5 * PAGE, 2 * TABLE + PAGE);
    assert.equal(call("resident", tables), 0);
  });

  it("may be all of user space, and leaves the trampoline", () => {
    add(PAGE);
    add(USER_END - PAGE);
    call("releaseRange", tables, PAGE, USER_END);
    assert.equal(call("resident", tables), 0);
    assert.equal(machine.walk(call("cr3", tables)).mappings.length, 3);
  });

  it("leaves a frame that another space shares to that one", () => {
    const frame = add(PAGE);
    const child = create();
    call("shareWith", tables, child);
    call("releaseRange", tables, PAGE, 2 * PAGE);
    assert.equal(references(frame), 1);
    assert.equal(entryOf(PAGE, child), frame | SHARED);
  });
});

describe("pages that are shared", () => {
  let child = 0;

  beforeEach(() => {
    child = create();
  });

  it("become copy-on-write on both sides if they are writable", () => {
    const frame = add(PAGE);
    assert.equal(call("shareWith", tables, child), 1);
    assert.equal(entryOf(PAGE), frame | SHARED);
    assert.equal(entryOf(PAGE, child), frame | SHARED);
    assert.equal(references(frame), 2);
    assert.equal(call("resident", child), 1);
  });

  it("stay as they are if they are read-only", () => {
    const frame = add(PAGE, READ);
    call("shareWith", tables, child);
    assert.equal(entryOf(PAGE), frame | READ);
    assert.equal(entryOf(PAGE, child), frame | READ);
    assert.equal(references(frame), 2);
  });

  it("stay copy-on-write if they are shared once more", () => {
    const frame = add(PAGE);
    call("shareWith", tables, child);
    const grandchild = create();
    call("shareWith", child, grandchild);
    assert.equal(entryOf(PAGE, grandchild), frame | SHARED);
    assert.equal(references(frame), 3);
  });

  it("stay executable or not", () => {
    add(PAGE, READ, 0);
    add(2 * PAGE, READ, ENTRY_NX_HIGH);
    call("shareWith", tables, child);
    const high = [PAGE, 2 * PAGE].map((at) => machine.word(call("entry", child, at) + 4));
    assert.deepEqual(high, [0, ENTRY_NX_HIGH]);
  });

  it("are found in every table, and only present ones", () => {
    const pages = [PAGE, TABLE - PAGE, 5 * TABLE, GIB, 3 * GIB, USER_END - PAGE];
    for (const page of pages) add(page);
    call("makeEntry", tables, 7 * TABLE);
    assert.equal(call("shareWith", tables, child), 1);
    const { mappings } = machine.walk(call("cr3", child));
    assert.deepEqual(
      mappings.filter(({ user }) => user).map(({ va }) => va),
      pages,
    );
    assert.equal(call("entry", child, 7 * TABLE), 0, "a table without pages is not copied");
    assert.equal(call("resident", child), pages.length);
  });

  it("do not touch the trampoline", () => {
    call("shareWith", tables, child);
    const [parents, childs] = [tables, child].map((each) => machine.walk(call("cr3", each)));
    const seen = (space: typeof parents) => space?.mappings.map(({ va, entry }) => [va, entry]);
    assert.deepEqual(seen(childs), seen(parents));
  });

  it("give everything back when memory runs out half-way", () => {
    const frame = add(PAGE);
    add(GIB);
    const before = taken();
    for (let left = 0; left < 4; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("shareWith", tables, child), 0, `with ${left} frames`);
      giveBack();
      call("release", child);
      call("free", child);
      child = create();
      assert.equal(taken(), before);
    }
    assert.equal(references(frame), 1);
  });

  it("belong to the other space when one is released", () => {
    const frame = add(PAGE);
    call("shareWith", tables, child);
    call("release", tables);
    assert.equal(references(frame), 1);
    call("release", child);
    assert.equal(taken(), 0);
  });
});
