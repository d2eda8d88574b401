// How often the report of a panic may itself panic: an output that cannot be printed to must not
// keep the machine from ending.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileKernelPart } from "../kernel-part";

const nothing = (...names: string[]) =>
  names.map((name) => `export function ${name}(): u32 { return 0; }`).join("\n");

const PART = compileKernelPart(
  `
    import { panicAt } from "./kernel/trap/post-mortem";
    import { TrapFrame } from "./kernel/machine/i686/trap-frame";
    const frame: usize = memory.data(64, 4);
    export function panicWith(reason: usize): void {
      panicAt(reason, changetype<TrapFrame>(frame), 0);
    }
  `,
  {
    replace: {
      "kernel/device/power.ts": `
        @external("test", "end") declare function end(reason: usize): void;
        export function powerOffPanicked(reason: usize): void { end(reason); }
      `,
      "kernel/log/log.ts": `
        @external("test", "print") declare function printed(format: usize): void;
        export function addSink(write: u32, end: u32): void {}
        export function print(format: usize, a: u32 = 0, b: u32 = 0, c: u32 = 0, d: u32 = 0): void {
          printed(format);
        }
      `,
      "kernel/memory/frames.ts": nothing("freeFrameCount", "totalFrameCount"),
      "kernel/memory/kernel-space.ts": nothing("kernelCr3"),
      "kernel/memory/pages.ts": "export const KERNEL_STACK_SIZE: u32 = 8192;",
      "kernel/process/process.ts": `
        export class Process { program: Process | null; name: usize; pid: u32; cr3: u32; }
        export function currentProcess(): Process { return changetype<Process>(0); }
      `,
      "kernel/terminal/console.ts": nothing("isConsoleStarted", "startConsole"),
      "kernel/thread/thread.ts": `
        import { TrapFrame } from "../machine/i686/trap-frame";
        class Thread { stackTop: usize; frame: TrapFrame; }
        export let currentThread: Thread = changetype<Thread>(0);
      `,
      "kernel/trap/backtrace.ts": "export function printBacktrace(eip: usize, esp: usize): void {}",
      "kernel/trap/explain-fault.ts":
        "export function printWhere<P, F>(process: P, frame: F): void {}",
    },
    imports: {
      test: {
        print(format) {
          said.push(part.text(format!).split(":")[0]!.trim());
          if (said.length > printable) part.call.panicWith!(REASONS[Math.min(said.length, 2)]!);
          return 0;
        },
        end(reason) {
          throw new Ended(reason!);
        },
      },
      x86: { readcr0: () => 0, readcr2: () => 0, readcr3: () => 0, readcr4: () => 0 },
    },
  },
);

/** The machine does not go on. */
class Ended extends Error {
  constructor(readonly reason: number) {
    super("the machine ended");
  }
}

const REASONS = [100, 200, 300];
let part: ReturnType<typeof PART>;
let said: string[];
/** How many texts can be printed before each panics. */
let printable: number;

/** What is printed, and the reason that the machine ends with. */
function panic(texts: number): { said: readonly string[]; reason: number } {
  part = PART();
  said = [];
  printable = texts;
  try {
    part.call.panicWith!(REASONS[0]!);
  } catch (error) {
    if (error instanceof Ended) return { said, reason: error.reason };
    throw error;
  }
  throw new Error("the machine goes on");
}

describe("a panic", () => {
  it("is reported, and ends the machine", () => {
    const { said, reason } = panic(Number.POSITIVE_INFINITY);
    assert.equal(said[0], "*** kernel panic");
    assert(said.length > 5);
    assert.equal(reason, REASONS[0]);
  });

  it("while panicking is said, and ends the machine for the first reason", () => {
    const { said, reason } = panic(0);
    assert.deepEqual(said, ["*** kernel panic", "*** panic while panicking"]);
    assert.equal(reason, REASONS[0]);
  });
});
