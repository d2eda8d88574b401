// `isthmus syscalls`: the kernel's table, as text and as data.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SystemCall } from "../../src/abi/linux/i386";
import { SYSTEM_CALL_LIMITS } from "../../src/cli/system-call-limits";
import { LINUX_CALLS } from "../../src/trace/linux-calls";
import { isthmus } from "./isthmus";

interface Row {
  readonly number: number;
  readonly name: string;
  readonly arguments: readonly string[];
}

const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(directory, { recursive: true }));

describe("isthmus syscalls", () => {
  it("lists each call of the kernel's table, with its arguments", async () => {
    const { status, stdout } = await isthmus(["syscalls"]);
    assert.equal(status, 0);
    assert.match(stdout, /^ {3}3 {2}read\(file, output, size\)$/m);
    assert.match(stdout, /^ {2}20 {2}getpid\(\)$/m);
  });

  it("prints the same as JSON", async () => {
    const { status, stdout } = await isthmus(["syscalls", "--json"]);
    assert.equal(status, 0);
    const rows = JSON.parse(stdout) as Row[];
    const expected = Object.values(SystemCall).filter((value) => typeof value === "number");
    assert.deepEqual(
      rows.map(({ number }) => number),
      expected.sort((a, b) => a - b),
    );
    for (const { number, name } of rows) assert.equal(name, SystemCall[number]);
    assert.deepEqual(rows.find(({ name }) => name === "kill")?.arguments, ["integer", "signal"]);
  });

  it("says what calls do not do, and which are not there", async () => {
    const { stdout } = await isthmus(["syscalls", "--all"]);
    assert.match(stdout, /^ {2}37 {2}kill\(integer, signal\)$/m);
    assert.match(stdout, /^ 136 {2}personality\(flags\)\n {8}kept, and changes nothing$/m);
    assert.match(stdout, /^ {2}26 {2}ptrace: ENOSYS$/m);
    const all = JSON.parse((await isthmus(["syscalls", "--all", "--json"])).stdout) as Row[];
    assert.deepEqual(new Set(all.map(({ name }) => name)), new Set(LINUX_CALLS.values()));
  });

  it("has limits of calls that are served only, and Linux's names", () => {
    for (const name of Object.keys(SYSTEM_CALL_LIMITS)) assert.ok(name in SystemCall, name);
    for (const [name, number] of Object.entries(SystemCall)) {
      if (typeof number === "number") assert.equal(LINUX_CALLS.get(number), name);
    }
  });

  it("refuses a project whose kernel has no table", async () => {
    const files = {
      "package.json": '{ "type": "module" }\n',
      "kernel/main.ts": "export function kernelMain(): u32 {\n  return 1;\n}\n",
      "kernel/log/abort.ts":
        "export function abort(message: usize, file: usize, line: u32, column: u32): void {}\n",
      "kernel/start.asm.ts": `export default function start(a) {
        a.section(".text", { execute: true });
        a.function("_start", () => a.call("kernelMain"));
      }\n`,
      "kernel/layout.ts": `export const layout = {
        name: "kernel",
        regions: { kernel: { start: 0x100000, end: 0x400000 } },
        sections: [
          { name: ".text", address: 0x110000 },
          { name: ".rodata" },
          { name: ".data", inputs: [{ sections: "*" }] },
        ],
      };\n`,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(directory, path, ".."), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const { status, stdout, stderr } = await isthmus(["syscalls"], { directory });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /error\[CLI009\]: .*declares no system calls/);
    assert.equal(stdout, "");
  });
});
