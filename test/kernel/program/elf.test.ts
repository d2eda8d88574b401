import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { USER_END } from "../../../src/abi/memory-map";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  import { findSection, imageEnd, imageStart, interpreterSegment } from "./kernel/program/elf";
  import { isPositionIndependent } from "./kernel/program/elf";
  import { programHeadersAddress, programProblem } from "./kernel/program/elf";
  export function problem(image: usize, size: u32): usize { return programProblem(image, size); }
  export function start(image: usize): u32 { return imageStart(image); }
  export function movable(image: usize): bool { return isPositionIndependent(image); }
  export function interpreter(image: usize): usize {
    return changetype<usize>(interpreterSegment(image));
  }
  export { headersEnd } from "./kernel/program/elf";
  export function end(image: usize): u32 { return imageEnd(image); }
  export function headers(image: usize): u32 { return programHeadersAddress(image); }
  export function section(image: usize, size: u32): usize {
    return findSection(image, size, cstr(".isthmus.symbols"));
  }
`);

const TEXT = 52;
const DATA = TEXT + 32;

/** A program of two segments: text at 0x1000 with the headers in it, data at 0x3000 with a bss. */
function program(): DataView {
  const bytes = new Uint8Array(0x1800);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, 0x1100, true);
  view.setUint32(28, TEXT, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 2, true);
  segment(view, TEXT, { offset: 0, address: 0x1000, size: 0x800, memory: 0x800, flags: 5 });
  segment(view, DATA, { offset: 0x1000, address: 0x3000, size: 0x800, memory: 0x2800, flags: 6 });
  return view;
}

interface SegmentFields {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
  readonly memory: number;
  readonly flags: number;
}

function segment(view: DataView, at: number, fields: SegmentFields): void {
  const { offset, address, size, memory, flags } = fields;
  [1, offset, address, address, size, memory, flags, 0x1000].forEach((value, i) => {
    view.setUint32(at + 4 * i, value, true);
  });
}

/** What the kernel says of the program after `change`; "" if it is good. */
function judge(change: (view: DataView) => void, size = 0x1800): string {
  const view = program();
  change(view);
  part.write(part.area, new Uint8Array(view.buffer));
  const problem = part.call.problem!(part.area, size);
  return problem === 0 ? "" : part.text(problem);
}

describe("elf", () => {
  it("accepts a program, and says where it ends and where its headers are", () => {
    assert.equal(
      judge(() => {}),
      "",
    );
    assert.equal(part.call.end!(part.area), 0x6000);
    assert.equal(part.call.headers!(part.area), 0x1000 + TEXT);
  });

  it("refuses files that cannot run on this machine", () => {
    assert.match(
      judge((v) => v.setUint8(0, 0)),
      /not an ELF file/,
    );
    assert.match(
      judge((v) => v.setUint8(4, 2)),
      /a 64-bit program/,
    );
    assert.match(
      judge((v) => v.setUint8(4, 3)),
      /not a 32-bit/,
    );
    assert.match(
      judge((v) => v.setUint8(5, 2)),
      /not little endian/,
    );
    assert.match(
      judge((v) => v.setUint16(18, 62, true)),
      /another processor/,
    );
    assert.match(
      judge((v) => v.setUint16(16, 1, true)),
      /not an executable/,
    );
  });

  it("accepts what runs anywhere, from address 0 on", () => {
    const move = (v: DataView) => {
      v.setUint16(16, 3, true);
      v.setUint32(24, 0x100, true);
      v.setUint32(TEXT + 8, 0, true);
    };
    assert.equal(judge(move), "");
    assert.equal(part.call.start!(part.area), 0);
    assert.equal(part.call.movable!(part.area), 1);
    assert.match(
      judge((v) => {
        move(v);
        v.setUint16(16, 2, true);
      }),
      /outside user space/,
    );
    assert.equal(part.call.movable!(part.area), 0);
    assert.equal(
      judge(() => {}),
      "",
    );
    assert.equal(part.call.start!(part.area), 0x1000);
  });

  it("finds the interpreter that a program names, which is loaded beside it", () => {
    assert.equal(
      judge(() => {}),
      "",
    );
    assert.equal(part.call.interpreter!(part.area), 0);
    assert.equal(
      judge((v) => v.setUint32(DATA, 3, true)),
      "",
    );
    assert.equal(part.call.interpreter!(part.area), part.area + DATA);
  });

  it("knows how much of the file its headers are", () => {
    judge(() => {});
    assert.equal(part.call.headersEnd!(part.area), TEXT + 2 * 32);
  });

  it("refuses a segment that lies elsewhere in its page than in the file", () => {
    for (const alignment of [0, 1, 4, 0x800]) {
      assert.match(
        judge((v) => {
          v.setUint32(DATA + 28, alignment, true);
          v.setUint32(DATA + 8, 0x3800, true);
        }),
        /misaligned/,
        `alignment ${alignment}`,
      );
    }
  });

  it("refuses a file that is cut off at any byte before its last segment's end", () => {
    for (let size = 0; size < 0x1800; size += 37) {
      assert.notEqual(
        judge(() => {}, size),
        "",
        `size ${size}`,
      );
    }
    assert.equal(
      judge(() => {}, 0x1800),
      "",
    );
  });

  it("refuses program headers that are misplaced", () => {
    assert.match(
      judge((v) => v.setUint32(28, 0xfffffff0, true)),
      /outside the file/,
    );
    assert.match(
      judge((v) => v.setUint32(28, TEXT + 1, true)),
      /misaligned/,
    );
    assert.match(
      judge((v) => v.setUint16(42, 56, true)),
      /another size/,
    );
    assert.match(
      judge((v) => v.setUint16(44, 0, true)),
      /no program headers/,
    );
    assert.match(
      judge((v) => v.setUint16(44, 0xffff, true)),
      /too many/,
    );
  });

  it("refuses segments outside user space", () => {
    assert.match(
      judge((v) => v.setUint32(TEXT + 8, 0, true)),
      /outside user space/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 8, USER_END, true)),
      /outside user space/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 8, 0xfffff000, true)),
      /outside user space/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 20, 0xffffffff, true)),
      /outside user space/,
    );
    const last = (v: DataView) => v.setUint32(DATA + 8, USER_END - 0x3000, true);
    assert.equal(judge(last), "");
    assert.equal(part.call.end!(part.area) >>> 0, USER_END);
  });

  it("refuses segments that lie outside the file, wrap, or shrink", () => {
    assert.match(
      judge((v) => v.setUint32(DATA + 4, 0xfffff000, true)),
      /outside the file/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 16, 0x801, true)),
      /outside the file/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 16, 0x2801, true)),
      /larger in the file/,
    );
  });

  it("refuses segments that overlap, even by a page", () => {
    assert.match(
      judge((v) => v.setUint32(DATA + 8, 0x1000, true)),
      /share a page/,
    );
    const touching = (v: DataView) => {
      v.setUint32(DATA + 4, 0x800, true);
      v.setUint32(DATA + 8, 0x1800, true);
      v.setUint32(DATA + 28, 1, true);
    };
    assert.match(judge(touching), /share a page/);
  });

  it("refuses segments that are misaligned, or writable and executable", () => {
    assert.match(
      judge((v) => v.setUint32(DATA + 8, 0x3010, true)),
      /misaligned/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 28, 0x3000, true)),
      /misaligned/,
    );
    assert.match(
      judge((v) => v.setUint32(DATA + 24, 7, true)),
      /writable and executable/,
    );
  });

  it("refuses an entry point outside the text", () => {
    assert.match(
      judge((v) => v.setUint32(24, 0x3000, true)),
      /entry point/,
    );
    assert.match(
      judge((v) => v.setUint32(24, 0x1800, true)),
      /entry point/,
    );
  });

  it("never reads outside the file, whatever its header says", () => {
    let random = 1;
    const next = () => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return random >>> 8;
    };
    for (let i = 0; i < 300; i++) {
      const corrupt = (v: DataView) => {
        for (let n = 0; n < 3; n++) v.setUint8(16 + (next() % (DATA + 32 - 16)), next());
      };
      judge(corrupt); // reading outside wasm's memory would trap
      part.call.section!(part.area, 0x1800);
    }
  });
});

describe("sections", () => {
  const NAMES = 0x900;
  const HEADERS = 0xa00;

  function withSections(change: (view: DataView) => void = () => {}): number {
    const view = program();
    new Uint8Array(view.buffer).set(Buffer.from("\0.text\0.isthmus.symbols\0"), NAMES);
    view.setUint32(32, HEADERS, true);
    view.setUint16(46, 40, true);
    view.setUint16(48, 3, true);
    view.setUint16(50, 1, true);
    const header = (index: number, name: number, offset: number, size: number) => {
      view.setUint32(HEADERS + 40 * index, name, true);
      view.setUint32(HEADERS + 40 * index + 4, 1, true);
      view.setUint32(HEADERS + 40 * index + 16, offset, true);
      view.setUint32(HEADERS + 40 * index + 20, size, true);
    };
    header(1, 1, NAMES, 24);
    header(2, 7, 0x700, 16);
    change(view);
    part.write(part.area, new Uint8Array(view.buffer));
    return part.call.section!(part.area, 0x1800);
  }

  it("are found by name", () => {
    assert.equal(withSections(), part.area + 0x700);
  });

  it("are not found when their headers lie", () => {
    assert.equal(
      withSections((v) => v.setUint32(32, 0xfffffff0, true)),
      0,
    );
    assert.equal(
      withSections((v) => v.setUint16(50, 9, true)),
      0,
    );
    assert.equal(
      withSections((v) => v.setUint32(HEADERS + 40 + 16, 0x1800, true)),
      0,
    );
    assert.equal(
      withSections((v) => v.setUint32(HEADERS + 80 + 20, 0xffffffff, true)),
      0,
    );
    assert.equal(
      withSections((v) => v.setUint32(HEADERS + 80, 0xffffffff, true)),
      0,
    );
    const namesWithoutContents = (v: DataView) => {
      v.setUint32(HEADERS + 40 + 4, 8, true);
      v.setUint32(HEADERS + 40 + 16, 0x7fffffff, true);
    };
    assert.equal(withSections(namesWithoutContents), 0); // a read out there would trap
  });
});
