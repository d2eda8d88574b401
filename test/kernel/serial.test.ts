// The serial port's driver, with ports made by hand.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { loadKernelPart } from "./kernel-part";

const COM1 = 0x3f8;
const LINE_STATUS = COM1 + 5;
const SCRATCH = COM1 + 7;
const TRANSMIT_EMPTY = 0x20;

let scratch = 0;
let takes = true;
let polls = 0;
let sent = "";

const part = loadKernelPart(
  `
  export { startSerial, sendSerial, drainSerial } from "./kernel/device/serial";
`,
  {
    replace: {
      "kernel/terminal/console.ts": `
        export function hasInputRoom(): bool { return true; }
        export function receiveByte(byte: u32): void {}
      `,
    },
    imports: {
      x86: {
        inb(port = 0) {
          if (port === SCRATCH) return scratch;
          if (port !== LINE_STATUS) return 0;
          polls++;
          return takes ? TRANSMIT_EMPTY : 0;
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
  for (const byte of Buffer.from(text)) part.call.sendSerial!(byte);
}

describe("the serial port", () => {
  beforeEach(() => {
    takes = true;
    part.call.startSerial!();
    send("-");
    sent = "";
    polls = 0;
  });

  it("sends bytes in their order", () => {
    send("hello");
    assert.equal(sent, "hello");
  });

  it("loses patience with a UART that takes nothing, and drops what it does not take", () => {
    takes = false;
    send("a");
    const first = polls;
    assert.ok(first > 1000, "it is patient at first");
    send("b".repeat(1000));
    assert.ok(polls <= 16 * first + 1000, `${polls} polls for 1001 bytes`);
    polls = 0;
    part.call.drainSerial!();
    assert.equal(polls, 1);
    assert.equal(sent, "");
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
});
