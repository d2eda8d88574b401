// The time-stamp counter's rate, found out on simulated timers: of PCs whose host stops them at any
// access, of v86 in a browser, whose clock is coarse, and on real machines.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { skipReason } from "../../machine/installed";
import { withMachine } from "../booted-kernel";
import { compileKernelPart } from "../kernel-part";

const [MS, SECOND] = [1e6, 1e9];
const ACPI_PORT = 0x608;
const [CHANNEL_2, COMMAND, SYSTEM_CONTROL] = [0x42, 0x43, 0x61];
const LOAD = 0xb0;
const OUTPUT = 0x20;
/** So many accesses at either end of a calibration, and in between, are tried. */
const ENDS = 60;
const PIT_HERTZ = 1193182;
const ACPI_HERTZ = 3579545;

interface Simulated {
  /** Of the time-stamp counter, in GHz. */
  readonly rate?: number;
  /** What an access to a port takes, in nanoseconds. */
  readonly access?: number;
  readonly hasAcpi?: boolean;
  /** ACPI's timer stands still at this count. */
  readonly acpiCount?: number;
  /** The 8254 does not count, and all its bits are 1. */
  readonly isPitDead?: boolean;
  /** Nanoseconds that pass before the access of that number. */
  readonly stops?: Readonly<Record<number, number>>;
  /** As v86 has it in a browser: the clock goes on in steps of so many nanoseconds. */
  readonly browserStep?: number;
}

let simulated: Simulated = {};
let now = 0;
let accesses = 0;
let started = 0;
let loadedBytes = 0;
let latched = 0;
let latchedBytes = 0;

function pass(nanoseconds: number): void {
  const at = accesses++;
  now += nanoseconds + (simulated.stops?.[at] ?? 0);
}

/** What v86 knows of its clock: the last reading, the smallest step, readings in a step. */
let last = 0;
let smallest = Number.POSITIVE_INFINITY;
let sameReadings = 0;
let mostReadings = 1;

/** v86's counter between two steps of its clock is a guess, at first a wild one. */
function guessedStamp(value: number): number {
  if (value === last) {
    sameReadings++;
    // A word of 64 bits goes round.
    if (smallest === Number.POSITIVE_INFINITY) return value - Math.max(2, sameReadings);
    const guess = Math.floor((sameReadings * smallest) / mostReadings);
    return value + Math.min(guess, smallest - 1);
  }
  if (last !== 0) {
    smallest = Math.min(smallest, value - last);
    mostReadings = Math.max(mostReadings, sameReadings);
  }
  sameReadings = 0;
  last = value;
  return value;
}

function rdtsc(): bigint {
  pass(10);
  const { rate = 1, browserStep } = simulated;
  const value = Math.floor(clock() * rate);
  return BigInt.asUintN(64, BigInt(browserStep ? guessedStamp(value) : value));
}

/** What the machine's devices take for the time. */
function clock(): number {
  const { browserStep } = simulated;
  return browserStep ? Math.floor(now / browserStep) * browserStep : now;
}

const ticks = () => Math.floor(((clock() - started) * PIT_HERTZ) / SECOND);

/** The 8254's count of channel 2, as it is latched. */
function count(): number {
  if (simulated.isPitDead) return 0xffff;
  const left = 0xffff - ticks();
  if (simulated.browserStep === undefined) return left & 0xffff;
  // v86 takes a count that has just been loaded for one that is over, and latches one less.
  const value = left >= 0xffff ? left % 0xffff : left < 0 ? (left % 0xffff) + 0xffff : left;
  return value === 0 ? 0 : value - 1;
}

function inb(port: number): number {
  pass(simulated.access ?? 1000);
  if (port === SYSTEM_CONTROL) {
    if (simulated.isPitDead) return 0xff;
    return ticks() > 0xffff - 1 ? OUTPUT : 0;
  }
  assert.equal(port, CHANNEL_2);
  const byte = (latched >> (8 * latchedBytes++)) & 0xff;
  return byte;
}

function outb(port: number, value: number): void {
  pass(simulated.access ?? 1000);
  if (port === COMMAND && value === LOAD) loadedBytes = 0;
  else if (port === COMMAND) [latched, latchedBytes] = [count(), 0];
  else if (port === CHANNEL_2 && ++loadedBytes === 2) started = clock();
}

const startPart = compileKernelPart(
  `
  import { calibrateTsc } from "./kernel/device/tsc";
  import { nanosecondsOf } from "./kernel/thread/uptime";
  export function calibrated(): u32 {
    calibrateTsc();
    return <u32>nanosecondsOf(1000000000);
  }
`,
  {
    replace: {
      "kernel/device/fadt.ts": `
        declare function port(): u32;
        export function acpiTimer(): u32 { return port(); }`,
    },
    imports: {
      fadt: { port: () => (simulated.hasAcpi ? ACPI_PORT : 0) },
      "paired-reading": {
        pass_time() {
          pass(20_000);
          return 0;
        },
      },
      x86: {
        rdtsc,
        inb: (port = 0) => inb(port),
        inl: (port = 0) => {
          pass(simulated.access ?? 1000);
          assert.equal(port, ACPI_PORT);
          return simulated.acpiCount ?? ((now * ACPI_HERTZ) / SECOND) & 0xffffff;
        },
        outb: (port = 0, value = 0) => {
          outb(port, value);
          return 0;
        },
      },
    },
  },
);

/** How far the rate that was found is off, as a share of the true one. */
function errorOn(machine: Simulated, begin = 3 * SECOND): number {
  simulated = machine;
  now = begin;
  accesses = 0;
  [last, smallest, sameReadings, mostReadings] = [0, Number.POSITIVE_INFINITY, 0, 1];
  const nanoseconds = startPart().call.calibrated!() >>> 0;
  return Math.abs((nanoseconds * (machine.rate ?? 1)) / SECOND - 1);
}

/** The host stops the machine once, at some of the accesses that a calibration makes. */
function* stopped(machine: Simulated, nanoseconds: number): Generator<Simulated> {
  errorOn(machine);
  const all = accesses;
  assert.ok(all > 2 * ENDS);
  const between = Math.ceil((all - 2 * ENDS) / ENDS);
  for (let at = 0; at < all; at += at < ENDS || at > all - ENDS ? 1 : between) {
    yield { ...machine, stops: { [at]: nanoseconds } };
  }
}

describe("the time-stamp counter's rate", () => {
  it("is found by the 8254, or by ACPI's timer", () => {
    for (const rate of [0.8, 1, 3.6]) {
      for (const hasAcpi of [false, true]) {
        assert.ok(errorOn({ rate, hasAcpi }) < 0.001, `${rate} GHz, ${hasAcpi}`);
      }
    }
  });

  /** What it takes for few accesses to fill the time. */
  const access = 20_000;

  it("is found however long the host stops the machine, and wherever", () => {
    for (const hasAcpi of [false, true]) {
      for (const stop of [5 * MS, 54 * MS, 70 * MS, 9 * SECOND]) {
        for (const machine of stopped({ hasAcpi, rate: 2, access }, stop)) {
          const found = errorOn(machine);
          assert.ok(found < 0.02, `${found}: ${JSON.stringify(machine)}`);
        }
      }
    }
  });

  it("is found by a clock as coarse as a browser's", () => {
    const machine = { browserStep: 0.1 * MS };
    for (const quick of [100, 500, 5000]) {
      for (const begin of [0, 30_000, 99_000]) {
        const found = errorOn({ ...machine, access: quick }, 3 * SECOND + begin);
        assert.ok(found < 0.021, `${quick}, ${begin}: ${found}`);
      }
    }
    for (const stop of [5 * MS, 40 * MS, 70 * MS]) {
      for (const slow of stopped({ ...machine, access: 5000 }, stop)) {
        const found = errorOn(slow);
        assert.ok(found < 0.021, `${found}: ${JSON.stringify(slow)}`);
      }
    }
  });

  it("is found by ACPI's timer where its count goes round, and where the 8254 is dead", () => {
    const round = (0x1000000 / ACPI_HERTZ) * SECOND;
    const machine = { rate: 2, hasAcpi: true };
    assert.ok(errorOn(machine, round - 5 * MS) < 0.001);
    assert.ok(errorOn({ ...machine, isPitDead: true }) < 0.001);
  });

  it("is found by the 8254 where ACPI's timer stands still", () => {
    for (const acpiCount of [0, 0xffffff, 0xffffffff]) {
      assert.ok(errorOn({ rate: 2, hasAcpi: true, acpiCount }) < 0.001);
      assert.ok(now < 10 * SECOND);
    }
  });

  it("is taken for 1 GHz if nothing counts, and that takes no minutes", () => {
    assert.equal(errorOn({ rate: 2, isPitDead: true }), 1);
    assert.ok(now < 20 * SECOND);
  });
});

describe("a machine's time-stamp counter", { skip: skipReason("qemu") }, () => {
  const ways = { "ACPI's timer": [], "the 8254": ["-no-acpi"] };
  for (const [by, extraArguments] of Object.entries(ways)) {
    it(`is measured by ${by}, and is a nanosecond where instructions are counted`, async () => {
      const request = { program: ["true"], options: [], qemu: { icountShift: 3, extraArguments } };
      await withMachine("qemu", request, async (machine) => {
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
        const [, megahertz] = /tsc: (\d+) MHz, by (.*)/.exec(machine.serial.text()) ?? [];
        assert.ok(Math.abs(Number(megahertz) - 1000) <= 2, machine.serial.text());
        assert.ok(machine.serial.text().includes(`MHz, by ${by}`));
      });
    });
  }
});
