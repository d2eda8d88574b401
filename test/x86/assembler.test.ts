// The assembler: branches, sections, labels, data, frames and lines of an object.

import assert from "node:assert/strict";
import test from "node:test";
import { timeHere } from "../../bench/harness/cpu-time";
import { Diagnostic } from "../../src/base/diagnostic";
import type { ObjectFile, Section } from "../../src/object/object";
import { Assembler } from "../../src/x86/assembler";
import { difference, mem, mem32, symbol } from "../../src/x86/operand";
import { eax, ebp, ecx, esp } from "../../src/x86/registers";

function assemble(body: (a: Assembler) => void): ObjectFile {
  const a = new Assembler("test.asm.ts");
  body(a);
  return a.finish();
}

/** The only section of what `body` assembles in `.text`. */
function text(body: (a: Assembler) => void): { section: Section; object: ObjectFile } {
  const object = assemble((a) => {
    a.section(".text");
    body(a);
  });
  return { section: object.sections[0] as Section, object };
}

function hex(section: Section): string {
  return Buffer.from(section.bytes).toString("hex");
}

function failure(body: (a: Assembler) => void): string {
  try {
    assemble(body);
  } catch (error) {
    if (error instanceof Diagnostic) return `${error.code} ${error.message}`;
    throw error;
  }
  return assert.fail("nothing was wrong");
}

test("a forward branch is short up to 127 bytes and near from 128", () => {
  for (const [distance, length] of [
    [0, 2],
    [127, 2],
    [128, 6],
  ] as const) {
    const { section } = text((a) => {
      a.jz("target");
      a.space(distance, 0x90);
      a.label("target");
    });
    assert.equal(section.size, length + distance);
    const field = length === 2 ? section.bytes[1] : section.bytes[2];
    assert.equal(field, distance);
  }
});

test("a section begins where its spans are in the fewest lines of the cache", () => {
  /** The bytes before code whose spans lie at these offsets and sizes. */
  const lead = (...spans: readonly [at: number, size: number, weight: number][]): number => {
    const { section, object } = text((a) => {
      a.align(4);
      a.local("code", "object");
      const marks = a.marks();
      for (let i = 0; i < 256; i++) {
        marks.add();
        a.nop();
      }
      a.fitCacheLines(
        spans.map(([at, size, weight]) => {
          return { start: marks.position(at), end: marks.position(at + size), weight };
        }),
      );
    });
    assert.equal(section.align, spans.length > 0 ? 64 : 4);
    const start = object.symbols[0]!.offset;
    assert.equal(hex(section), "cc".repeat(start) + "90".repeat(256));
    return start;
  };
  assert.equal(lead(), 0);
  assert.equal(lead([0, 64, 1]), 0);
  assert.equal(lead([10, 20, 1]), 0);
  assert.equal(lead([50, 20, 1]), 16);
  assert.equal(lead([50, 20, 1], [80, 40, 8]), 48);
  // Two lines, and no fewer are possible: the first lead is as good as any.
  assert.equal(lead([10, 80, 1]), 0);
  assert.equal(lead([60, 80, 1]), 4);
});

test("a backward branch is short down to -128 bytes, its own included", () => {
  for (const [distance, length] of [
    [126, 2],
    [127, 5],
  ] as const) {
    const { section } = text((a) => {
      a.label("target");
      a.space(distance, 0x90);
      a.jmp("target");
    });
    assert.equal(section.size, distance + length);
    const end = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.size);
    const displacement =
      length === 2 ? end.getInt8(distance + 1) : end.getInt32(distance + 1, true);
    assert.equal(displacement, -(distance + length));
  }
});

test("a branch that grows pushes others out of reach", () => {
  // The first needs the second to be short to reach; the second cannot be.
  const { section } = text((a) => {
    a.jmp("first");
    a.jmp("second");
    a.space(125, 0x90);
    a.label("first");
    a.space(10, 0x90);
    a.label("second");
  });
  assert.equal(section.bytes[0], 0xe9);
  assert.equal(section.bytes[5], 0xe9);
});

test("padding between a branch and its target counts with its final length", () => {
  const { section } = text((a) => {
    a.jmp("target");
    a.align(128);
    a.label("target");
    a.ret();
  });
  assert.equal(hex(section).slice(0, 4), "eb7e");
  assert.equal(section.bytes[128], 0xc3);
  assert.equal(section.align, 128);
});

test("a label before an align is told from one after it", () => {
  const { section } = text((a) => {
    a.nop();
    a.label("before");
    a.align(16);
    a.label("after");
    a.jmp("before");
    a.jmp("after");
  });
  assert.deepEqual([...section.bytes.subarray(16)], [0xeb, 256 - 17, 0xeb, 256 - 4]);
});

test("many branches over each other are laid out in linear time", () => {
  const count = 20_000;
  const assemble = () => {
    const { section } = text((a) => {
      for (let i = 0; i < count; i++) {
        a.label(`l${i}`);
        a.jmp(`l${Math.min(count - 1, i + 40)}`);
        a.jz(`l${Math.max(0, i - 50)}`);
      }
    });
    assert.ok(section.size > 4 * count);
  };
  assert.ok(timeHere(assemble).cpu < 5);
});

test("a chain in which each branch makes the one before it grow still ends", () => {
  // Each jump reaches its target only while the next one is short; the last is not.
  const count = 400;
  const { section } = text((a) => {
    for (let i = 0; i < count; i++) {
      a.jmp(`t${i}`);
      if (i > 0) a.label(`t${i - 1}`);
      a.space(122, 0x90);
    }
    a.space(200);
    a.label(`t${count - 1}`);
  });
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const near = section.bytes[offset] === 0xe9;
    assert.ok(near || section.bytes[offset] === 0xeb);
    offset += (near ? 5 : 2) + 122;
  }
});

test("a branch to another object's symbol is near, with a relocation", () => {
  const { section, object } = text((a) => {
    a.jz("elsewhere");
    a.jmp("elsewhere");
    a.call("elsewhere");
  });
  assert.equal(hex(section), "0f8400000000e900000000e800000000");
  assert.deepEqual(section.relocations, [
    { offset: 2, kind: "relative", width: 4, symbol: 0, addend: -4 },
    { offset: 7, kind: "relative", width: 4, symbol: 0, addend: -4 },
    { offset: 12, kind: "relative", width: 4, symbol: 0, addend: -4 },
  ]);
  const undefinedSymbol = { binding: "global", type: "none", offset: 0, size: 0 };
  assert.deepEqual(object.symbols, [{ name: "elsewhere", ...undefinedSymbol }]);
});

test("relocations after a branch move with its final length", () => {
  const { section } = text((a) => {
    a.jmp("target");
    a.mov(eax, mem({ symbol: "variable" }));
    a.space(200, 0x90);
    a.label("target");
    a.mov(ecx, symbol("variable", 4));
  });
  assert.deepEqual(
    section.relocations.map(({ offset, addend }) => [offset, addend]),
    [
      [6, 0],
      [211, 4],
    ],
  );
});

test("a branch into another section is a relocation against a local symbol", () => {
  const object = assemble((a) => {
    a.section(".text");
    a.jmp("there");
    a.section(".text.other");
    a.nop();
    a.label("there");
  });
  const [first] = object.sections;
  const [relocation] = first?.relocations ?? [];
  assert.equal(relocation?.kind, "relative");
  assert.deepEqual(object.symbols[relocation?.symbol ?? -1], {
    name: "there",
    binding: "local",
    type: "none",
    section: 1,
    offset: 1,
    size: 0,
  });
});

test("labels of a function are its own; the file's are seen from inside", () => {
  const { section } = text((a) => {
    a.label("shared");
    for (const name of ["f", "g"]) {
      a.function(name, () => {
        a.label("again");
        a.jmp("again");
        a.jmp("shared");
        a.jmp("later");
      });
    }
    a.label("later");
  });
  assert.equal(hex(section), "ebfe" + "ebfc" + "eb06" + "ebfe" + "ebf6" + "eb00");
});

test("labels by identity need no names, and each is placed once", () => {
  const loop = (a: Assembler) => {
    const again = a.newLabel();
    a.label(again);
    a.jmp(again);
  };
  const { section, object } = text((a) => {
    loop(a);
    loop(a);
  });
  assert.equal(hex(section), "ebfeebfe");
  assert.deepEqual(object.symbols, []);
  assert.match(
    failure((a) => {
      a.section(".text");
      a.jmp(a.newLabel("nowhere"));
    }),
    /^ASM004 label nowhere/,
  );
});

test("a function's size is its body's; in flat style it ends where the next begins", () => {
  const { object } = text((a) => {
    a.function("f", () => a.ret(), "local");
    a.space(3);
    a.global("g", "function");
    a.nop();
    a.global("inside");
    a.nop();
    a.local("h", "function");
    a.ret();
    a.alias("exported", "f");
  });
  const sizes = object.symbols.map(({ name, binding, offset, size }) => [
    name,
    binding,
    offset,
    size,
  ]);
  assert.deepEqual(sizes, [
    ["f", "local", 0, 1],
    ["g", "global", 4, 2],
    ["inside", "global", 5, 0],
    ["h", "local", 6, 1],
    ["exported", "global", 0, 1],
  ]);
});

test("data directives write the lowest byte first", () => {
  const { object } = text((a) => {
    a.section(".data");
    a.byte(1, -1, 255);
    a.word(0x1234, -2);
    a.long(0x12345678, -1);
    a.quad(0x0123456789abcdefn, -1n);
    a.asciz("hé");
    a.align(8);
    a.long(symbol("target", 8));
    a.word(symbol("target"));
    a.byte(symbol("target"));
  });
  const data = object.sections[1] as Section;
  assert.equal(
    hex(data),
    "01ffff3412feff78563412ffffffff" +
      "efcdab8967452301ffffffffffffffff" +
      "68c3a900" +
      "0000000000" +
      "00000000000000",
  );
  assert.deepEqual(
    data.relocations.map(({ offset, kind, width, addend }) => [offset, kind, width, addend]),
    [
      [40, "absolute", 4, 8],
      [44, "absolute", 2, 0],
      [46, "absolute", 1, 0],
    ],
  );
});

test("a difference of labels in one section is a number", () => {
  const object = assemble((a) => {
    a.section(".data");
    a.word(difference("table_end", "table", -1));
    a.label("table");
    a.space(24);
    a.label("table_end");
    a.section(".text");
    a.mov(eax, difference("table_end", "table"));
  });
  assert.equal(hex(object.sections[0] as Section).slice(0, 4), "1700");
  assert.equal(hex(object.sections[1] as Section), "b818000000");
  assert.deepEqual(
    object.sections.map(({ relocations }) => relocations.length),
    [0, 0],
  );
  const unknown = failure((a) => {
    a.section(".data");
    a.long(difference("end", "start"));
  });
  assert.match(unknown, /^ASM006 end - start/);
});

test("a section's flags follow from its name or are given", () => {
  const object = assemble((a) => {
    a.section(".text.main");
    a.section(".rodata");
    a.section(".data");
    a.section(".bss");
    a.align(16);
    a.space(100);
    a.section(".trampoline.text", { execute: true });
    a.section(".fixed", { write: true, address: 0x100000 });
    a.section(".text.main");
    a.ret();
  });
  const flags = object.sections.map(({ name, type, flags: { write, execute }, size, align }) => [
    name,
    type,
    write,
    execute,
    size,
    align,
  ]);
  assert.deepEqual(flags, [
    [".text.main", "progbits", false, true, 1, 1],
    [".rodata", "progbits", false, false, 0, 1],
    [".data", "progbits", true, false, 0, 1],
    [".bss", "nobits", true, false, 100, 16],
    [".trampoline.text", "progbits", false, true, 0, 1],
    [".fixed", "progbits", true, false, 0, 1],
  ]);
  assert.equal(object.sections[3]?.bytes.length, 0);
  assert.equal(object.sections[5]?.address, 0x100000);
});

test("frame steps are at their final offsets, and each function begins anew", () => {
  const { section } = text((a) => {
    a.function("f", () => {
      a.jmp("end");
      a.space(200);
      a.push(ebp);
      a.frame(8, { ebp: 8 });
      a.label("end");
      a.pop(ebp);
      a.frame(4);
      a.ret();
      a.frame(8);
    });
    a.function("g", () => a.ret());
  });
  assert.deepEqual(section.frame?.steps, [
    { offset: 0, cfaOffset: 4, saved: {} },
    { offset: 206, cfaOffset: 8, saved: { ebp: 8 } },
    { offset: 207, cfaOffset: 4, saved: {} },
    // Where `g` begins, its own first step counts, not the last of `f`.
    { offset: 208, cfaOffset: 4, saved: {} },
  ]);
});

test("functions that declare no frame have none", () => {
  const { section } = text((a) => a.function("f", () => a.ret()));
  assert.equal(section.frame, undefined);
});

test("lines are recorded where they change", () => {
  const { section } = text((a) => {
    a.line("a.ts", 1, 2);
    a.jmp("end");
    a.line("a.ts", 1, 2);
    a.space(200);
    a.line("a.ts", 3);
    a.label("end");
    a.ret();
  });
  assert.deepEqual(section.lines, [
    { offset: 0, file: "a.ts", line: 1, column: 2 },
    { offset: 205, file: "a.ts", line: 3, column: 0 },
  ]);
});

test("mistakes are diagnostics", () => {
  const inText = (body: (a: Assembler) => void) =>
    failure((a) => {
      a.section(".text");
      body(a);
    });
  assert.match(
    inText((a) => a.inc(mem({ base: eax }))),
    /^ASM001 .*how many bytes/,
  );
  assert.match(
    inText((a) => a.mov(eax, mem({ index: esp }))),
    /^ASM002 .*esp cannot be the index/,
  );
  assert.match(
    inText((a) => a.mov(mem32({ base: eax }), 2 ** 32)),
    /^ASM001 .*32 bits/,
  );
  assert.match(
    inText((a) => {
      a.label("x");
      a.label("x");
    }),
    /^ASM003 x is defined twice/,
  );
  assert.match(
    inText((a) => {
      a.loop("far");
      a.space(200);
      a.label("far");
    }),
    /^ASM005 200 \(to far\) does not fit 8 bits/,
  );
  assert.match(
    inText((a) => a.byte(256)),
    /^ASM007 256 does not fit 8 bits/,
  );
  assert.match(
    inText((a) => a.section(".text", { write: true })),
    /^ASM008/,
  );
  assert.match(
    inText((a) => a.section(".odd")),
    /^ASM009/,
  );
  assert.match(
    inText((a) => a.function("f", () => a.function("g", () => {}))),
    /^ASM010 function g begins inside another/,
  );
  assert.match(
    inText((a) => a.alias("x", "y")),
    /^ASM011/,
  );
  assert.match(
    inText((a) => a.align(3)),
    /^ASM012/,
  );
  assert.match(
    inText((a) => a.function("f", () => a.section(".data"))),
    /^ASM013/,
  );
  assert.match(
    failure((a) => a.ret()),
    /^ASM014/,
  );
  assert.match(
    failure((a) => {
      a.section(".bss");
      a.ret();
    }),
    /^ASM015/,
  );
});
