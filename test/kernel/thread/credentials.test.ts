import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  CAP_CHOWN,
  CAP_DAC_OVERRIDE,
  CAP_KILL,
  CAP_SETUID,
  LAST_CAPABILITY,
} from "../../../src/abi/linux/capability";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as credentials from "./kernel/thread/credentials";
  import { allocate } from "./kernel/memory/heap";
  export { freeFrameCount } from "./kernel/memory/frames";
  function at(record: usize): credentials.Credentials {
    return changetype<credentials.Credentials>(record);
  }
  export function create(): usize { return allocate(offsetof<credentials.Credentials>()); }
  export function setUsers(record: usize, user: u32, effective: u32, saved: u32): void {
    at(record).user = user;
    at(record).effectiveUser = effective;
    at(record).savedUser = saved;
  }
  export function setFileUser(record: usize, user: u32): void { at(record).fileUser = user; }
  export function keep(record: usize, keeps: bool): void { at(record).keepsCapabilities = keeps; }
  export function keeps(record: usize): bool { return at(record).keepsCapabilities; }
  export function copy(record: usize, other: usize): void { at(record).copyFrom(at(other)); }
  export function release(record: usize): void { at(record).release(); }
  export function followUsers(record: usize, before: usize): void {
    at(record).followUsers(at(before));
  }
  export function followFileUser(record: usize, before: u32): void {
    at(record).followFileUser(before);
  }
  export function followProgram(record: usize): void { at(record).followProgram(); }
  export function has(record: usize, capability: u32): bool { return at(record).has(capability); }
  export function permitted(record: usize): u64 {
    return credentials.ALL_CAPABILITIES & ~at(record).unpermitted;
  }
  export function effective(record: usize): u64 {
    return credentials.ALL_CAPABILITIES & ~at(record).ineffective;
  }
  export function forbid(record: usize, capabilities: u32): void {
    at(record).unpermitted |= capabilities;
    at(record).ineffective |= capabilities;
  }
  export function giveGroups(record: usize, first: u32, second: u32): usize {
    const list = credentials.createGroupList(2)!;
    list.put(0, first);
    list.put(1, second);
    at(record).setGroups(list);
    return changetype<usize>(list);
  }
  export function isInGroups(record: usize, group: u32): bool {
    return at(record).isInGroups(group);
  }
  export function groupCount(record: usize): i32 {
    const groups = at(record).supplementary;
    return groups === null ? -1 : groups.count;
  }
  export function references(list: usize): u32 {
    return changetype<credentials.GroupList>(list).references;
  }
`);

const ALL = 2n ** BigInt(LAST_CAPABILITY + 1) - 1n;
/** The upper bit is CAP_MAC_OVERRIDE. */
const OF_FILES = 0x1_0800_021fn;
let machine: Machine;
let who = 0;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const set = (name: string, record = who) =>
  BigInt.asUintN(64, BigInt(machine.part.call[name]!(record)));

/** Changes the users, and what follows from that. */
function become(user: number, effective: number, saved: number): void {
  const before = machine.address("create");
  call("copy", before, who);
  call("setUsers", who, user, effective, saved);
  call("followUsers", who, before);
}

beforeEach(() => {
  machine = start();
  call("start", 64);
  who = machine.address("create");
});

describe("capabilities", () => {
  it("are all there at first", () => {
    assert.deepEqual([set("permitted"), set("effective")], [ALL, ALL]);
    for (const capability of [CAP_CHOWN, CAP_KILL]) assert.equal(call("has", who, capability), 1);
  });

  it("go with the last user id that is the superuser's", () => {
    const cases: [number, number, number][] = [
      [1, 1, 0],
      [0, 1, 1],
      [1, 0, 1],
    ];
    for (const users of cases) {
      who = machine.address("create");
      become(...users);
      assert.equal(set("permitted"), ALL, users.join());
      assert.equal(set("effective"), users[1] === 0 ? ALL : 0n, users.join());
      become(1, 1, 1);
      assert.deepEqual([set("permitted"), set("effective")], [0n, 0n], users.join());
      assert.equal(call("has", who, CAP_CHOWN), 0);
    }
  });

  it("stay permitted if that is asked for, and do not count", () => {
    call("keep", who, 1);
    become(1, 1, 1);
    assert.deepEqual([set("permitted"), set("effective")], [ALL, 0n]);
  });

  it("come back with the effective user, as far as they are permitted", () => {
    call("forbid", who, CAP_SETUID);
    become(0, 1, 0);
    assert.equal(set("effective"), 0n);
    become(0, 0, 0);
    assert.equal(set("effective"), ALL & ~BigInt(CAP_SETUID));
  });

  it("stay as they are among ordinary users", () => {
    become(1, 1, 1);
    become(2, 2, 2);
    assert.deepEqual([set("permitted"), set("effective")], [0n, 0n]);
  });

  it("about files go and come with the user whom files see", () => {
    call("forbid", who, CAP_CHOWN);
    call("setFileUser", who, 5);
    call("followFileUser", who, 0);
    assert.equal(set("effective"), ALL & ~OF_FILES);
    assert.equal(call("has", who, CAP_DAC_OVERRIDE), 0);
    call("setFileUser", who, 6);
    call("followFileUser", who, 5);
    assert.equal(set("effective"), ALL & ~OF_FILES);
    call("setFileUser", who, 0);
    call("followFileUser", who, 6);
    assert.equal(set("effective"), ALL & ~BigInt(CAP_CHOWN));
    call("followFileUser", who, 0);
    assert.equal(set("effective"), ALL & ~BigInt(CAP_CHOWN));
  });

  it("of a program are the superuser's, or none", () => {
    const after = (user: number, effective: number) => {
      who = machine.address("create");
      call("keep", who, 1);
      call("setUsers", who, user, effective, effective);
      call("followProgram", who);
      assert.equal(call("keeps", who), 0);
      return [set("permitted"), set("effective")];
    };
    assert.deepEqual(after(0, 0), [ALL, ALL]);
    assert.deepEqual(after(1, 0), [ALL, ALL]);
    assert.deepEqual(after(0, 1), [ALL, 0n]);
    assert.deepEqual(after(1, 1), [0n, 0n]);
  });
});

describe("supplementary groups", () => {
  it("are none at first", () => {
    assert.equal(call("groupCount", who), -1);
    assert.equal(call("isInGroups", who, 0), 0);
  });

  it("are those that were given", () => {
    call("giveGroups", who, 7, 9);
    assert.equal(call("groupCount", who), 2);
    assert.deepEqual(
      [7, 8, 9, 0].map((group) => call("isInGroups", who, group)),
      [1, 0, 1, 0],
    );
  });

  it("are shared by copies, and go with the last", () => {
    const list = machine.address("giveGroups", who, 7, 9);
    const other = machine.address("create");
    call("copy", other, who);
    assert.equal(call("references", list), 2);
    const third = machine.address("create");
    call("copy", third, machine.address("create"));
    call("copy", third, other);
    assert.equal(call("references", list), 3);
    call("release", who);
    call("release", third);
    assert.equal(call("references", list), 1);
    assert.equal(call("isInGroups", other, 9), 1);
    const free = call("freeFrameCount");
    call("release", other);
    assert.equal(call("groupCount", other), -1);
    assert.ok(call("freeFrameCount") >= free);
  });
});
