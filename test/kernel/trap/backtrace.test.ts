// Who called whom, on a stack made by hand: functions of the test's own, with code and frames.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const STACK_SIZE = 256;
const CODE_SIZE = 16;

interface Caller {
  /** What comes after the call that is in progress. */
  readonly code?: readonly number[];
  /** As the symbol table has it. */
  readonly cfaOffset: number;
  /** Bytes of arguments that it has pushed for that call. */
  readonly pushed?: number;
  /** Its code ends with the call. */
  readonly endsThere?: boolean;
}

let callers: readonly Caller[] = [];
let printed: number[] = [];

const part = loadKernelPart(
  `
    import { printBacktrace } from "./kernel/trap/backtrace";
    export function trace(eip: u32, esp: usize): void { printBacktrace(eip, esp); }
  `,
  {
    replace: {
      "kernel/log/log.ts": `
        @external("test", "print") declare function printed(address: u32): void;
        export function print(_format: usize, a: u32 = 0, b: u32 = 0): void {
          if (a !== 0) printed(a);
        }
      `,
      "kernel/memory/pages.ts": "export const KERNEL_STACK_SIZE: u32 = 8192;",
      "kernel/thread/thread.ts": `
        class Thread { stackTop: usize; }
        export let currentThread: Thread = changetype<Thread>(0);
      `,
      "kernel/trap/code-place.ts": `
        @external("test", "find") declare function numberAt(address: u32): i32;
        @external("test", "size") declare function sizeOf(number: i32): u32;
        @external("test", "cfa") declare function cfaOf(number: i32): u32;
        @unmanaged
        export class CodePlace {
          start: u32 = 0;
          size: u32 = 0;
          cfaOffset: u32 = 0;
          line: u32 = 0;
          find(table: usize, size: u32, address: u32): bool {
            const number = numberAt(address);
            if (number < 0) return false;
            this.start = <u32>table + number * ${CODE_SIZE};
            this.size = sizeOf(number);
            this.cfaOffset = cfaOf(number);
            return true;
          }
          writeName(_out: usize, _capacity: u32): u32 { return 0; }
          writeFile(_out: usize, _capacity: u32): u32 { return 0; }
        }
      `,
    },
    imports: {
      symbols: {
        symbols_start: () => part.area,
        symbols_size: () => callers.length * CODE_SIZE,
        boot_stack: () => stackStart(),
        boot_stack_top: () => stackStart() + STACK_SIZE,
      },
      test: {
        print: (address = 0) => printed.push(address),
        find: (address = 0) => {
          const number = (address - part.area) / CODE_SIZE;
          return number >= 0 && number < callers.length ? Math.floor(number) : -1;
        },
        size: (number = 0) => (callers[number]?.endsThere ? CODE_SIZE / 2 : CODE_SIZE),
        cfa: (number = 0) => callers[number]?.cfaOffset ?? 0,
      },
    },
  },
);

function stackStart(): number {
  return part.area + 0x1000;
}

/** Where function `number` was interrupted, or its call returns to. */
function placeIn(number: number): number {
  return part.area + number * CODE_SIZE + CODE_SIZE / 2;
}

/** The functions that a backtrace names when each of `chain` was called by the next. */
function trace(...chain: Caller[]): number[] {
  callers = chain;
  printed = [];
  const stack = Buffer.alloc(STACK_SIZE, 0xff);
  let esp = 0;
  for (const [number, { code = [0x90], cfaOffset, pushed = 0 }] of chain.entries()) {
    part.write(placeIn(number), Uint8Array.from(code));
    esp += pushed + cfaOffset;
    const isLast = number === chain.length - 1;
    stack.writeUInt32LE(isLast ? 0 : placeIn(number + 1), esp - 4);
  }
  part.write(stackStart(), stack);
  part.call.trace!(placeIn(0), stackStart());
  return printed.flatMap((address) => {
    const number = chain.findIndex((_, index) => placeIn(index) === address);
    return number < 0 ? [] : [number];
  });
}

const POP_ECX = [0x59];
const DROP_TWELVE = [0x8d, 0x64, 0x24, 12];

describe("a backtrace", () => {
  it("goes from frame to frame by their sizes", () => {
    assert.deepEqual(trace({ cfaOffset: 4 }, { cfaOffset: 20 }, { cfaOffset: 8 }), [0, 1, 2]);
  });

  it("passes over the arguments that a caller has pushed", () => {
    const one = { code: POP_ECX, cfaOffset: 8, pushed: 4 };
    const three = { code: DROP_TWELVE, cfaOffset: 16, pushed: 12 };
    assert.deepEqual(trace({ cfaOffset: 12 }, one, three, { cfaOffset: 4 }), [0, 1, 2, 3]);
  });

  it("takes an epilogue after a call for none of that", () => {
    const frame = { code: [0x83, 0xc4, 12], cfaOffset: 24 };
    const saved = { code: [0x5b, 0xc3], cfaOffset: 8 };
    assert.deepEqual(trace({ cfaOffset: 4 }, frame, saved, { cfaOffset: 4 }), [0, 1, 2, 3]);
  });

  it("reads nothing past a function that ends with a call", () => {
    const last = { code: POP_ECX, cfaOffset: 12, endsThere: true };
    assert.deepEqual(trace({ cfaOffset: 4 }, last, { cfaOffset: 4 }), [0, 1, 2]);
  });

  it("drops nothing where the innermost function stands: it calls nobody", () => {
    const interrupted = { code: POP_ECX, cfaOffset: 8 };
    assert.deepEqual(trace(interrupted, { cfaOffset: 4 }), [0, 1]);
  });
});
