// `isthmus check` of UEFI applications: ours is loaded, and each damage is named.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isPe, judgePe } from "../../src/link/check/judge-pe";
import { writePe } from "../../src/link/pe/write-pe";
import { assembleModule } from "../../src/x86/assembler";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-pe-"));
after(() => rmSync(folder, { recursive: true }));

function application(bits: 32 | 64): Uint8Array {
  const object = assembleModule("application.asm.ts", (a) => {
    a.section(".text");
    a.global("main", "function");
    a.ret();
    a.section(".data");
    a.long(1);
  });
  return writePe(object, bits, "main");
}

const COFF = 68;
const OPTIONAL = 88;
const TEXT_HEADER = 88 + 112 + 128;

/** The 64-bit application with another value there. */
function damaged(offset: number, value: number, size: 2 | 4 = 2): Uint8Array {
  const bytes = application(64);
  const view = new DataView(bytes.buffer);
  if (size === 2) view.setUint16(offset, value, true);
  else view.setUint32(offset, value, true);
  return bytes;
}

describe("a UEFI application", () => {
  it("of ours is loaded by the firmware of its width", () => {
    for (const [bits, machine] of [
      [32, "i386"],
      [64, "x86-64"],
    ] as const) {
      assert.ok(isPe(application(bits)));
      assert.deepEqual(judgePe(application(bits)), {
        machine,
        loader: `uefi${bits}`,
        outcome: "loads",
        reasons: [],
        notes: [],
      });
    }
  });

  const cases: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    "for another machine": [damaged(COFF, 0xaa64), /machine 0x0000aa64, not for a PC/],
    "of the other width": [damaged(OPTIONAL, 0x10b), /optional header is 0x0000010b/],
    "that is a Windows program": [damaged(OPTIONAL + 68, 3), /its subsystem is 3/],
    "without relocations at 0": [damaged(COFF + 18, 0x23), /no relocations.* at 0/],
    "with odd alignments": [damaged(OPTIONAL + 32, 0x100, 4), /aligned to less in memory/],
    "without sections": [damaged(COFF + 2, 0), /it has no section/],
    "that begins in its data": [damaged(OPTIONAL + 16, 0x2000, 4), /0x00002000, is not in a sect/],
    "that is cut off": [application(64).subarray(0, 1024), /\.text reaches beyond the end of the/],
    "larger than it says": [damaged(OPTIONAL + 56, 0x1800, 4), /\.data reaches beyond the image/],
  };
  for (const [what, [bytes, reason]] of Object.entries(cases)) {
    it(`${what} is refused`, () => {
      const { outcome, reasons } = judgePe(bytes);
      assert.equal(outcome, "refuses");
      assert.match(reasons.join("; "), reason);
    });
  }

  it("with code that can be written is noted", () => {
    const { outcome, notes } = judgePe(damaged(TEXT_HEADER + 36, 0xe000_0020, 4));
    assert.equal(outcome, "loads");
    assert.match(notes.join(), /\.text is writable and executable/);
  });

  it("is judged by the command, in words and as JSON", async () => {
    const [good, bad] = [join(folder, "good.efi"), join(folder, "bad.efi")];
    writeFileSync(good, application(64));
    writeFileSync(bad, damaged(OPTIONAL + 68, 3));
    const words = await isthmus(["check", good]);
    assert.deepEqual(
      [words.status, words.stdout],
      [0, `${good}: a PE file for x86-64\n  uefi64 loads it\n`],
    );
    const json = await isthmus(["check", "--json", bad]);
    assert.equal(json.status, 1);
    const { ok, format, verdicts } = JSON.parse(json.stdout);
    assert.deepEqual([ok, format], [false, "pe"]);
    assert.deepEqual(verdicts[0].loader, "uefi64");
    const loader = await isthmus(["check", good, "--loader", "grub"]);
    assert.equal(loader.status, 2);
    assert.match(loader.stderr, /--loader is not for PE files/);
    const other = await isthmus(["check", good, "--format", "sarif"]);
    assert.equal(other.status, 2);
    assert.match(other.stderr, /--format sarif is not for PE files/);
  });
});
