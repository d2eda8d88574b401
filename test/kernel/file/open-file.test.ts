import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  O_APPEND,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFREG,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../../../src/abi/files";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { DirectoryEntry } from "./kernel/file/directory-entry";
  import { FileOperations, Inode } from "./kernel/file/inode";
  import * as files from "./kernel/file/open-file";
  import { allocate } from "./kernel/memory/heap";
  import { userAddress, UserPointer, userPointer } from "./kernel/memory/user-memory";
  import { allocateFrame } from "./kernel/memory/frames";
  export { freeFrameCount } from "./kernel/memory/frames";
  export function takeAllFrames(): void { while (freeFrames() !== 0) allocateFrame(); }
  import { freeFrameCount as freeFrames } from "./kernel/memory/frames";
  let last: u32 = 0;
  let pointer: u32 = 0;
  export function lastCall(): u32 { return last; }
  export function lastPointer(): u32 { return pointer; }
  function note(which: u32, file: files.OpenFile, first: u32, second: u32): i32 {
    last = which;
    pointer = first;
    return <i32>(second + file.flags);
  }
  let where: u64 = 0;
  export function lastPosition(): u32 { return <u32>where; }
  function read(file: files.OpenFile, to: UserPointer, size: u32, position: u64): i32 {
    where = position;
    return note(1, file, userAddress(to), size);
  }
  function write(file: files.OpenFile, from: UserPointer, size: u32, position: u64): i32 {
    where = position;
    return note(2, file, userAddress(from), size);
  }
  let opened: i32 = 0;
  function openIt(file: files.OpenFile): i32 { return opened; }
  export function failOpen(error: i32): void {
    opened = error;
    operations.open = openIt.index;
  }
  function closeIt(file: files.OpenFile): void { note(5, file, 0, 0); }
  export function noteClose(): void { operations.release = closeIt.index; }
  function ioctl(file: files.OpenFile, command: u32, argument: u32): i32 {
    return note(3, file, command, argument);
  }
  function readDirectory(file: files.OpenFile, to: UserPointer, size: u32): i32 {
    return note(4, file, userAddress(to), size);
  }
  const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 8));
  const inode = changetype<Inode>(memory.data(offsetof<Inode>(), 8));
  const entry = changetype<DirectoryEntry>(memory.data(offsetof<DirectoryEntry>(), 8));
  export function open(flags: u32, seekable: bool, size: u32): usize {
    operations.read = read.index;
    operations.write = write.index;
    operations.ioctl = ioctl.index;
    operations.readDirectory = readDirectory.index;
    operations.seekable = seekable;
    // The text of a link: its size is the inode's.
    inode.textLength = size;
    inode.operations = operations;
    inode.references = max<u32>(inode.references, 1);
    entry.references = max<u32>(entry.references, 1);
    return files.openFile(entry, inode, flags);
  }
  export function openNameless(flags: u32): usize { return files.openFile(null, inode, flags); }
  export function setMode(mode: u32): void { inode.mode = mode; }
  export function writers(): i32 { return inode.writers; }
  export function setWriters(count: i32): void { inode.writers = count; }
  export function inodeReferences(): u32 { return inode.references; }
  export function entryReferences(): u32 { return entry.references; }
  export function ignorePosition(): void { operations.ignoresPosition = true; }
  export function readAt(file: usize, position: u32): i32 {
    return at(file).readAt(userPointer(0), 1, position);
  }
  function pollIt(_file: files.OpenFile): u32 { return 77; }
  export function setPoll(): void { operations.poll = pollIt.index; }
  export function poll(file: usize): u32 { return at(file).poll(); }
  let entered: u32 = 0;
  function enter(_file: files.OpenFile): void { entered++; }
  export function setQueues(): void { operations.queues = enter.index; }
  export function enterQueues(file: usize): u32 {
    at(file).enterQueues();
    return entered;
  }
  export function mayRead(file: usize): bool { return at(file).mayRead; }
  export function mayWrite(file: usize): bool { return at(file).mayWrite; }
  function at(file: usize): files.OpenFile { return changetype<files.OpenFile>(file); }
  export function callRead(file: usize, to: u32, size: u32): i32 {
    return at(file).read(userPointer(to), size);
  }
  export function callWrite(file: usize, from: u32, size: u32): i32 {
    return at(file).write(userPointer(from), size);
  }
  export function callIoctl(file: usize, command: u32, argument: u32): i32 {
    return at(file).ioctl(command, argument);
  }
  export function callReadDirectory(file: usize, to: u32, size: u32): i32 {
    return at(file).readDirectory(userPointer(to), size);
  }
  export function seek(file: usize, low: u32, high: u32, whence: u32): i32 {
    const target = at(file).target(<i64>(<u64>low | (<u64>high << 32)), whence);
    if (target < 0) return <i32>target;
    at(file).position = <u64>target;
    return 0;
  }
  export function positionLow(file: usize): u32 { return <u32>at(file).position; }
  export function positionHigh(file: usize): u32 { return <u32>(at(file).position >> 32); }
  export function retain(file: usize): void { at(file).retain(); }
  export function release(file: usize): void { at(file).release(); }
  export function references(file: usize): u32 { return at(file).references; }
`);

const [EBADF, ENOMEM, EINVAL, ETXTBSY, ESPIPE] = [-9, -12, -22, -26, -29];
const [READ, WRITE, IOCTL, READ_DIRECTORY, CLOSE] = [1, 2, 3, 4, 5];
const SIZE = 1000;
const LARGEST = 2n ** 63n - 1n;
let machine: Machine;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const open = (flags = O_RDWR, seekable = 1) => machine.address("open", flags, seekable, SIZE);

function seek(file: number, offset: bigint, whence: number): number {
  const bits = BigInt.asUintN(64, offset);
  return call("seek", file, Number(bits & 0xffffffffn), Number(bits >> 32n), whence);
}

function position(file: number): bigint {
  const low = machine.address("positionLow", file);
  return BigInt(low) | (BigInt(machine.address("positionHigh", file)) << 32n);
}

beforeEach(() => {
  machine = start();
  call("start", 16);
});

describe("an open file", () => {
  it("starts at its beginning, with one reference", () => {
    const file = open();
    assert.equal(position(file), 0n);
    assert.equal(call("references", file), 1);
  });

  it("is freed with its last reference", () => {
    // Another one keeps the page that they share.
    const before = call("freeFrameCount");
    const file = open();
    call("retain", file);
    call("release", file);
    assert.equal(call("references", file), 1);
    assert.equal(call("freeFrameCount"), before - 1);
    call("release", file);
    assert.equal(call("freeFrameCount"), before);
  });

  it("is none without memory", () => {
    call("takeAllFrames");
    assert.equal(call("open", O_RDWR, 1, SIZE), ENOMEM);
  });

  it("is read by what its kind does, with the file, the pointer and the size", () => {
    const file = open(O_RDONLY);
    assert.equal(call("callRead", file, 0x1234, 50), 50 + O_RDONLY);
    assert.deepEqual([call("lastCall"), call("lastPointer")], [READ, 0x1234]);
  });

  it("is written by what its kind does", () => {
    const file = open(O_WRONLY);
    assert.equal(call("callWrite", file, 0x1234, 50), 50 + O_WRONLY);
    assert.deepEqual([call("lastCall"), call("lastPointer")], [WRITE, 0x1234]);
  });

  it("may be open for both", () => {
    const file = open(O_RDWR);
    assert.equal(call("callRead", file, 0, 1), 1 + O_RDWR);
    assert.equal(call("callWrite", file, 0, 1), 1 + O_RDWR);
  });

  it("is not read if it is open for writing", () => {
    assert.equal(call("callRead", open(O_WRONLY), 0x1000, 1), EBADF);
    assert.equal(call("lastCall"), 0);
  });

  it("is not written if it is open for reading", () => {
    assert.equal(call("callWrite", open(O_RDONLY), 0x1000, 1), EBADF);
    assert.equal(call("lastCall"), 0);
  });

  it("takes ioctls, and lists a directory, however it is open", () => {
    const file = open(O_WRONLY);
    assert.equal(call("callIoctl", file, 0x5401, 7), 7 + O_WRONLY);
    assert.deepEqual([call("lastCall"), call("lastPointer")], [IOCTL, 0x5401]);
    assert.equal(call("callReadDirectory", file, 0x2000, 8), 8 + O_WRONLY);
    assert.deepEqual([call("lastCall"), call("lastPointer")], [READ_DIRECTORY, 0x2000]);
  });
});

describe("an open file", () => {
  it("holds its inode, and its name if there is one", () => {
    const file = open();
    const references = [call("inodeReferences"), call("entryReferences")];
    const nameless = machine.address("openNameless", O_RDWR);
    assert.deepEqual([call("inodeReferences"), call("entryReferences")], [3, 2]);
    call("release", nameless);
    assert.deepEqual([call("inodeReferences"), call("entryReferences")], references);
    call("release", file);
    assert.deepEqual([call("inodeReferences"), call("entryReferences")], [1, 1]);
  });

  it("is not one if its kind refuses, and nothing is held", () => {
    const before = call("freeFrameCount");
    open();
    call("failOpen", -6);
    assert.equal(call("open", O_RDWR, 1, SIZE), -6);
    assert.equal(call("freeFrameCount"), before - 1);
    assert.equal(call("inodeReferences"), 2);
    call("failOpen", 0);
    assert.ok(open() > 0);
  });

  it("tells its kind when it is closed for good", () => {
    const file = open();
    call("noteClose");
    call("retain", file);
    call("release", file);
    assert.equal(call("lastCall"), 0);
    call("release", file);
    assert.equal(call("lastCall"), CLOSE);
  });

  it("moves on by what was read or written, if it has a position", () => {
    const file = open();
    call("callRead", file, 0, 100);
    assert.equal(position(file), BigInt(100 + O_RDWR));
    call("callWrite", file, 0, 10);
    assert.equal(call("lastPosition"), 100 + O_RDWR);
    assert.equal(position(file), BigInt(110 + 2 * O_RDWR));
    const other = open(O_RDWR, 0);
    call("callRead", other, 0, 100);
    call("callWrite", other, 0, 100);
    assert.equal(position(other), 0n);
  });

  it("stays where it is when nothing came", () => {
    const file = open();
    call("callRead", file, 0, -O_RDWR - 5);
    call("callWrite", file, 0, -O_RDWR - 5);
    assert.equal(position(file), 0n);
    call("callRead", file, 0, -O_RDWR);
    assert.equal(position(file), 0n);
  });

  it("is read elsewhere without moving", () => {
    const file = open();
    assert.equal(call("readAt", file, 77), 1 + O_RDWR);
    assert.equal(call("lastPosition"), 77);
    assert.equal(position(file), 0n);
  });

  it("is written at its end if it was opened so", () => {
    const file = open(O_RDWR | O_APPEND);
    call("callWrite", file, 0, 5);
    assert.equal(call("lastPosition"), SIZE);
    assert.equal(position(file), BigInt(SIZE + 5 + (O_RDWR | O_APPEND)));
  });

  it("that only names a file does nothing", () => {
    const file = open(O_PATH);
    for (const name of ["callRead", "callWrite", "callIoctl", "callReadDirectory"]) {
      assert.equal(call(name, file, 0, 0), EBADF, name);
    }
    assert.equal(seek(file, 0n, SEEK_SET), EBADF);
    assert.equal(call("lastCall"), 0);
  });

  it("may be read, written or both, as it was opened", () => {
    const rights = [O_RDONLY, O_WRONLY, O_RDWR].map((flags) => {
      const file = open(flags);
      return [call("mayRead", file), call("mayWrite", file)];
    });
    assert.deepEqual(rights, [
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
  });

  it("is always ready unless its kind says when it is", () => {
    const file = open();
    assert.equal(call("poll", file), 0x145);
    call("setPoll");
    assert.equal(call("poll", file), 77);
  });

  it("has no queues to wait in unless its kind names them", () => {
    const file = open();
    assert.equal(call("enterQueues", file), 0);
    call("setQueues");
    assert.equal(call("enterQueues", file), 1);
  });

  it("of a regular file counts as a writer if it may write", () => {
    open(O_WRONLY);
    assert.equal(call("writers"), 0);
    call("setMode", S_IFREG);
    const files = [O_RDONLY, O_WRONLY, O_RDWR].map((flags) => open(flags));
    assert.equal(call("writers"), 2);
    for (const file of files) call("release", file);
    assert.equal(call("writers"), 0);
  });

  it("of a program that runs cannot be written", () => {
    call("setMode", S_IFREG);
    call("setWriters", -1);
    assert.equal(call("open", O_WRONLY, 1, SIZE), ETXTBSY);
    assert.ok(open(O_RDONLY) > 0);
    call("setMode", 0);
    assert.ok(open(O_WRONLY) > 0);
  });
});

describe("the position of an open file", () => {
  it("moves to an offset from the beginning, the position or the end", () => {
    const file = open();
    for (const [offset, whence, result] of [
      [100n, SEEK_SET, 100n],
      [20n, SEEK_CUR, 120n],
      [-50n, SEEK_CUR, 70n],
      [-1n, SEEK_END, BigInt(SIZE) - 1n],
      [5n, SEEK_END, BigInt(SIZE) + 5n],
      [0n, SEEK_SET, 0n],
    ] as const) {
      assert.equal(seek(file, offset, whence), 0);
      assert.equal(position(file), result, `${offset} from ${whence}`);
    }
  });

  it("is never before the beginning", () => {
    const file = open();
    seek(file, 10n, SEEK_SET);
    assert.equal(seek(file, -1n, SEEK_SET), EINVAL);
    assert.equal(seek(file, -11n, SEEK_CUR), EINVAL);
    assert.equal(seek(file, BigInt(-SIZE - 1), SEEK_END), EINVAL);
    assert.equal(position(file), 10n);
    assert.equal(seek(file, -10n, SEEK_CUR), 0);
    assert.equal(position(file), 0n);
  });

  it("may be past 4 GiB, up to the largest signed number", () => {
    const file = open();
    assert.equal(seek(file, 2n ** 40n, SEEK_SET), 0);
    assert.equal(position(file), 2n ** 40n);
    assert.equal(seek(file, LARGEST, SEEK_SET), 0);
    assert.equal(position(file), LARGEST);
  });

  it("does not wrap", () => {
    const file = open();
    seek(file, LARGEST, SEEK_SET);
    assert.equal(seek(file, 1n, SEEK_CUR), EINVAL);
    assert.equal(seek(file, LARGEST, SEEK_CUR), EINVAL);
    assert.equal(seek(file, LARGEST, SEEK_END), EINVAL);
    assert.equal(position(file), LARGEST);
  });

  it("moves from three places only", () => {
    const file = open();
    for (const whence of [3, 0xffffffff]) assert.equal(seek(file, 1n, whence), EINVAL);
    assert.equal(position(file), 0n);
  });

  it("does not exist in a file that cannot be sought", () => {
    const file = open(O_RDWR, 0);
    assert.equal(seek(file, 0n, SEEK_SET), ESPIPE);
    assert.equal(seek(file, 0n, 3), ESPIPE);
  });

  it("is of no account where every one is the same", () => {
    const file = open(O_RDWR, 0);
    call("ignorePosition");
    assert.equal(seek(file, 5n, SEEK_SET), 0);
    assert.equal(position(file), 0n);
  });
});
