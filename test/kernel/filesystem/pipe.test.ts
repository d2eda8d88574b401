import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { O_RDONLY, O_WRONLY } from "../../../src/abi/files";
import { FAILING_HEAP, FAILING_HEAP_EXPORTS, failEach } from "../failing-heap";
import { compileKernelPart } from "../kernel-part";
import { PLAIN_USER_MEMORY } from "../plain-user-memory";

const ENOMEM = -12;

const startPart = compileKernelPart(
  `
  ${FAILING_HEAP_EXPORTS}
  import { isErrno } from "./src/abi/errno";
  import { OpenFile, openFile } from "./kernel/file/open-file";
  import { createPipeInode, startPipes } from "./kernel/filesystem/pipe/pipe-file";
  import { userPointer } from "./kernel/memory/user-memory";

  let reader: usize = 0;
  let writer: usize = 0;
  export function start(): void { startPipes(); }
  /** As pipe(2): 0 or -errno. */
  export function open(): i32 {
    const inode = createPipeInode();
    if (inode === null) return ${ENOMEM};
    reader = openFile(null, inode, ${O_RDONLY});
    writer = isErrno(<u32>reader) ? reader : openFile(null, inode, ${O_WRONLY});
    inode.release();
    if (!isErrno(<u32>writer)) return 0;
    if (reader !== writer) changetype<OpenFile>(reader).release();
    return <i32>writer;
  }
  export function close(): void {
    changetype<OpenFile>(reader).release();
    changetype<OpenFile>(writer).release();
  }
  export function write(from: usize, size: u32): i32 {
    return changetype<OpenFile>(writer).write(userPointer(<u32>from), size);
  }
  export function read(to: usize, size: u32): i32 {
    return changetype<OpenFile>(reader).read(userPointer(<u32>to), size);
  }
`,
  {
    replace: {
      "kernel/memory/heap.ts": FAILING_HEAP,
      "kernel/memory/pages.ts": `
        import { allocate, free } from "./heap";
        export function allocatePages(count: u32): usize { return allocate(count << 12); }
        export function freePages(start: usize, _count: u32): void { free(start); }
      `,
      "kernel/memory/user-memory.ts": PLAIN_USER_MEMORY,
      "kernel/file/held-file.ts": `
        import { WaitQueue } from "../thread/wait-queue";
        import { OpenFile } from "./open-file";
        export function sleepHolding(_file: OpenFile, _queue: WaitQueue): i32 { return -4; }
        export function preemptHolding(_file: OpenFile): void {}
        export function holdFile(_file: OpenFile): void {}
      `,
      "kernel/process/signal.ts": "export function signalThread(_signal: u32): void {}",
      "kernel/thread/poll-table.ts": `
        import { WaitQueue } from "./wait-queue";
        export function pollWait(_queue: WaitQueue): void {}
      `,
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        export function sleepOn(_queue: WaitQueue): i32 { return -4; }
        export function wakeAll(_queue: WaitQueue): void {}
      `,
      "kernel/device/clock.ts": "export function currentTime(): u64 { return 0; }",
    },
  },
);

describe("a pipe", () => {
  it("leaves nothing behind, whichever allocation of pipe(2) fails", () => {
    const part = startPart();
    part.call.start!();
    const failures = failEach(part, () => {
      const result = part.call.open!();
      if (result === 0) part.call.close!();
      return result;
    });
    // The inode, an open file, the pipe, the other open file.
    assert.deepEqual(failures, Array(4).fill({ result: ENOMEM, left: 0 }));
  });

  it("passes bytes on, and goes with its last end", () => {
    const part = startPart();
    part.call.start!();
    const before = part.call.liveObjects!();
    assert.equal(part.call.open!(), 0);
    part.write(part.area, "some bytes");
    assert.equal(part.call.write!(part.area, 10), 10);
    assert.equal(part.call.read!(part.area + 100, 100), 10);
    assert.equal(part.text(part.area + 100), "some bytes");
    part.call.close!();
    assert.equal(part.call.liveObjects!(), before);
  });
});
