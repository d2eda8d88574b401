// Terminals side by side: each has its own flags, input, output, size and foreground group.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  ICANON,
  OLCUC,
  ONLCR,
  OPOST,
  TAB3,
  TERMIOS_LFLAG,
  TERMIOS_OFLAG,
} from "../../../src/abi/termios";
import { loadKernelPart } from "../kernel-part";

const shown = ["", ""];
let signals: [number, number][] = [];
let bursts = 0;
let refills = 0;

const part = loadKernelPart(
  `
  import { onTerminalSignal, startTerminal } from "./kernel/terminal/terminal";
  import { Terminal, TERMINAL_SIZE, TerminalDriver } from "./kernel/terminal/terminal";
  let pieces: u32 = 0;
  export function pieceCount(): u32 { return pieces; }
  export function writeBytes(index: u32, from: usize, size: u32): void {
    at(index).putBytes(from, size);
  }
  export function column(index: u32): u32 { return at(index).column; }
  declare function show(terminal: u32, byte: u32): void;
  declare function burst(): void;
  declare function refilled(): void;
  declare function signalled(group: u32, signal: u32): void;
  const first: usize = memory.data(TERMINAL_SIZE, 8);
  const second: usize = memory.data(TERMINAL_SIZE, 8);
  const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 8));
  function output(terminal: Terminal, from: usize, size: u32): void {
    pieces++;
    for (let i: u32 = 0; i < size; i++)
      show(changetype<usize>(terminal) === second ? 1 : 0, load<u8>(from + i));
  }
  function finish(_terminal: Terminal): void { burst(); }
  function refill(_terminal: Terminal): void { refilled(); }
  function signal(group: u32, number: u32): void { signalled(group, number); }
  function at(index: u32): Terminal { return changetype<Terminal>(index === 0 ? first : second); }
  export function start(): void {
    memory.fill(first, 0, TERMINAL_SIZE);
    memory.fill(second, 0, TERMINAL_SIZE);
    driver.output = output.index;
    driver.finish = finish.index;
    driver.refill = refill.index;
    startTerminal(first, 25, 80, driver);
    startTerminal(second, 40, 132, driver);
    at(0).foregroundGroup = 1;
    at(1).foregroundGroup = 1;
    onTerminalSignal(signal.index);
  }
  export function receive(index: u32, byte: u32): void { at(index).receiveByte(byte); }
  export function write(index: u32, byte: u32): void { at(index).writeByte(byte); }
  export function readable(index: u32): u32 { return at(index).isReadable(100); }
  export function read(index: u32, to: usize, size: u32): u32 { return at(index).read(to, size); }
  export function rows(index: u32): u32 { return at(index).rows; }
  export function columns(index: u32): u32 { return at(index).columns; }
  export function setGroup(index: u32, group: u32): void { at(index).foregroundGroup = group; }
  export function termios(index: u32): usize { return changetype<usize>(at(index)); }
  export function change(index: u32, from: usize): void { at(index).changeTermios(from); }
  export function takeWaiting(index: u32): void { at(index).takeWaitingInput(); }
`,
  {
    imports: {
      part: {
        show(terminal = 0, byte = 0) {
          shown[terminal] += String.fromCharCode(byte);
          return 0;
        },
        burst: () => ++bursts,
        refilled: () => ++refills,
        signalled(group = 0, signal = 0) {
          signals.push([group, signal]);
          return 0;
        },
      },
    },
  },
);

function type(terminal: number, text: string): void {
  for (const byte of Buffer.from(text)) part.call.receive!(terminal, byte);
}

/** What a read gets, or undefined if it would wait. */
function read(terminal: number): string | undefined {
  if (part.call.readable!(terminal) === 0) return undefined;
  const count = part.call.read!(terminal, part.area, 100);
  return Buffer.from(part.read(part.area, count)).toString();
}

function setOutputFlags(terminal: number, flags: number): void {
  const termios = part.read(part.call.termios!(terminal), 36);
  new DataView(termios.buffer).setUint32(TERMIOS_OFLAG, flags, true);
  part.write(part.area, termios);
  part.call.change!(terminal, part.area);
}

describe("two terminals", () => {
  beforeEach(() => {
    shown.fill("");
    signals = [];
    bursts = 0;
    refills = 0;
    part.call.start!();
  });

  it("keep their input and their echo apart", () => {
    type(0, "one\r");
    type(1, "two");
    assert.equal(read(0), "one\n");
    assert.equal(read(1), undefined);
    type(1, "\r");
    assert.equal(read(1), "two\n");
    assert.deepEqual(shown, ["one\r\n", "two\r\n"]);
  });

  it("keep their flags apart", () => {
    const termios = part.read(part.call.termios!(1), 36);
    const view = new DataView(termios.buffer);
    view.setUint32(TERMIOS_LFLAG, view.getUint32(TERMIOS_LFLAG, true) & ~ICANON, true);
    part.write(part.area + 256, termios);
    part.call.change!(1, part.area + 256);
    type(0, "a");
    type(1, "b");
    assert.equal(read(0), undefined, "canonical: a line has not ended");
    assert.equal(read(1), "b", "raw: at once");
  });

  it("send ^C to their own foreground group", () => {
    part.call.setGroup!(0, 7);
    part.call.setGroup!(1, 9);
    type(1, "\x03");
    type(0, "\x1c");
    assert.deepEqual(signals, [
      [9, 2],
      [7, 3],
    ]);
  });

  it("have sizes of their own", () => {
    assert.deepEqual([part.call.rows!(0), part.call.columns!(0)], [25, 80]);
    assert.deepEqual([part.call.rows!(1), part.call.columns!(1)], [40, 132]);
  });

  it("put a carriage return before each line feed, and end a burst for each byte received", () => {
    for (const byte of Buffer.from("a\nb")) part.call.write!(1, byte);
    assert.deepEqual(shown, ["", "a\r\nb"]);
    type(0, "xy");
    assert.equal(bursts, 2);
  });

  it("put many bytes as they put each of them", () => {
    const all = Uint8Array.from({ length: 1024 }, (_, i) =>
      i < 256 ? i : 0x1d + ((i * 7) % 0x65),
    );
    for (const oflag of [0, OPOST, OPOST | ONLCR, OPOST | OLCUC, OPOST | ONLCR | TAB3]) {
      shown.fill("");
      for (const terminal of [0, 1]) setOutputFlags(terminal, oflag);
      for (const byte of all) part.call.write!(0, byte);
      // In pieces that begin and end anywhere.
      for (let at = 0, size = 1; at < all.length; at += size, size = (size * 5 + 3) % 61) {
        part.write(part.area, all.subarray(at, at + size));
        part.call.writeBytes!(1, part.area, Math.min(size, all.length - at));
      }
      assert.equal(shown[1], shown[0]);
      assert.equal(part.call.column!(1), part.call.column!(0));
    }
  });

  it("hand on what goes out as it is in one piece", () => {
    const text = "printable ~\tand more";
    const pieces = [OPOST, 0].map((flags, terminal) => {
      setOutputFlags(terminal, flags);
      const before = part.call.pieceCount!();
      part.write(part.area, text);
      part.call.writeBytes!(terminal, part.area, text.length);
      return part.call.pieceCount!() - before;
    });
    assert.deepEqual(pieces, [3, 1]);
    assert.deepEqual(shown, [text, text]);
  });

  it("ask their driver for input that waits", () => {
    part.call.takeWaiting!(0);
    assert.equal(refills, 1);
  });
});
