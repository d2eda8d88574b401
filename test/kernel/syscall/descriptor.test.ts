// open(2) on a kernel that has no memory: what it would make, or empty, is as it was.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { O_CREAT, O_TRUNC, O_WRONLY } from "../../../src/abi/files";
import { FAILING_HEAP, FAILING_HEAP_EXPORTS, failEach } from "../failing-heap";
import { compileKernelPart, type KernelPart } from "../kernel-part";
import { PLAIN_USER_MEMORY } from "../plain-user-memory";

const [ENOMEM, ENOSPC, EMFILE] = [-12, -28, -24];
const NAME = "name\0";
const SIZE = 5;

const startPart = compileKernelPart(
  `
  ${FAILING_HEAP_EXPORTS}
  import * as entries from "./kernel/file/directory-entry";
  import { createFileContext } from "./kernel/file/file-context";
  import { createFileTable } from "./kernel/file/file-table";
  import { mount } from "./kernel/file/mount";
  import { startRegularFiles } from "./kernel/filesystem/tmpfs/regular-file";
  import { createTmpfs } from "./kernel/filesystem/tmpfs/tmpfs";
  import { TrapFrame } from "./kernel/machine/i686/trap-frame";
  import { currentFiles, setFiles } from "./kernel/process/thread-files";
  import * as calls from "./kernel/syscall/descriptor";

  const frame = changetype<TrapFrame>(memory.data(offsetof<TrapFrame>(), 4));
  export function start(): void {
    startRegularFiles();
    entries.startDirectoryEntries();
    mount(createTmpfs(0o777)!, null);
    const root = entries.rootDirectory();
    setFiles(createFileTable()!, createFileContext(root, root)!);
  }
  export function open(path: u32, flags: u32): i32 {
    frame.ebx = path;
    frame.ecx = flags;
    frame.edx = 0o644;
    return calls.open(frame);
  }
  export function close(descriptor: u32): i32 {
    frame.ebx = descriptor;
    return calls.close(frame);
  }
  export function setLimit(limit: u32): void { currentFiles().limit = limit; }
  export function names(): u32 {
    let count: u32 = 0;
    let child = entries.rootDirectory().firstChild;
    for (; child !== null; child = child!.next) count++;
    return count;
  }
  export function size(): u32 { return <u32>entries.rootDirectory().firstChild!.inode.size; }
  export function setSize(size: u32): void {
    entries.rootDirectory().firstChild!.inode.object!.size = size;
  }
`,
  {
    replace: {
      "kernel/memory/heap.ts": FAILING_HEAP,
      "kernel/memory/user-memory.ts": `
        ${PLAIN_USER_MEMORY}
        export function copyInString(from: UserPointer, to: usize, _size: u32): i32 {
          let length: u32 = 0;
          while (load<u8>(changetype<usize>(from) + length) !== 0) length++;
          memory.copy(to, changetype<usize>(from), length + 1);
          return length;
        }
      `,
      "kernel/process/thread-files.ts": `
        import { FileContext } from "../file/file-context";
        import { FileTable } from "../file/file-table";
        let context: FileContext = changetype<FileContext>(0);
        let files: FileTable = changetype<FileTable>(0);
        export function setFiles(table: FileTable, to: FileContext): void {
          files = table;
          context = to;
        }
        export function currentContext(): FileContext { return context; }
        export function currentFiles(): FileTable { return files; }
      `,
      "kernel/file/held-file.ts": `
        import { OpenFile } from "./open-file";
        export function preemptHolding(_file: OpenFile): void {}
      `,
      "kernel/thread/thread.ts": `
        class Thread { pendingSignal: u32 = 0; }
        export const currentThread = changetype<Thread>(memory.data(16, 4));
      `,
      "kernel/device/clock.ts": "export function currentTime(): u64 { return 0; }",
      "kernel/filesystem/pipe/pipe-file.ts": `
        import { Inode } from "../../file/inode";
        import { OpenFile } from "../../file/open-file";
        export function createPipeInode(): Inode | null { return null; }
        export function pipeSize(_file: OpenFile): i32 { return 0; }
        export function setPipeSize(_file: OpenFile, _size: u32): i32 { return 0; }
      `,
      "kernel/syscall/lock.ts": `
        import { OpenFile } from "../file/open-file";
        export function isLockCommand(_command: u32): bool { return false; }
        export function controlLock(_number: u32, _file: OpenFile, _command: u32, _at: u32): i32 {
          return 0;
        }
      `,
      "kernel/syscall/seal.ts": `
        import { OpenFile } from "../file/open-file";
        export function addSeals(_file: OpenFile, _seals: u32): i32 { return 0; }
        export function seals(_file: OpenFile): i32 { return 0; }
      `,
      "kernel/memory/memory-object.ts": `
        import { FramePool } from "./frame-tree";
        import { allocate, free } from "./heap";
        @unmanaged export class MemoryObject {
          pool: FramePool | null = null;
          size: u64 = 0;
          seals: u32 = 0;
          frame(_index: u32): u32 { return 0; }
          ensureFrame(_index: u32): u32 { return 0; }
          truncate(size: u64): void { this.size = size; }
          release(): void { free(changetype<usize>(this)); }
        }
        export const LARGEST_OBJECT: u64 = 0;
        export function createMemoryObject(): MemoryObject | null {
          return changetype<MemoryObject | null>(allocate(offsetof<MemoryObject>()));
        }
      `,
    },
  },
);

let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? Number.NaN;
const open = (flags: number) => call("open", part.area, O_WRONLY | flags);

beforeEach(() => {
  part = startPart();
  call("start");
  part.write(part.area, NAME);
});

describe("open(2)", () => {
  it("makes no file, and leaves no object behind, whichever allocation fails", () => {
    const failures = failEach(part, () => {
      const result = open(O_CREAT);
      assert.equal(call("names"), result < 0 ? 0 : 1);
      return result;
    });
    // The open file; the inode, its contents, the entry, its name.
    assert.deepEqual(
      failures,
      [ENOMEM, ENOSPC, ENOSPC, ENOSPC, ENOSPC].map((result) => ({ result, left: 0 })),
    );
  });

  it("empties no file without memory", () => {
    call("close", open(O_CREAT));
    call("setSize", SIZE);
    const failures = failEach(part, () => {
      const result = open(O_TRUNC);
      assert.equal(call("size"), result < 0 ? SIZE : 0);
      return result;
    });
    assert.deepEqual(failures, [{ result: ENOMEM, left: 0 }]);
  });

  it("makes and empties none without a descriptor", () => {
    call("setLimit", 0);
    assert.equal(open(O_CREAT), EMFILE);
    assert.equal(call("names"), 0);
    call("setLimit", 1);
    call("close", open(O_CREAT));
    call("setSize", SIZE);
    call("setLimit", 0);
    assert.equal(open(O_TRUNC), EMFILE);
    assert.equal(call("size"), SIZE);
  });
});
