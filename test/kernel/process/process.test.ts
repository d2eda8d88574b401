import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const HEAP = 0x20_0000;
const MEMORY = 0x500_0000;
const PID_LIMIT = 32768;
const RECORD = 4096;

const startPart = compileKernelPart(
  `
  import { allocate } from "./kernel/memory/heap";
  import { AddressSpace } from "./kernel/memory/space";
  import * as list from "./kernel/process/process";
  import { setCurrentThread } from "./kernel/thread/thread";

  export function create(): usize { return changetype<usize>(list.createProcess()); }
  export function release(process: usize): void {
    list.releaseProcess(changetype<list.Process>(process));
  }
  export function first(): usize { return changetype<usize>(list.firstProcess()); }
  export function next(process: usize): usize {
    return changetype<usize>(changetype<list.Process>(process).next);
  }
  export function serial(process: usize): u32 {
    return changetype<list.Process>(process).serial;
  }
  declare function told(pid: u32): void;
  function tell(process: list.Process): void { told(process.pid); }
  export function startTelling(): void { list.onProcessRelease(tell.index); }
  export function pid(process: usize): u32 { return changetype<list.Process>(process).pid; }
  export function cr3(process: usize): u32 { return changetype<list.Process>(process).cr3; }
  export function setGroup(process: usize, group: u32): void {
    changetype<list.Process>(process).group = group;
  }
  export function makeCurrent(process: usize): void {
    setCurrentThread(changetype<list.Process>(process).thread);
  }
  /** Gives the process a space of that CR3; 0: none. */
  export function setSpace(process: usize, cr3: u32): void {
    if (cr3 === 0) return changetype<list.Process>(process).setSpace(null);
    const space = changetype<AddressSpace>(allocate(offsetof<AddressSpace>()));
    space.cr3 = cr3;
    changetype<list.Process>(process).setSpace(space);
  }
`,
  {
    memory: MEMORY,
    replace: {
      "kernel/memory/heap.ts": `
        let next: usize = ${HEAP};
        export function allocate(size: usize): usize {
          const at = next;
          next += (size + 15) & ~15;
          memory.fill(at, 0, size);
          return at;
        }
        export function free(_object: usize): void {}
      `,
      "kernel/memory/pages.ts": `
        export const KERNEL_STACK_SIZE: u32 = 8192;
        export function allocateStack(): usize { return ${RECORD}; }
        export function freeStack(_stack: usize): void {}
        export function allocatePages(_count: u32): usize { return 0; }
        export function freePages(_start: usize, _count: u32): void {}
      `,
      "kernel/memory/space.ts": `
        declare function destroyed(cr3: u32): void;
        @unmanaged export class AddressSpace {
          cr3: u32 = 0;
          residentPages: u32 = 0;
          stackLimit: u32 = 0;
          sizeLimit: u32 = 0;
          dataLimit: u32 = 0;
          release(): void { destroyed(this.cr3); }
        }
        export const STACK_LIMIT: u32 = 8388608;
        export let currentSpace: AddressSpace | null = null;
        export function setCurrentSpace(space: AddressSpace | null): void { currentSpace = space; }
      `,
      "kernel/memory/user-memory.ts": `
        @unmanaged export class UserPointer {
          plus(offset: u32): UserPointer { return userPointer(changetype<usize>(this) + offset); }
        }
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function userAddress(pointer: UserPointer): u32 {
          return <u32>changetype<usize>(pointer);
        }
        export function isUserRange(_address: usize, _size: u32): bool { return true; }
        export function copyIn(_from: UserPointer, _to: usize, _size: u32): i32 { return 0; }
        export function copyOut(_to: UserPointer, _from: usize, _size: u32): i32 { return 0; }
      `,
      "kernel/machine/i686/floating-point.ts": `
        export const FLOATING_POINT_SIZE: u32 = 512;
        export function hasFloatingPoint(): bool { return false; }
        export function clearFloatingPoint(_to: usize): void {}
      `,
      "kernel/machine/i686/entry-thread.ts": `
        declare function entry(stackTop: usize, cr3: u32): void;
        export function setEntryThread(stackTop: usize, cr3: u32): void { entry(stackTop, cr3); }
      `,
    },
    imports: {
      symbols: {
        // Once for each look at the list's head.
        kernel_info() {
          looks++;
          return RECORD;
        },
      },
      part: {
        told(pid = 0) {
          events.push(`${pid} goes, of ${pids().length}`);
          return 0;
        },
      },
      space: {
        destroyed(cr3 = 0) {
          events.push(`${cr3} destroyed, process ${call("cr3", current)}`);
          return 0;
        },
      },
      "entry-thread": {
        entry(_stackTop = 0, cr3 = 0) {
          events.push(`entry ${cr3}`);
          return 0;
        },
      },
    },
  },
);

let part: KernelPart;
let looks = 0;
let current = 0;
const events: string[] = [];

function call(name: string, ...values: number[]): number {
  const called = part.call[name];
  assert.ok(called, name);
  return called(...values);
}

function start(): void {
  part = startPart();
  part.write(RECORD, new Uint8Array(4096));
  looks = 0;
  events.length = 0;
}

/** As many processes as are asked for, or as ids allow. */
function createMany(count: number): number[] {
  const made: number[] = [];
  while (made.length < count) {
    const process = call("create");
    if (process === 0) break;
    call("setGroup", process, 1);
    made.push(process);
  }
  return made;
}

function pids(): number[] {
  const found: number[] = [];
  for (let at = call("first"); at !== 0; at = call("next", at)) found.push(call("pid", at));
  return found;
}

describe("the list of processes", () => {
  beforeEach(start);

  it("has them in the order of their creation, whichever are released", () => {
    const [a, b, c, d] = createMany(4);
    assert.deepEqual(pids(), [1, 2, 3, 4]);
    call("release", b!);
    assert.deepEqual(pids(), [1, 3, 4]);
    call("release", d!);
    createMany(1);
    assert.deepEqual(pids(), [1, 3, 5]);
    call("release", a!);
    call("release", c!);
    assert.deepEqual(pids(), [5]);
  });

  it("gives every id below the limit once, and goes through the list once to know", () => {
    const made = createMany(PID_LIMIT);
    assert.equal(made.length, PID_LIMIT - 1);
    assert.equal(new Set(pids()).size, PID_LIMIT - 1);
    assert.ok(looks < 10, `${looks} looks`);
    assert.equal(call("create"), 0);
    for (const process of made.slice(1000, 1010)) call("release", process);
    assert.deepEqual(
      createMany(100).map((process) => call("pid", process)),
      [...Array.from({ length: 10 }, (_, i) => 1001 + i)],
    );
  });

  it("tells processes apart that have had the same id", () => {
    const made = createMany(PID_LIMIT);
    const [gone] = made.slice(100, 101);
    const pid = call("pid", gone!);
    call("release", gone!);
    const [again] = createMany(1);
    assert.equal(call("pid", again!), pid);
    const serials = [...made, again!].map((process) => call("serial", process));
    assert.equal(new Set(serials).size, PID_LIMIT);
  });

  it("tells of a process before it goes", () => {
    const [a, b] = createMany(2);
    call("release", a!);
    call("startTelling");
    call("release", b!);
    assert.deepEqual(events, ["2 goes, of 1"]);
  });

  it("keeps the id of a group that lives on", () => {
    const made = createMany(PID_LIMIT);
    const [leader, member, other] = made.slice(100, 103);
    call("setGroup", member!, call("pid", leader!));
    call("release", leader!);
    call("release", other!);
    const [again] = createMany(1);
    assert.equal(call("pid", again!), 103);
    assert.equal(call("create"), 0);
  });
});

describe("a process that gets another space", () => {
  beforeEach(() => {
    start();
    [current = 0] = createMany(1);
  });

  it("has the CR3 of the new one, and enters on it, before the old one is destroyed", () => {
    call("makeCurrent", current);
    call("setSpace", current, 0x1000);
    call("setSpace", current, 0x2000);
    call("setSpace", current, 0);
    assert.deepEqual(events, [
      "entry 4096",
      "entry 8192",
      "4096 destroyed, process 8192",
      "8192 destroyed, process 0",
    ]);
  });
});
