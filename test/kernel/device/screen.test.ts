import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { characterOf } from "../../../src/abi/code-page";
import { loadKernelPart } from "../kernel-part";
import { FONT_SYMBOLS, loadFont } from "./font-data";

const ROWS = 25;
const COLUMNS = 80;
const CELLS = 0xb8000;

const cells = new Uint16Array(ROWS * COLUMNS);
let writes = 0;
let selected = 0;
let cursor = 0;

const part = loadKernelPart(
  `
  import { showScreen, startScreen, writeScreen } from "./kernel/device/screen";
  export function start(): void { startScreen(); }
  export function put(from: usize, size: u32): void { writeScreen(from, size); }
  export function show(): void { showScreen(); }
`,
  {
    imports: {
      symbols: FONT_SYMBOLS,
      x86: {
        store16(address = 0, value = 0) {
          const cell = (address - CELLS) / 2;
          assert.ok(cell >= 0 && cell < cells.length, `cell ${cell} is not on the screen`);
          cells[cell] = value;
          writes++;
          return 0;
        },
        store8: () => assert.fail("there is no screen of pixels here"),
        store32: () => assert.fail("there is no screen of pixels here"),
        outb(port = 0, value = 0) {
          if (port === 0x3d4) selected = value;
          else if (selected === 0x0e) cursor = (cursor & 0xff) | (value << 8);
          else cursor = (cursor & 0xff00) | value;
          return 0;
        },
      },
    },
  },
);

loadFont(part);

function print(text: string | number[]): void {
  const bytes = Buffer.from(text as string);
  part.write(part.area, bytes);
  part.call.put!(part.area, bytes.length);
  part.call.show!();
}

function row(index: number): string {
  const line = cells.subarray(index * COLUMNS, (index + 1) * COLUMNS);
  return Array.from(line, (cell) => characterOf(cell & 0xff))
    .join("")
    .trimEnd();
}

function colour(index: number, column: number): number {
  return cells[index * COLUMNS + column]! >> 8;
}

describe("the screen", () => {
  beforeEach(() => {
    part.call.start!();
    print("\x1b[0m\x1b[2J\x1b[H");
  });

  it("begins with light grey on black", () => {
    cells.fill(0);
    part.call.start!();
    assert.ok(cells.every((cell) => cell === 0x0720));
  });

  it("shows lines, and the cursor behind them", () => {
    print("one\r\ntwo\r\n\tthree\x08");
    assert.deepEqual([row(0), row(1), row(2)], ["one", "two", "        three"]);
    assert.equal(cursor, 2 * COLUMNS + 12);
  });

  it("shows what of UTF-8 the VGA has, and what is near to the rest", () => {
    print("é½ß àÀ ─┌╬ ━┏╭ ©\u{a0}x €漢😀");
    assert.equal(row(0), "é½ß àA ─┌╬ ─┌┌ C\u{a0}x ???");
  });

  it("gets over UTF-8 that is broken", () => {
    print([0x80, 0xc3, 0x41, 0xe2, 0x94, 0xc3, 0xa9, 0xff, 0x42, 0xc1, 0x81]);
    assert.equal(row(0), "AéB?");
  });

  it("wraps a full line when the next character comes", () => {
    print("x".repeat(COLUMNS));
    assert.equal(cursor, COLUMNS - 1);
    print("y");
    assert.equal(row(1), "y");
  });

  it("scrolls, and writes only what differs", () => {
    for (let i = 0; i < ROWS; i++) print(`line ${i}\r\n`);
    assert.equal(row(0), "line 1");
    assert.equal(row(ROWS - 2), "line 24");
    assert.equal(row(ROWS - 1), "");
    writes = 0;
    print("\r\n");
    assert.ok(writes < 3 * ROWS, `${writes} writes`);
    assert.equal(row(0), "line 2");
  });

  it("shows a long output at its end, and writes nothing of what has scrolled through", () => {
    const line = `${"x".repeat(COLUMNS - 1)}\r\n`;
    writes = 0;
    print(`${line.repeat(10 * ROWS)}\x1b[2J\x1b[Hrest`);
    assert.equal(row(0), "rest");
    assert.equal(writes, "rest".length);
  });

  it("keeps rows apart that have scrolled, and erases them in the colours of then", () => {
    for (let i = 0; i < 2 * ROWS; i++) print(`line ${i}\r\n`);
    print("\x1b[44m\r\n\x1b[0m\x1b[3;1Hmiddle\x1b[24;1H\x1b[1J");
    assert.deepEqual(
      Array.from({ length: 24 }, (_, index) => row(index)),
      Array(24).fill(""),
    );
    assert.equal(row(24), "");
    assert.equal(colour(24, 0), 0x17);
    assert.equal(colour(23, 0), 0x07);
  });

  it("moves the cursor within its bounds", () => {
    print("\x1b[5;10Hx\x1b[2Ay\x1b[3Bz\x1b[99C!\x1b[99D<\x1b[H^\x1b[99;99f$");
    assert.equal(row(4), `         x`);
    assert.equal(row(2), `          y`);
    assert.equal(row(5), `<          z${" ".repeat(67)}!`);
    assert.equal(row(0), "^");
    assert.equal(row(24), `${" ".repeat(79)}$`);
  });

  it("erases", () => {
    const lines = () => [0, 1, 2].map(row);
    const fill = () => print("\x1b[2J\x1b[Habcdef\r\nabcdef\r\nabcdef\x1b[2;3H");
    fill();
    print("\x1b[K");
    assert.deepEqual(lines(), ["abcdef", "ab", "abcdef"]);
    fill();
    print("\x1b[1K");
    assert.deepEqual(lines(), ["abcdef", "   def", "abcdef"]);
    fill();
    print("\x1b[J");
    assert.deepEqual(lines(), ["abcdef", "ab", ""]);
    fill();
    print("\x1b[1J");
    assert.deepEqual(lines(), ["", "   def", "abcdef"]);
  });

  it("erases nothing beyond its end when the cursor is behind a full last row", () => {
    for (const sequence of ["\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[K", "\x1b[1K"]) {
      print(`\x1b[25;1H${"x".repeat(COLUMNS)}${sequence}`);
    }
    assert.equal(row(24), "");
  });

  it("colours as ANSI says", () => {
    print("a\x1b[31mb\x1b[1mc\x1b[44md\x1b[7me\x1b[0mf\x1b[93mg");
    const seen = [...Array(7).keys()].map((column) => colour(0, column));
    assert.deepEqual(seen, [0x07, 0x04, 0x0c, 0x1c, 0x41, 0x07, 0x0e]);
  });

  it("skips sequences that it does not know, and survives nonsense", () => {
    print("\x1b[?25la\x1b[1;2;3;4;5;6;7;8;9;10;11xb\x1b(c\x1b[999999999999999999Bd\x1b[");
    print("\x1b[m€");
    assert.equal(row(0).slice(0, 3), "abc");
    assert.equal(row(24), "   d?");
  });
});
