import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const [EAGAIN, EFAULT, EINVAL, ERESTARTSYS, ETIMEDOUT] = [-11, -14, -22, -512, -110];
const ANY = -1;
const NEVER = 0;
/** Addresses of words: of one space, and of one object that two regions show. */
const [WORD, OTHER, NEXT_PAGE] = [0x5010, 0x5020, 0x6010];
const [SHARED, SHARED_AGAIN, PRIVATE_VIEW] = [0x10_0010, 0x20_0010, 0x30_0010];
const GONE = 0x7000;
const USER_END = 0xffff_c000;

const startPart = compileKernelPart(
  `
  import * as futex from "./kernel/thread/futex";
  import { setCurrentSpace } from "./kernel/memory/space";
  import { userPointer } from "./kernel/memory/user-memory";
  import { setThread, threadAt } from "./kernel/thread/thread";
  import { NEVER } from "./kernel/thread/timer";

  const first = changetype<futex.FutexKey>(memory.data(offsetof<futex.FutexKey>(), 4));
  const second = changetype<futex.FutexKey>(memory.data(offsetof<futex.FutexKey>(), 4));
  export function run(thread: u32): void { setThread(thread); }
  export function enter(space: u32): void { setCurrentSpace(space); }
  /** Deadline 0: none. */
  export function wait(at: u32, isShared: bool, value: u32, bits: u32, deadline: u32): i32 {
    const end = deadline === 0 ? NEVER : <u64>deadline;
    return futex.waitForWord(userPointer(at), isShared, value, bits, end);
  }
  export function wake(at: u32, isShared: bool, count: i32, bits: u32): i32 {
    const result = first.find(userPointer(at), isShared);
    return result !== 0 ? result : futex.wakeWaiters(first, count, bits);
  }
  export function wakeWord(at: u32, isShared: bool, count: i32): i32 {
    return futex.wakeWord(userPointer(at), isShared, count);
  }
  export function requeue(from: u32, to: u32, count: i32, most: i32): i32 {
    first.find(userPointer(from), false);
    second.find(userPointer(to), false);
    return futex.requeueWaiters(first, second, count, most);
  }
  export function isWaiting(thread: u32): bool {
    return threadAt(thread).futexWaiter.queue !== null;
  }
`,
  {
    replace: {
      "kernel/thread/schedule.ts": `
        import { Thread } from "./thread";
        declare function blocked(deadline: u32): i32;
        declare function woken(thread: u32): void;
        export function block(): i32 { return blocked(0); }
        export function sleepUntil(deadline: u64): i32 { return blocked(<u32>deadline); }
        export function wake(thread: Thread): void { woken(thread.id); }
      `,
      "kernel/thread/timer.ts": "export const NEVER: u64 = u64.MAX_VALUE;",
      "kernel/thread/uptime.ts": `
        declare function uptime(): u32;
        export function readUptime(): u64 { return <u64>uptime(); }
      `,
      "kernel/thread/thread.ts": `
        import { FutexWaiter } from "./wait-queue";
        @unmanaged export class Thread {
          id: u32 = 0;
          futex0: u64 = 0;
          futex1: u64 = 0;
          futex2: u64 = 0;
          futex3: u64 = 0;
          get futexWaiter(): FutexWaiter {
            return changetype<FutexWaiter>(changetype<usize>(this) + offsetof<Thread>("futex0"));
          }
        }
        const threads: usize = memory.data(1024, 8);
        export let currentThread: Thread = changetype<Thread>(0);
        export function threadAt(id: u32): Thread {
          return changetype<Thread>(threads + (id << 6));
        }
        export function setThread(id: u32): void {
          currentThread = threadAt(id);
          currentThread.id = id;
        }
      `,
      "kernel/memory/space.ts": `
        @unmanaged export class Region {
          object: usize = 0;
          isShared: bool = false;
          pageAt(address: u32): u32 { return (address >> 12) & 15; }
        }
        @unmanaged export class AddressSpace {
          findRegion(address: usize): Region | null {
            if (address < ${SHARED}) return null;
            region.isShared = address < ${PRIVATE_VIEW};
            region.object = 0x8000;
            return region;
          }
        }
        const region = changetype<Region>(memory.data(offsetof<Region>(), 4));
        export let currentSpace: AddressSpace = changetype<AddressSpace>(0x9000);
        export function setCurrentSpace(address: usize): void {
          currentSpace = changetype<AddressSpace>(address);
        }
      `,
      "kernel/memory/user-memory.ts": `
        @unmanaged export class UserPointer {}
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function userAddress(pointer: UserPointer): u32 {
          return <u32>changetype<usize>(pointer);
        }
        declare function word(at: u32): i32;
        export function readWord(pointer: UserPointer, to: usize): i32 {
          const value = word(userAddress(pointer));
          if (value < 0) return value;
          store<u32>(to, value);
          return 0;
        }
        export function makeReadable(pointer: UserPointer): i32 {
          return min(word(userAddress(pointer)), 0);
        }
      `,
    },
    imports: {
      schedule: {
        blocked: (deadline = 0) => onBlock(deadline),
        woken(thread = 0) {
          woken.push(thread);
          return 0;
        },
      },
      uptime: { uptime: () => now },
      "user-memory": { word: (at = 0) => (at === GONE ? EFAULT : value) },
    },
  },
);

let part: KernelPart;
let value = 0;
let now = 0;
let onBlock: (deadline: number) => number = () => ERESTARTSYS;
const woken: number[] = [];
const seen: number[] = [];

function call(name: string, ...values: number[]): number {
  const called = part.call[name];
  assert.ok(called, name);
  return called(...values);
}

/** Lets `threads` wait at `at`, one within the wait of the other, and calls `then` when all do. */
function whileWaiting(threads: [number, number][], then: () => void, bits = ANY): number[] {
  const results: number[] = [];
  const next = (index: number) => {
    const waiter = threads[index];
    if (!waiter) return then();
    const [thread, at] = waiter;
    onBlock = () => {
      next(index + 1);
      onBlock = () => ERESTARTSYS;
      return ERESTARTSYS;
    };
    call("run", thread);
    results[index] = call("wait", at, 0, value, bits, NEVER);
  };
  next(0);
  return results;
}

describe("a futex", () => {
  beforeEach(() => {
    part = startPart();
    value = 7;
    now = 0;
    woken.length = 0;
    seen.length = 0;
    onBlock = () => ERESTARTSYS;
    call("enter", 0x9000);
    call("run", 1);
  });

  it("must be a whole word of user space that is there", () => {
    assert.equal(call("wait", WORD + 1, 0, 7, ANY, NEVER), EINVAL);
    assert.equal(call("wait", WORD + 2, 1, 7, ANY, NEVER), EINVAL);
    assert.equal(call("wait", USER_END, 0, 7, ANY, NEVER), EFAULT);
    assert.equal(call("wait", GONE, 0, 7, ANY, NEVER), EFAULT);
    assert.equal(call("wakeWord", WORD + 1, 0, 1), EINVAL);
    assert.equal(call("wake", GONE, 1, 1, ANY), EFAULT);
    assert.equal(call("wake", GONE, 0, 1, ANY), 0, "a private word is not looked at");
    assert.equal(call("wait", USER_END - 4, 0, 7, ANY, NEVER), ERESTARTSYS);
  });

  it("lets a thread wait only while it has the value", () => {
    assert.equal(call("wait", WORD, 0, 8, ANY, NEVER), EAGAIN);
    assert.equal(call("wait", WORD, 0, 7, ANY, NEVER), ERESTARTSYS);
    assert.equal(call("isWaiting", 1), 0);
  });

  it("is waited for until it is woken, however often the thread runs for nothing", () => {
    let rounds = 0;
    onBlock = () => {
      if (++rounds === 3) assert.equal(call("wakeWord", WORD, 0, 1), 1);
      return 0;
    };
    assert.equal(call("wait", WORD, 0, 7, ANY, NEVER), 0);
    assert.equal(rounds, 3);
    assert.deepEqual(woken, [1]);
    assert.equal(call("wakeWord", WORD, 0, 1), 0);
  });

  it("is waited for until the deadline, which has not passed before it is reached", () => {
    onBlock = (deadline) => {
      seen.push(deadline);
      now += 10;
      return 0;
    };
    assert.equal(call("wait", WORD, 0, 7, ANY, 20), ETIMEDOUT);
    assert.deepEqual(seen, [20, 20]);
    assert.equal(call("wait", WORD, 0, 7, ANY, 20), ETIMEDOUT);
    assert.deepEqual(seen, [20, 20]);
  });

  it("wakes threads in the order in which they came, as many as are asked for", () => {
    const threads: [number, number][] = [1, 2, 3, 4].map((thread) => [thread, WORD]);
    const results = whileWaiting(threads, () => {
      assert.equal(call("wake", WORD, 0, 2, ANY), 2);
      assert.deepEqual(woken, [1, 2]);
      assert.equal(call("wake", WORD, 0, 0, ANY), 1, "one at least, as on Linux");
      assert.equal(call("wake", WORD, 0, 9, ANY), 1);
    });
    assert.deepEqual(woken, [1, 2, 3, 4]);
    assert.deepEqual(results, [0, 0, 0, 0]);
  });

  it("wakes those alone that wait for the same word", () => {
    const results = whileWaiting(
      [
        [1, WORD],
        [2, OTHER],
        [3, NEXT_PAGE],
        [4, WORD],
      ],
      () => {
        call("enter", 0xa000);
        assert.equal(call("wake", WORD, 0, 9, ANY), 0);
        call("enter", 0x9000);
        assert.equal(call("wake", WORD, 0, 9, ANY), 2);
      },
    );
    assert.deepEqual(woken, [1, 4]);
    assert.deepEqual(results, [0, ERESTARTSYS, ERESTARTSYS, 0]);
  });

  // Few buckets for many words: strangers meet in one.
  it("wakes no stranger of its bucket", () => {
    for (let page = 1; page < 2000; page++) {
      const [first, second] = whileWaiting([[1, WORD]], () => {
        assert.equal(call("wake", WORD + page * 4096, 0, 9, ANY), 0);
        assert.equal(call("wake", WORD + page * 4, 0, 9, ANY), 0);
        call("enter", 0x9000 + page * 16);
        assert.equal(call("wake", WORD, 0, 9, ANY), 0);
        call("enter", 0x9000);
      });
      assert.deepEqual([first, second], [ERESTARTSYS, undefined]);
    }
  });

  it("wakes those alone that wait for one of the bits", () => {
    whileWaiting([[1, WORD]], () => assert.equal(call("wake", WORD, 0, 1, 4), 0), 3);
    const [result] = whileWaiting([[1, WORD]], () => call("wake", WORD, 0, 1, 6), 3);
    assert.equal(result, 0);
  });

  it("in shared memory is the same at each of its addresses, in each space", () => {
    onBlock = () => {
      call("enter", 0xa000);
      assert.equal(call("wake", PRIVATE_VIEW, 1, 1, ANY), 0);
      assert.equal(call("wake", SHARED_AGAIN, 0, 1, ANY), 0);
      assert.equal(call("wakeWord", SHARED_AGAIN, 1, 1), 1);
      return 0;
    };
    assert.equal(call("wait", SHARED, 1, 7, ANY, NEVER), 0);
  });

  it("in memory of the process's own is the same whether it is called shared or not", () => {
    onBlock = () => {
      assert.equal(call("wake", WORD, 1, 1, ANY), 1);
      return 0;
    };
    assert.equal(call("wait", WORD, 0, 7, ANY, NEVER), 0);
  });

  it("hands over some of those who wait to another word, and wakes some", () => {
    const threads: [number, number][] = [1, 2, 3, 4].map((thread) => [thread, WORD]);
    threads.splice(1, 0, [5, OTHER]);
    const results = whileWaiting(threads, () => {
      assert.equal(call("requeue", WORD, NEXT_PAGE, 1, 2), 3);
      assert.deepEqual(woken, [1]);
      assert.equal(call("wake", NEXT_PAGE, 0, 9, ANY), 2);
      assert.deepEqual(woken, [1, 2, 3]);
      assert.equal(call("wake", WORD, 0, 9, ANY), 1);
    });
    assert.deepEqual(results, [0, ERESTARTSYS, 0, 0, 0]);
  });

  it("hands over to itself each who waits once", () => {
    const threads: [number, number][] = [1, 2, 3].map((thread) => [thread, WORD]);
    whileWaiting(threads, () => {
      assert.equal(call("requeue", WORD, WORD, 1, 9), 3);
      assert.deepEqual(woken, [1]);
      assert.equal(call("requeue", OTHER, WORD, 1, 9), 0);
      assert.equal(call("wake", WORD, 0, 9, ANY), 2);
    });
  });
});
