import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const ERESTARTSYS = -512;

const startPart = compileKernelPart(
  `
  import { preemptHolding, releaseHeldFiles, sleepHolding } from "./kernel/file/held-file";
  import { FileTable } from "./kernel/file/file-table";
  import { OpenFile } from "./kernel/file/open-file";
  import { WaitQueue } from "./kernel/thread/wait-queue";
  import { currentThread } from "./kernel/thread/thread";

  const table = changetype<FileTable>(memory.data(offsetof<FileTable>(), 4));
  const queue = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
  const files: usize = memory.data(64, 4);
  function file(index: u32): OpenFile { return changetype<OpenFile>(files + (index << 3)); }
  export function share(references: u32): void {
    currentThread.files = changetype<usize>(table);
    table.references = references;
  }
  export function references(index: u32): u32 { return file(index).references; }
  export function sleep(index: u32): i32 { return sleepHolding(file(index), queue); }
  export function preempt(index: u32): void { preemptHolding(file(index)); }
  export function releaseHeld(): void { releaseHeldFiles(); }
`,
  {
    replace: {
      "kernel/file/file-table.ts": "@unmanaged export class FileTable { references: u32 = 0; }",
      "kernel/file/open-file.ts": `
        @unmanaged export class OpenFile {
          references: u32 = 0;
          retain(): void { this.references++; }
          release(): void { this.references--; }
        }
      `,
      "kernel/thread/thread.ts": `
        @unmanaged export class Thread {
          files: usize = 0;
          heldFile: usize = 0;
          secondHeldFile: usize = 0;
        }
        export const currentThread = changetype<Thread>(memory.data(offsetof<Thread>(), 4));
      `,
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        declare function happened(what: u32): u32;
        export function requestUserReturnWork(): void { happened(0); }
        export function yieldProcessor(): void { happened(1); }
        export function sleepOn(_queue: WaitQueue): i32 { happened(2); return ${ERESTARTSYS}; }
        export function isPreemptionDue(): bool { return happened(3) !== 0; }
      `,
    },
    imports: {
      schedule: {
        happened(what = 0) {
          const name = ["work", "yield", "sleep", "due"][what] ?? "?";
          if (name !== "due") events.push(name);
          return name === "due" && isDue ? 1 : 0;
        },
      },
    },
  },
);

let part: KernelPart;
let isDue = false;
const events: string[] = [];

function call(name: string, ...values: number[]): number {
  const called = part.call[name];
  assert.ok(called, name);
  return called(...values);
}

const references = () => [0, 1, 2].map((index) => call("references", index));

describe("a file that a call uses", () => {
  beforeEach(() => {
    part = startPart();
    isDue = false;
    events.length = 0;
    call("share", 2);
  });

  it("stays while the call sleeps, and until the thread returns to user mode", () => {
    assert.equal(call("sleep", 0), ERESTARTSYS);
    assert.deepEqual(events, ["work", "sleep"]);
    assert.deepEqual(references(), [1, 0, 0]);
    call("releaseHeld");
    assert.deepEqual(references(), [0, 0, 0]);
    call("releaseHeld");
    assert.deepEqual(references(), [0, 0, 0]);
  });

  it("is held once, however often the call sleeps", () => {
    for (const index of [0, 0, 1, 0, 1]) call("sleep", index);
    assert.deepEqual(references(), [1, 1, 0]);
    call("releaseHeld");
    assert.deepEqual(references(), [0, 0, 0]);
    call("sleep", 2);
    assert.deepEqual(references(), [0, 0, 1]);
  });

  it("stays while others run, if it is their turn", () => {
    call("preempt", 0);
    assert.deepEqual([references(), events], [[0, 0, 0], []]);
    isDue = true;
    call("preempt", 0);
    assert.deepEqual(references(), [1, 0, 0]);
    assert.deepEqual(events, ["work", "yield"]);
  });

  it("needs no care if no other thread has the file table", () => {
    call("share", 1);
    isDue = true;
    call("sleep", 0);
    call("preempt", 0);
    assert.deepEqual(references(), [0, 0, 0]);
    assert.deepEqual(events, ["sleep", "yield"]);
  });
});
