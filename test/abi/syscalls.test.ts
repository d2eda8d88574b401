import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  ARGUMENT_INPUT,
  ARGUMENT_SIZE,
  argumentCount,
  argumentKind,
  argumentKinds,
  SYSTEM_CALL_LIMIT,
  SystemCall,
} from "../../src/abi/syscalls";

const WITHOUT_ARGUMENTS = ["fork", "getpid", "getppid", "getpgrp", "sched_yield"];

const calls = Object.entries(SystemCall).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number",
);

describe("the table of system calls", () => {
  it("says of each call what its arguments are", () => {
    for (const [name, number] of calls) {
      const count = argumentCount(argumentKinds(number));
      assert.equal(count === 0, WITHOUT_ARGUMENTS.includes(name), name);
      for (let i = 0; i < count; i++) assert.notEqual(argumentKind(argumentKinds(number), i), 0);
    }
  });

  it("has numbers below its limit, each once", () => {
    const numbers = calls.map(([, number]) => number);
    assert.equal(new Set(numbers).size, numbers.length);
    assert.ok(Math.max(...numbers) < SYSTEM_CALL_LIMIT);
  });

  it("gives the size behind each input", () => {
    for (const [name, number] of calls) {
      const kinds = argumentKinds(number);
      for (let i = 0; i < argumentCount(kinds); i++) {
        if (argumentKind(kinds, i) !== ARGUMENT_INPUT) continue;
        assert.equal(argumentKind(kinds, i + 1), ARGUMENT_SIZE, name);
      }
    }
  });

  it("is what the kernel dispatches, call by call", () => {
    const table = readFileSync("kernel/syscall/table.ts", "utf8");
    const dispatched = [...table.matchAll(/set\(SystemCall\.(\w+),/g)].map(([, name]) => name);
    assert.deepEqual(dispatched.sort(), calls.map(([name]) => name).sort());
  });
});
