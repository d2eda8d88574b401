import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ECHO,
  ICANON,
  ICRNL,
  ISIG,
  IUTF8,
  TERMIOS_CC,
  TERMIOS_IFLAG,
  TERMIOS_LFLAG,
  VERASE,
  VMIN,
} from "../../../src/abi/termios";
import { loadKernelPart } from "../kernel-part";

let shown = "";

const part = loadKernelPart(
  `
  import { LineDiscipline, RING, RING_SIZE } from "./kernel/terminal/line-discipline";
  declare function show(byte: u32): void;
  function echo(_terminal: LineDiscipline, from: usize, size: u32): void {
    for (let i: u32 = 0; i < size; i++) show(load<u8>(from + i));
  }
  const terminal = changetype<LineDiscipline>(memory.data(<i32>RING + RING_SIZE, 8));
  export function reset(): void { terminal.reset(echo.index); }
  export function receive(byte: u32): u32 { return terminal.receive(byte); }
  export function readable(size: u32): u32 { return terminal.isReadable(size); }
  export function read(to: usize, size: u32): u32 { return terminal.read(to, size); }
  export function termios(): usize { return changetype<usize>(terminal); }
  export function set(from: usize): void { terminal.setTermios(from); }
`,
  {
    imports: {
      part: {
        show(byte = 0) {
          shown += String.fromCharCode(byte);
          return 0;
        },
      },
    },
  },
);

/** Types each byte of `text`; the signals that came of it. */
function type(text: string): number[] {
  return [...Buffer.from(text)].map((byte) => part.call.receive!(byte)).filter((s) => s !== 0);
}

/** What a read gets, or undefined if it would wait. */
function read(size = 100): string | undefined {
  if (part.call.readable!(size) === 0) return undefined;
  const count = part.call.read!(part.area, size);
  return Buffer.from(part.read(part.area, count)).toString();
}

function setLocalFlags(change: (flags: number) => number, vmin = 1): void {
  const from = part.area + 0x1000;
  const termios = part.read(part.call.termios!(), 36);
  const view = new DataView(termios.buffer);
  view.setUint32(TERMIOS_LFLAG, change(view.getUint32(TERMIOS_LFLAG, true)), true);
  termios[TERMIOS_CC + VMIN] = vmin;
  part.write(from, termios);
  part.call.set!(from);
}

function setInputFlags(flags: number): void {
  const from = part.area + 0x1000;
  const termios = part.read(part.call.termios!(), 36);
  new DataView(termios.buffer).setUint32(TERMIOS_IFLAG, flags, true);
  part.write(from, termios);
  part.call.set!(from);
}

function setSpecial(index: number, byte: number): void {
  const from = part.area + 0x1000;
  const termios = part.read(part.call.termios!(), 36);
  termios[TERMIOS_CC + index] = byte;
  part.write(from, termios);
  part.call.set!(from);
}

const raw = (flags: number) => flags & ~(ICANON | ECHO | ISIG);
const canonical = (flags: number) => flags | ICANON | ECHO | ISIG;

describe("a terminal in canonical mode", () => {
  beforeEach(() => {
    part.call.reset!();
    shown = "";
  });

  it("gives a line when it ends, and echoes it", () => {
    type("ls");
    assert.equal(read(), undefined);
    type("\r");
    assert.equal(read(), "ls\n");
    assert.equal(shown, "ls\r\n");
    assert.equal(read(), undefined);
  });

  it("gives one line for each read, and the rest of a long one to the next", () => {
    type("one\rtwo\r");
    assert.equal(read(2), "on");
    assert.equal(read(), "e\n");
    assert.equal(read(), "two\n");
  });

  it("takes characters back with backspace, words with ^W, the line with ^U", () => {
    type("abc\x7f\x7fd\r");
    assert.equal(read(), "ad\n");
    assert.equal(shown, "abc\b \b\b \bd\r\n");
    type("rm  -rf \x17\x17ls\r");
    assert.equal(read(), "ls\n");
    type("nonsense\x15ok\r");
    assert.equal(read(), "ok\n");
  });

  it("takes characters back with ^H only if VERASE is ^H", () => {
    type("abc\x08\r");
    assert.equal(read(), "abc\x08\n");
    setSpecial(VERASE, 0x08);
    type("abc\x08\x7f\r");
    assert.equal(read(), "ab\x7f\n");
  });

  it("takes nothing back of a line that has ended", () => {
    type("a\r\x7f\x7fb\r");
    assert.equal(read(), "a\n");
    assert.equal(read(), "b\n");
  });

  it("takes a whole character of UTF-8 back at once, with IUTF8", () => {
    setInputFlags(ICRNL | IUTF8);
    type("aä€\x7f\x7f\r");
    assert.equal(read(), "a\n");
  });

  it("ends the input with ^D", () => {
    type("\x04");
    assert.equal(read(), "");
    type("ab\x04");
    assert.equal(read(), "ab");
    assert.equal(read(), undefined);
    type("cd\x04");
    assert.equal(read(2), "cd");
    assert.equal(read(), undefined);
  });

  it("makes signals of ^C and ^\\, shows them, and forgets the line", () => {
    assert.deepEqual(type("abc\x03"), [2]);
    assert.equal(shown, "abc^C");
    assert.deepEqual(type("\x1c"), [3]);
    type("x\r");
    assert.equal(read(), "x\n");
  });

  it("rings when a line is too long, and can still end it", () => {
    type("x".repeat(5000));
    assert.ok(shown.endsWith("\x07"));
    type("\r");
    assert.equal(read(10000), `${"x".repeat(4095)}\n`);
  });

  it("shows control characters with a caret", () => {
    type("\x01\x7f\r");
    assert.equal(shown, "^A\b \b\b \b\r\n");
  });
});

describe("a terminal in raw mode", () => {
  beforeEach(() => {
    part.call.reset!();
    shown = "";
  });

  it("gives each byte at once, special or not, without echo", () => {
    setLocalFlags(raw);
    assert.deepEqual(type("a\x03\x7f"), []);
    assert.equal(read(), "a\x03\x7f");
    assert.equal(shown, "");
  });

  it("waits for as many bytes as VMIN says", () => {
    setLocalFlags(raw, 3);
    type("ab");
    assert.equal(read(), undefined);
    type("c");
    assert.equal(read(), "abc");
    setLocalFlags(raw, 0);
    assert.equal(read(), "");
  });

  it("waits for no more bytes than the read asks for", () => {
    setLocalFlags(raw, 3);
    type("ab");
    assert.equal(read(2), "ab");
    assert.equal(read(1), undefined);
  });

  it("gives what was typed before, though no line had ended", () => {
    type("half");
    setLocalFlags(raw);
    assert.equal(read(), "half");
  });

  it("gives a NUL for a ^D that was typed before", () => {
    type("a\rb\x04");
    setLocalFlags(raw);
    assert.equal(read(), "a\nb\0");
  });

  it("makes one line of what is unread when it ends, as it is", () => {
    setLocalFlags(raw);
    type("x\ny");
    setLocalFlags(canonical);
    type("next\r");
    assert.equal(read(), "x\ny");
    assert.equal(read(), "next\n");
  });

  it("takes a NUL at the end of what is unread for the end of input", () => {
    setLocalFlags(raw);
    type("x\0");
    setLocalFlags(canonical);
    assert.equal(read(), "x");
    assert.equal(read(), undefined);
  });

  it("leaves lines as they are when ICANON does not change", () => {
    type("a\rb\rc");
    setLocalFlags((flags) => flags & ~ECHO);
    type("d\r");
    assert.equal(read(), "a\n");
    assert.equal(read(), "b\n");
    assert.equal(read(), "cd\n");
  });

  it("drops what does not fit, and goes on", () => {
    setLocalFlags(raw);
    type("x".repeat(5000));
    assert.equal(read(10000), "x".repeat(4096));
    type("y");
    assert.equal(read(), "y");
  });
});
