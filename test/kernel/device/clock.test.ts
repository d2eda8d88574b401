import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const registers = new Uint8Array(128);
let selected = 0;

const part = loadKernelPart(
  `
  import { bootTime, startClock } from "./kernel/device/clock";
  export function seconds(): u32 { startClock(); return bootTime(); }
`,
  {
    imports: {
      x86: {
        outb(_port = 0, value = 0) {
          selected = value;
          return 0;
        },
        inb: () => registers[selected]!,
      },
    },
  },
);

const bcd = (value: number) => Math.floor(value / 10) * 16 + (value % 10);

/** Sets the clock to a time of this century, as the PC's chip stores it. */
function set(date: Date, status: number, code: (value: number) => number): void {
  const hour = date.getUTCHours();
  const stored = status & 2 ? code(hour) : code(hour % 12 || 12) | (hour >= 12 ? 0x80 : 0);
  registers.fill(0);
  registers[0] = code(date.getUTCSeconds());
  registers[2] = code(date.getUTCMinutes());
  registers[4] = stored;
  registers[7] = code(date.getUTCDate());
  registers[8] = code(date.getUTCMonth() + 1);
  registers[9] = code(date.getUTCFullYear() - 2000);
  registers[0x0b] = status;
}

const DATES = [
  "2000-01-01T00:00:00Z",
  "2024-02-29T23:59:59Z",
  "2026-11-22T12:34:56Z",
  "2027-03-01T00:30:00Z",
  "2099-12-31T11:00:01Z",
];

describe("the clock", () => {
  for (const [name, status, code] of [
    ["binary-coded decimal, 24 hours", 2, bcd],
    ["binary, 24 hours", 6, (value: number) => value],
    ["binary-coded decimal, 12 hours", 0, bcd],
    ["binary, 12 hours", 4, (value: number) => value],
  ] as const) {
    it(`is read in ${name}`, () => {
      for (const text of DATES) {
        const date = new Date(text);
        set(date, status, code);
        assert.equal(part.call.seconds!() >>> 0, date.getTime() / 1000, text);
      }
    });
  }

  it("that is not there does not keep the kernel waiting", () => {
    registers.fill(0xff);
    part.call.seconds!();
  });
});
