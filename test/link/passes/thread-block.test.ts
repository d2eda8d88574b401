// Thread-local variables: where their block lies, and what code makes of its end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STT_TLS } from "../../../src/abi/elf";
import { readElf } from "../../../src/link/elf/read";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { writeElf } from "../../../src/link/output/write-elf";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { nops, objectFile, type SectionSpec } from "../build-object";
import { diagnosed } from "../expect-diagnostic";

const layout: Layout = {
  sections: [
    ".text",
    { name: ".tdata", align: 16 },
    { name: ".tbss", align: 8 },
    { name: ".data", align: 4 },
  ].map((section) => (typeof section === "string" ? section : { ...section, sharesPage: true })),
};

/** Code that refers to `names` as thread-local variables, and two of those. */
function threads(names: readonly string[], more: Record<string, SectionSpec> = {}) {
  const thread = (offset: number) => ({ offset, type: "thread" }) as const;
  const object = objectFile("t.o", {
    ".text": {
      bytes: nops(16),
      symbols: { _start: 0 },
      refs: names.map((to, index) => ({ at: index * 4, to, kind: "thread" as const })),
    },
    ".tdata": { bytes: [1, 0, 0, 0], align: 4, symbols: { first: thread(0) } },
    ".tbss": { zeros: 10, align: 32, symbols: { second: thread(4) } },
    ".data": { bytes: [2], symbols: { plain: 0 } },
    ...more,
  });
  return readElfObject(writeElfObject(object), "t.o");
}

test("variables are counted from the end of the block, aligned as the best aligned of them", () => {
  const image = link([threads(["first", "second"])], layout);
  // .tdata 0x100010 to 0x100014, .tbss 0x100020 to 0x10002a, the end 0x100040.
  assert.deepEqual(image.threads, { start: 0x100010, end: 0x100040 });
  const view = new DataView(image.sections[0]?.bytes.buffer ?? new ArrayBuffer(0));
  assert.deepEqual([view.getInt32(0, true), view.getInt32(4, true)], [-0x30, -0x1c]);
  const { symbols } = readElf(writeElf(image), "k.elf");
  const second = symbols.find(({ name }) => name === "second");
  assert.deepEqual([second?.type, second?.value], [STT_TLS, 0x14]);
});

test("debug information counts from the start of the block", () => {
  const debug: SectionSpec = {
    bytes: nops(4),
    alloc: false,
    refs: [{ at: 0, to: "second", kind: "thread-block" }],
  };
  const image = link([threads([], { ".debug_info": debug })], layout);
  const bytes = image.sections.find(({ name }) => name === ".debug_info")?.bytes;
  assert.deepEqual([...(bytes ?? [])], [0x14, 0, 0, 0]);
  const refs = [{ at: 0, to: "second", kind: "thread-block" as const }];
  const text = { ".text": { bytes: nops(4), symbols: { _start: 0 }, refs } };
  assert.match(
    diagnosed("ELF003", () => threads([], text)),
    /R_386_TLS_LDO_32[\s\S]*-ftls-model=local-exec/,
  );
});

test("thread-local variables need output sections of their own, next to each other", () => {
  assert.match(
    diagnosed(["LINK029", "LINK029"], () => link([threads([])], { orphans: "place" })),
    /\.tdata of t\.o has thread-local variables, which no output section takes/,
  );
  const mixed = [".text", { name: ".data", inputs: [".tdata", ".tbss", ".data"] }];
  assert.match(
    diagnosed("LINK029", () => link([threads([])], { sections: mixed })),
    /output section \.data has thread-local variables and others/,
  );
  const apart = [".text", ".tdata", ".data", ".tbss"];
  assert.match(
    diagnosed("LINK029", () => link([threads([])], { sections: apart })),
    /output section \.data lies among thread-local ones/,
  );
});

test("what is thread-local for its user alone is refused", () => {
  const text = diagnosed("LINK030", () => link([threads(["plain"])], layout));
  assert.match(text, /\.text\+0x0 of t\.o uses "plain" as a thread-local variable/);
});
