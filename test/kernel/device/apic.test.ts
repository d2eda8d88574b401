// Interrupts by APICs on simulated registers, and machines that have them, or not.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { VECTOR_IRQ } from "../../../src/abi/descriptors";
import { ENTRY_PCD, ENTRY_PWT, ENTRY_RW } from "../../../src/abi/paging";
import type { QemuOptions } from "../../../src/machine/machine";
import type { QemuMachine } from "../../../src/machine/qemu";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { withMachine } from "../booted-kernel";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const [LOCAL, IO] = [0xfee0_0000, 0xfec0_0000];
const [TIMER, PIN_0, PIN_1, ERROR] = [0x320, 0x350, 0x360, 0x370];
const [EOI, SPURIOUS, INITIAL, CURRENT] = [0xb0, 0xf0, 0x380, 0x390];
const MASKED = 1 << 16;
const [KEYBOARD, WINDOW, SERIAL] = [1, 3, 4];
const [PIC_1, PIC_2] = [0x21, 0xa1];
const ID = 7;
/** The spurious vector has the low four bits set, and is no line's that a driver has. */
const SPURIOUS_LINE = 15;

interface Simulated {
  readonly base: number;
  readonly version: number;
  readonly inputs: number;
  /** Counts of the timer for each of the time-stamp counter, of 1 GHz. */
  readonly rate: number;
}
const SOUND: Simulated = { base: LOCAL, version: 0x14, inputs: 24, rate: 0.05 };

let simulated = SOUND;
let now = 0;
let loadedAt = 0;
/** What was written to the processor's APIC and to ports, in this order. */
let writes: [where: number, value: number][] = [];
let local = new Map<number, number>();
let io = new Map<number, number>();
let selected = 0;
let views: [address: number, flags: number][] = [];

function load(address: number): number {
  if (address === IO + 0x10) {
    return selected === 1 ? ((simulated.inputs - 1) << 16) | 0x11 : (io.get(selected) ?? 0);
  }
  const register = address - LOCAL;
  if (register === 0x20) return ID << 24;
  if (register === 0x30) return simulated.version;
  if (register !== CURRENT) return local.get(register) ?? 0;
  const counts = Math.floor((now - loadedAt) * simulated.rate);
  return Math.max(0, (local.get(INITIAL) ?? 0) - counts);
}

function store(address: number, value: number): void {
  if (address === IO) selected = value;
  else if (address === IO + 0x10) io.set(selected, value >>> 0);
  else {
    const register = address - LOCAL;
    assert.ok(register >= 0 && register < 0x400, address.toString(16));
    if (register === INITIAL) loadedAt = now;
    local.set(register, value >>> 0);
    writes.push([register, value >>> 0]);
  }
}

const startPart = compileKernelPart(
  `
  export * from "./kernel/device/interrupt-lines";
  export { readMadt } from "./kernel/device/acpi-devices";
  import { addSink } from "./kernel/log/log";
  import { setTimer, Timer } from "./kernel/thread/timer";
  const said: usize = memory.data(4096);
  let length: usize = 0;
  function say(byte: u32): void { store<u8>(said + length++, <u8>byte); }
  function finish(): void {}
  export function listen(): usize { addSink(say.index, finish.index); return said; }
  function due(timer: Timer): void {}
  const timer = changetype<Timer>(memory.data(offsetof<Timer>(), 8));
  export function sleep(nanoseconds: u32): void {
    timer.handler = due.index;
    setTimer(timer, nanoseconds);
  }
`,
  {
    replace: {
      "kernel/memory/pages.ts": `
        declare function view(physical: u32, flags: u32): void;
        export function mapPhysical(physical: u32, size: u32, flags: u32): usize {
          view(physical, flags);
          return physical;
        }`,
      "kernel/machine/i686/processor.ts": `
        declare function base(): u32;
        export function localApicBase(): u32 { return base(); }`,
    },
    imports: {
      pages: {
        view(address = 0, flags = 0) {
          views.push([address >>> 0, flags]);
          return 0;
        },
      },
      processor: { base: () => simulated.base },
      "paired-reading": { pass_time: () => 0 },
      x86: {
        inb: () => 0,
        outb(port = 0, value = 0) {
          writes.push([port, value]);
          return 0;
        },
        rdtsc() {
          now += 100;
          return BigInt(now);
        },
        load32: (address = 0) => load(address >>> 0),
        store32(address = 0, value = 0) {
          store(address >>> 0, value);
          return 0;
        },
      },
    },
  },
);

let part: KernelPart;

/** An entry that says of a line of the PICs which interrupt it is. */
const override = (line: number, input: number, flags: number): number[] => [
  ...[2, 10, 0, line, input & 0xff, (input >> 8) & 0xff, 0, 0, flags, 0],
];
const IO_APIC = [1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0];

function readMadt(...entries: readonly (readonly number[])[]): void {
  const bytes = Buffer.concat([Buffer.alloc(44), ...entries.map((each) => Buffer.from(each))]);
  bytes.writeUInt32LE(LOCAL, 36);
  part.write(part.area, bytes);
  part.call.readMadt!(part.area, bytes.length);
}

/** Where there is what was said since the lines were started. */
let said = 0;

/** Starts the lines: what is said of them. */
function start(machine: Partial<Simulated> = {}, usesPics = 0): string {
  simulated = { ...SOUND, ...machine };
  said = part.call.listen!();
  part.call.startInterruptLines!(usesPics);
  return part.text(said).trim();
}

function restart(): void {
  part = startPart();
  [writes, views, local, io] = [[], [], new Map(), new Map()];
}

/** What was last written to a port. */
const lastWrite = (port: number) => writes.filter(([at]) => at === port).at(-1)?.[1];
const entry = (input: number) => io.get(0x10 + 2 * input);

beforeEach(restart);

describe("interrupts by APICs", () => {
  it("have every line masked at first, the PICs' too, and the pins of the processor's own", () => {
    // What a firmware may leave: the PICs by way of pin 0, and an input that is open.
    local.set(PIN_0, 0x700);
    io.set(0x10, 0x700);
    readMadt(IO_APIC, override(0, 2, 0));
    assert.match(start(), /^kernel: apic: its timer counts (49|50)\d{3} kHz$/);
    for (let input = 0; input < 24; input++) {
      assert.equal(entry(input), MASKED);
      assert.equal(io.get(0x11 + 2 * input), ID << 24);
    }
    assert.deepEqual([PIC_1, PIC_2].map(lastWrite), [0xff, 0xff]);
    assert.deepEqual([local.get(PIN_0), local.get(ERROR)], [MASKED, MASKED]);
    assert.equal(local.get(PIN_1), 0x400, "an NMI");
    assert.equal(local.get(SPURIOUS), 0x100 | (VECTOR_IRQ + SPURIOUS_LINE));
    assert.equal(local.get(TIMER), VECTOR_IRQ);
  });

  it("are seen uncached, as a device's memory", () => {
    readMadt(IO_APIC);
    start();
    const flags = ENTRY_RW | ENTRY_PCD | ENTRY_PWT;
    assert.deepEqual(views, [
      [IO, flags],
      [LOCAL, flags],
    ]);
  });

  it("come from the input that the MADT says, with its polarity, and by edge or level", () => {
    const conforming = [0, 1, 4, 5];
    for (const flags of conforming) {
      restart();
      readMadt(IO_APIC, override(KEYBOARD, 17, flags));
      start();
      part.call.unmaskLine!(KEYBOARD);
      assert.equal(entry(17), VECTOR_IRQ + KEYBOARD);
      assert.equal(entry(KEYBOARD), MASKED);
    }
    restart();
    readMadt(IO_APIC, override(SERIAL, 23, 0x0f), override(WINDOW, 5, 0x03));
    start();
    for (const line of [SERIAL, WINDOW]) part.call.unmaskLine!(line);
    assert.equal(entry(23), (1 << 15) | (1 << 13) | (VECTOR_IRQ + SERIAL));
    assert.equal(entry(5), (1 << 13) | (VECTOR_IRQ + WINDOW));
  });

  it("are those of the PICs' own numbers where the MADT says nothing", () => {
    readMadt(IO_APIC, override(16, 9, 0));
    start();
    for (const line of [KEYBOARD, WINDOW, SERIAL]) {
      part.call.unmaskLine!(line);
      assert.equal(entry(line), VECTOR_IRQ + line);
    }
  });

  it("do not come where the I/O APIC has no such input, and that is said", () => {
    readMadt(IO_APIC, override(SERIAL, 24, 0), override(WINDOW, 300, 0));
    start();
    part.call.unmaskLine!(SERIAL);
    part.call.unmaskLine!(WINDOW);
    assert.match(part.text(said), /no line 4\s.*no line 3\s/s);
    for (let input = 0; input < 24; input++) assert.equal(entry(input), MASKED);
  });

  it("are acknowledged once, a spurious one never", () => {
    readMadt(IO_APIC);
    start();
    writes = [];
    assert.equal(part.call.isSpurious!(SPURIOUS_LINE), 1);
    for (const line of [0, 7]) assert.equal(part.call.isSpurious!(line), 0);
    assert.deepEqual(writes, []);
    part.call.acknowledgeLine!(KEYBOARD);
    assert.deepEqual(writes, [[EOI, 0]]);
  });

  it("have a timer that interrupts when it should, whatever its rate", () => {
    for (const rate of [0.0015, 0.05, 0.9]) {
      restart();
      readMadt(IO_APIC);
      start({ rate });
      part.call.sleep!(1e9);
      const counts = local.get(INITIAL)!;
      const wanted = (1e9 - now) * rate;
      assert.ok(Math.abs(counts / wanted - 1) < 0.005, `${rate}: ${counts}, not ${wanted}`);
      [now] = [0];
    }
  });
});

describe("interrupts by the PICs", () => {
  const BY_PICS = "kernel: interrupts: by the PICs: ";

  function assertPics(said: string, reason: RegExp | string): void {
    assert.ok(said.startsWith(BY_PICS), said);
    assert.match(said.slice(BY_PICS.length), new RegExp(reason));
    part.call.unmaskLine!(KEYBOARD);
    assert.equal(lastWrite(PIC_1), 0xff & ~0b111, "the timer, the keyboard, and the cascade");
    assert.notEqual((local.get(SPURIOUS) ?? 0) & 0x100, 0x100);
    writes = [];
    part.call.acknowledgeLine!(KEYBOARD);
    assert.deepEqual(writes, [[0x20, 0x20]]);
  }

  it("are the way of a machine whose tables name no APIC, or are damaged", () => {
    assertPics(start(), "ACPI names no APIC");
    restart();
    readMadt();
    assertPics(start(), "ACPI names no APIC");
    for (const size of [0, 1, 99]) {
      restart();
      readMadt(IO_APIC, [2, size, 0, 0]);
      assertPics(start(), "ACPI names no APIC");
    }
  });

  it("are the way where an APIC is off, elsewhere, silent, or does not count", () => {
    const machines: readonly (readonly [Partial<Simulated>, string])[] = [
      [{ base: 0 }, "the APIC is off, or not where ACPI says"],
      [{ base: LOCAL + 4096 }, "the APIC is off, or not where ACPI says"],
      [{ version: 0xffff_ffff }, "the APIC does not answer"],
      [{ version: 0 }, "the APIC does not answer"],
      [{ inputs: 1 }, "the I/O APIC does not answer"],
      [{ inputs: 256 }, "the I/O APIC does not answer"],
      [{ rate: 0 }, "the APIC's timer stands still"],
      [{ rate: 3 }, "the APIC's timer stands still"],
    ];
    for (const [machine, reason] of machines) {
      restart();
      readMadt(IO_APIC);
      assertPics(start(machine), reason);
    }
  });

  it("are the way if the command line says so", () => {
    readMadt(IO_APIC);
    assertPics(start({}, 1), "the command line says so");
    assert.deepEqual(views, []);
  });
});

describe("a machine's interrupts", { skip: skipReason("qemu") }, () => {
  interface Case extends QemuOptions {
    readonly options?: readonly string[];
    readonly says: RegExp;
    /** What is not masked in the first PIC. */
    readonly open: number;
  }
  const APIC = { says: /apic: its timer counts 62\d{3} kHz/, open: 0 };
  const PICS = { says: /interrupts: by the PICs: /, open: 0b11111 };
  const cases: Readonly<Record<string, Case>> = {
    "the board pc": { board: "pc", ...APIC },
    "the board q35": { board: "q35", ...APIC },
    "two processors": { ...APIC, extraArguments: ["-smp", "2"] },
    "noapic on the command line": { ...PICS, options: ["noapic"] },
    "no ACPI": { ...PICS, extraArguments: ["-no-acpi"] },
    "no PCI either": { ...PICS, extraArguments: ["-machine", "isapc", "-cpu", "qemu32"] },
    "a processor without an APIC": { ...PICS, cpu: "qemu32,-apic" },
  };
  for (const [what, { options = [], says, open, ...qemu }] of Object.entries(cases)) {
    it(`bring time, keys and bytes: ${what}`, async () => {
      await withMachine("qemu", { options, qemu }, async (opened) => {
        const machine = opened as QemuMachine;
        await machine.serial.waitFor("$ ", HANG_MS);
        assert.match(machine.serial.text(), says);
        const pic = /pic0: .*imr=(\w\w)/.exec(await machine.monitor("info pic"));
        assert.equal(~Number.parseInt(pic?.[1] ?? "", 16) & 0xff, open);
        for (const key of ["s", "l", "e", "e", "p"]) await machine.monitor(`sendkey ${key} 1`);
        await machine.serial.waitFor("$ sleep", HANG_MS);
        machine.serial.send(" 0.01; exit 7\n");
        assert.deepEqual(await machine.ended, { kind: "exit", status: 7 });
      });
    });
  }
});
