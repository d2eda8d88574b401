// The nine laws on a machine made by hand: all hold, and each that is broken on purpose is reported
// with the address.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  FRAME_RECORD_SIZE,
  FRAME_REFERENCES,
  FRAME_RESERVED,
  INFO_ENTRIES,
  INFO_FRAME_COUNT,
  INFO_FRAMES,
  INFO_PROCESSES,
  PROCESS_NEXT,
} from "../../src/abi/kernel-info";
import {
  CR0_PE,
  CR0_PG,
  ENTRY_FRAME,
  ENTRY_G,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_US,
} from "../../src/abi/paging";
import { audit, joinAudits, type LawResult } from "../../src/inspect/audit";
import { unchecked } from "../../src/inspect/judgement";
import { blame, userPointersAreAllegations } from "../../src/inspect/law-of-pointers";
import { sharedPages } from "../../src/inspect/shared-pages";
import { findSpaces } from "../../src/inspect/spaces";
import type { Ending } from "../../src/machine/machine";
import {
  DATA,
  FakeMachine,
  FILES,
  IMAGE,
  KERNEL_STACKS,
  TEXT,
  TRAMPOLINE,
  TRAMPOLINE_FRAME,
  USER_CODE,
  USER_DATA,
} from "./fake-machine";

const userPointers = unchecked("not asked here");

function laws(machine: FakeMachine, ending?: Ending): LawResult[] {
  const spaces = findSpaces(machine.snapshot(), IMAGE);
  return audit({ spaces, files: FILES, userPointers, ending });
}

/** The numbers of the broken laws. */
function broken(results: readonly LawResult[]): number[] {
  return results.filter(({ verdict }) => verdict === "broken").map(({ number }) => number);
}

function law(results: readonly LawResult[], number: number): LawResult {
  const result = results[number - 1];
  assert.ok(result);
  return result;
}

function process(machine: FakeMachine, index: number): { cr3: number } {
  const process = machine.processes[index];
  assert.ok(process);
  return process;
}

const WINDOW = 0xfffec000;

/** A machine with a list of its frames, where `reserved` are kept out of use. */
function withFrames(...reserved: readonly number[]): FakeMachine {
  const machine = new FakeMachine();
  const [list, count] = [0x11_0000, 0x400];
  for (let page = list; page < list + count * FRAME_RECORD_SIZE; page += 0x1000) {
    machine.map(machine.kernelCr3, page, page, { write: true });
  }
  machine.setWord(machine.infoWord(INFO_FRAMES), list);
  machine.setWord(machine.infoWord(INFO_FRAME_COUNT), count);
  for (const pa of reserved) {
    const record = list + (pa / 0x1000) * FRAME_RECORD_SIZE;
    machine.setWord(record + FRAME_REFERENCES, FRAME_RESERVED);
  }
  return machine;
}

describe("memory of devices", () => {
  const [SCREEN, HEAP, FIRMWARE] = [0xfd00_0000, 0xd000_0000, 0x3e_0000];

  it("is the kernel's to see, as data", () => {
    const machine = withFrames();
    machine.map(machine.kernelCr3, HEAP, SCREEN, { write: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), []);
    assert.match(law(results, 3).why, /entries were looked at, 1 of devices and modules among/);
  });

  it("is no code of the kernel's", () => {
    const machine = withFrames();
    machine.map(machine.kernelCr3, HEAP, SCREEN, { execute: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [3]);
    assert.match(law(results, 3).offences[0]?.what ?? "", /memory of a device can be executed/);
  });

  for (const [what, pa] of [
    ["the screen", SCREEN],
    ["what the firmware has kept", FIRMWARE],
  ] as const) {
    it(`is not mapped for a program: ${what}`, () => {
      const machine = withFrames(FIRMWARE);
      machine.map(process(machine, 1).cr3, 0x9000, pa, { user: true, write: true });
      const results = laws(machine);
      assert.deepEqual(broken(results), [2]);
      assert.match(law(results, 2).offences[0]?.what ?? "", /a device's, or the firmware's/);
    });
  }
});

describe("an audit of a machine that keeps the laws", () => {
  for (const nx of [true, false]) {
    it(`finds that all laws it can check hold, ${nx ? "with" : "without"} NX`, () => {
      const results = laws(new FakeMachine(nx));
      assert.deepEqual(
        results.map(({ verdict }) => verdict),
        ["holds", "holds", "holds", "holds", "holds", "unchecked", "holds", "holds", "holds"],
        JSON.stringify(results, undefined, 1),
      );
    });
  }

  it("counts the pages of the trampoline", () => {
    const machine = new FakeMachine();
    assert.match(law(laws(machine), 1).why, /^3 pages, 12288 bytes, in 2 user spaces$/);
    // The first record of the list is the last process's: without it, there is one.
    const first = machine.infoWord(INFO_PROCESSES);
    machine.setWord(first, machine.word(machine.word(first) + PROCESS_NEXT));
    assert.match(law(laws(machine), 1).why, /^3 pages, 12288 bytes, in 1 user space$/);
  });

  it("lists the three shared pages with their rights", () => {
    assert.deepEqual(sharedPages(findSpaces(new FakeMachine().snapshot(), IMAGE)), [
      { va: TRAMPOLINE, pa: TRAMPOLINE_FRAME, flags: "-r-xg" },
      { va: TRAMPOLINE + 0x1000, pa: TRAMPOLINE_FRAME + 0x1000, flags: "-r--g" },
      { va: TRAMPOLINE + 0x2000, pa: TRAMPOLINE_FRAME + 0x2000, flags: "-rw-g" },
    ]);
  });

  it("leaves the laws about users unchecked while there are none", () => {
    const machine = new FakeMachine();
    machine.enterKernel();
    machine.setWord(DATA + 0x100 + 8, 0); // kernel_info.processes
    const results = laws(machine);
    assert.deepEqual(
      [1, 2, 5].map((number) => law(results, number).verdict),
      ["unchecked", "unchecked", "unchecked"],
    );
    assert.match(law(results, 1).why, /no process/);
  });

  it("reports that NX is missing instead of passing law 4 silently", () => {
    assert.match(law(laws(new FakeMachine(false)), 4).why, /v86 has no NX .* by intent/);
    assert.match(law(laws(new FakeMachine(true)), 4).why, /by W and NX/);
  });

  it("does not judge the entry stack in ring 0", () => {
    const machine = new FakeMachine();
    machine.enterKernel();
    assert.equal(law(laws(machine), 5).verdict, "unchecked");
  });
});

describe("an audit reports the law and the address when", () => {
  it("a kernel page is mapped into a user directory", () => {
    const machine = new FakeMachine();
    machine.map(process(machine, 0).cr3, 0x5000, DATA, { user: true, write: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [1, 2, 3]);
    const [offence] = law(results, 1).offences;
    assert.deepEqual([offence?.space, offence?.va, offence?.pa], ["hello (pid 1)", 0x5000, DATA]);
  });

  it("a trampoline page has U set in a user directory", () => {
    const machine = new FakeMachine();
    machine.map(process(machine, 1).cr3, TRAMPOLINE + 0x1000, TRAMPOLINE_FRAME + 0x1000, {
      user: true,
      global: true,
    });
    const results = laws(machine);
    assert.deepEqual(broken(results), [1]);
    const [offence] = law(results, 1).offences;
    assert.deepEqual([offence?.space, offence?.va], ["sh (pid 2)", TRAMPOLINE + 0x1000]);
    assert.match(offence?.what ?? "", /U set/);
  });

  it("a trampoline page is missing, or is another frame", () => {
    const machine = new FakeMachine();
    const { cr3 } = process(machine, 0);
    machine.setWord(machine.map(cr3, TRAMPOLINE, 0, {}), 0);
    machine.map(cr3, TRAMPOLINE + 0x1000, machine.takeUserFrame(), { global: true });
    const offences = law(laws(machine), 1).offences;
    assert.deepEqual(
      offences.map(({ va }) => va),
      [TRAMPOLINE, TRAMPOLINE + 0x1000],
    );
  });

  it("the trampoline has a fourth page", () => {
    const machine = new FakeMachine();
    machine.map(machine.kernelCr3, TRAMPOLINE - 0x1000, TRAMPOLINE_FRAME - 0x1000, {});
    for (const { cr3 } of machine.processes) {
      machine.map(cr3, TRAMPOLINE - 0x1000, TRAMPOLINE_FRAME - 0x1000, {});
    }
    // Below GUARD_END it does not count as the trampoline's: it is a shared page elsewhere.
    assert.deepEqual(broken(laws(machine)), [1, 2, 3]);
  });

  it("a page-table frame is reachable from a user directory", () => {
    const machine = new FakeMachine();
    const { cr3 } = process(machine, 0);
    machine.map(cr3, 0x7000, process(machine, 1).cr3, { user: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [2]);
    assert.match(law(results, 2).offences[0]?.what ?? "", /page-table frame: PDPT .* sh \(pid 2\)/);
    assert.equal(law(results, 2).offences[0]?.va, 0x7000);
  });

  it("a kernel page is inside a large page of a user directory", () => {
    const machine = new FakeMachine();
    const { cr3 } = process(machine, 0);
    machine.map(cr3, 0x8000_0000, 0, { user: true });
    const directory = machine.word(cr3 + 2 * 8) & ENTRY_FRAME;
    // 2 MiB from physical 0 on: the image and the trampoline, and not the tables that follow.
    machine.setWord(directory, ENTRY_P | ENTRY_US | ENTRY_PS);
    const results = laws(machine);
    assert.deepEqual(
      law(results, 1).offences.map(({ va, pa }) => [va, pa]),
      [TEXT, DATA, ...[0, 0x1000, 0x2000].map((page) => TRAMPOLINE_FRAME + page)].map((pa) => [
        0x8000_0000 + pa,
        pa,
      ]),
    );
    assert.equal(law(results, 2).offences.length, 5);
  });

  it("a user directory has a supervisor page of its own", () => {
    const machine = new FakeMachine();
    machine.map(process(machine, 0).cr3, 0x9000, machine.takeUserFrame(), { write: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [2]);
    assert.equal(law(results, 2).offences[0]?.va, 0x9000);
  });

  it("the kernel directory has U set", () => {
    const machine = new FakeMachine();
    machine.map(machine.kernelCr3, KERNEL_STACKS + 0x5000, machine.takeTable(), { user: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [3]);
    assert.equal(law(results, 3).offences[0]?.va, KERNEL_STACKS + 0x5000);
  });

  it("a window is left open on the way to user mode, but not when it is open in ring 0", () => {
    const machine = new FakeMachine();
    const { cr3 } = process(machine, 0);
    const frame = machine.takeUserFrame();
    machine.map(cr3, 0x6000, frame, { user: true, write: true });
    machine.map(machine.kernelCr3, WINDOW, frame, { write: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [3]);
    assert.deepEqual(
      law(results, 3).offences.map(({ va, what }) => [va, what]),
      [[WINDOW, "a window is open in user mode"]],
    );
    machine.enterKernel();
    assert.deepEqual(broken(laws(machine)), []);
  });

  it("a closed window's entry is not 0", () => {
    for (const remains of [
      { low: 0, high: ENTRY_NX_HIGH },
      { low: 0x30_0000, high: 0 },
    ]) {
      const machine = new FakeMachine();
      const entry = machine.map(machine.kernelCr3, WINDOW, 0, {});
      machine.setWord(entry, remains.low);
      machine.setWord(entry + 4, remains.high);
      const results = laws(machine);
      assert.deepEqual(broken(results), [3]);
      assert.deepEqual(
        law(results, 3).offences.map(({ va, what }) => [va, what]),
        [[WINDOW, "the entry of a closed window is not 0"]],
      );
      machine.setWord(entry, 0);
      machine.setWord(entry + 4, 0);
      assert.deepEqual(broken(laws(machine)), []);
    }
  });

  it("a user's frame is in the kernel directory outside the windows", () => {
    const machine = new FakeMachine();
    const frame = machine.takeUserFrame();
    machine.map(process(machine, 1).cr3, 0x6000, frame, { user: true, write: true });
    machine.map(machine.kernelCr3, 0xd000_0000, frame, { write: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [1, 2, 3]);
    assert.deepEqual(law(results, 3).offences[0], {
      space: "kernel",
      va: 0xd000_0000,
      pa: frame,
      what: "a frame of sh (pid 2) is mapped outside the windows",
      region: "heap",
    });
  });

  it("a page is writable and executable, with NX", () => {
    const machine = new FakeMachine();
    machine.map(machine.kernelCr3, 0xd000_0000, machine.takeTable(), {
      write: true,
      execute: true,
    });
    const results = laws(machine);
    assert.deepEqual(broken(results), [4]);
    assert.equal(law(results, 4).offences[0]?.va, 0xd000_0000);
  });

  it("code is writable, without NX, in the kernel and in a known program", () => {
    const machine = new FakeMachine(false);
    machine.map(machine.kernelCr3, TEXT, TEXT, { write: true });
    machine.map(process(machine, 0).cr3, USER_CODE, machine.takeUserFrame(), {
      user: true,
      write: true,
    });
    const results = laws(machine);
    assert.deepEqual(broken(results), [4]);
    assert.deepEqual(
      law(results, 4).offences.map(({ space, va }) => [space, va]),
      [
        ["kernel", TEXT],
        ["hello (pid 1)", USER_CODE],
      ],
    );
  });

  it("CR0.WP is off", () => {
    const machine = new FakeMachine();
    machine.registers = { ...machine.registers, cr0: (CR0_PE | CR0_PG) >>> 0 };
    assert.deepEqual(broken(laws(machine)), [4]);
  });

  it("a word of another thread is left on the entry stack", () => {
    const machine = new FakeMachine();
    machine.setWord(machine.entryStackWord(20), 0xdeadbeef);
    const results = laws(machine);
    assert.deepEqual(broken(results), [5]);
    assert.equal(law(results, 5).offences[0]?.va, 0xfffff000 + 512 - 80);
    assert.match(
      law(results, 5).offences[0]?.what ?? "",
      /0xdeadbeef is not of .* hello \(pid 1\)/,
    );
  });

  it("the entry stack was not scrubbed when another process got the processor", () => {
    const machine = new FakeMachine();
    machine.registers = { ...machine.registers, cr3: process(machine, 1).cr3 };
    assert.deepEqual(broken(laws(machine)), [5]);
  });

  it("G is set outside the trampoline", () => {
    const machine = new FakeMachine();
    const entry = machine.map(process(machine, 0).cr3, USER_DATA, machine.takeUserFrame(), {
      user: true,
      write: true,
    });
    machine.setWord(entry, machine.word(entry) | ENTRY_G);
    const results = laws(machine);
    assert.deepEqual(broken(results), [8]);
    assert.equal(law(results, 8).offences[0]?.va, USER_DATA);
  });

  it("page 0 is mapped", () => {
    const machine = new FakeMachine();
    machine.map(process(machine, 1).cr3, 0, machine.takeUserFrame(), { user: true });
    const results = laws(machine);
    assert.deepEqual(broken(results), [9]);
    assert.equal(law(results, 9).offences[0]?.space, "sh (pid 2)");
  });

  it("a user directory has an entry that no processor would follow", () => {
    const machine = new FakeMachine();
    const { cr3 } = process(machine, 0);
    machine.setWord(cr3 + 8, (0x7f00_0000 | ENTRY_P) >>> 0); // a directory outside RAM
    const results = laws(machine);
    assert.deepEqual(broken(results), [2]);
    assert.match(law(results, 2).offences[0]?.what ?? "", /0x7f000000, outside RAM/);
  });
});

describe("law 7", () => {
  it("holds as long as the kernel lives on after entries from ring 3", () => {
    assert.match(law(laws(new FakeMachine()), 7).why, /so far: .* after 1 entries from ring 3/);
    const ended = laws(new FakeMachine(), { kind: "exit", status: 0 });
    assert.match(law(ended, 7).why, /to its end: /);
  });

  it("is unchecked before the first entry from ring 3", () => {
    const machine = new FakeMachine();
    machine.setWord(machine.infoWord(INFO_ENTRIES), 0);
    assert.equal(law(laws(machine), 7).verdict, "unchecked");
  });

  it("is broken by a panic and by a crash, with spaces and without", () => {
    const panic: Ending = { kind: "panic", text: "out of luck" };
    assert.deepEqual(broken(laws(new FakeMachine(), panic)), [7]);
    const input = { spaces: undefined, files: FILES, userPointers };
    const [result] = audit({ ...input, ending: panic }).filter(({ number }) => number === 7);
    assert.equal(result?.why, "the kernel panicked: out of luck");
    assert.deepEqual(broken(audit({ ...input, ending: { kind: "crash", text: "" } })), [7]);
    assert.deepEqual(broken(audit({ ...input, ending: { kind: "off" } })), []);
  });
});

describe("an offence", () => {
  it("says which region and which symbol are at its address", () => {
    const machine = new FakeMachine();
    machine.setWord(machine.entryStackWord(20), 0xdeadbeef);
    const [onStack] = law(laws(machine), 5).offences;
    assert.deepEqual([onStack?.region, onStack?.symbol], [".trampoline.data", "entry_stack+0x1b0"]);
  });

  it("takes the program's names in its own space, never the kernel's", () => {
    const machine = new FakeMachine(false);
    const { cr3 } = process(machine, 0);
    for (const va of [USER_CODE, TEXT]) {
      machine.map(cr3, va, machine.takeUserFrame(), { user: true, global: true });
    }
    assert.deepEqual(
      law(laws(machine), 8).offences.map(({ va, region, symbol }) => [va, region, symbol]),
      [
        [USER_CODE, ".text", "main"],
        [TEXT, "heap", undefined],
      ],
    );
  });
});

describe("joining audits of one run", () => {
  it("keeps what is broken once, and what holds at least once", () => {
    const good = new FakeMachine();
    const bad = new FakeMachine();
    const entry = bad.map(bad.kernelCr3, DATA, DATA, { write: true });
    bad.setWord(entry, bad.word(entry) | ENTRY_US);
    const inKernel = new FakeMachine();
    inKernel.enterKernel();
    const joined = joinAudits([laws(inKernel), laws(good), laws(bad)]);
    assert.deepEqual(broken(joined), [3]);
    assert.equal(law(joined, 5).verdict, "holds");
    assert.equal(law(joined, 6).verdict, "unchecked");
    assert.equal(law(joined, 3).offences[0]?.va, DATA);
  });
});

describe("law 6, by the sources", () => {
  const pointers = `import { UserPointer, userAddress } from "../memory/user-memory";\n`;

  it("is broken by a file that knows user pointers and opens windows", () => {
    for (const opener of ["openWindow", "openEntry"]) {
      const text = `${pointers}import { closeWindow, ${opener} } from "../memory/window";\n`;
      assert.match(blame("process/exec.ts", text) ?? "", /opens windows/);
      assert.equal(blame("memory/user-memory.ts", text), undefined);
    }
  });

  it("is broken by a load from the number of a user pointer", () => {
    const follows = `${pointers}const x = load<u8>(userAddress(pointer) + 1);\n`;
    assert.match(blame("syscall/read.ts", follows) ?? "", /follows a number/);
    const compares = `${pointers}if (userAddress(pointer) === 0) return load<u8>(mine);\n`;
    assert.equal(blame("syscall/read.ts", compares), undefined);
  });

  it("holds if one file alone turns pointers into bytes, and names the others", () => {
    const sources = new Map([
      ["memory/user-memory.ts", `${pointers}import { openWindow } from "./window";\n`],
      ["syscall/read.ts", pointers],
    ]);
    assert.match(userPointersAreAllegations(sources).why, /^of 2 source files only /);
    sources.set("syscall/read.ts", `${pointers}import { openWindow } from "../memory/window";\n`);
    const { verdict, offences } = userPointersAreAllegations(sources);
    assert.equal(verdict, "broken");
    assert.deepEqual(offences, [
      { space: "kernel", what: "syscall/read.ts knows user pointers and opens windows" },
    ]);
  });

  it("is unchecked without sources", () => {
    assert.equal(userPointersAreAllegations(new Map()).verdict, "unchecked");
  });
});
