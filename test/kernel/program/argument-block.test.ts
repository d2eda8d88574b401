import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type KernelPart, loadKernelPart, TEST_HEAP } from "../kernel-part";

const part = loadKernelPart(
  `
  import { ArgumentBlock, createArgumentBlock } from "./kernel/program/argument-block";
  let block = changetype<ArgumentBlock>(0);
  export function create(): void { block = createArgumentBlock()!; }
  export function addArgument(text: usize): i32 { return block.addArgument(text); }
  export function addVariable(text: usize): i32 { return block.addVariable(text); }
  export function addPath(text: usize): i32 { return block.addPath(text); }
  export function putInterpreter(interpreter: usize, argument: usize, script: usize): i32 {
    return block.putInterpreter(interpreter, argument, script);
  }
  export function strings(): usize { return block.strings; }
  export function size(): u32 { return block.size; }
  export function count(): u32 { return block.argumentCount; }
  export function path(): u32 { return block.path; }
`,
  {
    replace: {
      "kernel/memory/heap.ts": TEST_HEAP,
      "kernel/memory/user-memory.ts": `
        @unmanaged export class UserPointer {
          plus(_offset: u32): UserPointer { return this; }
        }
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function userAddress(_pointer: UserPointer): u32 { return 0; }
        export function readWord(_pointer: UserPointer, _out: usize): i32 { return 0; }
        export function copyInString(_from: UserPointer, _to: usize, _limit: u32): i32 { return 0; }
      `,
    },
  },
) satisfies KernelPart;

let place = 0;
/** The address of a text that stays. */
function text(value: string): number {
  const at = part.area + place;
  part.write(at, `${value}\0`);
  place += value.length + 1;
  return at;
}

/** All strings, and which of them is the path. */
function contents(): [strings: string[], path: string] {
  const bytes = part.read(part.call.strings!(), part.call.size!());
  const strings = Buffer.from(bytes).toString().split("\0").slice(0, -1);
  return [strings, part.text(part.call.strings!() + part.call.path!())];
}

beforeEach(() => {
  place = 0;
  part.call.create!();
});

describe("the arguments of a script's interpreter", () => {
  beforeEach(() => {
    part.call.addArgument!(text("name"));
    part.call.addArgument!(text("one"));
    part.call.addVariable!(text("A=b"));
    part.call.addPath!(text("/script"));
  });

  it("are itself, its argument, the script's path, and those of the call but the first", () => {
    assert.equal(part.call.putInterpreter!(text("/sh"), text("-e"), text("/script")), 0);
    assert.deepEqual(contents(), [["/sh", "-e", "/script", "one", "A=b", "/script"], "/script"]);
    assert.equal(part.call.count!(), 4);
  });

  it("have no argument if the script gives none", () => {
    part.call.putInterpreter!(text("/sh"), 0, text("/script"));
    assert.deepEqual(contents()[0], ["/sh", "/script", "one", "A=b", "/script"]);
  });

  it("come before those of a script that it runs", () => {
    part.call.putInterpreter!(text("/inner"), 0, text("/script"));
    part.call.putInterpreter!(text("/outer"), text("-x"), 0);
    assert.deepEqual(contents()[0].slice(0, 4), ["/outer", "-x", "/inner", "/script"]);
    assert.equal(contents()[1], "/script");
  });

  it("may be more than there was room for", () => {
    const long = "x".repeat(3000);
    part.call.putInterpreter!(text(long), text(long), text(long));
    assert.deepEqual(contents()[0], [long, long, long, "one", "A=b", "/script"]);
  });
});

it("a call without arguments gets the script's path all the same", () => {
  part.call.addPath!(text("/script"));
  part.call.putInterpreter!(text("/sh"), 0, text("/script"));
  assert.deepEqual(contents(), [["/sh", "/script", "/script"], "/script"]);
});
