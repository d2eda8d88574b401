// Why a program cannot run, said before the machine starts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CannotRun } from "../../src/guest/elf-program";
import { findProgram, requireDirectory } from "../../src/guest/program-file";
import { ownDirectory, ownFile, Tree } from "../../src/guest/tree";

/** An ELF file of nothing but headers; with an interpreter, if one is named. */
function elf({ bits = 1, machine = 3, type = 2, interpreter = "" } = {}): Uint8Array {
  const bytes = Buffer.alloc(52 + 32 + interpreter.length + 1);
  bytes.writeUInt32LE(0x464c457f, 0);
  bytes.set([bits, 1, 1], 4);
  bytes.writeUInt16LE(type, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(52, 28);
  bytes.writeUInt16LE(32, 42);
  bytes.writeUInt16LE(interpreter === "" ? 0 : 1, 44);
  bytes.writeUInt32LE(3, 52);
  bytes.writeUInt32LE(84, 52 + 4);
  bytes.writeUInt32LE(interpreter.length + 1, 52 + 16);
  bytes.write(interpreter, 84);
  return bytes;
}

const FILES: Readonly<Record<string, Uint8Array | string>> = {
  "bin/tool": elf(),
  "bin/dynamic": elf({ interpreter: "/lib/ld.so", type: 3 }),
  "bin/musl": elf({ interpreter: "/lib/ld-musl-i386.so.1" }),
  "lib/ld.so": elf({ type: 3 }),
  "bin/wide": elf({ bits: 2, machine: 62 }),
  "bin/arm": elf({ machine: 40 }),
  "bin/object.o": elf({ type: 1 }),
  "bin/wide-loader": elf({ interpreter: "/lib/ld64.so" }),
  "lib/ld64.so": elf({ bits: 2, machine: 62 }),
  "bin/cut": elf({ interpreter: "/x" }).subarray(0, 60),
  "bin/empty": "",
  "bin/text": "echo hello\n",
  "bin/script": "#! /bin/tool  -x\n",
  "bin/nested": "#!/bin/script\n",
  "bin/perl": "#!/usr/bin/perl\n",
  "bin/nothing": "#!\n",
  "bin/loop": "#!/bin/loop\n",
};

function tree(): Tree {
  const result = new Tree();
  result.add(ownDirectory(""));
  for (const [path, contents] of Object.entries(FILES)) {
    result.add(ownFile(path, Buffer.from(contents), 0o755));
  }
  result.add(ownFile("bin/data", elf(), 0o644));
  result.add({ ...ownFile("bin/link", elf()), kind: "link", target: "tool" });
  result.add({ ...ownFile("bin/dangling", elf()), kind: "link", target: "../opt/x" });
  return result;
}

const place = { tree: tree(), directory: "/lib", searchPath: ["/usr/bin", "/bin"] };

/** What is said of a program: status, code, message, remedy. */
function refusal(name: string): readonly [number, string, string, string] {
  try {
    findProgram(name, place);
  } catch (error) {
    const { status, code, message, remedy } = error as CannotRun;
    return [status, code, message, remedy];
  }
  throw new Error(`${name} can run`);
}

describe("a guest's program", () => {
  it("is found by its path, from the directory, and in PATH", () => {
    assert.equal(findProgram("/bin/tool", place), "/bin/tool");
    assert.equal(findProgram("../bin/tool", place), "/lib/../bin/tool");
    assert.equal(findProgram("tool", place), "/bin/tool");
    for (const name of ["dynamic", "link", "script", "nested"]) findProgram(name, place);
  });

  const cases: Record<string, readonly [number, string, RegExp, RegExp]> = {
    tol: [127, "GUEST010", /no program tol in \/usr\/bin:\/bin/, /Did you mean tool\?/],
    "/bin/toll": [127, "GUEST010", /no \/bin\/toll in/, /Did you mean \/bin\/tool\?/],
    "/bin/dangling": [127, "GUEST010", /dangling .*, as there is no \/opt\/x/, /--bind/],
    "/bin": [126, "GUEST011", /\/bin is not a file/, /program/],
    data: [126, "GUEST011", /\/bin\/data is not executable/, /chmod/],
    wide: [126, "GUEST012", /64-bit program for x86-64, and the guest is a 32-bit/, /i386/],
    arm: [126, "GUEST012", /a program for ARM/, /i386/],
    "object.o": [126, "GUEST012", /an object file/, /Link/],
    cut: [126, "GUEST012", /damaged/, /again/],
    empty: [126, "GUEST012", /is empty/, /#!/],
    text: [126, "GUEST012", /neither an ELF file nor a script/, /#!\/bin\/sh/],
    musl: [127, "GUEST013", /\/bin\/musl needs \/lib\/ld-musl-i386/, /musl:i386/],
    "wide-loader": [126, "GUEST012", /\/lib\/ld64.so is a 64-bit/, /i386/],
    perl: [127, "GUEST013", /\/bin\/perl needs \/usr\/bin\/perl to run it/, /--bind/],
    nothing: [126, "GUEST014", /names no program after #!/, /#!/],
    loop: [126, "GUEST014", /more than 5 scripts/, /#!/],
  };
  for (const [name, [status, code, message, remedy]] of Object.entries(cases)) {
    it(`cannot run: ${name}`, () => {
      const found = refusal(name);
      assert.deepEqual(found.slice(0, 2), [status, code]);
      assert.match(found[2], message);
      assert.match(found[3], remedy);
    });
  }

  it("starts in a directory that is there", () => {
    requireDirectory(place.tree, "/bin");
    const refused = (path: string) => () => requireDirectory(place.tree, path);
    assert.throws(refused("/bim"), { code: "GUEST004", remedy: "Did you mean /bin?" });
    assert.throws(refused("/bin/tool"), { code: "GUEST004", message: /not a directory/ });
  });
});
