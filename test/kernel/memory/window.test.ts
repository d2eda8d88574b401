import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ENTRY_NX_HIGH, ENTRY_P, ENTRY_RW } from "../../../src/abi/paging";
import { BOOT, type Machine, machineFor, PAGE, RAM, WINDOWS } from "./simulated-machine";

const start = machineFor(
  `
  ${BOOT}
  export * from "./kernel/memory/window";
  import { RETURN_WINDOWS, returnWork } from "./kernel/memory/user-return";
  export function isToBeForgotten(): bool { return (returnWork & RETURN_WINDOWS) !== 0; }
  export { kernelPte } from "./kernel/memory/kernel-space";
`,
  { realWindows: true },
);

const COUNT = 16;
let machine: Machine;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const open = (frame = RAM) => call("openWindow", frame);
function openEntry(low: number, high = 0): number {
  machine.setWord(machine.part.area, low);
  machine.setWord(machine.part.area + 4, high);
  return call("openEntry", machine.part.area);
}
const close = (address: number) => call("closeWindow", address);
const entryAt = (address: number) => machine.word(call("kernelPte", address));
const slot = (index: number) => WINDOWS + index * PAGE;

describe("windows", () => {
  beforeEach(() => {
    machine = start();
    call("startSpace", 16);
  });

  it("show a frame, writable and not executable", () => {
    const window = open(RAM);
    assert.equal(window, WINDOWS);
    assert.equal(entryAt(window), RAM | ENTRY_P | ENTRY_RW);
    assert.equal(machine.word(call("kernelPte", window) + 4), ENTRY_NX_HIGH);
  });

  it("show a frame above 4 GiB, whose name has the rest of its number in the low bits", () => {
    const window = open(0x5225);
    assert.equal(entryAt(window), 0x5000 | ENTRY_P | ENTRY_RW);
    assert.equal(machine.word(call("kernelPte", window) + 4), (ENTRY_NX_HIGH | 0x225) >>> 0);
  });

  it("show what an entry leads to, writable if that is, and never to user mode", () => {
    const [all, low] = [0xfff, RAM | ENTRY_P];
    const [readable, writable] = [openEntry(low | (all & ~ENTRY_RW)), openEntry(low | all, 0x225)];
    assert.deepEqual([readable, writable], [slot(0), slot(1)]);
    assert.equal(entryAt(readable), low);
    assert.equal(entryAt(writable), low | ENTRY_RW);
    assert.equal(machine.word(call("kernelPte", readable) + 4), ENTRY_NX_HIGH);
    assert.equal(machine.word(call("kernelPte", writable) + 4), (ENTRY_NX_HIGH | 0x225) >>> 0);
  });

  it("show nothing once they are closed, by any address inside", () => {
    const window = open();
    close(window + 0xabc);
    assert.equal(entryAt(window), 0);
  });

  it("are opened in order, which needs no flush", () => {
    for (let i = 0; i < COUNT; i++) {
      const window = open();
      assert.equal(window, slot(i));
      close(window);
    }
    assert.deepEqual(machine.flushed, []);
  });

  it("are flushed when a place is used again", () => {
    for (let i = 0; i < COUNT; i++) close(open());
    const again = [open(), open()];
    assert.deepEqual(again, [slot(0), slot(1)]);
    assert.deepEqual(machine.flushed, again);
  });

  it("need no flush after the return to user mode", () => {
    for (let i = 0; i < 3; i++) close(open());
    call("forgetWindows");
    assert.equal(open(), slot(0));
    assert.deepEqual(machine.flushed, []);
  });

  it("are to be forgotten once one was opened, whether it is closed or not", () => {
    assert.equal(call("isToBeForgotten"), 0);
    close(open());
    assert.equal(call("isToBeForgotten"), 1);
    call("forgetWindows");
    assert.equal(call("isToBeForgotten"), 0);
  });

  it("pass over a place that is still open", () => {
    const first = open();
    for (let i = 1; i < COUNT; i++) close(open());
    assert.equal(open(RAM + PAGE), slot(1));
    assert.equal(entryAt(first), RAM | ENTRY_P | ENTRY_RW);
  });

  it("are sixteen, and one more panics", () => {
    const windows = Array.from({ length: COUNT }, () => open());
    assert.equal(new Set(windows).size, COUNT);
    assert.throws(() => open(), /window: all sixteen are open/);
    close(slot(7));
    assert.equal(open(), slot(7));
  });

  it("are counted while they are open", () => {
    assert.equal(call("noWindowOpen"), 1);
    const windows = [open(), open()];
    assert.equal(call("noWindowOpen"), 0);
    close(windows[0] ?? 0);
    assert.equal(call("noWindowOpen"), 0);
    close(windows[1] ?? 0);
    assert.equal(call("noWindowOpen"), 1);
  });

  it("must be closed before the return to user mode", () => {
    open();
    assert.throws(() => call("forgetWindows"), /window: open at the return to user mode/);
  });
});
