import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type Machine, machineFor, PAGE } from "./simulated-machine";
import { READ, SHARED, USER_SPACE, UserSpace, WRITE } from "./user-space";

const start = machineFor(`
  ${USER_SPACE}
  export function create(from: usize, to: usize, rights: u32, flags: u32): usize {
    const tables = changetype<spaces.AddressSpace>(0x1234);
    return changetype<usize>(regionFile.createRegion(tables, from, to, rights, flags));
  }
  export function copyPart(region: usize, from: usize, to: usize): usize {
    const tables = changetype<spaces.AddressSpace>(0x5678);
    return changetype<usize>(regionFile.copyRegion(regionOf(region), tables, from, to));
  }
  export function showObject(region: usize, object: usize, page: u32, file: usize): void {
    regionOf(region).show(changetype<objects.MemoryObject | null>(object), page, file);
  }
  export function tablesOf(region: usize): usize {
    return changetype<usize>(regionOf(region).tables);
  }
  export function contains(region: usize, address: usize): bool {
    return regionOf(region).contains(address);
  }
  export function isShared(region: usize): bool { return regionOf(region).isShared; }
  export function pageAt(region: usize, address: usize): u32 {
    return regionOf(region).pageAt(address);
  }
  export function continuesWith(region: usize, next: usize): bool {
    return regionOf(region).continuesWith(regionOf(next));
  }
  export function hasSharedWriter(object: usize): bool {
    return regionFile.hasSharedWriter(changetype<objects.MemoryObject>(object));
  }
  export function writeThrough(region: usize): void { regionOf(region).noteWritten(); }
  export function releaseRegion(region: usize): void { regionOf(region).release(); }
`);

let machine: Machine;
let user: UserSpace;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const create = (from: number, to: number, rights: number = READ, flags = 0) =>
  call("create", from * PAGE, to * PAGE, rights, flags);

beforeEach(() => {
  machine = start();
  user = new UserSpace(machine);
});

describe("a region", () => {
  it("holds what it was made of", () => {
    const region = create(1, 3, READ | WRITE, SHARED);
    assert.deepEqual(
      ["startOf", "endOf", "rightsOf", "flagsOf", "objectOf", "tablesOf"].map((name) =>
        call(name, region),
      ),
      [PAGE, 3 * PAGE, READ | WRITE, SHARED, 0, 0x1234],
    );
  });

  it("contains its first and last byte, and neither of its neighbours", () => {
    const region = create(1, 3);
    const inside = [0xfff, 0x1000, 0x2fff, 0x3000].map((at) => call("contains", region, at));
    assert.deepEqual(inside, [0, 1, 1, 0]);
    assert.equal(call("contains", region, 0xfffffff0), 0);
  });

  it("is shared or not", () => {
    assert.equal(call("isShared", create(1, 2, READ, SHARED)), 1);
    assert.equal(call("isShared", create(1, 2, READ, 2)), 0);
  });

  it("is none when there is no memory", () => {
    user.leaveFrames(0);
    const made = Array.from({ length: 100 }, () => create(1, 2));
    assert.equal(made.at(-1), 0);
  });

  it("gives its memory back", () => {
    const before = user.taken();
    call("releaseRegion", create(1, 3));
    assert.equal(user.taken(), before);
  });
});

describe("a region that shows an object", () => {
  it("knows which page is where", () => {
    const region = create(4, 8);
    call("showObject", region, call("createObject", 9), 3, 0);
    assert.equal(call("pageAt", region, 4 * PAGE), 3);
    assert.equal(call("pageAt", region, 6 * PAGE + 17), 5);
  });

  it("may write it if it is shared, and not for reading for good", () => {
    const READ_ONLY = 4;
    const object = call("createObject", 1);
    assert.equal(call("hasSharedWriter", object), 0);
    for (const flags of [0, SHARED | READ_ONLY, READ_ONLY]) {
      call("showObject", create(4, 5, READ, flags), object, 0, 0);
      assert.equal(call("hasSharedWriter", object), 0);
    }
    const writer = create(4, 5, READ, SHARED);
    call("showObject", writer, object, 0, 0);
    call("showObject", create(4, 5, READ, 0), object, 0, 0);
    assert.equal(call("hasSharedWriter", object), 1);
    call("releaseRegion", writer);
    assert.equal(call("hasSharedWriter", object), 0);
  });

  it("holds a reference of the object and of the file", () => {
    const object = call("createObject", 1);
    const file = machine.part.area;
    const region = create(4, 5);
    call("showObject", region, object, 0, file);
    assert.equal(call("objectReferences", object), 2);
    assert.equal(machine.word(file), 1);
    const copy = call("copyPart", region, 4 * PAGE, 5 * PAGE);
    assert.equal(call("objectReferences", object), 3);
    assert.equal(machine.word(file), 2);
    call("releaseRegion", copy);
    call("releaseRegion", region);
    assert.equal(call("objectReferences", object), 1);
    assert.equal(machine.word(file), 0);
  });

  it("may have no file", () => {
    const region = create(4, 5);
    call("showObject", region, call("createObject", 1), 0, 0);
    machine.setWord(0, 7);
    call("releaseRegion", region);
    assert.equal(machine.word(0), 7);
  });

  it("is copied from any page on", () => {
    const object = call("createObject", 9);
    const region = create(4, 8, READ, SHARED);
    call("showObject", region, object, 2, 0);
    const copy = call("copyPart", region, 6 * PAGE, 8 * PAGE);
    assert.deepEqual(
      ["startOf", "endOf", "rightsOf", "flagsOf", "objectOf", "pageOf", "tablesOf"].map((name) =>
        call(name, copy),
      ),
      [6 * PAGE, 8 * PAGE, READ, SHARED, object, 4, 0x5678],
    );
  });

  it("tells the file that it shows of writes, and no other", () => {
    const file = machine.part.area;
    const timesWritten = () => new DataView(machine.part.read(file, 8).buffer).getUint32(4, true);
    machine.part.write(file, new Uint8Array(8));
    const region = create(4, 8);
    call("writeThrough", region);
    assert.equal(timesWritten(), 0);
    call("showObject", region, 0, 0, file);
    call("writeThrough", region);
    assert.equal(timesWritten(), 1);
  });

  it("has no copy when there is no memory", () => {
    const region = create(4, 8);
    user.leaveFrames(0);
    while (create(1, 2) !== 0);
    assert.equal(call("copyPart", region, 4 * PAGE, 5 * PAGE), 0);
  });
});

describe("a region continues with the next", () => {
  const continues = (a: number, b: number) => call("continuesWith", a, b) === 1;

  it("if that begins where it ends and says the same", () => {
    assert.ok(continues(create(1, 2), create(2, 3)));
    assert.ok(!continues(create(1, 2), create(3, 4)));
    assert.ok(!continues(create(1, 2), create(2, 3, WRITE)));
    assert.ok(!continues(create(1, 2), create(2, 3, READ, SHARED)));
  });

  it("if the object goes on, too", () => {
    const object = call("createObject", 9);
    const at = (from: number, page: number, file = 0, of = object) => {
      const region = create(from, from + 2);
      call("showObject", region, of, page, file);
      return region;
    };
    assert.ok(continues(at(2, 1), at(4, 3)));
    assert.ok(!continues(at(2, 1), at(4, 4)));
    assert.ok(!continues(at(2, 1), at(4, 3, machine.part.area)));
    assert.ok(!continues(at(2, 1), at(4, 3, 0, call("createObject", 9))));
    assert.ok(!continues(at(2, 1), create(4, 6)));
  });
});
