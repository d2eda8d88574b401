// UEFI applications as binutils reads them, and the places that a loader must change.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { writePe } from "../../../src/link/pe/write-pe";
import { assembleModule } from "../../../src/x86/assembler";
import { mem, symbol } from "../../../src/x86/operand";
import { eax, rax } from "../../../src/x86/registers";
import { programSkipReason } from "../../machine/installed";

const folder = mkdtempSync(join(tmpdir(), "isthmus-pe-"));
after(() => rmSync(folder, { recursive: true }));

function application(bits: 32 | 64): Uint8Array {
  const object = assembleModule("application.asm.ts", (a) => {
    a.section(".text");
    a.bits(bits);
    a.nop();
    a.global("main", "function");
    if (bits === 64) a.mov(rax, mem({ symbol: "word" }));
    else a.mov(eax, symbol("word"));
    a.ret();
    a.section(".data");
    a.space(0x1800);
    a.global("word", "object");
    a.long(0x12345678);
    if (bits === 32) a.long(symbol("main"), symbol("word", 4));
    a.section(".rodata");
    a.long(1);
  });
  return writePe(object, bits, "main");
}

function objdump(option: string, bytes: Uint8Array): string {
  const path = join(folder, "application.efi");
  writeFileSync(path, bytes);
  return execFileSync("objdump", [option, path], { encoding: "utf8" });
}

describe("a UEFI application", { skip: programSkipReason("objdump") }, () => {
  it("is PE32+ for 64-bit firmware, and needs no relocations", () => {
    const bytes = application(64);
    const headers = objdump("-p", bytes);
    assert.match(headers, /file format pei-x86-64/);
    assert.match(headers, /AddressOfEntryPoint\s+0*1001\n/);
    assert.match(headers, /Subsystem\s+0*a\s/);
    assert.match(headers, /SizeOfImage\s+0*5000\n/);
    const sections = objdump("-h", bytes);
    assert.match(sections, /\.text .* 0*1000 [\s\S]*READONLY, CODE/);
    assert.match(sections, /\.data .* 0*2000 [\s\S]*CONTENTS, ALLOC, LOAD, DATA/);
    assert.match(sections, /\.rodata .* 0*4000 [\s\S]*READONLY, DATA/);
    assert.doesNotMatch(sections, /\.reloc/);
    assert.match(objdump("-d", bytes), /1001:\s.*mov\s+0x27f8\(%rip\),%rax\s+# 0x3800/);
  });

  it("is PE32 for 32-bit firmware, and lists each word that is an address", () => {
    const headers = objdump("-p", application(32));
    assert.match(headers, /file format pei-i386/);
    const places = [...headers.matchAll(/reloc\s+\d+ offset\s+[0-9a-f]+ \[([0-9a-f]+)\] HIGHLOW/g)];
    assert.deepEqual(
      places.map(([, place]) => Number.parseInt(place ?? "", 16)),
      [0x1002, 0x3804, 0x3808],
    );
    const bytes = application(32);
    const view = new DataView(bytes.buffer);
    const dataAt = 1024 + 512;
    assert.deepEqual(
      [
        view.getUint32(1024 + 2, true),
        view.getUint32(dataAt + 0x1804, true),
        view.getUint32(dataAt + 0x1808, true),
      ],
      [0x3800, 0x1001, 0x3804],
    );
  });
});

it("an object that is not closed is not an application", () => {
  const object = assembleModule("open.asm.ts", (a) => {
    a.section(".text");
    a.global("main", "function");
    a.mov(eax, symbol("elsewhere"));
  });
  assert.throws(() => writePe(object, 32, "main"), /refers to elsewhere/);
  assert.throws(() => writePe(object, 32, "start"), /elsewhere|no symbol start/);
});
