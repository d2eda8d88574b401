import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AF_UNIX, SOCK_STREAM } from "../../../src/abi/linux/socket";
import { FAILING_HEAP, FAILING_HEAP_EXPORTS, failEach } from "../failing-heap";
import { compileKernelPart } from "../kernel-part";
import { PLAIN_USER_MEMORY } from "../plain-user-memory";

const [ENOSPC, ENOMEM] = [-28, -12];
const NAME = "name";

const startPart = compileKernelPart(
  `
  ${FAILING_HEAP_EXPORTS}
  import * as entries from "./kernel/file/directory-entry";
  import { createFileContext } from "./kernel/file/file-context";
  import { mount } from "./kernel/file/mount";
  import { removeFile } from "./kernel/file/names";
  import { createSocket, Socket } from "./kernel/filesystem/socket/socket";
  import { createTmpfs } from "./kernel/filesystem/tmpfs/tmpfs";
  import { userPointer } from "./kernel/memory/user-memory";
  import { bindAddress, takeAddress } from "./kernel/syscall/socket-name";
  import { setContext } from "./kernel/process/thread-files";

  let socket: Socket = changetype<Socket>(0);
  export function start(): void {
    entries.startDirectoryEntries();
    mount(createTmpfs(0o777)!, null);
    const root = entries.rootDirectory();
    setContext(createFileContext(root, root)!);
    socket = createSocket(${AF_UNIX}, ${SOCK_STREAM})!;
  }
  /** As bind(2). */
  export function bind(at: usize, size: u32): i32 {
    const refusal = takeAddress(socket, userPointer(<u32>at), size);
    return refusal !== 0 ? refusal : bindAddress(socket);
  }
  export function names(): u32 {
    let count: u32 = 0;
    let child = entries.rootDirectory().firstChild;
    for (; child !== null; child = child!.next) count++;
    return count;
  }
  export function hasAddress(): bool { return socket.address !== 0; }
`,
  {
    replace: {
      "kernel/memory/heap.ts": FAILING_HEAP,
      "kernel/memory/user-memory.ts": PLAIN_USER_MEMORY,
      "kernel/process/thread-files.ts": `
        import { FileContext } from "../file/file-context";
        let context: FileContext = changetype<FileContext>(0);
        export function setContext(to: FileContext): void { context = to; }
        export function currentContext(): FileContext { return context; }
      `,
      "kernel/file/held-file.ts": `
        import { OpenFile } from "./open-file";
        export function preemptHolding(_file: OpenFile): void {}
      `,
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        export function wakeAll(_queue: WaitQueue): void {}
      `,
      "kernel/thread/thread.ts": `
        class Thread { pendingSignal: u32 = 0; }
        export const currentThread = changetype<Thread>(memory.data(16, 4));
      `,
      "kernel/device/clock.ts": "export function currentTime(): u64 { return 0; }",
      "kernel/memory/memory-object.ts": `
        import { FramePool } from "./frame-tree";
        @unmanaged export class MemoryObject {
          pool: FramePool | null = null;
          size: u64 = 0;
          seals: u32 = 0;
          frame(_index: u32): u32 { return 0; }
          ensureFrame(_index: u32): u32 { return 0; }
          release(): void {}
        }
        export const LARGEST_OBJECT: u64 = 0;
        export function createMemoryObject(): MemoryObject | null { return null; }
      `,
    },
  },
);

describe("bind(2) of a path", () => {
  it("leaves no name and no object behind, whichever allocation fails", () => {
    const part = startPart();
    part.call.start!();
    const bytes = Buffer.concat([Buffer.of(AF_UNIX, 0), Buffer.from(`${NAME}\0`)]);
    part.write(part.area, bytes);
    const failures = failEach(part, () => {
      const result = part.call.bind!(part.area, bytes.length);
      assert.equal(part.call.names!(), result === 0 ? 1 : 0);
      return result;
    });
    // The inode, the entry, its name; the socket's address.
    assert.deepEqual(
      failures,
      [ENOSPC, ENOSPC, ENOSPC, ENOMEM].map((result) => ({ result, left: 0 })),
    );
    assert.equal(part.call.hasAddress!(), 1);
  });
});
