// The table of system calls, loaded as the kernel loads it: the rows themselves, not their source.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ARGUMENTS_MAX,
  INPUT,
  OFFSET_HIGH,
  OFFSET_LOW,
  OTHER_HALF,
  OUTPUT,
  SIZE,
} from "../../../src/abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../../../src/abi/linux/i386";
import { kindName } from "../../../src/trace/kind-names";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  import { startSystemCalls } from "./kernel/syscall/table";
  import { systemCallHandler, systemCallKind } from "./kernel/syscall/call-rows";
  export function start(): void { startSystemCalls(); }
  export function handler(number: u32): u32 { return systemCallHandler(number); }
  export function kind(number: u32, index: u32): u32 { return systemCallKind(number, index); }
`);
part.call.start!();

const WITHOUT_ARGUMENTS = [
  ...["getuid", "getgid", "geteuid", "getegid"],
  ...["getuid32", "getgid32", "geteuid32", "getegid32"],
  ...["fork", "vfork", "getpid", "getppid", "getpgrp", "setsid", "gettid", "sched_yield"],
  ...["sync", "munlockall", "pause", "sgetmask", "vhangup", "sigreturn", "rt_sigreturn"],
];

/** Calls that mean the same on a kernel like this. */
const SAME = [
  ["fcntl", "fcntl64"],
  [
    ...["ipc", "rseq", "semget", "semctl", "shmget", "shmctl", "shmat", "shmdt"],
    ...["msgget", "msgsnd", "msgrcv", "msgctl"],
  ],
  ["fsync", "fdatasync"],
  // One function finds the socket, and has a table of its own.
  [
    ...["socket", "socketpair", "bind", "connect", "listen", "accept4", "getsockopt", "setsockopt"],
    ...["getsockname", "getpeername", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown"],
  ],
];

const calls = Object.entries(SystemCall).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number",
);

/** The kinds of a call's arguments, in order. */
function kindsOf(number: number): number[] {
  const kinds = Array.from({ length: ARGUMENTS_MAX }, (_, i) => part.call.kind!(number, i));
  const count = kinds.indexOf(0);
  assert.ok(kinds.slice(count < 0 ? ARGUMENTS_MAX : count).every((kind) => kind === 0));
  return kinds.slice(0, count < 0 ? ARGUMENTS_MAX : count);
}

describe("the table of system calls", () => {
  it("has a row for each number, and for no other", () => {
    const numbers = new Set(calls.map(([, number]) => number));
    assert.equal(numbers.size, calls.length, "two names have one number");
    for (let number = 0; number < SYSTEM_CALL_LIMIT + 8; number++) {
      assert.equal(part.call.handler!(number) !== 0, numbers.has(number), `call ${number}`);
    }
  });

  it("says of each call what its arguments are", () => {
    for (const [name, number] of calls) {
      assert.equal(kindsOf(number).length === 0, WITHOUT_ARGUMENTS.includes(name), name);
      for (const kind of kindsOf(number)) assert.notEqual(kindName(kind), `kind ${kind}`, name);
    }
  });

  it("gives the size after each input and output", () => {
    for (const [name, number] of calls) {
      const kinds = kindsOf(number);
      for (const [i, kind] of kinds.entries()) {
        if (kind === INPUT || kind === OUTPUT) assert.equal(kinds[i + 1], SIZE, name);
      }
    }
  });

  it("gives the other half of each offset of 64 bits", () => {
    for (const [name, number] of calls) {
      const kinds = kindsOf(number);
      for (const [i, kind] of kinds.entries()) {
        const isFirst = kind === OFFSET_LOW || kind === OFFSET_HIGH;
        assert.equal(kinds[i + 1] === OTHER_HALF, isFirst, name);
      }
    }
  });

  it("has one handler for the calls that mean the same, and else one for each", () => {
    const groups = new Map<number, string[]>();
    for (const [name, number] of calls) {
      const handler = part.call.handler!(number);
      groups.set(handler, [...(groups.get(handler) ?? []), name]);
    }
    const shared = [...groups.values()].filter((names) => names.length > 1);
    assert.deepEqual(shared, SAME);
  });
});
