// Layouts that contradict themselves, and what a layout gets by default.

import assert from "node:assert/strict";
import { test } from "node:test";
import { layout as kernel } from "../../../kernel/layout";
import type { Layout } from "../../../src/link/layout/layout";
import { parseLayout } from "../../../src/link/layout/parse";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { layout as user, userLayout } from "../../../user/layout";
import { diagnosed } from "../expect-diagnostic";

const base: Layout = {
  name: "t",
  regions: { low: { start: 0x1000 } },
  sections: [{ name: ".text" }],
};

function withRegions(regions: Layout["regions"], more: Partial<Layout> = {}): Layout {
  return { ...base, regions: { ...base.regions, ...regions }, ...more };
}

test("our own layouts are valid", () => {
  for (const layout of [kernel, user, userLayout(0x400000)]) resolveLayout(layout);
});

test("the shortest layout: everything has a default", () => {
  const { entry, sections, boot } = resolveLayout({
    ...base,
    sections: [{ name: ".text" }, { name: ".rodata" }, { name: ".data" }],
  });
  assert.equal(entry, "_start");
  assert.deepEqual(boot, []);
  assert.deepEqual(
    sections.map(({ permissions, align, fill }) => [permissions, align, fill]),
    [
      ["rx", 4096, 0xcc],
      ["r", 4096, 0],
      ["rw", 4096, 0],
    ],
  );
  assert.deepEqual(
    sections[1]?.rules.map((rule) => rule.sections),
    [[".rodata"], [".rodata.*"], [".gnu.linkonce.r.*"]],
  );
  assert.equal(sections[0]?.region.name, "low");
});

test("a region is anchored at the bound it has", () => {
  const { regions } = resolveLayout(withRegions({ top: { end: 0x1_0000_0000 } }));
  assert.deepEqual(
    regions.map(({ anchor }) => anchor),
    ["start", "end"],
  );
});

test("an anchor without its bound is an error", () => {
  const text = diagnosed("LAYOUT001", () =>
    resolveLayout(withRegions({ top: { start: 0x2000, anchor: "end" } })),
  );
  assert.match(text, /region "top" is anchored at its end but has no `end`/);
});

test("bounds must be addresses, in order", () => {
  diagnosed("LAYOUT002", () => resolveLayout(withRegions({ a: { start: 0.5, end: 0x1000 } })));
  diagnosed("LAYOUT003", () => resolveLayout(withRegions({ a: { start: 0x3000, end: 0x2000 } })));
});

test("a load region that is anchored at its end is an error", () => {
  const layout = withRegions(
    { top: { end: 0x1_0000_0000 } },
    { sections: [{ name: ".text", load: "top" }] },
  );
  diagnosed("LAYOUT004", () => resolveLayout(layout));
});

test("an unknown region comes with the nearest name; a reserved one is refused", () => {
  const text = diagnosed("LAYOUT005", () =>
    resolveLayout({ ...base, sections: [{ name: ".text", region: "lowe" }] }),
  );
  assert.match(text, /Did you mean "low"\?/);
  const reserved = withRegions(
    { guard: { start: 0x9000, end: 0xa000, reserved: true } },
    { sections: [{ name: ".text", region: "guard" }] },
  );
  assert.match(
    diagnosed("LAYOUT005", () => resolveLayout(reserved)),
    /which is reserved/,
  );
});

test("alignments are powers of two", () => {
  diagnosed("LAYOUT006", () => resolveLayout({ ...base, sections: [{ name: ".text", align: 3 }] }));
  diagnosed("LAYOUT006", () => resolveLayout({ ...base, fileAlign: 0 }));
});

test("two things that would define the same symbols are an error", () => {
  const sections = [{ name: ".low" }];
  const text = diagnosed("LAYOUT007", () => resolveLayout({ ...base, sections }));
  assert.match(text, /section "\.low" and region "low" would both define the symbols low_start/);
});

test("a space names regions that exist and do not overlap", () => {
  diagnosed("LAYOUT008", () =>
    resolveLayout({ ...base, spaces: { kernel: { regions: ["low", "high"] } } }),
  );
  const layout = withRegions(
    {
      a: { start: 0x10000, end: 0x20000 },
      b: { start: 0x1f000, end: 0x30000, reserved: true },
    },
    { spaces: { kernel: { regions: ["b", "a"] } } },
  );
  const text = diagnosed("LAYOUT009", () => resolveLayout(layout));
  assert.match(text, /region "a" \(up to 0x00020000\) overlaps "b" \(from 0x0001f000\)/);
});

test("regions of different spaces may overlap", () => {
  const spaces = { kernel: { regions: ["low"] }, user: { regions: ["program"] } };
  resolveLayout(withRegions({ program: { start: 0x1000, end: 0x2000 } }, { spaces }));
});

test("a closed group names sections that exist", () => {
  const layout = { ...base, closed: [{ name: "trampoline", sections: [".test"] }] };
  assert.match(
    diagnosed("LAYOUT010", () => resolveLayout(layout)),
    /Did you mean "\.text"\?/,
  );
});

test("all contradictions are reported at once", () => {
  diagnosed(["LAYOUT001", "LAYOUT003"], () =>
    resolveLayout(withRegions({ a: { start: 1, anchor: "end" }, b: { start: 9, end: 8 } })),
  );
});

test("a symbol of the layout's own names a section or region that exists", () => {
  const symbols = (of: string, edge: "end" | "load") => ({
    ...base,
    symbols: { _x: { of, edge } },
  });
  resolveLayout(symbols(".text", "load"));
  resolveLayout(symbols("low", "end"));
  assert.match(
    diagnosed("LAYOUT011", () => resolveLayout(symbols(".test", "end"))),
    /symbol "_x" is the end of "\.test"[\s\S]*Did you mean "\.text"\?/,
  );
  diagnosed("LAYOUT011", () => resolveLayout(symbols("low", "load")));
});

test("a symbol between inputs has a name of its own, and no packing around it", () => {
  const text = (fields: object): Layout => ({ ...base, sections: [{ name: ".text", ...fields }] });
  const inputs = (symbol: string, align = 1) => ({ inputs: [".text", { symbol, align }] });
  resolveLayout(text(inputs("etext", 16)));
  assert.match(
    diagnosed("LAYOUT007", () => resolveLayout(text(inputs("text_end")))),
    /section "\.text" defines the symbol "text_end", which the layout defines elsewhere/,
  );
  diagnosed("LAYOUT006", () => resolveLayout(text(inputs("etext", 24))));
  diagnosed("LAYOUT014", () => resolveLayout(text({ ...inputs("etext"), pack: true })));
});

test("JSON may have symbols between inputs", () => {
  const json = (entry: unknown) => ({ sections: [{ name: ".bss", inputs: [".bss", entry] }] });
  const { sections } = parseLayout(json({ symbol: "ebss", align: "0x1000" }), "k.json");
  assert.deepEqual(sections, [
    { name: ".bss", inputs: [".bss", { symbol: "ebss", align: 0x1000 }] },
  ]);
  assert.match(
    diagnosed("LAYOUT013", () => parseLayout(json({ symbol: "ebss", sections: ".b" }), "k.json")),
    /sections\[0\]\.inputs\[1\] has no field `sections`/,
  );
});

test("a region with an offset is above another one, whose LMAs its sections have", () => {
  const layout: Layout = {
    regions: { high: { load: "low", offset: 0xc0000000 }, low: { start: 0x100000 } },
    sections: [{ name: ".text" }, { name: ".boot", region: "low" }],
  };
  const { regions, sections } = resolveLayout(layout);
  assert.deepEqual(
    regions.map(({ name, start, end, limited }) => [name, start, end, limited]),
    [
      ["high", 0xc0100000, 0x1_0000_0000, false],
      ["low", 0x100000, 0x1_0000_0000, false],
    ],
  );
  assert.deepEqual(
    sections.map(({ region, load }) => [region.name, load.name]),
    [
      ["high", "low"],
      ["low", "low"],
    ],
  );
  const parsed = parseLayout(
    { regions: { high: { load: "low", offset: "0xc0000000" } } },
    "k.json",
  );
  assert.deepEqual(parsed.regions, { high: { load: "low", offset: 0xc0000000 } });
});

test("what contradicts an offset is an error", () => {
  const refused = (high: object, pattern: RegExp) => {
    const regions = { top: { end: 0x1_0000_0000 }, high, low: { start: 0x100000 } };
    const layout = { regions, sections: [{ name: ".text", region: "low" }] };
    assert.match(
      diagnosed("LAYOUT015", () => resolveLayout(layout)),
      pattern,
    );
  };
  refused({ offset: 0xc0000000 }, /"high" has only one of `load` and `offset`/);
  refused({ load: "low" }, /has only one of/);
  refused({ load: "low", offset: 0xc0000000, start: 0x1000 }, /a place of its own/);
  refused({ load: "lwo", offset: 0xc0000000 }, /Did you mean "low"\?/);
  refused({ load: "top", offset: 0x1000 }, /"top", where nothing can load/);
  refused({ load: "high", offset: 0x1000 }, /"high", where nothing can load/);
  refused({ load: "low", offset: 0x10 }, /an offset of 0x00000010/);
  refused({ load: "low", offset: 0xfff00000 }, /a multiple of 4096 that stays below 4 GiB/);
  const regions = {
    low: { start: 0x1000 },
    high: { load: "low", offset: 0x1000 },
    b: { start: 0 },
  };
  const text = { name: ".text", region: "high", load: "b" };
  diagnosed("LAYOUT015", () => resolveLayout({ regions, sections: [text] }));
});

test("takes nothing left out of a list, and no number without digits", () => {
  // biome-ignore lint/suspicious/noSparseArray: a layout in TypeScript may be so.
  const sections = [".text", , ".data"];
  assert.match(
    diagnosed("LAYOUT013", () => parseLayout({ sections }, "k.ts")),
    /sections\[1\]/,
  );
  const regions = { a: { start: "0x_" } };
  assert.match(
    diagnosed("LAYOUT013", () => parseLayout({ regions }, "k.ts")),
    /"0x_"/,
  );
});
