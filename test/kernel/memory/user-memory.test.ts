import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ENTRY_P, ENTRY_RW, ENTRY_US, FAULT_WRITE } from "../../../src/abi/paging";
import { BOOT_PAGES, type Machine, machineFor, PAGE, RAM_FRAMES } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { resolveFault as resolve } from "./kernel/memory/fault";
  import { mapRange } from "./kernel/memory/map-range";
  import * as spaces from "./kernel/memory/space";
  import * as user from "./kernel/memory/user-memory";
  export * from "./kernel/memory/frames";
  export { noWindowOpen } from "./kernel/memory/window";
  export { isTransferRange, isUserRange } from "./kernel/memory/user-memory";
  let other: usize = 0;
  function at(space: usize): spaces.AddressSpace {
    return changetype<spaces.AddressSpace>(space);
  }
  export function createSpaces(): void {
    spaces.setCurrentSpace(spaces.createSpace());
    other = changetype<usize>(spaces.createSpace());
  }
  export function currentSpace(): usize { return changetype<usize>(spaces.currentSpace); }
  export function otherSpace(): usize { return other; }
  export function addRegion(space: usize, from: usize, to: usize, rights: u32): i32 {
    return mapRange(at(space), from, to, rights, 0);
  }
  export function resolveFault(space: usize, address: usize, code: u32): i32 {
    return resolve(at(space), address, code);
  }
  /** Gives the page a frame of its own, whatever its rights. */
  export function own(space: usize, address: usize): i32 {
    const region = at(space).findRegion(address)!;
    const rights = region.rights;
    region.rights = 3;
    const result = resolve(at(space), address, ${FAULT_WRITE});
    region.rights = rights;
    const pte = at(space).entry(address);
    if ((rights & 2) === 0) store<u32>(pte, load<u32>(pte) & ~${ENTRY_RW});
    return result;
  }
  export function entry(space: usize, address: usize): usize { return at(space).entry(address); }
  export function fork(space: usize): usize { return changetype<usize>(at(space).fork()); }
  export function setCurrent(space: usize): void { spaces.setCurrentSpace(at(space)); }

  export function copyIn(from: u32, to: usize, size: u32): i32 {
    return user.copyIn(user.userPointer(from), to, size);
  }
  export function copyOut(to: u32, from: usize, size: u32): i32 {
    return user.copyOut(user.userPointer(to), from, size);
  }
  export function copyOutToOther(to: u32, from: usize, size: u32): i32 {
    return user.copyOutTo(at(other), user.userPointer(to), from, size);
  }
  export function copyInString(from: u32, to: usize, limit: u32): i32 {
    return user.copyInString(user.userPointer(from), to, limit);
  }
  export function readWord(from: u32, out: usize): i32 {
    return user.readWord(user.userPointer(from), out);
  }
  export function writeWord(to: u32, value: u32): i32 {
    return user.writeWord(user.userPointer(to), value);
  }
  export function writePair(to: u32, first: u32, second: u32): i32 {
    return user.writePair(user.userPointer(to), first, second);
  }
  export function makeReadable(at: u32): i32 {
    return user.makeReadable(user.userPointer(at));
  }
  export function openForWriting(at: u32, size: u32): usize {
    return user.openForWriting(user.userPointer(at), size);
  }
  export { closeWindow } from "./kernel/memory/window";
  export function clearPart(to: u32, size: u32): bool {
    return user.clearPart(user.userPointer(to), size);
  }
  export function clearUser(to: u32, size: u32): i32 {
    return user.clearUser(user.userPointer(to), size);
  }
  let lent: usize = 0;
  function lentPage(): usize { return lent; }
  export function forgetLent(): void { lent = 0; }
  export function lend(page: usize): void {
    user.setLentPage(lentPage.index, page !== 0);
    lent = page;
  }
  export function plus(pointer: u32, offset: u32): u32 {
    return user.userAddress(user.userPointer(pointer).plus(offset));
  }
`);

// As kernel/memory/region.ts has them.
const [READ, WRITE] = [1, 2];
const [ENOMEM, EFAULT, ENAMETOOLONG] = [-12, -14, -36];
const USER_END = 0xffffc000;
/** The user's pages: two that can be written, one that cannot, then nothing. */
const USER = 0x1_0000;
const READ_ONLY = USER + 2 * PAGE;
const HOLE = USER + 3 * PAGE;

let machine: Machine;
/** Kernel memory for bytes on their way. */
let buffer = 0;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const address = (name: string, ...values: number[]) => machine.address(name, ...values);
const current = () => address("currentSpace");
const entryAt = (at: number, space = current()) => {
  const pte = address("entry", space, at);
  return pte === 0 ? 0 : machine.word(pte);
};
const frameAt = (at: number, space = current()) => (entryAt(at, space) & ~(PAGE - 1)) >>> 0;

/** Puts bytes where the user has them, page by page; each page is touched first. */
function putUser(at: number, bytes: Uint8Array | string): void {
  Buffer.from(bytes).forEach((byte, i) => {
    const page = at + i - ((at + i) % PAGE);
    if (entryAt(page) === 0) assert.equal(call("own", current(), page), 0);
    machine.part.write(frameAt(page) + ((at + i) % PAGE), Uint8Array.of(byte));
  });
}

function userBytes(at: number, size: number, space = current()): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => {
    const page = at + i - ((at + i) % PAGE);
    return machine.part.read(frameAt(page, space) + ((at + i) % PAGE), 1)[0] ?? 0;
  });
}

const userText = (at: number, size: number) => Buffer.from(userBytes(at, size)).toString();
const kernelText = (size: number) => Buffer.from(machine.part.read(buffer, size)).toString();

/** Takes all frames that are left. */
function takeAllFrames(): void {
  while (call("freeFrameCount") > 0) call("allocateFrame");
}

beforeEach(() => {
  machine = start();
  call("start", RAM_FRAMES);
  call("createSpaces");
  for (const space of [current(), address("otherSpace")]) {
    assert.equal(call("addRegion", space, USER, READ_ONLY, READ | WRITE), 0);
    assert.equal(call("addRegion", space, READ_ONLY, HOLE, READ), 0);
  }
  buffer = machine.part.area;
});

/** Whatever happened: no window stays open. */
function windowsAreClosed(): void {
  assert.equal(call("noWindowOpen"), 1);
}

describe("a user's pointer", () => {
  it("moves by bytes, and wraps as a number does", () => {
    assert.equal(address("plus", 0x1000, 12), 0x100c);
    assert.equal(address("plus", 0xffffffff, 2), 1);
  });

  it("begins a range from the first page to the end of user space", () => {
    const isRange = (at: number, size: number) => call("isUserRange", at, size) === 1;
    assert.equal(isRange(PAGE - 1, 1), false);
    assert.equal(isRange(PAGE, 1), true);
    assert.equal(isRange(USER_END - 1, 1), true);
    assert.equal(isRange(USER_END - 1, 2), false);
    assert.equal(isRange(USER_END, 1), false);
    assert.equal(isRange(PAGE, USER_END - PAGE), true);
    assert.equal(isRange(PAGE, USER_END - PAGE + 1), false);
  });

  it("begins no range that wraps at 4 GiB", () => {
    assert.equal(call("isUserRange", USER, 0xffffffff), 0);
    assert.equal(call("isUserRange", 0xfffff000, 0x2000), 0);
  });

  it("begins a range of no bytes wherever it is", () => {
    for (const at of [0, PAGE, USER_END, 0xffffffff]) assert.equal(call("isUserRange", at, 0), 1);
  });
});

describe("bytes copied from the user", () => {
  it("arrive, and no others", () => {
    machine.part.write(buffer, "........");
    putUser(USER + 10, "hello!!");
    assert.equal(call("copyIn", USER + 10, buffer, 5), 0);
    assert.equal(kernelText(8), "hello...");
    windowsAreClosed();
  });

  it("may cross a page", () => {
    putUser(USER + PAGE - 3, "abcdefgh");
    assert.equal(call("copyIn", USER + PAGE - 3, buffer, 8), 0);
    assert.equal(kernelText(8), "abcdefgh");
    windowsAreClosed();
  });

  it("may end with a page, and be a whole one", () => {
    const bytes = Uint8Array.from({ length: PAGE }, (_, i) => i % 251);
    putUser(USER, bytes);
    assert.equal(call("copyIn", USER, buffer, PAGE), 0);
    assert.deepEqual(machine.part.read(buffer, PAGE), bytes);
    assert.equal(entryAt(USER + PAGE), 0, "the next page is not looked at");
  });

  it("are zeros where the page was never touched", () => {
    machine.part.write(buffer, "....");
    assert.equal(call("copyIn", USER, buffer, 4), 0);
    assert.equal(kernelText(4), "\0\0\0\0");
  });

  it("may come from a page that cannot be written", () => {
    putUser(READ_ONLY, "text");
    assert.equal(call("copyIn", READ_ONLY, buffer, 4), 0);
    assert.equal(kernelText(4), "text");
  });

  it("leave a copy-on-write page shared", () => {
    putUser(USER, "text");
    call("fork", current());
    const frame = frameAt(USER);
    assert.equal(call("copyIn", USER, buffer, 4), 0);
    assert.equal(frameAt(USER), frame);
    assert.equal(call("frameReferences", frame), 2);
  });

  it("arrive up to a hole, which is refused", () => {
    machine.part.write(buffer, "........");
    putUser(HOLE - 4, "last");
    assert.equal(call("copyIn", HOLE - 4, buffer, 8), EFAULT);
    assert.equal(kernelText(8), "last....");
    windowsAreClosed();
  });

  it("are refused before the first if the range wraps or leaves user space", () => {
    machine.part.write(buffer, "....");
    putUser(USER, "text");
    for (const [at, size] of [
      [USER, 0xffff_ffff],
      [USER_END, 1],
      [0, 4],
      [0xffff_fffe, 4],
    ] as const) {
      assert.equal(call("copyIn", at, buffer, size), EFAULT, `${size} bytes at ${at}`);
    }
    assert.equal(kernelText(4), "....");
    windowsAreClosed();
  });

  it("may be none, from anywhere", () => {
    for (const at of [0, HOLE, USER_END, 0xffffffff]) {
      assert.equal(call("copyIn", at, buffer, 0), 0);
    }
  });

  it("never come from the trampoline, whose pages are the supervisor's", () => {
    assert.equal(call("copyIn", 0xffffd000, buffer, 4), EFAULT);
  });

  it("never come from a page of the user's range that is the supervisor's", () => {
    putUser(USER, "text");
    const pte = address("entry", current(), USER);
    machine.setWord(pte, machine.word(pte) & ~ENTRY_US);
    assert.equal(call("copyIn", USER, buffer, 4), EFAULT);
    windowsAreClosed();
  });

  it("need memory where the page was never touched", () => {
    takeAllFrames();
    assert.equal(call("copyIn", USER, buffer, 4), ENOMEM);
    windowsAreClosed();
  });
});

describe("bytes copied to the user", () => {
  it("arrive, and no others", () => {
    putUser(USER, "........");
    machine.part.write(buffer, "hello!!");
    assert.equal(call("copyOut", USER + 1, buffer, 5), 0);
    assert.equal(userText(USER, 8), ".hello..");
    windowsAreClosed();
  });

  it("may cross a page", () => {
    machine.part.write(buffer, "abcdefgh");
    assert.equal(call("copyOut", USER + PAGE - 3, buffer, 8), 0);
    assert.equal(userText(USER + PAGE - 3, 8), "abcdefgh");
    windowsAreClosed();
  });

  it("are refused by a page that cannot be written, touched or not", () => {
    machine.part.write(buffer, "oops");
    assert.equal(call("copyOut", READ_ONLY, buffer, 4), EFAULT);
    putUser(READ_ONLY, "text");
    assert.equal(call("copyOut", READ_ONLY, buffer, 4), EFAULT);
    assert.equal(userText(READ_ONLY, 4), "text");
    windowsAreClosed();
  });

  it("arrive up to a page that cannot be written, which is refused", () => {
    machine.part.write(buffer, "abcdefgh");
    assert.equal(call("copyOut", READ_ONLY - 4, buffer, 8), EFAULT);
    assert.equal(userText(READ_ONLY - 4, 4), "abcd");
    windowsAreClosed();
  });

  it("make a copy-on-write page private first", () => {
    putUser(USER, "parent");
    const child = address("fork", current());
    machine.part.write(buffer, "child ");
    call("setCurrent", child);
    assert.equal(call("copyOut", USER, buffer, 6), 0);
    assert.equal(userText(USER, 6), "child ");
    assert.equal(entryAt(USER) & (PAGE - 1), ENTRY_P | ENTRY_US | ENTRY_RW);
  });

  it("leave the other side of a copy-on-write page as it was", () => {
    putUser(USER, "parent");
    const parent = current();
    call("setCurrent", address("fork", parent));
    machine.part.write(buffer, "child ");
    call("copyOut", USER, buffer, 6);
    call("setCurrent", parent);
    assert.equal(userText(USER, 6), "parent");
  });

  it("may go to a space that no thread runs in", () => {
    machine.part.write(buffer, "other");
    assert.equal(call("copyOutToOther", USER, buffer, 5), 0);
    assert.equal(Buffer.from(userBytes(USER, 5, address("otherSpace"))).toString(), "other");
    assert.equal(entryAt(USER), 0);
  });

  it("may be none, to anywhere", () => {
    assert.equal(call("copyOut", 0, buffer, 0), 0);
  });

  it("need memory where the page was never touched", () => {
    takeAllFrames();
    assert.equal(call("copyOut", USER, buffer, 4), ENOMEM);
    windowsAreClosed();
  });
});

describe("a page that a call has lent", () => {
  const LENT = USER_END;
  beforeEach(() => call("lend", buffer + PAGE));

  const isRange = (at: number, size: number) => call("isTransferRange", at, size) === 1;

  it("is a range for files, to its last byte", () => {
    assert.equal(isRange(LENT, PAGE), true);
    assert.equal(isRange(LENT, PAGE + 1), false);
    assert.equal(isRange(LENT + PAGE - 1, 1), true);
    assert.equal(isRange(LENT + PAGE - 1, 2), false);
    assert.equal(isRange(LENT + PAGE, 1), false);
    assert.equal(isRange(LENT + PAGE, 0), true);
    call("lend", 0);
    assert.equal(isRange(LENT, 1), false);
  });

  it("leaves user space as it is", () => {
    for (const at of [0, PAGE - 1]) assert.equal(isRange(at, 1), false);
    assert.equal(isRange(PAGE, 1), true);
    assert.equal(call("isUserRange", LENT, 1), 0);
    assert.equal(call("copyIn", 0, buffer, 1), EFAULT);
  });

  it("gives and takes bytes, and is cleared", () => {
    machine.part.write(buffer, "bytes");
    assert.equal(call("copyOut", LENT + PAGE - 5, buffer, 5), 0);
    assert.equal(Buffer.from(machine.part.read(buffer + 2 * PAGE - 5, 5)).toString(), "bytes");
    assert.equal(call("clearUser", LENT + PAGE - 2, 2), 0);
    assert.equal(call("copyIn", LENT + PAGE - 4, buffer, 4), 0);
    assert.equal(kernelText(5), "yt\0\0s");
    assert.equal(call("copyOut", LENT + PAGE - 4, buffer, 5), EFAULT);
    windowsAreClosed();
  });

  it("is nobody else's", () => {
    call("forgetLent");
    assert.equal(call("copyIn", LENT, buffer, 1), EFAULT);
  });

  it("is nobody's once it was returned", () => {
    call("lend", 0);
    assert.equal(call("copyIn", LENT, buffer, 1), EFAULT);
    assert.equal(call("copyOut", LENT, buffer, 1), EFAULT);
  });
});

describe("a word of the user's", () => {
  it("is read", () => {
    putUser(USER, Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    assert.equal(call("readWord", USER, buffer), 0);
    assert.equal(machine.word(buffer), 0x12345678);
    assert.equal(call("readWord", HOLE, buffer), EFAULT);
    windowsAreClosed();
  });

  it("is read across a page", () => {
    putUser(USER + PAGE - 2, Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    assert.equal(call("readWord", USER + PAGE - 2, buffer), 0);
    assert.equal(machine.word(buffer), 0x12345678);
  });

  it("is written, also across a page", () => {
    assert.equal(call("writeWord", USER + PAGE - 2, 0x12345678), 0);
    assert.deepEqual(userBytes(USER + PAGE - 2, 4), Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    assert.equal(call("writeWord", READ_ONLY, 1), EFAULT);
  });

  it("is written with the next one, also across a page", () => {
    const bytes = Uint8Array.of(0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55);
    // On a page that was never touched, on one that was, and on two.
    for (const at of [USER + PAGE - 8, USER, USER + PAGE - 4, USER + PAGE - 1]) {
      assert.equal(call("writePair", at, 0x11223344, 0x55667788), 0);
      assert.deepEqual(userBytes(at, 8), bytes);
      windowsAreClosed();
    }
    assert.deepEqual(userBytes(USER + 8, 4), new Uint8Array(4), "no others");
    putUser(READ_ONLY, "abcdefgh");
    for (const at of [READ_ONLY, HOLE, 0, USER_END, 0xffff_fffc]) {
      assert.equal(call("writePair", at, 1, 2), EFAULT);
      windowsAreClosed();
    }
    assert.equal(userText(READ_ONLY, 8), "abcdefgh");
  });
});

describe("a page of the user's that is to be readable", () => {
  it("is there afterwards", () => {
    assert.equal(entryAt(USER), 0);
    assert.equal(call("makeReadable", USER + 8), 0);
    assert.notEqual(entryAt(USER) & ENTRY_P, 0);
    assert.equal(call("makeReadable", USER + 8), 0);
    assert.equal(call("makeReadable", READ_ONLY), 0);
    windowsAreClosed();
  });

  it("is none in a hole, in page 0 or beyond the user's end", () => {
    for (const at of [HOLE, 8, USER_END, 0xffff_fffc]) {
      assert.equal(call("makeReadable", at), EFAULT, at.toString(16));
    }
  });
});

describe("bytes of the user's that are cleared", () => {
  it("become 0, and no others", () => {
    putUser(USER + PAGE - 4, "abcdefgh");
    assert.equal(call("clearUser", USER + PAGE - 3, 6), 0);
    assert.equal(userText(USER + PAGE - 4, 8), "a\0\0\0\0\0\0h");
    windowsAreClosed();
  });

  it("are cleared at once only on one page that the tables have", () => {
    putUser(USER + PAGE - 4, "abcdefgh");
    assert.equal(call("clearPart", USER + PAGE - 3, 3), 1);
    for (const [at, size] of [
      [USER + PAGE - 1, 2],
      [USER + PAGE, 0],
      [READ_ONLY, 1],
      [HOLE, 1],
      [USER_END, 1],
    ] as const) {
      assert.equal(call("clearPart", at, size), 0, at.toString(16));
    }
    assert.equal(userText(USER + PAGE - 4, 8), "a\0\0\0efgh");
    windowsAreClosed();
  });

  it("must be writable", () => {
    putUser(READ_ONLY, "text");
    assert.equal(call("clearUser", READ_ONLY, 4), EFAULT);
    assert.equal(userText(READ_ONLY, 4), "text");
  });
});

describe("a string copied from the user", () => {
  it("ends with its NUL, which is copied but not counted", () => {
    machine.part.write(buffer, "........");
    putUser(USER, "hello\0more");
    assert.equal(call("copyInString", USER, buffer, 100), 5);
    assert.equal(kernelText(8), "hello\0..");
    windowsAreClosed();
  });

  it("may be empty", () => {
    putUser(USER, "\0");
    assert.equal(call("copyInString", USER, buffer, 100), 0);
    assert.equal(kernelText(1), "\0");
  });

  it("may cross a page", () => {
    putUser(USER + PAGE - 3, "across\0");
    assert.equal(call("copyInString", USER + PAGE - 3, buffer, 100), 6);
    assert.equal(kernelText(7), "across\0");
    windowsAreClosed();
  });

  it("may end with the last byte before a hole", () => {
    putUser(HOLE - 4, "end\0");
    assert.equal(call("copyInString", HOLE - 4, buffer, 100), 3);
  });

  it("is refused if it runs into a hole", () => {
    putUser(HOLE - 3, "end");
    assert.equal(call("copyInString", HOLE - 3, buffer, 100), EFAULT);
    windowsAreClosed();
  });

  it("is refused if it runs into the end of user space", () => {
    assert.equal(call("addRegion", current(), USER_END - PAGE, USER_END, READ), 0);
    putUser(USER_END - 2, "no");
    assert.equal(call("copyInString", USER_END - 2, buffer, 100), EFAULT);
    assert.equal(call("copyInString", USER_END, buffer, 100), EFAULT);
  });

  it("may take all of its limit with the NUL, but not a byte more", () => {
    putUser(USER, "12345\0");
    assert.equal(call("copyInString", USER, buffer, 6), 5);
    machine.part.write(buffer, "........");
    assert.equal(call("copyInString", USER, buffer, 5), ENAMETOOLONG);
    assert.equal(kernelText(8), "12345...");
    windowsAreClosed();
  });

  it("is too long even if its limit ends with a page before a hole", () => {
    putUser(HOLE - 3, "end");
    assert.equal(call("copyInString", HOLE - 3, buffer, 3), ENAMETOOLONG);
  });

  it("needs memory where the page was never touched", () => {
    takeAllFrames();
    assert.equal(call("copyInString", USER, buffer, 100), ENOMEM);
  });
});

describe("a range that is opened for writing", () => {
  it("is seen where it is, until it is closed", () => {
    putUser(USER + 8, "before");
    const seen = address("openForWriting", USER + 8, 6);
    assert.equal(Buffer.from(machine.part.read(seen, 6)).toString(), "before");
    machine.part.write(seen, Buffer.from("behind"));
    assert.equal(call("noWindowOpen"), 0);
    call("closeWindow", seen);
    assert.equal(call("noWindowOpen"), 1);
    assert.equal(call("copyIn", USER + 8, buffer, 6), 0);
    assert.equal(Buffer.from(machine.part.read(buffer, 6)).toString(), "behind");
  });

  it("is none unless the user may write it now, all on one page", () => {
    putUser(USER, "x");
    putUser(USER + PAGE, "x");
    putUser(READ_ONLY, "x");
    for (const [at, size] of [
      [USER + PAGE - 4, 8],
      [USER, 0],
      [READ_ONLY, 4],
      [HOLE, 4],
      [0xffff_f000, 4],
      [0x8000_0000, 4],
    ] as const) {
      assert.equal(address("openForWriting", at, size), 0, at.toString(16));
    }
    assert.equal(call("noWindowOpen"), 1);
  });
});
