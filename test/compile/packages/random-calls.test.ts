// The comparison that tools/wasm-packages.ts makes, on a module of our own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { cannotRun } from "../native/native";
import { compareCalls } from "./random-calls";

const SOURCE = `
  @external("env", "seed") declare function seed(): i32;
  @external("env", "base") declare const base: i32;
  let state: i32 = 1;
  export function fill(p: usize, n: usize): void {
    for (let i: usize = 0; i < n; i++) {
      store<u8>(p + i, state = state * 1103515245 + 12345 + seed());
    }
  }
  export function crc(p: usize, n: usize): i32 {
    let sum = 0;
    for (let i: usize = 0; i < n; i++) {
      sum ^= load<u8>(p + i);
      for (let k = 0; k < 8; k++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return sum;
  }
  export function mean(p: usize, x: f64): f64 { return (load<f64>(p, 8) + x) / 2; }
  export function first(): i32 { return load<i32>(base); }
  export function wide(x: i64, y: i64): i64 { return x / y; }
  export function forever(): void { while (true) state++; }
`;

const folder = mkdtempSync(join(tmpdir(), "isthmus-calls-"));
after(() => rmSync(folder, { recursive: true }));

/** Why C cannot be compiled for i386, or false; in CI it must. */
function missing(): string | false {
  if (process.env.CI === "true") return false;
  writeFileSync(join(folder, "probe.c"), "#include <stdio.h>\nint main(void) { return 0; }\n");
  const words = ["-m32", join(folder, "probe.c"), "-o", join(folder, "probe")];
  const { status } = spawnSync("gcc", words, { stdio: "ignore" });
  return status === 0 ? false : "gcc makes no i386 programs here";
}

/** What asc makes of a source. */
async function compiled(source: string): Promise<Uint8Array> {
  const asc = await import("assemblyscript/asc");
  let bytes: Uint8Array = new Uint8Array();
  const words = ["m.ts", "--outFile", "m.wasm", "--runtime", "stub", "--use", "abort="];
  await asc.main([...words, "--initialMemory", "1"], {
    readFile: (path) => (path === "m.ts" ? source : null),
    writeFile: (_, contents) => {
      if (contents instanceof Uint8Array) bytes = contents;
    },
    listFiles: () => [],
  });
  return bytes;
}

describe("random calls of a module", { skip: cannotRun() || missing() }, () => {
  it("give natively what they give in Node, traps and memory included", async () => {
    const result = await compareCalls(await compiled(SOURCE), 7, 2000, folder);
    assert.equal(result.difference, undefined);
    assert.deepEqual(result.leftOut, ["forever"]);
    assert.equal(result.calls, 2000);
    assert.ok(result.traps > 50 && result.traps < 1500, `${result.traps} traps`);
  });

  it("find in Node no more memory than natively", async () => {
    const bytes = await compiled("export function grow(): i32 { return memory.grow(20); }");
    const result = await compareCalls(bytes, 7, 3, folder, 2);
    assert.equal(result.difference, undefined);
  });
});
