// Locks among owners that are numbers: what blocks is told by a function of the test's.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FAILING_HEAP, FAILING_HEAP_EXPORTS, failEach } from "../failing-heap";
import { compileKernelPart, type KernelPart } from "../kernel-part";

/** What a thread does that waits; what its wait gives. */
let onWait: () => number = () => EINTR;
/** The descriptor that an owner has for the file, and the owners that have closed it. */
const DESCRIPTOR = 7;
let closed = new Set<number>();

const start = compileKernelPart(
  `
  ${FAILING_HEAP_EXPORTS}
  import { hold } from "./kernel/file/file-table";
  import * as locks from "./kernel/file/file-lock";
  import { Inode } from "./kernel/file/inode";
  import { OpenFile } from "./kernel/file/open-file";
  const inode = changetype<Inode>(memory.data(offsetof<Inode>(), 8));
  const file = changetype<OpenFile>(memory.data(offsetof<OpenFile>(), 8));
  const wanted = changetype<locks.FileLock>(memory.data(offsetof<locks.FileLock>(), 8));
  export function say(owner: u32, pid: i32, isWhole: bool, isWrite: bool): void {
    wanted.owner = owner;
    wanted.pid = pid;
    wanted.isWhole = isWhole;
    wanted.isWrite = isWrite;
  }
  export function range(start: u32, last: u32): void {
    wanted.start = start;
    wanted.last = last === 0xffffffff ? locks.LAST_BYTE : last;
  }
  export function take(waits: bool): i32 {
    file.inode = inode;
    hold(file);
    return locks.takeLock(file, wanted, waits, ${DESCRIPTOR});
  }
  export function drop(): i32 { return locks.dropLock(inode, wanted); }
  export function dropAll(owner: u32): void { locks.dropLocks(inode, owner); }
  let found: locks.FileLock | null = null;
  export function find(): bool { found = locks.findObstacle(inode, wanted); return found !== null; }
  export function foundStart(): u32 { return <u32>found!.start; }
  export function foundLast(): u32 { return <u32>found!.last; }
  export function foundWrite(): bool { return found!.isWrite; }
  export function foundPid(): i32 { return found!.pid; }
  export function count(): u32 {
    let count: u32 = 0;
    let lock = changetype<locks.FileLock | null>(inode.locks);
    while (lock !== null) {
      count++;
      lock = lock.next;
    }
    return count;
  }
`,
  {
    replace: {
      "kernel/memory/heap.ts": FAILING_HEAP,
      "kernel/file/file-table.ts": `
        import { OpenFile } from "./open-file";
        @external("test", "isOpen") declare function isOpen(owner: u32, descriptor: u32): bool;
        let held: OpenFile | null = null;
        export function hold(file: OpenFile): void { held = file; }
        @unmanaged export class FileTable {
          get(descriptor: u32): OpenFile | null {
            return isOpen(<u32>changetype<usize>(this), descriptor) ? held : null;
          }
        }
      `,
      "kernel/file/held-file.ts": `
        import { OpenFile } from "./open-file";
        import { WaitQueue } from "../thread/wait-queue";
        @external("test", "wait") declare function wait(): i32;
        export function sleepHolding(_file: OpenFile, _queue: WaitQueue): i32 { return wait(); }
      `,
    },
    imports: {
      test: {
        wait: () => onWait(),
        isOpen: (owner: number, descriptor: number) =>
          Number(descriptor === DESCRIPTOR && !closed.has(owner)),
      },
    },
  },
);

const [EINTR, EBADF, EAGAIN, EDEADLK, ENOLCK] = [-4, -9, -11, -35, -37];
const END = 0xffffffff;
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? Number.NaN;

type Kind = "read" | "write";
const say = (owner: number, kind: Kind, first: number, last: number, pid = owner) => {
  call("say", owner, pid, 0, kind === "write" ? 1 : 0);
  call("range", first, last);
};
const take = (
  owner: number,
  kind: Kind,
  first: number,
  last: number,
  waits = false,
  pid = owner,
) => {
  say(owner, kind, first, last, pid);
  return call("take", waits ? 1 : 0);
};
const drop = (owner: number, first: number, last: number) => {
  say(owner, "read", first, last);
  return call("drop");
};
const flock = (owner: number, kind: Kind) => {
  call("say", owner, owner, 1, kind === "write" ? 1 : 0);
  call("range", 0, END);
  return call("take", 0);
};
/** The ranges that are in another's way, from the lowest on. */
function seen(): string[] {
  const all: string[] = [];
  for (let from = 0; from < 1000; ) {
    say(99, "write", from, END);
    if (call("find") === 0) break;
    const [first, last] = [call("foundStart"), call("foundLast")];
    all.push(`${call("foundWrite") === 1 ? "w" : "r"}${first}-${last}`);
    if (last < first) break;
    from = last + 1;
  }
  return all;
}

beforeEach(() => {
  onWait = () => EINTR;
  closed = new Set();
  part = start();
});

describe("ranges of one owner", () => {
  it("are not in its own way", () => {
    assert.equal(take(1, "write", 0, 9), 0);
    assert.equal(take(1, "read", 5, 6), 0);
    assert.deepEqual(seen(), ["w0-4", "r5-6", "w7-9"]);
  });

  it("are one if they touch or overlap, and are alike", () => {
    take(1, "read", 0, 4);
    take(1, "read", 5, 9);
    take(1, "read", 20, 29);
    take(1, "read", 15, 22);
    assert.deepEqual(seen(), ["r0-9", "r15-29"]);
    take(1, "read", 10, 14);
    assert.deepEqual(seen(), ["r0-29"]);
    assert.equal(call("count"), 1);
  });

  it("stay two if there is a byte between them, or they are not alike", () => {
    take(1, "read", 0, 4);
    take(1, "read", 6, 9);
    take(1, "write", 10, 12);
    assert.equal(call("count"), 3);
  });

  it("become what the owner wants of the place", () => {
    take(1, "write", 0, 9);
    take(1, "read", 0, 3);
    assert.deepEqual(seen(), ["r0-3", "w4-9"]);
    take(1, "read", 8, 12);
    assert.deepEqual(seen(), ["r0-3", "w4-7", "r8-12"]);
    take(1, "write", 0, 12);
    assert.deepEqual(seen(), ["w0-12"]);
  });

  it("are given back in part", () => {
    take(1, "write", 0, 9);
    assert.equal(drop(1, 4, 5), 0);
    assert.deepEqual(seen(), ["w0-3", "w6-9"]);
    drop(1, 0, 0);
    drop(1, 9, 20);
    assert.deepEqual(seen(), ["w1-3", "w6-8"]);
    drop(1, 0, END);
    assert.equal(call("count"), 0);
    assert.equal(drop(1, 0, END), 0);
  });

  it("are given back by their owner alone", () => {
    take(1, "read", 0, 9);
    take(2, "read", 0, 9);
    drop(2, 0, 4);
    call("dropAll", 3);
    assert.equal(call("count"), 2);
    call("dropAll", 1);
    assert.deepEqual(seen(), ["r5-9"]);
  });
});

describe("ranges of several owners", () => {
  it("exclude each other unless both are for reading", () => {
    assert.equal(take(1, "read", 0, 9), 0);
    assert.equal(take(2, "read", 5, 14), 0);
    assert.equal(take(2, "write", 9, 9), EAGAIN);
    assert.equal(take(2, "write", 10, 14), 0);
    assert.equal(take(1, "read", 10, 10), EAGAIN);
  });

  it("are told of from the lowest on", () => {
    take(1, "read", 20, 29, false, 77);
    take(2, "write", 0, 9, false, 88);
    say(3, "write", 0, END);
    call("find");
    assert.deepEqual([call("foundStart"), call("foundPid")], [0, 88]);
    say(3, "read", 10, END);
    assert.equal(call("find"), 0);
  });

  it("are waited for", () => {
    take(1, "write", 0, 9);
    let waits = 0;
    onWait = () => {
      if (++waits === 2) drop(1, 0, 9);
      return 0;
    };
    assert.equal(take(2, "write", 0, 9, true), 0);
    assert.equal(waits, 2);
    onWait = () => EINTR;
    assert.equal(take(1, "write", 0, 9, true), EINTR);
  });
});

describe("a lock whose descriptor was closed while it was waited for", () => {
  function waitFor(pid: number): number {
    take(1, "write", 0, 9);
    onWait = () => {
      closed.add(2);
      drop(1, 0, 9);
      return 0;
    };
    return take(2, "write", 0, 9, true, pid);
  }

  it("is not had by the process that closed it", () => {
    assert.equal(waitFor(2), EBADF);
    assert.deepEqual(seen(), []);
  });

  it("is had by an open file, which is still there", () => {
    assert.equal(waitFor(-1), 0);
    assert.deepEqual(seen(), ["w0-9"]);
  });

  it("is waited for to the end", () => {
    take(1, "write", 0, 9);
    let waits = 0;
    onWait = () => {
      closed.add(2);
      return ++waits === 2 ? EINTR : 0;
    };
    assert.equal(take(2, "write", 0, 9, true), EINTR);
    assert.equal(waits, 2);
  });
});

describe("without memory", () => {
  it("a lock leaves what the owner had, and no object behind", () => {
    take(1, "read", 0, 9);
    const failures = failEach(part, () => {
      const result = take(1, "write", 5, 6);
      assert.deepEqual(seen(), result === 0 ? ["r0-4", "w5-6", "r7-9"] : ["r0-9"]);
      return result;
    });
    // The lock, and the second half of what it is in the middle of.
    assert.deepEqual(
      failures,
      [ENOLCK, ENOLCK].map((result) => ({ result, left: 0 })),
    );
  });

  it("a whole file stays locked as it was", () => {
    assert.equal(flock(1, "read"), 0);
    const failures = failEach(part, () => {
      const result = flock(1, "write");
      call("say", 2, 2, 1, 1);
      assert.equal(call("find"), 1);
      assert.equal(call("foundWrite"), result === 0 ? 1 : 0);
      return result;
    });
    assert.deepEqual(
      failures.map(({ result }) => result),
      [ENOLCK, ENOLCK],
    );
  });
});

describe("a deadlock", () => {
  it("is told to who would complete it, however many wait", () => {
    for (const owner of [1, 2, 3]) take(owner, "write", owner, owner);
    onWait = () => {
      onWait = () => {
        assert.equal(take(3, "write", 1, 1, true), EDEADLK);
        return EINTR;
      };
      assert.equal(take(2, "write", 3, 3, true), EINTR);
      return EINTR;
    };
    assert.equal(take(1, "write", 2, 2, true), EINTR);
    // Nobody waits any more.
    onWait = () => EINTR;
    assert.equal(take(3, "write", 1, 1, true), EINTR);
  });

  it("is not seen where others wait in a row", () => {
    for (const owner of [1, 2, 3]) take(owner, "write", owner, owner);
    onWait = () => {
      onWait = () => EINTR;
      assert.equal(take(3, "write", 1, 1, true), EINTR);
      return EINTR;
    };
    assert.equal(take(1, "write", 2, 2, true), EINTR);
  });

  it("of open files is not looked for", () => {
    take(1, "write", 1, 1, false, -1);
    take(2, "write", 2, 2, false, -1);
    onWait = () => {
      onWait = () => EINTR;
      assert.equal(take(2, "write", 1, 1, true, -1), EINTR);
      return EINTR;
    };
    assert.equal(take(1, "write", 2, 2, true, -1), EINTR);
  });
});

describe("a whole file", () => {
  it("is locked by one to write or by several to read, beside ranges", () => {
    take(5, "write", 0, END);
    assert.equal(flock(1, "read"), 0);
    assert.equal(flock(2, "read"), 0);
    assert.equal(flock(2, "read"), 0);
    assert.equal(call("count"), 3);
    assert.equal(flock(1, "write"), EAGAIN);
    assert.equal(call("count"), 2, "the lock before is given back first");
    call("dropAll", 2);
    assert.equal(flock(1, "write"), 0);
    assert.equal(flock(2, "read"), EAGAIN);
  });
});
