// The memory of programs made by `isthmus compile`: all that a module declares is there, and zero
// where no segment is. The programs run without address randomisation, as in gdb, and with it.

import "../short-lived";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Diagnostic } from "../../src/base/diagnostic";
import { readCompileInput } from "../../src/cli/compile-input";
import { PROGRAM_DATA } from "../../src/cli/compile-memory";
import { checkProgram, linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import { readElf } from "../../src/link/elf/read";
import { elfFile } from "../../src/link/output/elf-files";
import { cannotRun } from "../compile/native/native";
import {
  type Bytes,
  leb,
  section,
  signedLeb,
  text,
  vector,
  wasm,
} from "../compile/wasm/wasm-bytes";
import { HANG_MS } from "../hang-guard";

const folder = mkdtempSync(join(tmpdir(), "isthmus-memory-"));
after(() => rmSync(folder, { recursive: true }));

const I32 = 0x7f;
const PAGE = 0x10000;
const constant = (value: number) => [0x41, ...signedLeb(BigInt(value | 0))];

interface Shape {
  /** Whether an instruction is imported, so that the module knows addresses. */
  readonly knows: boolean;
  readonly limits: Bytes;
  readonly segments?: readonly (readonly [start: number, bytes: Bytes])[];
  /** Instructions of `main`, which has two locals. */
  readonly main: Bytes;
}

function moduleOf({ knows, limits, segments = [], main }: Shape): Uint8Array {
  const data = segments.map(([start, bytes]) => [
    0,
    ...constant(start),
    0x0b,
    ...vector(...bytes.map((byte) => [byte])),
  ]);
  const code = [1, 2, I32, ...main, 0x0b];
  return wasm(
    section(1, vector([0x60, 0, 1, I32], [0x60, 0, 0])),
    ...(knows ? [section(2, vector([...text("x86"), ...text("pause"), 0, 1]))] : []),
    section(3, vector([0])),
    section(5, vector(limits)),
    section(7, vector([...text("main"), 0, knows ? 1 : 0])),
    section(10, vector([...leb(code.length), ...code])),
    section(11, vector(...data)),
  );
}

/** Local 1 |= what is in memory from `start` to `end`, word by word. */
const collect = (start: number, end: number): number[] => [
  ...[...constant(start), 0x21, 0], // local 0 := start
  ...[0x03, 0x40], // loop
  ...[0x20, 1, 0x20, 0, 0x28, 0, 0, 0x72, 0x21, 1], // local 1 |= load(local 0)
  ...[0x20, 0, ...constant(4), 0x6a, 0x22, 0], // local 0 += 4
  ...[...constant(end), 0x49, 0x0d, 0, 0x0b], // < end: again
];
const result = [0x20, 1];
const store = (address: number, value: number) => [
  ...[...constant(address), ...constant(value)],
  ...[0x36, 0, 0],
];
const load = (address: number) => [...constant(address), 0x28, 0, 0];

async function compile(name: string, content: Uint8Array | string): Promise<string> {
  const source = join(folder, name);
  writeFileSync(source, content);
  const runtime = await loadProgramRuntime();
  const input = await readCompileInput(source, "linux", 2, runtime);
  checkProgram(input);
  const object = compileModule(input.module, { ...input.options, name });
  const path = `${source}.out`;
  writeFileSync(path, elfFile(linkProgram(object, input, runtime, "linux", name)), { mode: 0o755 });
  return path;
}

/** The exit status with and without address randomisation. */
function statuses(path: string): (number | null)[] {
  const options = { timeout: HANG_MS };
  const fixed = spawnSync("setarch", ["-R", path], options);
  return [fixed.status, spawnSync(path, options).status];
}

async function expectStatus(name: string, shape: Shape, wanted: number): Promise<void> {
  assert.deepEqual(statuses(await compile(`${name}.wasm`, moduleOf(shape))), [wanted, wanted]);
}

describe("the memory of a module", { skip: cannotRun() }, () => {
  for (const knows of [true, false]) {
    const kind = knows ? "that knows addresses" : "that has its memory anywhere";
    const first = knows ? PAGE : 0;
    const name = knows ? "knows" : "anywhere";

    it(`${kind} is zero wherever no segment is`, async () => {
      const segment = [0x10_0000, [1, 2, 3, 4, 5, 6, 7, 8]] as const;
      const outside = [...collect(first, 0x10_0000), ...collect(0x10_0008, 32 * PAGE)];
      const main = [...outside, ...result];
      await expectStatus(`${name}-zero`, { knows, limits: [0, 32], segments: [segment], main }, 0);
      const all = [...collect(first, 32 * PAGE), ...result, ...constant(0xff), 0x71];
      const seen = { knows, limits: [0, 32], segments: [segment], main: all };
      await expectStatus(`${name}-seen`, seen, 1 | 5);
    });

    it(`${kind} can be written from the first page to the last`, async () => {
      const main = [
        ...store(first, 40),
        ...store(32 * PAGE - 4, 2),
        ...[...load(first), ...load(32 * PAGE - 4), 0x6a],
      ];
      await expectStatus(`${name}-write`, { knows, limits: [0, 32], main }, 42);
    });

    it(`${kind} grows up to its maximum, by zeros`, async () => {
      const main = [
        ...[...constant(2), 0x40, 0], // memory.grow 2: 2
        ...[...constant(2), 0x40, 0, 0x6a], // + memory.grow 2: -1
        ...[...constant(0), 0x40, 0, 0x6a], // + memory.grow 0: 4
        ...[0x3f, 0, 0x6a], // + memory.size: 4
        ...collect(2 * PAGE, 4 * PAGE),
        ...[...result, 0x6a],
        ...store(4 * PAGE - 4, 50),
        ...[...load(4 * PAGE - 4), 0x6a],
      ];
      await expectStatus(`${name}-grow`, { knows, limits: [1, 2, 5], main }, 59);
    });
  }

  it("without a maximum can grow far, in place", async () => {
    const main = [
      ...[...constant(0x1000), 0x40, 0], // memory.grow 0x1000: 17
      ...store(0x1010 * PAGE, 25),
      ...[...load(0x1010 * PAGE), 0x6a],
      ...[...constant(0x4000), 0x40, 0, 0x6a], // + memory.grow 0x4000: -1
    ];
    await expectStatus("far", { knows: true, limits: [0, 17], main }, 41);
  });
});

describe("the static data of a program in TypeScript", { skip: cannotRun() }, () => {
  it("ends in zeros up to the end of its page, whatever its size", async () => {
    for (const size of [1, 16, 17, 32]) {
      const bytes = new Array<number>(size).fill(7);
      const source = `
        const bytes = memory.data<u8>([${bytes}]);
        export function main(): i32 {
          let sum = load<u8>(bytes) - 7;
          for (let p = __heap_base; (p & 4095) !== 0; p++) sum |= load<u8>(p);
          return sum;
        }`;
      const path = await compile(`tail${size}.ts`, source);
      assert.deepEqual(statuses(path), [0, 0]);
      const { segments } = readElf(readFileSync(path), path);
      const data = segments.filter(({ address }) => address >= PROGRAM_DATA).at(-1)!;
      assert.equal((data.address + data.memorySize) % 4096, 0);
    }
  });
});

describe("a memory that no program can have is refused before anything is compiled:", () => {
  const refused = async (name: string, shape: Shape, pattern: RegExp) => {
    const runtime = await loadProgramRuntime();
    const path = join(folder, name);
    writeFileSync(path, moduleOf(shape));
    await assert.rejects(readCompileInput(path, "linux", 2, runtime), (error: Diagnostic) => {
      assert.equal(error.code, "COMP007");
      assert.match(`${error.message} ${error.remedy}`, pattern);
      return true;
    });
  };
  const main = constant(0);

  it("data below the lowest address, with the linker's flag", async () => {
    const shape = { knows: true, limits: [0, 1], segments: [[0x400, [1]]] as const, main };
    await refused("low.wasm", shape, /at 0x00000400 .* 0x00010000 .*--global-base=65536/);
  });

  it("more than the address space has room for", async () => {
    for (const knows of [true, false]) {
      const shape = { knows, limits: [0, ...leb(0xf000)], main };
      await refused("large.wasm", shape, /a memory of 3840 MiB .*--initial-memory/);
    }
  });
});
