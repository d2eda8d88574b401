import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

/** A file whose contents are the NUL-free text at `area`. */
const part = loadKernelPart(
  `
  import * as scripts from "./kernel/program/script";
  import { Inode, setSize } from "./kernel/file/contents";
  const file = changetype<Inode>(1);
  export function begin(size: u32): void { setSize(size, areaAddress()); }
  export function isScript(): bool { return scripts.isScript(file); }
  export function read(): bool { return scripts.readScript(file); }
  export function interpreter(): usize { return scripts.scriptInterpreter; }
  export function argument(): usize { return scripts.scriptArgument; }
`,
  {
    replace: {
      "kernel/file/inode.ts": "@unmanaged export class Inode {}",
      "kernel/file/contents.ts": `
        import { Inode } from "./inode";
        export { Inode };
        let length: u32 = 0;
        let contents: usize = 0;
        export function setSize(size: u32, at: usize): void { length = size; contents = at; }
        export function readContents(_file: Inode, position: u32, to: usize, size: u32): u32 {
          const count = min(size, length - position);
          memory.copy(to, contents + position, count);
          return count;
        }
      `,
    },
  },
);

/** What the first line of a script says, or undefined if it says nothing. */
function read(text: string): [interpreter: string, argument: string | undefined] | undefined {
  part.write(part.area, text);
  part.call.begin!(text.length);
  if (!part.call.read!()) return undefined;
  const argument = part.call.argument!();
  const interpreter = part.text(part.call.interpreter!());
  return [interpreter, argument === 0 ? undefined : part.text(argument)];
}

function isScript(text: string): boolean {
  part.write(part.area, text);
  part.call.begin!(text.length);
  return part.call.isScript!() !== 0;
}

describe("a script", () => {
  it("begins with #!", () => {
    assert.deepEqual(["#!/bin/sh", "#", "", "echo", "!#"].map(isScript), [
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("names a program", () => {
    assert.deepEqual(read("#!/bin/sh\necho"), ["/bin/sh", undefined]);
    assert.deepEqual(read("#! \t/bin/sh \t\n"), ["/bin/sh", undefined]);
    assert.deepEqual(read("#!sh"), ["sh", undefined]);
    assert.deepEqual(read("#!/bin/sh\0-e\n"), ["/bin/sh", undefined]);
  });

  it("gives it one argument, blanks included", () => {
    assert.deepEqual(read("#!/bin/sh -e\n"), ["/bin/sh", "-e"]);
    assert.deepEqual(read("#!/usr/bin/env  -S a  b \t\n"), ["/usr/bin/env", "-S a  b"]);
  });

  it("that names none is not one", () => {
    for (const text of ["#!\n", "#! \t \n", "#!", "#!\n/bin/sh"]) {
      assert.equal(read(text), undefined, JSON.stringify(text));
    }
  });

  it("has its program's whole name in its first 256 bytes", () => {
    const name = `/${"x".repeat(252)}`;
    assert.deepEqual(read(`#!${name}\n`), [name, undefined]);
    assert.equal(read(`#!${name}yz\n`), undefined);
    assert.deepEqual(read(`#!/bin/sh ${"y".repeat(300)}`), ["/bin/sh", "y".repeat(246)]);
  });
});
