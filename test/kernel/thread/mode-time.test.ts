import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(`
  import { ModeTime } from "./kernel/thread/mode-time";
  const time = changetype<ModeTime>(memory.data(offsetof<ModeTime>(), 8));
  export function sample(isSystem: bool, counts: u32): void { time.sample(isSystem, counts); }
  export function share(counts: u32): u32 { return <u32>time.systemShare(counts); }
`);

const [USER, SYSTEM] = [0, 1];
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? 0;

describe("the system's share of a time", () => {
  beforeEach(() => {
    part = start();
  });

  it("is nothing before the first sample", () => {
    assert.equal(call("share", 500), 0);
    call("sample", USER, 500);
    assert.equal(call("share", 900), 0);
  });

  it("grows from a sample of the system on, until one of the program", () => {
    call("sample", SYSTEM, 100);
    assert.equal(call("share", 100), 0);
    assert.equal(call("share", 130), 30);
    call("sample", SYSTEM, 140);
    assert.equal(call("share", 150), 50);
    call("sample", USER, 160);
    assert.equal(call("share", 160), 60);
    assert.equal(call("share", 900), 60);
    call("sample", SYSTEM, 1000);
    assert.equal(call("share", 1005), 65);
  });
});
