// The serial port's driver, with ports made by hand.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const COM1 = 0x3f8;
const INTERRUPT_IDENTIFICATION = COM1 + 2;
const LINE_STATUS = COM1 + 5;
const SCRATCH = COM1 + 7;
const TRANSMIT_EMPTY = 0x20;
const DATA_READY = 0x01;

let scratch = 0;
let takes = true;
/** From so many polls on it takes bytes whatever `takes` says. */
let takesFrom = Number.POSITIVE_INFINITY;
let polls = 0;
let sent = "";
let arriving: number[] = [];
let received = "";
let room = 0;
let hasUart = true;
let hasFifo = false;

const part = loadKernelPart(
  `
  import { addSink } from "./kernel/log/log";
  const said: usize = memory.data(256, 4);
  let length: u32 = 0;
  function say(byte: u32): void { store<u8>(said + length++, byte); }
  function finish(): void {}
  export function listenToLog(): usize { addSink(say.index, finish.index); return said; }
  import { onSerialInput } from "./kernel/device/serial";
  import { sendSerial } from "./kernel/device/serial";
  export { startSerial, drainSerial } from "./kernel/device/serial";
  export function send(from: usize, size: u32): void { sendSerial(from, size); }
  export { enableSerialInput, receiveSerial } from "./kernel/device/serial";
  declare function take(byte: u32): void;
  declare function room(): u32;
  function receive(byte: u32): void { take(byte); }
  function hasRoom(): bool { return room() !== 0; }
  export function listen(): void { onSerialInput(receive.index, hasRoom.index); }
`,
  {
    imports: {
      part: {
        take(byte = 0) {
          received += String.fromCharCode(byte);
          return 0;
        },
        room: () => (received.length < room ? 1 : 0),
      },
      x86: {
        inb(port = 0) {
          if (port === SCRATCH) return hasUart ? scratch : 0xff;
          if (port === COM1) return arriving.shift() ?? 0;
          if (port === INTERRUPT_IDENTIFICATION) return hasFifo ? 0xc1 : 0x01;
          if (port !== LINE_STATUS) return 0;
          polls++;
          if (polls >= takesFrom) takes = true;
          return (takes ? TRANSMIT_EMPTY : 0) | (arriving.length > 0 ? DATA_READY : 0);
        },
        outb(port = 0, value = 0) {
          if (port === SCRATCH) scratch = value;
          if (port === COM1) sent += String.fromCharCode(value);
          return 0;
        },
      },
    },
  },
);

function send(text: string): void {
  part.write(part.area, text);
  part.call.send!(part.area, text.length);
}

describe("the serial port", () => {
  beforeEach(() => {
    takes = true;
    hasFifo = false;
    part.call.startSerial!();
    send("-");
    sent = "";
    polls = 0;
  });

  it("sends bytes in their order", () => {
    send("hello");
    assert.equal(sent, "hello");
  });

  it("fills a FIFO that works, at one look for sixteen bytes", () => {
    hasFifo = true;
    part.call.startSerial!();
    polls = 0;
    sent = "";
    send("0123456789abcdef");
    assert.equal(polls, 1);
    send("g");
    assert.equal(polls, 2);
    assert.equal(sent, "0123456789abcdefg");
  });

  it("looks before each byte without one", () => {
    send("0123");
    assert.equal(polls, 4);
  });

  it("loses patience with a UART that takes nothing, and drops what it does not take", () => {
    takes = false;
    send("a");
    const first = polls;
    assert.ok(first > 1000, "it is patient at first");
    send("b".repeat(1000));
    assert.equal(polls, first + 1000);
    polls = 0;
    part.call.drainSerial!();
    assert.equal(polls, 1);
    assert.equal(sent, "");
  });

  it("loses nothing by a UART that pauses for seconds", () => {
    takes = false;
    takesFrom = 3_000_000;
    send("paused");
    takesFrom = Number.POSITIVE_INFINITY;
    assert.equal(sent, "paused");
  });

  it("goes on as soon as bytes are taken again", () => {
    takes = false;
    send("lost");
    takes = true;
    send("found");
    assert.equal(sent, "found");
    takes = false;
    polls = 0;
    send("a");
    assert.ok(polls > 1000, "it is patient again");
  });

  it("hands input to the registered receiver, as far as it has room", () => {
    arriving = [...Buffer.from("early")];
    received = "";
    room = 3;
    part.call.receiveSerial!();
    assert.equal(received, "", "before a receiver is registered, input stays in the UART");
    part.call.listen!();
    part.call.enableSerialInput!();
    assert.equal(received, "ear");
    room = 100;
    part.call.receiveSerial!();
    assert.equal(received, "early");
  });

  it("says that there is none, and waits for nothing then", () => {
    const said = part.call.listenToLog!();
    hasUart = false;
    part.call.startSerial!();
    part.call.enableSerialInput!();
    assert.equal(part.text(said), "kernel: serial: nothing answers at COM1\n");
    polls = 0;
    send("lost");
    part.call.drainSerial!();
    assert.deepEqual([polls, sent], [0, ""]);
    hasUart = true;
  });
});
