import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ENTRY_COPY_ON_WRITE,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_US,
  FAULT_FETCH,
  FAULT_USER,
  FAULT_WRITE,
} from "../../../src/abi/paging";
import { BOOT_PAGES, type Machine, machineFor, PAGE, RAM_FRAMES } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as spaces from "./kernel/memory/space";
  import { Region } from "./kernel/memory/region";
  export * from "./kernel/memory/frames";
  export { noWindowOpen } from "./kernel/memory/window";
  function at(space: usize): spaces.AddressSpace {
    return changetype<spaces.AddressSpace>(space);
  }
  function region(record: usize): Region { return changetype<Region>(record); }
  export function createSpace(): usize { return changetype<usize>(spaces.createSpace()); }
  export function destroy(space: usize): void { at(space).destroy(); }
  export function fork(space: usize): usize { return changetype<usize>(at(space).fork()); }
  export function addRegion(space: usize, from: usize, to: usize, rights: u32, kind: u32): i32 {
    return at(space).addRegion(from, to, rights, kind);
  }
  export function findRegion(space: usize, address: usize): usize {
    return changetype<usize>(at(space).findRegion(address));
  }
  export function placeHeap(space: usize, from: usize): i32 { return at(space).placeHeap(from); }
  export function growHeap(space: usize, to: usize): i32 { return at(space).growHeap(to); }
  export function mapFrame(space: usize, address: usize, frame: u32, rights: u32): i32 {
    return at(space).mapFrame(address, frame, (rights & 2) !== 0, (rights & 4) !== 0);
  }
  export function resolveFault(space: usize, address: usize, code: u32): i32 {
    return at(space).resolveFault(address, code);
  }
  export function cr3(space: usize): u32 { return at(space).cr3; }
  export function entry(space: usize, address: usize): usize { return at(space).entry(address); }
  export function resident(space: usize): u32 { return at(space).residentPages; }
  export function firstRegion(space: usize): usize { return changetype<usize>(at(space).regions); }
  export function nextRegion(after: usize): usize { return changetype<usize>(region(after).next); }
  export function startOf(record: usize): usize { return region(record).start; }
  export function endOf(record: usize): usize { return region(record).end; }
  export function rightsOf(record: usize): u32 { return region(record).rights; }
  export function kindOf(record: usize): u32 { return region(record).kind; }
  export function setCurrent(space: usize): void {
    spaces.setCurrentSpace(changetype<spaces.AddressSpace | null>(space));
  }
  export function current(): usize { return changetype<usize>(spaces.currentSpace); }
`);

// As kernel/memory/region.ts has them.
const [READ, WRITE, EXECUTE] = [1, 2, 4];
const [IMAGE, HEAP, STACK, MAP] = [0, 1, 2, 3];
const [ENOMEM, EFAULT, EINVAL] = [-12, -14, -22];
const USER_END = 0xffffc000;
const STACK_LIMIT = 8 * 2 ** 20;
const STACK_GAP = 16 * PAGE;
const PRESENT = ENTRY_P | ENTRY_US;

let machine: Machine;
let space = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const address = (name: string, ...values: number[]) => machine.address(name, ...values);
const add = (from: number, to: number, rights = READ | WRITE, kind = MAP) =>
  call("addRegion", space, from, to, rights, kind);
const fault = (at: number, code = 0, of = space) => call("resolveFault", of, at, FAULT_USER | code);
const entryOf = (at: number, of = space) => {
  const pte = address("entry", of, at);
  return pte === 0 ? 0 : machine.word(pte);
};
const highOf = (at: number) => machine.word(address("entry", space, at) + 4);
const frameOf = (at: number, of = space) => (entryOf(at, of) & ~(PAGE - 1)) >>> 0;
const references = (frame: number) => call("frameReferences", frame);
const taken = () => framesAtStart - call("freeFrameCount");

/** The regions of a space, as pairs of start and end. */
function regions(of = space): [start: number, end: number][] {
  const found: [number, number][] = [];
  let region = address("firstRegion", of);
  while (region !== 0 && found.length < 1000) {
    found.push([address("startOf", region), address("endOf", region)]);
    region = address("nextRegion", region);
  }
  return found;
}

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () =>
    address("allocateFrame"),
  );
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

beforeEach(() => {
  machine = start();
  call("start", RAM_FRAMES);
  framesAtStart = call("freeFrameCount");
  space = address("createSpace");
});

describe("a space", () => {
  it("has no regions at first", () => {
    assert.deepEqual(regions(), []);
    assert.equal(call("findRegion", space, PAGE), 0);
  });

  it("gives everything back", () => {
    add(PAGE, 3 * PAGE);
    add(USER_END - PAGE, USER_END, READ | WRITE, STACK);
    for (const page of [PAGE, 2 * PAGE, USER_END - PAGE]) assert.equal(fault(page, FAULT_WRITE), 0);
    call("destroy", space);
    assert.equal(taken(), 0);
  });

  it("is none without memory, and gives back what it got", () => {
    call("destroy", space);
    // Without a space: the record's page, the PDPT's, a directory, a page table.
    for (let left = 0; left < 4; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("createSpace"), 0, `with ${left} frames`);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
    }
    assert.notEqual(call("createSpace"), 0);
  });

  it("may be the current one, or none may", () => {
    call("setCurrent", space);
    assert.equal(address("current"), space);
    call("setCurrent", 0);
    assert.equal(address("current"), 0);
  });
});

describe("a region of a space", () => {
  it("is found by each of its addresses", () => {
    add(2 * PAGE, 4 * PAGE);
    add(6 * PAGE, 7 * PAGE);
    const found = [1, 2, 3, 4, 6, 7].map((page) => address("findRegion", space, page * PAGE));
    const first = address("firstRegion", space);
    const second = address("nextRegion", first);
    assert.deepEqual(found, [0, first, first, 0, second, 0]);
  });

  it("takes its place in the order of addresses", () => {
    for (const page of [5, 1, 3, 7]) assert.equal(add(page * PAGE, (page + 1) * PAGE), 0);
    assert.deepEqual(
      regions().map(([from]) => from / PAGE),
      [1, 3, 5, 7],
    );
  });

  it("has the rights and the kind it was given", () => {
    add(PAGE, 2 * PAGE, READ | EXECUTE, IMAGE);
    const region = call("firstRegion", space);
    assert.deepEqual([call("rightsOf", region), call("kindOf", region)], [READ | EXECUTE, IMAGE]);
  });

  it("must have whole pages", () => {
    assert.equal(add(PAGE + 1, 2 * PAGE), EINVAL);
    assert.equal(add(PAGE, 2 * PAGE + 1), EINVAL);
  });

  it("must not be empty or end before it starts", () => {
    assert.equal(add(2 * PAGE, 2 * PAGE), EINVAL);
    assert.equal(add(3 * PAGE, 2 * PAGE), EINVAL);
  });

  it("must not hold page 0", () => {
    assert.equal(add(0, PAGE), EINVAL);
    assert.equal(add(PAGE, 2 * PAGE), 0);
  });

  it("may end where user space does, and not after it", () => {
    assert.equal(add(USER_END - PAGE, USER_END + PAGE), EINVAL);
    assert.equal(add(USER_END, USER_END + PAGE), EINVAL);
    assert.equal(add(USER_END - PAGE, USER_END), 0);
  });

  it("must not be writable and executable", () => {
    assert.equal(add(PAGE, 2 * PAGE, READ | WRITE | EXECUTE), EINVAL);
    assert.equal(add(PAGE, 2 * PAGE, WRITE | EXECUTE), EINVAL);
    assert.equal(add(PAGE, 2 * PAGE, READ | WRITE), 0);
    assert.equal(add(2 * PAGE, 3 * PAGE, READ | EXECUTE), 0);
  });

  it("must not overlap another, and may touch its neighbours", () => {
    add(4 * PAGE, 6 * PAGE);
    for (const [from, to] of [
      [4, 6],
      [3, 5],
      [5, 7],
      [3, 7],
      [4, 5],
      [5, 6],
    ] as const) {
      assert.equal(add(from * PAGE, to * PAGE), EINVAL, `${from} to ${to}`);
    }
    assert.equal(add(3 * PAGE, 4 * PAGE), 0);
    assert.equal(add(6 * PAGE, 7 * PAGE), 0);
    assert.equal(regions().length, 3);
  });

  it("is refused when there is no memory for it", () => {
    // Regions fill the page that holds their records.
    let page = 1;
    leaveFrames(0);
    while (add(page * PAGE, (page + 1) * PAGE) === 0 && page < 1000) page += 2;
    assert.equal(add(page * PAGE, (page + 1) * PAGE), ENOMEM);
    assert.equal(regions().length, (page - 1) / 2);
  });
});

describe("the heap of a space", () => {
  const BASE = 0x10_0000;

  it("is empty where it is placed", () => {
    assert.equal(call("placeHeap", space, BASE), 0);
    assert.deepEqual(regions(), [[BASE, BASE]]);
    assert.equal(call("kindOf", call("firstRegion", space)), HEAP);
    assert.equal(call("rightsOf", call("firstRegion", space)), READ | WRITE);
    assert.equal(call("findRegion", space, BASE), 0);
  });

  it("is not placed where something else is", () => {
    add(BASE, BASE + PAGE);
    assert.equal(call("placeHeap", space, BASE), EINVAL);
  });

  it("is found among other regions", () => {
    add(PAGE, 2 * PAGE, READ, IMAGE);
    call("placeHeap", space, BASE);
    assert.equal(call("growHeap", space, BASE + PAGE), 0);
    assert.deepEqual(regions(), [
      [PAGE, 2 * PAGE],
      [BASE, BASE + PAGE],
    ]);
  });

  it("cannot grow if there is none", () => {
    add(PAGE, 2 * PAGE);
    assert.equal(call("growHeap", space, 2 * PAGE), ENOMEM);
  });

  it("ends with the page of the end that is asked for", () => {
    call("placeHeap", space, BASE);
    for (const [size, pages] of [
      [1, 1],
      [PAGE, 1],
      [PAGE + 1, 2],
      [0, 0],
    ] as const) {
      assert.equal(call("growHeap", space, BASE + size), 0);
      assert.deepEqual(regions(), [[BASE, BASE + pages * PAGE]], `${size} bytes`);
    }
  });

  it("does not end before its start, or after user space", () => {
    call("placeHeap", space, BASE);
    assert.equal(call("growHeap", space, BASE - 1), ENOMEM);
    assert.equal(call("growHeap", space, USER_END + 1), ENOMEM);
    assert.equal(call("growHeap", space, 0xffffffff), ENOMEM);
    assert.equal(call("growHeap", space, USER_END), 0);
    assert.deepEqual(regions(), [[BASE, USER_END]]);
  });

  it("grows up to the next region", () => {
    call("placeHeap", space, BASE);
    add(BASE + 4 * PAGE, BASE + 5 * PAGE, READ, MAP);
    assert.equal(call("growHeap", space, BASE + 4 * PAGE + 1), ENOMEM);
    assert.equal(call("growHeap", space, BASE + 4 * PAGE), 0);
  });

  it("leaves a gap below the stack", () => {
    call("placeHeap", space, BASE);
    const stack = BASE + 4 * PAGE + STACK_GAP;
    add(stack, stack + PAGE, READ | WRITE, STACK);
    assert.equal(call("growHeap", space, BASE + 4 * PAGE + 1), ENOMEM);
    assert.equal(call("growHeap", space, BASE + 4 * PAGE), 0);
  });

  it("gives back the pages past a lower end, and no others", () => {
    call("placeHeap", space, BASE);
    call("growHeap", space, BASE + 3 * PAGE);
    for (let i = 0; i < 3; i++) fault(BASE + i * PAGE, FAULT_WRITE);
    const before = taken();
    assert.equal(call("growHeap", space, BASE + PAGE + 1), 0);
    assert.equal(taken(), before - 1);
    assert.deepEqual(
      [0, 1, 2].map((i) => entryOf(BASE + i * PAGE) !== 0),
      [true, true, false],
    );
    assert.equal(call("growHeap", space, BASE + 3 * PAGE), 0);
    assert.equal(call("resident", space), 2, "growing takes no pages");
  });
});

describe("a page that is touched", () => {
  it("becomes a frame of zeros with the rights of its region", () => {
    add(PAGE, 2 * PAGE, READ | WRITE);
    add(2 * PAGE, 3 * PAGE, READ | EXECUTE);
    add(3 * PAGE, 4 * PAGE, READ);
    for (const [page, bits, high] of [
      [1, PRESENT | ENTRY_RW, ENTRY_NX_HIGH],
      [2, PRESENT, 0],
      [3, PRESENT, ENTRY_NX_HIGH],
    ] as const) {
      assert.equal(fault(page * PAGE + 5), 0);
      assert.equal(entryOf(page * PAGE) & (PAGE - 1), bits, `page ${page}`);
      assert.equal(highOf(page * PAGE), high, `page ${page}`);
      assert.deepEqual(machine.part.read(frameOf(page * PAGE), PAGE), new Uint8Array(PAGE));
    }
    assert.equal(call("resident", space), 3);
    assert.equal(call("noWindowOpen"), 1);
  });

  it("holds nothing of what its frame held before", () => {
    const frame = address("allocateFrame");
    machine.part.write(frame, new Uint8Array(PAGE).fill(0xaa));
    call("releaseFrame", frame);
    add(PAGE, 2 * PAGE);
    // Its tables first, so that the next frame is the one that was written.
    call("mapFrame", space, 2 * PAGE, address("allocateFrame"), 0);
    const next = address("allocateFrame");
    machine.part.write(next, new Uint8Array(PAGE).fill(0xaa));
    call("releaseFrame", next);
    fault(PAGE);
    assert.equal(frameOf(PAGE), next);
    assert.deepEqual(machine.part.read(next, PAGE), new Uint8Array(PAGE));
  });

  it("is refused where no region is", () => {
    add(2 * PAGE, 3 * PAGE);
    for (const at of [PAGE, 3 * PAGE, 0x4000_0000]) assert.equal(fault(at), EFAULT);
  });

  it("is refused in page 0 and past user space", () => {
    add(PAGE, 2 * PAGE);
    add(USER_END - PAGE, USER_END);
    for (const at of [0, PAGE - 1, USER_END, 0xffffffff]) assert.equal(fault(at), EFAULT);
    assert.equal(fault(PAGE), 0);
    assert.equal(fault(USER_END - 1), 0);
  });

  it("is refused to a write, if the region is not writable", () => {
    add(PAGE, 2 * PAGE, READ | EXECUTE);
    assert.equal(fault(PAGE, FAULT_WRITE), EFAULT);
    assert.equal(entryOf(PAGE), 0);
  });

  it("is refused to a fetch, if the region is not executable", () => {
    add(PAGE, 2 * PAGE, READ | WRITE);
    assert.equal(fault(PAGE, FAULT_FETCH), EFAULT);
    add(2 * PAGE, 3 * PAGE, READ | EXECUTE);
    assert.equal(fault(2 * PAGE, FAULT_FETCH), 0);
  });

  it("is refused again if its entry allows the access", () => {
    add(PAGE, 2 * PAGE);
    assert.equal(fault(PAGE, FAULT_WRITE), 0);
    assert.equal(fault(PAGE, FAULT_WRITE), EFAULT);
    assert.equal(fault(PAGE), EFAULT);
  });

  it("beside a page that is there gets a frame of its own", () => {
    add(PAGE, 3 * PAGE);
    fault(PAGE);
    const before = taken();
    fault(2 * PAGE);
    assert.equal(taken(), before + 1);
    assert.notEqual(frameOf(PAGE), frameOf(2 * PAGE));
  });

  it("is refused without memory, and what was taken for it is given back", () => {
    add(PAGE, 2 * PAGE);
    // The frame, a directory, a page table.
    for (let left = 0; left < 3; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(fault(PAGE), ENOMEM, `with ${left} frames`);
      assert.equal(call("resident", space), 0);
      giveBack();
    }
    assert.equal(call("noWindowOpen"), 1);
    assert.equal(fault(PAGE), 0);
    call("destroy", space);
    assert.equal(taken(), 0);
  });
});

describe("a frame that is mapped", () => {
  it("gets the rights that are asked for", () => {
    for (const [page, rights, bits, high] of [
      [1, READ, PRESENT, ENTRY_NX_HIGH],
      [2, READ | WRITE, PRESENT | ENTRY_RW, ENTRY_NX_HIGH],
      [3, READ | EXECUTE, PRESENT, 0],
    ] as const) {
      const frame = address("allocateFrame");
      assert.equal(call("mapFrame", space, page * PAGE, frame, rights), 0);
      assert.equal(entryOf(page * PAGE), frame | bits);
      assert.equal(highOf(page * PAGE), high);
    }
    assert.equal(call("resident", space), 3);
  });

  it("stays the caller's if there is no memory for a page table", () => {
    const frame = address("allocateFrame");
    leaveFrames(0);
    assert.equal(call("mapFrame", space, PAGE, frame, READ), ENOMEM);
    assert.equal(references(frame), 1);
    assert.equal(call("resident", space), 0);
  });
});

describe("the stack of a space", () => {
  const TOP = USER_END;

  beforeEach(() => {
    assert.equal(add(TOP - PAGE, TOP, READ | WRITE, STACK), 0);
  });

  it("grows down to the page that is touched", () => {
    assert.equal(fault(TOP - 3 * PAGE + 8, FAULT_WRITE), 0);
    assert.deepEqual(regions(), [[TOP - 3 * PAGE, TOP]]);
    assert.notEqual(entryOf(TOP - 3 * PAGE), 0);
    assert.equal(entryOf(TOP - 2 * PAGE), 0, "the pages between wait until they are touched");
  });

  it("grows down to its limit, and no further", () => {
    assert.equal(fault(TOP - STACK_LIMIT - 1), EFAULT);
    assert.deepEqual(regions(), [[TOP - PAGE, TOP]]);
    assert.equal(fault(TOP - STACK_LIMIT), 0);
    assert.deepEqual(regions(), [[TOP - STACK_LIMIT, TOP]]);
  });

  it("leaves a gap to what lies below", () => {
    const below = TOP - 100 * PAGE;
    add(below - PAGE, below);
    assert.equal(fault(below + STACK_GAP - 1), EFAULT);
    assert.equal(fault(below), EFAULT);
    assert.equal(fault(below + STACK_GAP), 0);
    assert.deepEqual(regions(), [
      [below - PAGE, below],
      [below + STACK_GAP, TOP],
    ]);
  });

  it("does not grow for an address below another region", () => {
    add(TOP - 100 * PAGE, TOP - 99 * PAGE);
    assert.equal(fault(TOP - 101 * PAGE), EFAULT);
  });

  it("is the only kind of region that grows", () => {
    add(0x10_0000, 0x10_1000, READ | WRITE, MAP);
    assert.equal(fault(0x10_0000 - 1), EFAULT);
  });

  it("does not grow upwards", () => {
    const lower = 0x80_0000;
    add(lower, lower + PAGE, READ | WRITE, STACK);
    // The stack at the end of user space is too far away to grow down to it.
    assert.equal(fault(lower + PAGE), EFAULT);
  });

  it("does not grow for a write that its rights forbid", () => {
    call("destroy", space);
    space = address("createSpace");
    add(TOP - PAGE, TOP, READ, STACK);
    assert.equal(fault(TOP - 2 * PAGE, FAULT_WRITE), EFAULT);
  });
});

describe("a forked space", () => {
  let child = 0;
  const write = (at: number, of: number, text: string) => {
    assert.equal(fault(at, FAULT_WRITE, of), 0);
    machine.part.write(frameOf(at, of), text);
  };
  const textAt = (at: number, of: number) =>
    Buffer.from(machine.part.read(frameOf(at, of), 6)).toString();

  beforeEach(() => {
    add(PAGE, 3 * PAGE);
    add(4 * PAGE, 5 * PAGE, READ, IMAGE);
    add(USER_END - PAGE, USER_END, READ | WRITE, STACK);
    write(PAGE, space, "parent");
    fault(4 * PAGE);
    child = address("fork", space);
    assert.notEqual(child, 0);
  });

  it("has the same regions, as records of its own", () => {
    assert.deepEqual(regions(child), regions());
    assert.notEqual(call("firstRegion", child), call("firstRegion", space));
    const kinds: number[] = [];
    for (let each = address("firstRegion", child); each; each = address("nextRegion", each)) {
      kinds.push(call("kindOf", each), call("rightsOf", each));
    }
    assert.deepEqual(kinds, [MAP, READ | WRITE, IMAGE, READ, STACK, READ | WRITE]);
  });

  it("shares its frames until one side writes", () => {
    const shared = frameOf(PAGE);
    assert.equal(frameOf(PAGE, child), shared);
    assert.equal(references(shared), 2);
    write(PAGE, child, "child ");
    assert.equal(textAt(PAGE, space), "parent");
    assert.equal(textAt(PAGE, child), "child ");
    assert.equal(references(shared), 1);
    assert.equal(entryOf(PAGE, child) & (PAGE - 1), PRESENT | ENTRY_RW);
    assert.equal(call("noWindowOpen"), 1);
  });

  it("copies the whole of a page", () => {
    const bytes = Uint8Array.from({ length: PAGE }, (_, i) => i % 251);
    machine.part.write(frameOf(PAGE), bytes);
    assert.equal(fault(PAGE, FAULT_WRITE, child), 0);
    assert.notEqual(frameOf(PAGE, child), frameOf(PAGE));
    assert.deepEqual(machine.part.read(frameOf(PAGE, child), PAGE), bytes);
  });

  it("takes a frame over when it has the last reference", () => {
    const shared = frameOf(PAGE);
    write(PAGE, space, "parent");
    const before = taken();
    assert.equal(fault(PAGE, FAULT_WRITE, child), 0);
    assert.equal(entryOf(PAGE, child), shared | PRESENT | ENTRY_RW);
    assert.equal(taken(), before);
  });

  it("keeps a page read-only that was so", () => {
    assert.equal(entryOf(4 * PAGE, child) & (PAGE - 1), PRESENT);
    assert.equal(fault(4 * PAGE, FAULT_WRITE, child), EFAULT);
  });

  it("has no memory for a copy when there is none", () => {
    const shared = frameOf(PAGE);
    const giveBack = leaveFrames(0);
    assert.equal(fault(PAGE, FAULT_WRITE, child), ENOMEM);
    assert.equal(references(shared), 2);
    assert.equal(entryOf(PAGE, child), shared | PRESENT | ENTRY_COPY_ON_WRITE);
    giveBack();
    assert.equal(fault(PAGE, FAULT_WRITE, child), 0);
  });

  it("leaves its parent's frames when it goes", () => {
    const shared = frameOf(PAGE);
    call("destroy", child);
    assert.equal(references(shared), 1);
    assert.equal(textAt(PAGE, space), "parent");
    call("destroy", space);
    assert.equal(taken(), 0);
  });

  it("is none without memory, and gives back what it got", () => {
    const before = taken();
    const shared = frameOf(PAGE);
    // Two page tables, two directories, and pages of the heap for the records.
    let left = 0;
    for (; left < 20; left++) {
      const giveBack = leaveFrames(left);
      const second = address("fork", space);
      if (second === 0) assert.equal(call("freeFrameCount"), left, `with ${left} frames`);
      giveBack();
      assert.equal(references(shared), second === 0 ? 2 : 3);
      if (second !== 0) break;
      assert.equal(taken(), before);
    }
    assert.ok(left >= 4, `it needs ${left} frames`);
  });

  it("is none when there is memory for only some of its regions", () => {
    // Their records are on one page; the rest of it is filled so that the next needs another.
    let at = 0x100_0000;
    const giveBack = leaveFrames(0);
    while (add(at, at + PAGE) === 0) at += 2 * PAGE;
    giveBack();
    // Enough for the child's own tables.
    leaveFrames(3);
    assert.equal(call("fork", space), 0);
    assert.equal(call("freeFrameCount"), 3);
  });
});

describe("a page that must not be written", () => {
  it("is not made private if it is read-only though its region is writable", () => {
    add(PAGE, 2 * PAGE);
    const frame = address("allocateFrame");
    call("mapFrame", space, PAGE, frame, READ);
    assert.equal(fault(PAGE, FAULT_WRITE), EFAULT);
    assert.equal(entryOf(PAGE), frame | PRESENT);
  });

  it("is not made private by a read", () => {
    add(PAGE, 2 * PAGE);
    fault(PAGE, FAULT_WRITE);
    const child = address("fork", space);
    assert.equal(fault(PAGE, 0, child), EFAULT);
    assert.equal(entryOf(PAGE, child) & ENTRY_COPY_ON_WRITE, ENTRY_COPY_ON_WRITE);
  });
});
