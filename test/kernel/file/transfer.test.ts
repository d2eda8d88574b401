import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor, PAGE } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as transfers from "./kernel/file/transfer";
  import { mapRange } from "./kernel/memory/map-range";
  import { createSpace, currentSpace, setCurrentSpace } from "./kernel/memory/space";
  import { copyIn, copyOut, userPointer } from "./kernel/memory/user-memory";
  export function createUser(from: usize, to: usize): i32 {
    setCurrentSpace(createSpace());
    return mapRange(currentSpace, from, to, 3, 0);
  }
  export function bounce(): usize { return transfers.bounce; }
  export function transferSize(pointer: u32, size: u32): i32 {
    return transfers.transferSize(userPointer(pointer), size);
  }
  export function portion(pointer: u32, done: u32, size: u32): u32 {
    return transfers.portion(userPointer(pointer), done, size);
  }
  export function sendBytes(to: u32, from: usize, size: u32): i32 {
    return transfers.sendBytes(userPointer(to), from, size);
  }
  export function fetchPortion(from: u32, done: u32, size: u32): i32 {
    return transfers.fetchPortion(userPointer(from), done, size);
  }
  export function get(from: u32, to: usize, size: u32): i32 {
    return copyIn(userPointer(from), to, size);
  }
  export function put(to: u32, from: usize, size: u32): i32 {
    return copyOut(userPointer(to), from, size);
  }
`);

const [EFAULT, EINVAL] = [-14, -22];
const USER_END = 0xffffc000;
/** The user's two pages. */
const USER = 0x1_0000;
const END = USER + 2 * PAGE;
/** What Linux transfers at once at the most. */
const LARGEST = 0x7ffff000;
let machine: Machine;
/** Kernel memory. */
let buffer = 0;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);

function userText(at: number, size: number): string {
  const copy = buffer + 3 * PAGE;
  assert.equal(call("get", at, copy, size), 0);
  return Buffer.from(machine.part.read(copy, size)).toString();
}

beforeEach(() => {
  machine = start();
  call("start", 64);
  assert.equal(call("createUser", USER, END), 0);
  buffer = machine.part.area;
});

describe("the size of a transfer", () => {
  it("is what is asked for, up to what fits a signed result", () => {
    for (const size of [0, 1, LARGEST - 1, LARGEST]) {
      assert.equal(call("transferSize", PAGE, size), size);
    }
    assert.equal(call("transferSize", PAGE, LARGEST + 1), LARGEST);
    assert.equal(call("transferSize", PAGE, 0x7fffffff), LARGEST);
  });

  it("must not be negative as a signed number", () => {
    assert.equal(call("transferSize", PAGE, 0x80000000), EINVAL);
    assert.equal(call("transferSize", PAGE, 0xc0000000), EINVAL);
  });

  it("must not lead out of user space", () => {
    assert.equal(call("transferSize", USER_END - 4, 5), EFAULT);
    assert.equal(call("transferSize", 0, 1), EFAULT);
    assert.equal(call("transferSize", USER, 0xffffffff), EFAULT);
    assert.equal(call("transferSize", USER_END - 4, 4), 4);
  });
});

describe("a portion", () => {
  it("is what is left of the bytes", () => {
    assert.equal(call("portion", USER, 0, 100), 100);
    assert.equal(call("portion", USER, 60, 100), 40);
  });

  it("ends with the user's page", () => {
    assert.equal(call("portion", USER, 0, 5 * PAGE), PAGE);
    assert.equal(call("portion", USER + PAGE - 3, 0, 100), 3);
    assert.equal(call("portion", USER + PAGE - 3, 3, 100), 97);
    assert.equal(call("portion", USER + PAGE - 3, 2, 100), 1);
  });
});

describe("bytes that are sent", () => {
  it("all go through, across pages", () => {
    machine.part.write(buffer, "abcdefgh");
    assert.equal(call("sendBytes", USER + PAGE - 3, buffer, 8), 8);
    assert.equal(userText(USER + PAGE - 3, 8), "abcdefgh");
  });

  it("are counted up to the page that is refused", () => {
    machine.part.write(buffer, "abcdefgh");
    assert.equal(call("sendBytes", END - 5, buffer, 8), 5);
    assert.equal(userText(END - 5, 5), "abcde");
  });

  it("are an error only if none went through", () => {
    assert.equal(call("sendBytes", END, buffer, 8), EFAULT);
  });

  it("may be none", () => {
    assert.equal(call("sendBytes", END, buffer, 0), 0);
  });
});

describe("bytes that are fetched", () => {
  it("come portion by portion", () => {
    machine.part.write(buffer, "abcdefgh");
    call("put", USER + PAGE - 3, buffer, 8);
    const bounced = (size: number) =>
      Buffer.from(machine.part.read(call("bounce"), size)).toString();
    assert.equal(call("fetchPortion", USER + PAGE - 3, 0, 8), 3);
    assert.equal(bounced(3), "abc");
    assert.equal(call("fetchPortion", USER + PAGE - 3, 3, 8), 5);
    assert.equal(bounced(5), "defgh");
  });

  it("may fill the page that they go to, and no more", () => {
    assert.equal(call("fetchPortion", USER, 0, 2 * PAGE), PAGE);
    assert.equal(machine.address("bounce") % PAGE, 0);
  });

  it("are refused where the user has nothing", () => {
    assert.equal(call("fetchPortion", END - 4, 4, 8), EFAULT);
    assert.equal(call("fetchPortion", 0, 0, 8), EFAULT);
  });
});
