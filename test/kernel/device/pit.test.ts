// The timer's driver finds out how fast the time-stamp counter runs, whatever the host does
// meanwhile.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const COUNTS_PER_NANOSECOND = 1.193182e-3;
/** A port takes as long as on a PC. */
const ACCESS_NANOSECONDS = 1000;
const STAMPS_PER_NANOSECOND = 3;
const MODE_0 = 0x30;
const LATCH = 0;

/** A timer and a processor on a host that stops both for 80 ms at some accesses of a port. */
class Host {
  now = 0;
  accesses = 0;
  /** Whether it stops the machine at an access. */
  stops: (access: number) => boolean = () => false;
  #start = 0;
  #bytes: number[] = [];

  write(port: number, value: number): void {
    this.#pass();
    if (port === 0x43 && value === LATCH) {
      const count = 0xffff - Math.floor((this.now - this.#start) * COUNTS_PER_NANOSECOND);
      const word = ((count % 0x10000) + 0x10000) % 0x10000;
      this.#bytes = [word & 0xff, word >> 8];
    } else if (port === 0x43) assert.equal(value, MODE_0);
    else this.#start = this.now;
  }

  read(): number {
    this.#pass();
    return this.#bytes.shift() ?? 0;
  }

  #pass(): void {
    this.now += this.stops(this.accesses++) ? 80e6 : ACCESS_NANOSECONDS;
  }
}

let host = new Host();
const part = loadKernelPart(
  `
  import { startTimer } from "./kernel/device/pit";
  import { nanosecondsOf } from "./kernel/thread/uptime";
  export function start(): void { startTimer(); }
  export function nanoseconds(counts: u32): u32 { return <u32>nanosecondsOf(counts); }
`,
  {
    replace: {
      "kernel/thread/timer.ts": "export function onNextInterrupt(_function: i32): void {}",
    },
    imports: {
      x86: {
        outb(port = 0, value = 0) {
          host.write(port, value);
          return 0;
        },
        inb: () => host.read(),
        rdtsc: () => BigInt(Math.round(host.now * STAMPS_PER_NANOSECOND)),
      },
    },
  },
);

/** How many nanoseconds the kernel takes a millisecond for. */
function calibrated(): number {
  part.call.start!();
  return part.call.nanoseconds!(1e6 * STAMPS_PER_NANOSECOND);
}

describe("the interval timer", () => {
  beforeEach(() => {
    host = new Host();
  });

  it("shows how fast the time-stamp counter runs", () => {
    assert.ok(Math.abs(calibrated() - 1e6) < 1e3);
    assert.ok(host.now < 15e6, "in some 10 ms");
  });

  it("shows it, too, if the host stops the machine while it is watched", () => {
    calibrated();
    const all = host.accesses;
    for (let at = 0; at < all; at += 97) {
      host = new Host();
      host.stops = (access) => access === at;
      const found = calibrated();
      assert.ok(Math.abs(found - 1e6) < 4e4, `${found} ns, stopped at ${at} of ${all}`);
    }
  });

  it("does not keep the kernel waiting if the two never agree", () => {
    host.stops = (access) => Math.floor(access / 7) % 3 === 1;
    part.call.start!();
  });
});
