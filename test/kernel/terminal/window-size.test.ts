// The console's size, as lines from the host say it: by line in Node, and whole on the machines.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { encodeCommandLine } from "../../../src/machine/command-line";
import { openMachine } from "../../../src/machine/open-machine";
import { skipReason } from "../../machine/installed";
import { build } from "../booted-kernel";
import { loadKernelPart } from "../kernel-part";

let signals = 0;

const part = loadKernelPart(
  `
  import { onTerminalSignal, startTerminal } from "./kernel/terminal/terminal";
  import { Terminal, TERMINAL_SIZE, TerminalDriver } from "./kernel/terminal/terminal";
  import { consoleTerminal } from "./kernel/terminal/console";
  import { startWindowSize } from "./kernel/terminal/window-size";
  import { send } from "./kernel/device/window-port";
  declare function signalled(): void;
  const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 8));
  function signal(_group: u32, _number: u32): void { signalled(); }
  export function start(): void {
    const terminal = startTerminal(changetype<usize>(consoleTerminal()), 25, 80, driver);
    terminal.foregroundGroup = 7;
    onTerminalSignal(signal.index);
    startWindowSize();
  }
  export function receive(byte: u32): void { send(byte); }
  export function rows(): u32 { return consoleTerminal().rows; }
  export function columns(): u32 { return consoleTerminal().columns; }
`,
  {
    replace: {
      "kernel/terminal/console.ts": `
        import { Terminal, TERMINAL_SIZE } from "./terminal";
        const record: usize = memory.data(TERMINAL_SIZE, 8);
        export function consoleTerminal(): Terminal { return changetype<Terminal>(record); }
      `,
      "kernel/device/window-port.ts": `
        let receiver: u32 = 0;
        export function onWindowByte(receive: u32): void { receiver = receive; }
        export function send(byte: u32): void { call_indirect<void>(receiver, byte); }
      `,
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        export function wakeAll(_queue: WaitQueue): void {}
      `,
    },
    imports: {
      part: {
        signalled: () => ++signals,
      },
    },
  },
);

function tell(text: string): number[] {
  for (const byte of Buffer.from(text)) part.call.receive!(byte);
  return [part.call.rows!(), part.call.columns!()];
}

describe("the console's size", () => {
  beforeEach(() => {
    part.call.start!();
    tell("\n25 80\n");
    signals = 0;
  });

  it("is what a line says, and the foreground is told of another one once", () => {
    assert.deepEqual(tell("50 132\n"), [50, 132]);
    assert.deepEqual(tell("50 132\n"), [50, 132]);
    assert.equal(signals, 1);
  });

  it("does not change before the line ends", () => {
    assert.deepEqual(tell("50 13"), [25, 80]);
    assert.deepEqual(tell("2\n"), [50, 132]);
  });

  for (const line of ["", "50", "50 ", "0 80", "50 0", " 80", "x50 80", "50 80 1", "10000 80"]) {
    it(`stays as it is at the line "${line}", and the next one counts`, () => {
      assert.deepEqual(tell(`${line}\n`), [25, 80]);
      assert.equal(signals, 0);
      assert.deepEqual(tell("30 90\n"), [30, 90]);
    });
  }

  for (const name of ["v86", "qemu"] as const) {
    it(`is that of the host's window, at first and later, on ${name}`, {
      skip: skipReason(name),
    }, async () => {
      const { kernelFile, initramfs } = await build();
      const machine = openMachine(name, {
        kernel: kernelFile,
        initramfs,
        commandLine: encodeCommandLine(["quiet", "rows=50", "columns=132"], ["window"]),
        memoryMiB: 64,
        window: { rows: 50, columns: 132 },
      });
      try {
        await machine.start();
        await machine.serial.waitFor("50 rows, 132 columns");
        machine.resize({ rows: 40, columns: 100 });
        await machine.serial.waitFor("40 rows, 100 columns");
        machine.serial.send("\x03");
        assert.deepEqual(await machine.ended, { kind: "exit", status: 130 });
      } finally {
        await machine.close();
      }
    });
  }
});
