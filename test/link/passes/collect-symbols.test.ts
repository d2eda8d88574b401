// One meaning for each name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../../src/link/link";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { flat, start } from "../small-layouts";

test("two strong definitions are an error; a strong one replaces a weak one", () => {
  const strong = objectFile("b.o", { ".text": { bytes: nops(2), symbols: { f: 1 } } });
  const other = objectFile("c.o", { ".text": { bytes: nops(2), symbols: { f: 0 } } });
  const text = diagnosed("LINK002", () => link([objectFile("a.o", start), strong, other], flat));
  assert.match(text, /"f" is defined twice: in b\.o and in c\.o/);

  const weak = objectFile("w.o", {
    ".text": { bytes: nops(8), symbols: { f: { offset: 4, binding: "weak" } } },
  });
  for (const order of [
    [weak, strong],
    [strong, weak],
  ]) {
    const user = objectFile("a.o", {
      ".text": { bytes: nops(4), symbols: { _start: 0 }, refs: [{ at: 0, to: "f" }] },
    });
    const image = link([user, ...order], { ...flat, keep: ["f"] });
    const used = new DataView(image.sections[0]?.bytes.buffer as ArrayBuffer).getUint32(0, true);
    const f = image.symbols.find(({ name, binding }) => name === "f" && binding === "global");
    assert.equal(used, f?.address);
  }
});

test("only its own object sees a local symbol", () => {
  const spec = (value: number) => ({
    ".text": {
      bytes: nops(4),
      symbols: {
        [value === 1 ? "_start" : "other"]: 0,
        mine: { offset: value, binding: "local" as const },
      },
      refs: [{ at: 0, to: "mine" }],
    },
  });
  const image = link([objectFile("a.o", spec(1)), objectFile("b.o", spec(2))], {
    ...flat,
    keep: ["other"],
  });
  const view = new DataView(image.sections[0]?.bytes.buffer as ArrayBuffer);
  assert.equal(view.getUint32(0, true), 0x100001);
  assert.equal(view.getUint32(4, true), 0x100006);
});

test("an object that defines a layout symbol is refused", () => {
  const object = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { text_start: 0 } } });
  const text = diagnosed("LINK003", () => link([objectFile("s.o", start), object], flat));
  assert.match(text, /a\.o defines "text_start"/);
});

test("the largest common symbol counts, with the strictest alignment", { skip }, (t) => {
  const { compile } = workshop(t);
  const a = compile(
    "a.c",
    "char b[10] __attribute__((aligned(64))); void _start(void) {}",
    "-fcommon",
  );
  const b = compile("b.c", "char b[100]; char c;", "-fcommon");
  const image = linkFiles([a, b]);
  const symbol = image.symbols.find(({ name }) => name === "b");
  assert.equal(symbol?.size, 100);
  assert.equal((symbol?.address ?? 1) % 64, 0);
});
