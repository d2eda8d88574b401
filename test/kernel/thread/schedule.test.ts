// Who runs. A switch of stacks ends in a function here: a test runs what the thread does that is
// switched to, and the one that was left goes on when that returns.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { INFO_CURRENT } from "../../../src/abi/kernel-info";
import { SCHED_FIFO, SCHED_RESET_ON_FORK, SCHED_RR } from "../../../src/abi/linux/schedule";
import { BOOT_PAGES, KERNEL_INFO, type Machine, machineFor } from "../memory/simulated-machine";

const WORDS = KERNEL_INFO + 0x100;
const ENTRY_STACK = KERNEL_INFO + 0x200;
const GDT = KERNEL_INFO + 0x300;
const [ENTRY_STACK_SIZE, CURRENT_STACK, CURRENT_CR3] = [0x80, WORDS, WORDS + 4];

let machine: Machine;
let threads: number[] = [];
/** The stacks that were switched to, as the threads that they are of. */
let switches: number[] = [];
/** What the threads do that are switched to, in this order. */
let scripts: (() => void)[] = [];
/** What interrupts do while the machine idles, in this order. */
let interrupts: (() => void)[] = [];
/** FS and GS, as the machine has them. */
const segmentRegisters = [0, 0];
/** The instructions that switch interrupts on and off. */
let instructions: string[] = [];

/** What ticks interrupt. */
let isKernelAtWork = false;
/** The time-stamp counter, which counts nanoseconds here. */
let clock = 0;

/** A number of 64 bits, which the types of imports do not know. */
const asNumber = (value: bigint) => value as unknown as number;
const storeSelector =
  (register: number) =>
  (at = 0): number => {
    machine.setWord(at, segmentRegisters[register] ?? 0);
    return 0;
  };
const loadSelector =
  (register: number) =>
  (at = 0): number => {
    segmentRegisters[register] = machine.word(at);
    return 0;
  };
const instruction = (name: string) => () => instructions.push(name);

const start = machineFor(
  `
  ${BOOT_PAGES}
  import * as schedule from "./kernel/thread/schedule";
  import { createThread, currentThread, Thread } from "./kernel/thread/thread";
  import { createSpace } from "./kernel/memory/space";
  import { fireTimers, NEVER, onNextInterrupt } from "./kernel/thread/timer";
  import { RETURN_THREAD, returnWork } from "./kernel/memory/user-return";
  export { noteDeepEntry } from "./kernel/machine/i686/entry-thread";
  import { WaitQueue } from "./kernel/thread/wait-queue";
  export { openWindow } from "./kernel/memory/window";
  const queue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
  function at(thread: usize): Thread { return changetype<Thread>(thread); }
  export function create(owner: usize): usize {
    const thread = createThread(owner)!;
    thread.space = createSpace();
    thread.savedEsp = changetype<usize>(thread);
    return changetype<usize>(thread);
  }
  function interruptIn(nanoseconds: u32): u32 { return nanoseconds; }
  export function startScheduling(thread: usize): void {
    onNextInterrupt(interruptIn.index);
    schedule.startScheduling(at(thread));
  }
  export function makeRunnable(thread: usize): void { schedule.makeRunnable(at(thread)); }
  export function yieldProcessor(): void { schedule.yieldProcessor(); }
  export function setUrgency(thread: usize, urgency: u32): void {
    schedule.setUrgency(at(thread), urgency);
  }
  export function setPolicy(thread: usize, policy: u32): void { at(thread).policy = policy; }
  export function policy(thread: usize): u32 { return at(thread).policy; }
  export function urgency(thread: usize): u32 { return at(thread).urgency; }
  export function inherit(thread: usize): void { schedule.inheritUrgency(at(thread)); }
  export function preemptionPoint(): void { schedule.preemptionPoint(); }
  export function sleepOnQueue(): i32 { return schedule.sleepOn(queue); }
  export function sleepUntil(deadline: u32): i32 { return schedule.sleepUntil(deadline); }
  export function sleepOnUntil(deadline: u32): i32 {
    return schedule.sleepOnUntil(queue, deadline);
  }
  export function sleepOnForEver(): i32 { return schedule.sleepOnUntil(queue, NEVER); }
  export function block(): i32 { return schedule.block(); }
  export function wake(thread: usize): void { schedule.wake(at(thread)); }
  export function wakeQueue(): void { schedule.wakeAll(queue); }
  export function queueIsEmpty(): bool { return queue.isEmpty(); }
  export function tick(): void { fireTimers(); }
  export function processorTime(thread: usize): u32 {
    return <u32>schedule.processorTime(at(thread));
  }
  export function systemTime(thread: usize): u32 {
    const one = at(thread);
    return <u32>one.modes.systemShare(schedule.countsOf(one));
  }
  export function totalSystemTime(): u32 { return <u32>schedule.totalSystemTime(); }
  let ticks: u32 = 0;
  function countTick(): void { ticks++; }
  export function onTick(): void { schedule.onTick(countTick.index); }
  export function timesTicked(): u32 { return ticks; }
  export function endWork(): void { schedule.endUserReturnWork(); }
  export function runnable(): u32 { return schedule.countRunnable(); }
  export function idleTime(): u32 { return <u32>schedule.idleTime(); }
  let busy: u32 = 0;
  function countBusy(): void { busy++; }
  export function onceBusy(): void { schedule.onceBusy(countBusy.index); }
  export function timesBusy(): u32 { return busy; }
  export function switches(): u32 { return schedule.switches; }
  export function requestWork(): void { schedule.requestUserReturnWork(); }
  export function hasWork(): bool { return (returnWork & RETURN_THREAD) !== 0; }
  export function sliceIsOver(): bool { return schedule.sliceIsOver; }
  export function current(): usize { return changetype<usize>(currentThread); }
  export function state(thread: usize): u32 { return at(thread).state; }
  export function slice(thread: usize): u32 { return at(thread).slice; }
  export function setSlice(thread: usize, slice: u32): void { at(thread).slice = slice; }
  export function setSignal(thread: usize, signal: u32): void {
    at(thread).pendingSignal = signal;
  }
  export function stackTop(thread: usize): usize { return at(thread).stackTop; }
  export function cr3(thread: usize): u32 { return at(thread).space!.cr3; }
`,
  {
    replace: {
      "kernel/thread/interrupted.ts": `
        declare function isKernelAtWork(): i32;
        export function wasInKernel(): bool { return isKernelAtWork() !== 0; }
      `,
    },
    imports: {
      interrupted: { isKernelAtWork: () => (isKernelAtWork ? 1 : 0) },
      symbols: {
        current_kernel_stack: () => CURRENT_STACK,
        current_cr3: () => CURRENT_CR3,
        entry_stack: () => ENTRY_STACK,
        gdt: () => GDT,
        entry_stack_top: () => ENTRY_STACK + ENTRY_STACK_SIZE,
      },
      "context-switch": {
        switch_stack(_saveOld = 0, newEsp = 0) {
          switches.push(threads.indexOf(newEsp));
          scripts.shift()?.();
          return 0;
        },
      },
      x86: {
        storefs: storeSelector(0),
        storegs: storeSelector(1),
        loadfs: loadSelector(0),
        loadgs: loadSelector(1),
        rdtsc: () => asNumber(BigInt(clock)),
        sti: instruction("sti"),
        cli: instruction("cli"),
        readeflags: instruction("readeflags"),
        stihlt() {
          const next = interrupts.shift();
          assert.ok(next, "the machine idles for ever");
          next();
          return instructions.push("stihlt");
        },
      },
    },
  },
);

const EINTR = -4;
const ERESTARTSYS = -512;
const TIME_SLICE = 2;
const PERIOD = 10_000_000;
const BLOCKED = 1;
const OWNERS = [0x5000, 0x6000, 0x7000];
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const thread = (index: number) => threads[index] ?? 0;
const current = () => threads.indexOf(machine.address("current"));
/** So many periods of time slices pass, each with an interrupt at its end. */
const periods = (count: number) => {
  for (let i = 0; i < count; i++) {
    clock += PERIOD;
    call("tick");
  }
};

/** Thread 0 runs, 1 and 2 exist. */
beforeEach(() => {
  [threads, switches, scripts, interrupts, instructions] = [[], [], [], [], []];
  clock = 0;
  isKernelAtWork = false;
  machine = start();
  call("start", 200);
  threads = OWNERS.map((owner) => machine.address("create", owner));
  call("startScheduling", thread(0));
});

describe("the first thread", () => {
  it("is the current one, and runs on its stack", () => {
    assert.equal(current(), 0);
    assert.deepEqual(switches, [0]);
    assert.equal(machine.word(KERNEL_INFO + INFO_CURRENT), OWNERS[0]);
    assert.equal(call("slice", thread(0)), TIME_SLICE);
  });

  it("is entered from user mode on its own stack and space", () => {
    assert.equal(machine.word(CURRENT_STACK), machine.address("stackTop", thread(0)));
    assert.equal(machine.word(CURRENT_CR3), machine.address("cr3", thread(0)));
  });
});

describe("a switch of threads", () => {
  it("clears all of the entry stack once an entry has come on top of another", () => {
    machine.part.write(ENTRY_STACK, new Uint8Array(ENTRY_STACK_SIZE).fill(0xaa));
    call("noteDeepEntry");
    call("makeRunnable", thread(1));
    call("yieldProcessor");
    const left = machine.part.read(ENTRY_STACK, ENTRY_STACK_SIZE);
    assert.deepEqual(left, new Uint8Array(ENTRY_STACK_SIZE));
    machine.part.write(ENTRY_STACK, Uint8Array.of(0xaa));
    call("yieldProcessor");
    assert.deepEqual(machine.part.read(ENTRY_STACK, 1), Uint8Array.of(0xaa));
  });
});

describe("a thread that yields", () => {
  it("goes on, without a switch, if no other can run", () => {
    call("setSlice", thread(0), 1);
    call("yieldProcessor");
    assert.equal(current(), 0);
    assert.deepEqual(switches, [0]);
    assert.equal(call("slice", thread(0)), TIME_SLICE);
  });

  it("lets the others run first, in turn", () => {
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    for (let i = 0; i < 4; i++) call("yieldProcessor");
    assert.deepEqual(switches, [0, 1, 2, 0, 1]);
    assert.equal(machine.word(CURRENT_STACK), machine.address("stackTop", thread(1)));
    assert.equal(machine.word(CURRENT_CR3), machine.address("cr3", thread(1)));
    assert.equal(machine.word(KERNEL_INFO + INFO_CURRENT), OWNERS[1]);
  });

  it("must not leave a window open to the others", () => {
    call("makeRunnable", thread(1));
    call("openWindow", 0);
    assert.throws(() => call("yieldProcessor"), /schedule: a thread blocks with a window open/);
  });

  it("has work before it returns to user mode, if a signal is pending when it runs again", () => {
    call("yieldProcessor");
    assert.equal(call("hasWork"), 0);
    call("setSignal", thread(0), 9);
    call("yieldProcessor");
    assert.equal(call("hasWork"), 1);
  });
});

describe("what is to be done before user mode", () => {
  it("is done unless a signal is pending or the slice is over", () => {
    call("requestWork");
    call("endWork");
    assert.equal(call("hasWork"), 0);
    call("setSignal", thread(0), 9);
    call("endWork");
    assert.equal(call("hasWork"), 1);
  });
});

describe("a thread that sleeps on a queue", () => {
  it("is blocked until the queue is woken", () => {
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        assert.equal(current(), 1);
        assert.equal(call("state", thread(0)), BLOCKED);
        call("wakeQueue");
        assert.equal(call("queueIsEmpty"), 1);
        call("yieldProcessor");
      },
    ];
    assert.equal(call("sleepOnQueue"), 0);
    assert.equal(current(), 0);
    assert.deepEqual(switches, [0, 1, 0]);
  });

  it("is not put to sleep while a signal is pending", () => {
    call("setSignal", thread(0), 9);
    assert.equal(call("sleepOnQueue"), ERESTARTSYS);
    assert.equal(call("queueIsEmpty"), 1);
    assert.deepEqual(switches, [0]);
  });

  it("is told of a signal that woke it, and is no longer in the queue", () => {
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        call("setSignal", thread(0), 9);
        call("wake", thread(0));
        assert.equal(call("queueIsEmpty"), 1);
        call("yieldProcessor");
      },
    ];
    assert.equal(call("sleepOnQueue"), ERESTARTSYS);
  });

  it("is woken with the others there, in the order in which they came", () => {
    // Each of the first two goes to sleep when it is switched to.
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    scripts = [
      () => call("sleepOnQueue"),
      () => {
        call("wakeQueue");
        call("yieldProcessor");
      },
    ];
    call("sleepOnQueue");
    assert.deepEqual(switches, [0, 1, 2, 0]);
    call("yieldProcessor");
    assert.equal(current(), 1);
  });
});

describe("a thread that is blocked", () => {
  it("runs when it is woken", () => {
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        call("wake", thread(0));
        call("yieldProcessor");
      },
    ];
    assert.equal(call("block"), 0);
    assert.equal(current(), 0);
  });

  it("is not blocked while a signal is pending", () => {
    call("setSignal", thread(0), 9);
    assert.equal(call("block"), ERESTARTSYS);
    assert.deepEqual(switches, [0]);
  });

  it("is the only kind that is woken", () => {
    call("makeRunnable", thread(1));
    call("wake", thread(1));
    call("wake", thread(0));
    for (let i = 0; i < 3; i++) call("yieldProcessor");
    assert.deepEqual(switches, [0, 1, 0, 1], "each is in the queue once");
  });

  it("must not leave a window open", () => {
    machine.address("openWindow", 0);
    assert.throws(() => call("block"), /schedule: a thread blocks with a window open/);
  });
});

describe("what is counted", () => {
  it("is who runs or could, and how often another one does", () => {
    assert.equal(call("runnable"), 1);
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    assert.equal(call("runnable"), 3);
    const before = call("switches");
    call("yieldProcessor");
    assert.equal(call("switches"), before + 1);
    assert.equal(call("runnable"), 3);
  });

  it("is the time that was idle, and that nothing ran", () => {
    periods(3);
    assert.equal(call("idleTime"), 0);
    let ran = -1;
    let half = 0;
    interrupts = [
      () => {
        periods(2);
        half = call("idleTime");
      },
      () => {
        ran = call("runnable");
        periods(1);
        call("wake", thread(0));
      },
    ];
    call("block");
    assert.equal(ran, 0);
    assert.equal(half, 2 * PERIOD);
    assert.equal(call("idleTime"), 3 * PERIOD);
    periods(1);
    assert.equal(call("idleTime"), 3 * PERIOD);
  });
});

describe("an urgent thread", () => {
  /** Who runs, one after the other, while each blocks at once. */
  const order = () => {
    const before = switches.length;
    scripts = [() => call("block"), () => call("block"), () => {}];
    call("block");
    return switches.slice(before);
  };

  it("runs before those that are less urgent, and behind its equals", () => {
    call("setUrgency", thread(1), 5);
    call("setUrgency", thread(2), 5);
    call("makeRunnable", thread(0));
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    assert.deepEqual(order(), [1, 2, 0]);
  });

  it("comes before a less urgent one that is first of several", () => {
    call("setUrgency", thread(1), 5);
    call("setUrgency", thread(2), 6);
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(0));
    call("makeRunnable", thread(2));
    assert.deepEqual(order(), [2, 1, 0]);
  });

  it("takes the processor from one that is less urgent, not from its equal", () => {
    call("setUrgency", thread(0), 4);
    call("yieldProcessor");
    call("setUrgency", thread(1), 4);
    call("makeRunnable", thread(1));
    assert.equal(call("sliceIsOver"), 0);
    call("setUrgency", thread(2), 5);
    call("makeRunnable", thread(2));
    assert.equal(call("sliceIsOver"), 1);
    assert.equal(call("hasWork"), 1);
    call("endWork");
    assert.equal(call("hasWork"), 1);
  });

  it("that gives way to a more urgent one goes on before its equals", () => {
    call("setUrgency", thread(0), 4);
    call("setUrgency", thread(1), 4);
    call("setUrgency", thread(2), 5);
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    scripts = [() => call("block")];
    call("yieldProcessor");
    assert.deepEqual(switches, [0, 2, 0]);
  });

  it("that yields lets its equals go first", () => {
    call("setUrgency", thread(0), 4);
    call("yieldProcessor");
    call("setUrgency", thread(1), 4);
    call("makeRunnable", thread(1));
    call("yieldProcessor");
    assert.deepEqual(switches, [0, 1]);
  });

  it("whose slice is over lets its equals go first, not less urgent ones", () => {
    call("setUrgency", thread(0), 4);
    call("setUrgency", thread(1), 4);
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    periods(TIME_SLICE);
    assert.equal(call("sliceIsOver"), 1);
    call("yieldProcessor");
    assert.equal(current(), 1);
    call("yieldProcessor");
    assert.equal(current(), 0, "and not the third, which is less urgent");
  });

  it("of SCHED_FIFO has no slice that ends, flagged or not", () => {
    call("makeRunnable", thread(1));
    for (const policy of [SCHED_FIFO, SCHED_FIFO | SCHED_RESET_ON_FORK]) {
      call("setPolicy", thread(0), policy);
      periods(2 * TIME_SLICE);
      assert.equal(call("sliceIsOver"), 0);
    }
    call("setPolicy", thread(0), SCHED_RR);
    periods(TIME_SLICE);
    assert.equal(call("sliceIsOver"), 1);
  });

  it("moves in the queue when its urgency changes", () => {
    call("makeRunnable", thread(0));
    call("makeRunnable", thread(1));
    call("makeRunnable", thread(2));
    call("setUrgency", thread(2), 1);
    call("setUrgency", thread(1), 2);
    assert.deepEqual(order(), [1, 2, 0]);
  });

  it("that waits for something else is left where it is", () => {
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        call("setUrgency", thread(0), 3);
        assert.equal(call("queueIsEmpty"), 0);
        assert.equal(call("state", thread(0)), BLOCKED);
      },
    ];
    call("sleepOnQueue");
  });

  it("gives way at once when it becomes less urgent", () => {
    call("setUrgency", thread(0), 0);
    assert.equal(call("sliceIsOver"), 1);
    assert.equal(call("hasWork"), 1);
  });

  it("has children like itself, unless they are to be ordinary", () => {
    call("setUrgency", thread(0), 7);
    call("setPolicy", thread(0), SCHED_RR | SCHED_RESET_ON_FORK);
    call("inherit", thread(1));
    assert.deepEqual([call("policy", thread(1)), call("urgency", thread(1))], [0, 0]);
    call("setPolicy", thread(0), SCHED_RR);
    call("inherit", thread(1));
    assert.deepEqual([call("policy", thread(1)), call("urgency", thread(1))], [SCHED_RR, 7]);
  });
});

describe("a thread that sleeps until a time", () => {
  it("runs when that time has come", () => {
    periods(5);
    interrupts = [() => periods(1), () => periods(1)];
    assert.equal(call("sleepUntil", 7 * PERIOD), 0);
    assert.deepEqual(interrupts, []);
    assert.equal(current(), 0);
  });

  it("is not put to sleep while a signal is pending", () => {
    call("setSignal", thread(0), 9);
    assert.equal(call("sleepUntil", 7), EINTR);
    assert.deepEqual(switches, [0]);
  });

  it("wakes with the others that are due at that time", () => {
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        interrupts = [() => periods(1)];
        call("sleepUntil", PERIOD);
      },
    ];
    call("sleepUntil", PERIOD);
    assert.deepEqual(switches, [0, 1, 0]);
    call("yieldProcessor");
    assert.equal(current(), 1);
  });

  it("that was woken before is not woken again", () => {
    interrupts = [() => call("wake", thread(0)), () => periods(2), () => call("wake", thread(0))];
    assert.equal(call("sleepUntil", PERIOD), 0);
    call("block");
    assert.deepEqual(interrupts, [], "the old deadline has passed without effect");
  });
});

describe("a thread that sleeps on a queue until a time", () => {
  it("is not put to sleep while a signal is pending", () => {
    call("setSignal", thread(0), 9);
    assert.equal(call("sleepOnUntil", 7), EINTR);
    assert.equal(call("sleepOnForEver"), EINTR);
    assert.equal(call("queueIsEmpty"), 1);
    assert.deepEqual(switches, [0]);
  });

  it("runs when the queue is woken, and leaves no timer behind", () => {
    interrupts = [() => call("wakeQueue"), () => periods(2), () => call("wake", thread(0))];
    assert.equal(call("sleepOnUntil", PERIOD), 0);
    call("block");
    assert.deepEqual(interrupts, [], "the old deadline has passed without effect");
  });

  it("runs when that time has come, and is in the queue no more", () => {
    interrupts = [() => periods(1)];
    assert.equal(call("sleepOnUntil", PERIOD), 0);
    assert.equal(call("queueIsEmpty"), 1);
  });

  it("without a deadline sleeps until it is woken, whatever time it is", () => {
    interrupts = [() => periods(3), () => call("wakeQueue")];
    assert.equal(call("sleepOnForEver"), 0);
    assert.deepEqual(interrupts, []);
  });

  it("is told of a signal that woke it", () => {
    const wakeBySignal = () => {
      call("setSignal", thread(0), 9);
      call("wake", thread(0));
    };
    interrupts = [wakeBySignal];
    assert.equal(call("sleepOnForEver"), EINTR);
    call("setSignal", thread(0), 0);
    interrupts = [wakeBySignal];
    assert.equal(call("sleepOnUntil", PERIOD), EINTR);
  });

  it("is not told of a signal that came when its time had come", () => {
    interrupts = [
      () => {
        call("setSignal", thread(0), 9);
        periods(1);
      },
    ];
    assert.equal(call("sleepOnUntil", PERIOD), 0);
  });
});

describe("the processor time of a thread", () => {
  it("is what passes while it runs, not while others do or the machine idles", () => {
    call("makeRunnable", thread(1));
    clock += 100;
    scripts = [
      () => {
        clock += 20;
        call("yieldProcessor");
      },
    ];
    call("yieldProcessor");
    clock += 3;
    assert.equal(call("processorTime", thread(0)), 103);
    assert.equal(call("processorTime", thread(1)), 20);
  });

  it("does not grow while the machine idles", () => {
    clock += 7;
    interrupts = [
      () => {
        clock += 1000;
        call("wake", thread(0));
      },
    ];
    call("block");
    assert.equal(call("processorTime", thread(0)), 7);
  });
});

describe("the system's part of processor time", () => {
  const share = (index: number) => [
    call("processorTime", thread(index)) - call("systemTime", thread(index)),
    call("systemTime", thread(index)),
  ];

  it("is what passes after a tick in the kernel, until one in user mode", () => {
    clock += 5;
    assert.deepEqual(share(0), [5, 0]);
    isKernelAtWork = true;
    periods(1);
    clock += 7;
    assert.deepEqual(share(0), [PERIOD + 5, 7]);
    assert.equal(call("totalSystemTime"), 7);
    isKernelAtWork = false;
    periods(1);
    clock += 9;
    assert.deepEqual(share(0), [PERIOD + 14, PERIOD + 7]);
    assert.equal(call("totalSystemTime"), PERIOD + 7);
  });

  it("is each thread's own", () => {
    isKernelAtWork = true;
    periods(1);
    call("makeRunnable", thread(1));
    scripts = [
      () => {
        isKernelAtWork = false;
        periods(1);
        clock += 30;
        call("yieldProcessor");
      },
    ];
    call("yieldProcessor");
    clock += 4;
    assert.deepEqual(share(0), [PERIOD, 4]);
    assert.deepEqual(share(1), [PERIOD + 30, 0]);
    assert.equal(call("totalSystemTime"), PERIOD);
  });

  it("does not grow while the machine idles, and no tick comes then but the one on its way", () => {
    call("onTick");
    isKernelAtWork = true;
    periods(1);
    let idle = -1;
    interrupts = [
      () => periods(3),
      () => {
        idle = call("totalSystemTime");
        call("wake", thread(0));
      },
    ];
    call("block");
    assert.equal(idle, 0);
    clock += 6;
    assert.deepEqual(share(0), [PERIOD, 6]);
    assert.equal(call("totalSystemTime"), 6);
    assert.equal(call("timesTicked"), 1);
    periods(2);
    assert.equal(call("timesTicked"), 3, "they come again");
  });

  it("is sampled of the thread that an interrupt at the time of a tick has woken", () => {
    call("onTick");
    interrupts = [
      () => {
        call("wake", thread(0));
        periods(1);
      },
    ];
    call("block");
    assert.equal(call("timesTicked"), 0, "none ran");
    periods(1);
    assert.equal(call("timesTicked"), 1);
  });
});

describe("the idle machine", () => {
  it("halts with interrupts on until one of them lets a thread run", () => {
    interrupts = [() => undefined, () => call("wake", thread(0))];
    call("block");
    assert.deepEqual(instructions, ["stihlt", "cli", "stihlt", "cli"]);
    assert.deepEqual(switches, [0], "the thread that lent its stack goes on");
  });

  it("says that it idles", () => {
    let seen = -1;
    interrupts = [
      () => {
        seen = machine.word(KERNEL_INFO + INFO_CURRENT);
        call("wake", thread(0));
      },
    ];
    call("block");
    assert.equal(seen, 0);
    assert.equal(machine.word(KERNEL_INFO + INFO_CURRENT), OWNERS[0]);
  });

  it("tells once, when a thread runs again, who asked for it", () => {
    const idle = () => {
      interrupts = [() => assert.equal(call("timesBusy"), told), () => call("wake", thread(0))];
      call("block");
    };
    let told = 0;
    idle();
    assert.equal(call("timesBusy"), 0, "nobody has asked");
    call("onceBusy");
    idle();
    told = 1;
    assert.equal(call("timesBusy"), 1);
    idle();
    assert.equal(call("timesBusy"), 1);
  });

  it("uses up the time slice of no thread", () => {
    interrupts = [
      () => {
        periods(TIME_SLICE);
        assert.equal(call("slice", thread(0)), TIME_SLICE);
        call("wake", thread(0));
      },
    ];
    call("block");
    call("makeRunnable", thread(1));
    periods(1);
    assert.equal(call("slice", thread(0)), TIME_SLICE - 1, "but does again afterwards");
  });
});

describe("the time slice of a thread", () => {
  it("is over after its periods if others wait", () => {
    call("makeRunnable", thread(1));
    periods(TIME_SLICE - 1);
    assert.deepEqual([call("sliceIsOver"), call("hasWork")], [0, 0]);
    periods(1);
    assert.deepEqual([call("sliceIsOver"), call("hasWork")], [1, 1]);
  });

  it("begins anew if none waits", () => {
    periods(TIME_SLICE);
    assert.deepEqual([call("sliceIsOver"), call("hasWork")], [0, 0]);
    assert.equal(call("slice", thread(0)), TIME_SLICE);
  });

  it("does not go below 0 while the thread stays in the kernel", () => {
    call("makeRunnable", thread(1));
    periods(TIME_SLICE + 3);
    assert.equal(call("slice", thread(0)), 0);
    assert.equal(call("sliceIsOver"), 1);
  });

  it("begins with the thread's turn", () => {
    call("makeRunnable", thread(1));
    periods(TIME_SLICE);
    call("yieldProcessor");
    assert.deepEqual([call("sliceIsOver"), call("hasWork")], [0, 0]);
    assert.equal(call("slice", thread(1)), TIME_SLICE);
  });
});

describe("a point of preemption", () => {
  it("lets interrupts in for one instruction", () => {
    call("preemptionPoint");
    assert.deepEqual(instructions, ["sti", "readeflags", "cli"]);
  });

  it("lets others run only if the slice is over", () => {
    call("makeRunnable", thread(1));
    call("preemptionPoint");
    assert.equal(current(), 0);
    periods(TIME_SLICE);
    call("preemptionPoint");
    assert.equal(current(), 1);
  });
});

describe("work before the return to user mode", () => {
  it("can be asked for", () => {
    assert.equal(call("hasWork"), 0);
    call("requestWork");
    assert.equal(call("hasWork"), 1);
  });
});
