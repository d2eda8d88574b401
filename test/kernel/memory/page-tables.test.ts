import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ENTRY_HIDDEN,
  ENTRY_HIDDEN_HIGH,
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
  export { freeSpareTables, heldFrame } from "./kernel/memory/page-tables";
  import { allocate } from "./kernel/memory/heap";
  export { free } from "./kernel/memory/heap";
  export * from "./kernel/memory/frames";
  function at(tables: usize): PageTables { return changetype<PageTables>(tables); }
  export function createRecord(): usize { return allocate(offsetof<PageTables>()); }
  export function createPdpt(): usize { return allocate(32); }
  export function startTables(tables: usize): bool { return at(tables).start(); }
  export function releaseTables(tables: usize): void { at(tables).releaseTables(); }
  export function release(tables: usize): void {
    if (at(tables).cr3 !== 0) at(tables).releaseRange(${PAGE}, ${0xffffc000});
    at(tables).releaseTables();
  }
  export function cr3(tables: usize): u32 { return at(tables).cr3; }
  export function resident(tables: usize): u32 { return at(tables).residentPages; }
  export function most(tables: usize): u32 { return at(tables).mostPages; }
  export function countResident(tables: usize, start: usize, end: usize): u32 {
    return at(tables).countResident(start, end);
  }
  export function entry(tables: usize, address: usize): usize { return at(tables).entry(address); }
  export function find(tables: usize, address: usize): usize { return at(tables).find(address); }
  export function makeEntry(tables: usize, address: usize): usize {
    return at(tables).makeEntry(address);
  }
  export function releaseRange(tables: usize, start: usize, end: usize): void {
    at(tables).releaseRange(start, end);
  }
  export function shareRange(tables: usize, child: usize, start: usize, end: usize): bool {
    return at(tables).shareRange(at(child), start, end);
  }
  export function shareWith(tables: usize, child: usize): bool {
    return at(tables).shareRange(at(child), ${PAGE}, ${0xffffc000});
  }
  export function setRights(
    tables: usize, start: usize, end: usize, low: u32, keep: u32, high: u32,
  ): void {
    at(tables).setRights(start, end, low, keep, high);
  }
  export function moveRange(tables: usize, from: usize, to: usize, size: usize): bool {
    return at(tables).moveRange(from, to, size);
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
const taken = () => {
  call("freeSpareTables");
  return framesAtStart - call("freeFrameCount");
};
const highOf = (address: number, of = tables) => machine.word(call("entry", of, address) + 4);

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  call("freeSpareTables");
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
  // What these share with others stays: the counts below are those of tables alone.
  call("createRecord");
  call("createPdpt");
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
    assert.equal(taken(), 2);
    call("release", tables);
    assert.equal(taken(), 0);
  });

  it("cannot be made without memory, and give back what they got", () => {
    // A directory, a page table; the PDPT lies beside the record.
    for (let left = 0; left < 2; left++) {
      const record = call("createRecord");
      call("release", tables);
      const giveBack = leaveFrames(left);
      assert.equal(call("startTables", record), 0, `with ${left} frames`);
      call("release", record);
      call("freeSpareTables");
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

  it("is 0 to who reads it where there is none", () => {
    for (const at of [0, PAGE, GIB, 3 * GIB, 0xffe0_0000 - TABLE, 0xffff_f000 - TABLE]) {
      assert.equal(machine.word(call("find", tables, at)), 0);
      assert.equal(machine.word(call("find", tables, at) + 4), 0);
      assert.equal(call("makeEntry", tables, at), call("find", tables, at));
    }
  });

  it("is found again, whatever others were found meanwhile", () => {
    const tablesApart = [0, 1, 2, 3, 4, 8, 511, 512, 516, 1024, 2046];
    const pages = tablesApart.flatMap((n) => [n * TABLE + PAGE, n * TABLE + 511 * PAGE]);
    const entries = pages.map((page) => call("makeEntry", tables, page));
    for (const order of [pages, pages, [...pages].reverse()]) {
      for (const page of order) {
        assert.equal(call("find", tables, page), entries[pages.indexOf(page)]);
        assert.equal(call("find", tables, page + 0xfff), entries[pages.indexOf(page)]);
      }
    }
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

describe("the pages of a range", () => {
  it("are counted if they have a frame, past holes as well", () => {
    for (const page of [PAGE, 3 * PAGE, 3 * TABLE, 4 * TABLE - PAGE]) add(page);
    const count = (from: number, to: number) => call("countResident", tables, from, to);
    assert.deepEqual([count(PAGE, 2 * PAGE), count(2 * PAGE, 3 * PAGE)], [1, 0]);
    assert.equal(count(PAGE, 4 * PAGE), 2);
    assert.equal(count(TABLE, 2 * TABLE), 0);
    assert.equal(count(PAGE, 4 * TABLE), 4);
    assert.equal(count(3 * PAGE, 4 * TABLE - PAGE), 2);
    assert.equal(count(5 * TABLE, 5 * TABLE), 0);
  });

  it("were once as many as are remembered", () => {
    for (const page of [1, 2, 3]) add(page * PAGE);
    assert.equal(call("most", tables), 3);
    call("releaseRange", tables, PAGE, 3 * PAGE);
    assert.equal(call("most", tables), 3);
    add(PAGE);
    assert.equal(call("most", tables), 3);
    for (const page of [2, 4]) add(page * PAGE);
    assert.equal(call("most", tables), 4);
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
    assert.equal(entryOf(PAGE, child), frame | READ);
  });
});

describe("pages that are shared", () => {
  let child = 0;

  beforeEach(() => {
    child = create();
  });

  it("become read-only on both sides", () => {
    const frame = add(PAGE);
    assert.equal(call("shareWith", tables, child), 1);
    assert.equal(entryOf(PAGE), frame | READ);
    assert.equal(entryOf(PAGE, child), frame | READ);
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

  it("can be shared once more", () => {
    const frame = add(PAGE);
    call("shareWith", tables, child);
    const grandchild = create();
    call("shareWith", child, grandchild);
    assert.equal(entryOf(PAGE, grandchild), frame | READ);
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

describe("pages of a part of the space that is shared", () => {
  it("are those of the range, at both of its ends", () => {
    const child = create();
    for (const page of [1, 2, 3, 4, 600, 601]) add(page * PAGE);
    assert.equal(call("shareRange", tables, child, 2 * PAGE, 4 * PAGE), 1);
    assert.equal(call("shareRange", tables, child, 511 * PAGE, 601 * PAGE), 1);
    const seen = machine.walk(call("cr3", child)).mappings.filter(({ user }) => user);
    assert.deepEqual(
      seen.map(({ va }) => va / PAGE),
      [2, 3, 600],
    );
    assert.equal(entryOf(PAGE, tables)! & ENTRY_RW, ENTRY_RW);
    assert.equal(entryOf(4 * PAGE, tables)! & ENTRY_RW, ENTRY_RW);
    assert.equal(call("resident", child), 3);
  });
});

describe("rights of a range", () => {
  const set = (from: number, to: number, low: number, keep = 0, high = ENTRY_NX_HIGH) =>
    call("setRights", tables, from * PAGE, to * PAGE, low, keep, high);

  it("change in the range alone", () => {
    const frames = [1, 2, 3, 4].map((page) => add(page * PAGE));
    set(2, 4, ENTRY_US, 0, 0);
    assert.deepEqual(
      [1, 2, 3, 4].map((page) => entryOf(page * PAGE)),
      frames.map((frame, i) => frame | (i === 1 || i === 2 ? READ : WRITE)),
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((page) => highOf(page * PAGE)),
      [ENTRY_NX_HIGH, 0, 0, ENTRY_NX_HIGH],
    );
  });

  it("may keep what was writable", () => {
    const frames = [add(PAGE), add(2 * PAGE, READ)];
    set(1, 3, ENTRY_US, ENTRY_RW);
    assert.deepEqual(
      [1, 2].map((page) => entryOf(page * PAGE)),
      [(frames[0] ?? 0) | WRITE, (frames[1] ?? 0) | READ],
    );
  });

  it("may make all writable", () => {
    const frame = add(PAGE, READ);
    set(1, 2, ENTRY_US | ENTRY_RW);
    assert.equal(entryOf(PAGE), frame | WRITE);
  });

  it("leave what is not there", () => {
    add(2 * PAGE);
    set(1, 2000, ENTRY_US);
    assert.equal(entryOf(PAGE), 0);
    assert.equal(entryOf(600 * PAGE), undefined);
  });
});

describe("a hidden page", () => {
  it("is none to a processor, and names no frame", () => {
    const frame = add(PAGE);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_HIDDEN, 0, 0);
    assert.equal(entryOf(PAGE), ((~frame & ~(PAGE - 1)) | ENTRY_HIDDEN) >>> 0);
    assert.equal(highOf(PAGE), ENTRY_HIDDEN_HIGH);
    const { mappings, defects } = machine.walk(call("cr3", tables));
    assert.equal(mappings.length, 3, "the trampoline");
    assert.deepEqual(defects, []);
    assert.equal(call("heldFrame", call("entry", tables, PAGE)), frame);
    assert.equal(call("resident", tables), 1);
  });

  it("keeps its frame above 4 GiB, too, and so does one that is seen", () => {
    add(PAGE);
    const pte = call("entry", tables, PAGE);
    machine.setWord(pte, 0x3000 | WRITE);
    machine.setWord(pte + 4, ENTRY_NX_HIGH | 2);
    assert.equal(call("heldFrame", pte), 0x3002);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_HIDDEN, 0, 0);
    assert.equal(entryOf(PAGE), ((~0x3000 & ~(PAGE - 1)) | ENTRY_HIDDEN) >>> 0);
    assert.equal(highOf(PAGE), ENTRY_HIDDEN_HIGH ^ 2);
    assert.equal(call("heldFrame", pte), 0x3002);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_US, ENTRY_RW, ENTRY_NX_HIGH);
    assert.deepEqual([entryOf(PAGE), highOf(PAGE)], [0x3000 | READ, (ENTRY_NX_HIGH | 2) >>> 0]);
  });

  it("keeps its frame until it may be seen again", () => {
    const frame = add(PAGE);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_HIDDEN, 0, 0);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_HIDDEN, 0, 0);
    assert.equal(references(frame), 1);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_US, ENTRY_RW, 0);
    assert.equal(entryOf(PAGE), frame | READ);
    assert.equal(highOf(PAGE), 0);
  });

  it("is shared and given back as others are", () => {
    const frame = add(PAGE);
    call("setRights", tables, PAGE, 2 * PAGE, ENTRY_HIDDEN, 0, 0);
    const child = create();
    call("shareWith", tables, child);
    assert.equal(references(frame), 2);
    assert.equal(entryOf(PAGE, child), entryOf(PAGE));
    assert.equal(highOf(PAGE, child), ENTRY_HIDDEN_HIGH);
    call("release", child);
    assert.equal(references(frame), 1);
    call("release", tables);
    call("free", child);
    assert.equal(taken(), 0);
  });
});

describe("a range that moves", () => {
  const move = (from: number, to: number, pages: number) =>
    call("moveRange", tables, from * PAGE, to * PAGE, pages * PAGE);

  it("takes its pages along, each to its place", () => {
    const frames = [510, 511, 512, 514].map((page) => add(page * PAGE, WRITE, 0));
    assert.equal(move(510, 1021, 5), 1);
    assert.deepEqual(
      [1021, 1022, 1023, 1024, 1025].map((page) => entryOf(page * PAGE)),
      [...frames.slice(0, 3).map((frame) => frame | WRITE), 0, (frames[3] ?? 0) | WRITE],
    );
    assert.deepEqual(
      [510, 511, 512, 514].map((page) => entryOf(page * PAGE)),
      [0, 0, 0, 0],
    );
    assert.equal(highOf(1021 * PAGE), 0);
    assert.equal(call("resident", tables), 4);
  });

  it("leaves what lies around it", () => {
    const before = add(9 * PAGE);
    const after = add(12 * PAGE);
    add(10 * PAGE);
    move(10, 2000, 2);
    assert.equal(entryOf(9 * PAGE), before | WRITE);
    assert.equal(entryOf(12 * PAGE), after | WRITE);
  });

  it("makes no table for pages that are not there", () => {
    assert.equal(move(10, 5000, 2), 1);
    call("makeEntry", tables, 10 * PAGE);
    assert.equal(move(10, 5000, 2), 1);
    assert.equal(entryOf(5000 * PAGE), undefined);
  });

  it("moves nothing when there is no memory for a table", () => {
    const frames = [510, 600].map((page) => add(page * PAGE));
    leaveFrames(0);
    assert.equal(move(510, 5000, 100), 0);
    assert.deepEqual(
      [510, 600].map((page) => entryOf(page * PAGE)),
      frames.map((frame) => frame | WRITE),
    );
  });
});

describe("tables that are not needed any more", () => {
  it("are kept for the next space, empty", () => {
    add(PAGE);
    add(GIB);
    call("release", tables);
    const before = call("freeFrameCount");
    tables = create();
    assert.equal(call("freeFrameCount"), before);
    assert.equal(machine.walk(call("cr3", tables)).mappings.length, 3);
  });

  it("hold nothing of the trampoline", () => {
    call("release", create());
    call("release", tables);
    tables = create();
    call("makeEntry", tables, 0);
    const { mappings, defects } = machine.walk(call("cr3", tables));
    assert.equal(mappings.length, 3);
    assert.deepEqual(defects, []);
  });

  it("are kept up to a number", () => {
    for (let i = 0; i < 40; i++) call("makeEntry", tables, i * TABLE);
    const before = call("freeFrameCount");
    call("release", tables);
    // Of 40 page tables, the last one and two directories.
    assert.equal(call("freeFrameCount") - before, 43 - 16);
    assert.equal(taken(), 0);
  });

  it("are all found, in whatever order they were made", () => {
    for (const at of [5 * TABLE, TABLE, 9 * TABLE, GIB + 7 * TABLE, GIB, 3 * GIB]) {
      call("makeEntry", tables, at);
    }
    call("release", tables);
    assert.equal(taken(), 0);
  });
});
