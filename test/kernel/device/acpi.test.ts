// ACPI's tables, made by hand and damaged byte by byte, and machines that switch themselves off.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOARDS } from "../../../src/machine/machine";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { withMachine } from "../booted-kernel";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const [CONTROL_A, CONTROL_B, SMI] = [0x604, 0x704, 0xb2];
const SCI_ENABLE = 1;
const NO_PORT = 0;

let outputs: (readonly [port: number, value: number])[] = [];
let control = SCI_ENABLE;
/** The processor's counter. */
let stamps = 0n;
/** Views of physical memory that are open. */
let views = 0;
let part: KernelPart;

const startPart = compileKernelPart(
  `
  export { startAcpi } from "./kernel/device/acpi";
  export { resetByRegister, sleepForGood } from "./kernel/device/fadt";
  export { restart } from "./kernel/device/power";
  import { addSink } from "./kernel/log/log";
  const said: usize = memory.data(4096, 4);
  let length: u32 = 0;
  function say(byte: u32): void { store<u8>(said + length++, byte); }
  function finish(): void {}
  export function listen(): usize { addSink(say.index, finish.index); return said; }
`,
  {
    memory: 2 << 20,
    replace: {
      "kernel/memory/pages.ts": `
        declare function view(change: i32): void;
        export function mapPhysical(physical: u32, size: u32, flags: u32): usize {
          view((physical & 4095) + size + 4095 >> 12);
          return physical;
        }
        export function unmapPhysical(start: usize, count: u32): void {
          assert((start & 4095) === 0);
          view(-count);
        }`,
    },
    imports: {
      pages: {
        view(change = 0) {
          views += change | 0;
          return 0;
        },
      },
      x86: {
        inb: () => 0,
        inw: () => control,
        lidt: () => 0,
        rdtsc: () => (stamps += 10_000_000n),
        outb(port = 0, value = 0) {
          outputs.push([port, value]);
          if (port === SMI) control |= SCI_ENABLE;
          return 0;
        },
        outw(port = 0, value = 0) {
          outputs.push([port, value]);
          return 0;
        },
      },
    },
  },
);

/** Makes the sum of the bytes 0 by the one at `at`. */
function balance(bytes: Buffer, at: number): Buffer {
  bytes[at] = 0;
  bytes[at] = -bytes.reduce((sum, byte) => sum + byte, 0);
  return bytes;
}

function table(signature: string, size: number, fill: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write(signature, "latin1");
  bytes.writeUInt32LE(size, 4);
  fill(bytes);
  return balance(bytes, 9);
}

const S5 = [0x08, ...Buffer.from("_S5_"), 0x12, 0x07, 0x04, 0x0a, 5, 0x01, 0, 0];

function codeTable(code: readonly number[]): Buffer {
  return table("DSDT", 36 + 64, (bytes) => {
    bytes.write("_S5_", 40, "latin1"); // a use of the name, not its declaration
    bytes.set(code, 60);
  });
}

interface Facts {
  readonly dsdt: number;
  /** The address of 64 bits that later versions have. */
  readonly newDsdt?: bigint;
  readonly size?: number;
  readonly flags?: number;
  readonly smi?: number;
  readonly resetSpace?: number;
  readonly controlA?: number;
}

function fadt(facts: Facts): Buffer {
  const { size = 244, flags = 1 << 10, smi = SMI, resetSpace = 1, controlA = CONTROL_A } = facts;
  const full = Buffer.alloc(244);
  full.writeUInt32LE(facts.dsdt, 40);
  full.writeUInt32LE(smi, 48);
  full[52] = 0xf1;
  full.writeUInt32LE(controlA, 64);
  full.writeUInt32LE(CONTROL_B, 68);
  full.writeUInt32LE(flags, 112);
  full[116] = resetSpace;
  full.writeUInt32LE(0xcf9, 120);
  full[128] = 0x0f;
  full.writeBigUInt64LE(facts.newDsdt ?? 0n, 140);
  return table("FACP", size, (bytes) => full.copy(bytes, 36, 36, size));
}

const MADT = table("APIC", 44 + 16 + 12, (bytes) => {
  bytes.set([0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 0, 0, 0, 0], 44);
  bytes.set([1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0], 60);
});
const HPET = table("HPET", 56, (bytes) => bytes.writeBigUInt64LE(0xfed0_0000n, 44));

function root(signature: "RSDT" | "XSDT", addresses: readonly (number | bigint)[]): Buffer {
  const stride = signature === "XSDT" ? 8 : 4;
  return table(signature, 36 + stride * addresses.length, (bytes) => {
    for (const [i, address] of addresses.entries()) {
      if (stride === 8) bytes.writeBigUInt64LE(BigInt(address), 36 + 8 * i);
      else bytes.writeUInt32LE(Number(address), 36 + 4 * i);
    }
  });
}

function rsdp(rsdt: number, xsdt = 0n, revision = 2): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.write("RSD PTR ", "latin1");
  bytes[15] = revision;
  bytes.writeUInt32LE(rsdt, 16);
  balance(bytes.subarray(0, 20), 8);
  bytes.writeUInt32LE(36, 20);
  bytes.writeBigUInt64LE(xsdt, 24);
  return balance(bytes, 32);
}

/** Where the tables of a whole machine are, counted from the part's area. */
const AT = { rsdp: 0, rsdt: 100, xsdt: 300, fadt: 500, dsdt: 800, madt: 1000, hpet: 1200 };
type Place = keyof typeof AT;

function place(name: Place): number {
  return part.area + AT[name];
}

/** A machine with all tables; what is given takes the place of one. */
function machine(changed: Partial<Record<Place, Buffer>> = {}): void {
  const others = [place("madt"), place("hpet"), place("fadt")];
  const tables: Record<Place, Buffer> = {
    rsdp: rsdp(place("rsdt"), BigInt(place("xsdt"))),
    rsdt: root("RSDT", others),
    xsdt: root("XSDT", [0x1_0000_0000n, ...others]),
    fadt: fadt({ dsdt: place("dsdt") }),
    dsdt: codeTable(S5),
    madt: MADT,
    hpet: HPET,
    ...changed,
  };
  for (const name of Object.keys(AT) as Place[]) part.write(place(name), tables[name]);
}

/** Reads the tables: what is said of them, and what is written to ports to switch off. */
function start(at = place("rsdp")): { said: string; off: readonly (readonly number[])[] } {
  const said = part.call.listen!();
  part.call.startAcpi!(at);
  assert.equal(views, 0, "views that were not closed");
  part.call.sleepForGood!();
  return { said: part.text(said).trim(), off: outputs };
}

beforeEach(() => {
  part = startPart();
  outputs = [];
  control = SCI_ENABLE;
  views = 0;
});

const OFF = [
  [CONTROL_A, SCI_ENABLE | (5 << 10) | (1 << 13)],
  [CONTROL_B, SCI_ENABLE | (1 << 10) | (1 << 13)],
];
const DEVICES = "kernel: acpi: 1 processors, I/O APIC at fec00000, HPET at fed00000";

describe("ACPI's tables", () => {
  it("say how to switch off, and which devices there are", () => {
    machine();
    assert.deepEqual(start(), { said: DEVICES, off: OFF });
  });

  it("are found by the old root if there is no new one, or it is damaged", () => {
    const damaged = root("XSDT", [place("fadt")]);
    damaged[9]! ^= 1;
    const rsdps = [rsdp(place("rsdt"), 0n, 0), rsdp(place("rsdt"), 0x1_0000_0000n)];
    const badSum = rsdp(place("rsdt"), BigInt(place("xsdt")));
    badSum[32]! ^= 1;
    const machines = [...rsdps, badSum].map((bytes) => ({ rsdp: bytes }));
    for (const changed of [{ xsdt: damaged }, ...machines]) {
      part = startPart();
      outputs = [];
      machine(changed);
      assert.deepEqual(start(), { said: DEVICES, off: OFF });
    }
  });

  it("are found in the BIOS's memory, when the loader brings none", () => {
    for (const at of [0xe0000, 0xffff0 - 32, 0x9fc00 + 1008]) {
      part = startPart();
      outputs = [];
      machine();
      part.write(0x40e, Buffer.from([0xc0, 0x9f]));
      part.write(at, rsdp(place("rsdt"), BigInt(place("xsdt"))));
      assert.deepEqual(start(part.area + 3000), { said: DEVICES, off: OFF });
    }
  });

  it("count for nothing when there is no RSDP, or none that is whole", () => {
    machine();
    for (const byte of [0, 7, 8, 16]) {
      const bytes = rsdp(place("rsdt"), BigInt(place("xsdt")));
      bytes[byte]! ^= 1;
      part.write(place("rsdp"), bytes);
      assert.deepEqual(start(), { said: "", off: [] });
    }
  });

  it("count for nothing when their sum is not 0, each on its own", () => {
    const lost: Partial<Record<Place, RegExp>> = {
      madt: /: 0 processors, I\/O APIC at 0, HPET at fed00000/,
      hpet: /: 1 processors, I\/O APIC at fec00000, HPET at 0/,
    };
    for (const name of ["fadt", "dsdt", "madt", "hpet"] as const) {
      part = startPart();
      outputs = [];
      machine();
      const [byte = 0] = part.read(place(name) + 50, 1);
      part.write(place(name) + 50, Buffer.from([byte ^ 1]));
      const { said, off } = start();
      assert.match(said, lost[name] ?? /fec00000, HPET at fed00000/, name);
      assert.deepEqual(off, name === "fadt" || name === "dsdt" ? [] : OFF, name);
    }
  });

  it("count for nothing when their size makes no sense", () => {
    for (const name of ["rsdt", "fadt", "dsdt", "madt"] as const) {
      for (const size of [0, 35, 0x7fff_ffff, 0xffff_ffff]) {
        part = startPart();
        outputs = [];
        machine(name === "rsdt" ? { rsdp: rsdp(place("rsdt"), 0n, 0) } : {});
        const word = Buffer.alloc(4);
        word.writeUInt32LE(size);
        part.write(place(name) + 4, word);
        assert.deepEqual(start().off, name === "madt" ? OFF : [], `${name} ${size}`);
      }
    }
  });

  it("of another kind in the place of a root or of the firmware's code are not read", () => {
    machine({ xsdt: fadt({ dsdt: place("dsdt") }), rsdt: MADT });
    assert.deepEqual(start(), { said: "", off: [] });
    part = startPart();
    machine({ fadt: fadt({ dsdt: place("fadt") }) });
    assert.deepEqual(start().off, []);
  });

  it("are not looked for where addresses end", () => {
    for (const address of [0, 0xffff_fff0]) {
      part = startPart();
      machine({ rsdp: rsdp(address, 0n, 0) });
      assert.deepEqual(start(), { said: "", off: [] });
    }
  });
});

describe("the MADT", () => {
  it("is read up to an entry that makes no sense", () => {
    for (const bytes of [0, 1, 29]) {
      part = startPart();
      const madt = table("APIC", MADT.length, (copy) => {
        MADT.copy(copy, 44, 44);
        copy[53] = bytes;
      });
      machine({ madt });
      assert.match(start().said, /: 1 processors, I\/O APIC at 0,/);
    }
  });
});

describe("the FADT", () => {
  it("of version 1 ends before the reset register", () => {
    machine({ fadt: fadt({ dsdt: place("dsdt"), size: 116 }) });
    assert.deepEqual(start().off, OFF);
    outputs = [];
    part.call.resetByRegister!();
    assert.deepEqual(outputs, []);
  });

  it("has the firmware's code at its newer address, if that is not 0", () => {
    const newDsdt = BigInt(place("dsdt"));
    machine({ fadt: fadt({ dsdt: place("madt"), newDsdt }) });
    assert.deepEqual(start().off, OFF);
    for (const facts of [
      { dsdt: place("dsdt"), newDsdt, size: 147 },
      { dsdt: place("dsdt"), newDsdt: newDsdt | (1n << 32n) },
    ]) {
      part = startPart();
      outputs = [];
      machine({ fadt: fadt(facts) });
      assert.deepEqual(start().off, OFF);
    }
  });

  it("names a reset register, which is asked before the keyboard's controller", () => {
    machine();
    start();
    outputs = [];
    const before = stamps;
    assert.throws(() => part.call.restart!(), /unreachable/);
    assert.ok(stamps - before >= 2n * 50_000_000n, "a moment for each to act");
    assert.deepEqual(outputs, [
      [0xcf9, 0x0f],
      [0x64, 0xfe],
    ]);
  });

  it("has no reset register that can be used if it says so, or if that is no port", () => {
    for (const facts of [{ flags: 0 }, { resetSpace: 0 }, { size: 128 }]) {
      part = startPart();
      machine({ fadt: fadt({ dsdt: place("dsdt"), ...facts }) });
      start();
      outputs = [];
      part.call.resetByRegister!();
      assert.deepEqual(outputs, []);
    }
  });

  it("says how ACPI is switched on, which comes first", () => {
    control = 0;
    machine();
    assert.deepEqual(start().off, [[SMI, 0xf1], ...OFF]);
    part = startPart();
    outputs = [];
    control = 0;
    machine({ fadt: fadt({ dsdt: place("dsdt"), smi: NO_PORT }) });
    assert.deepEqual(
      start().off,
      OFF.map(([port, value]) => [port, value! & ~SCI_ENABLE]),
    );
  });

  it("without a control port switches nothing off", () => {
    for (const controlA of [NO_PORT, 0x1_0000]) {
      part = startPart();
      machine({ fadt: fadt({ dsdt: place("dsdt"), controlA }) });
      assert.deepEqual(start().off, []);
    }
  });
});

describe("the state of a machine that is off", () => {
  const sleep = (a: number, b: number) => [
    [CONTROL_A, SCI_ENABLE | (a << 10) | (1 << 13)],
    [CONTROL_B, SCI_ENABLE | (b << 10) | (1 << 13)],
  ];
  const name = [...Buffer.from("_S5_")];

  it("is found with constants of either form, and after a name from the root", () => {
    const forms: readonly (readonly [number[], number, number])[] = [
      [[0x08, ...name, 0x12, 0x06, 0x04, 0, 0, 0, 0], 0, 0],
      [[0x08, ...name, 0x12, 0x08, 0x04, 0x0a, 7, 0x0a, 2, 0], 7, 2],
      [[0x08, 0x5c, ...name, 0x12, 0x06, 0x04, 1, 0x0a, 6], 1, 6],
      [[0x08, ...name, 0x12, 0x47, 0x00, 0x04, 0x0a, 3, 0x0a, 3], 3, 3],
    ];
    for (const [code, a, b] of forms) {
      part = startPart();
      outputs = [];
      machine({ dsdt: codeTable(code) });
      assert.deepEqual(start().off, sleep(a, b));
    }
  });

  it("is not found in what only looks like it, nor beyond the table's end", () => {
    const others = [
      [0x10, ...name, 0x12, 0x06, 0x04, 0, 0],
      [0x08, ...name, 0x11, 0x06, 0x04, 0, 0],
      [0x08, ...name, 0x12, 0x06, 0x04, 0x0a, 8, 0],
      [0x08, ...name, 0x12, 0x06, 0x04, 0, 0x0b, 0, 0],
      [0x5c, ...name, 0x12, 0x06, 0x04, 0, 0],
    ];
    for (const code of others) {
      part = startPart();
      machine({ dsdt: codeTable(code) });
      assert.deepEqual(start().off, []);
    }
    const whole = [0x08, ...name, 0x12, 0x06, 0x04, 0x0a, 3, 0x0a, 3];
    for (let size = 1; size <= whole.length; size++) {
      part = startPart();
      outputs = [];
      const cut = table("DSDT", 40 + size, (bytes) => bytes.set(whole.slice(0, size), 40));
      machine({ dsdt: cut });
      assert.equal(start().off.length > 0, size === whole.length, `${size} bytes`);
    }
  });
});

describe("a machine that is told to switch off", { skip: skipReason("qemu") }, () => {
  for (const board of BOARDS) {
    it(`does so by its tables alone: ${board}`, async () => {
      const request = { program: ["true"], qemu: { board, debugConsole: false } };
      await withMachine("qemu", request, async (machine) => {
        assert.deepEqual(await machine.ended, { kind: "off" }, machine.serial.text());
      });
    });
  }

  it("says so if it has no tables; that there is no keyboard was said before", async () => {
    const extraArguments = ["-no-acpi", "-machine", "i8042=off"];
    const qemu = { debugConsole: false, extraArguments };
    await withMachine("qemu", { program: ["true"], qemu }, async (machine) => {
      await machine.serial.waitFor("it is safe to switch it off", HANG_MS);
      assert.match(machine.serial.text(), /keyboard: no 8042 controller/);
    });
  });
});

describe("a machine that is told to reset", { skip: skipReason("qemu") }, () => {
  const NO_KEYBOARD = ["-machine", "i8042=off"];
  /** What does it last has no IDT any more. */
  const ways = [
    { by: "its tables' register alone", board: "q35", extraArguments: NO_KEYBOARD, hasIdt: true },
    { by: "the keyboard's controller", board: "pc", extraArguments: ["-no-acpi"], hasIdt: true },
    { by: "a fault, if it has neither", board: "pc", extraArguments: NO_KEYBOARD, hasIdt: false },
  ] as const;
  for (const { by, board, extraArguments, hasIdt } of ways) {
    it(`does so by ${by}`, async () => {
      const qemu = { board, debugConsole: false, extraArguments };
      await withMachine("qemu", { program: ["poweroff", "--reboot"], qemu }, async (machine) => {
        const ending = await machine.ended;
        assert.equal(ending.kind, "crash", machine.serial.text());
        assert.equal((await machine.registers()).idtr.limit !== 0, hasIdt);
      });
    });
  }
});
