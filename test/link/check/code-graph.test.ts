// What functions may do, followed through their code: whether they return, and whether they turn
// paging on. Each piece is assembled by GNU as, and asked about by its symbols.

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { CodeGraph } from "../../../src/link/check/code-graph";
import { earlyCodeOf } from "../../../src/link/check/early-code";
import { readLinkedElf } from "../../../src/link/check/linked-file";
import { Subject } from "../../../src/link/check/subject";
import { unlessInstalled } from "../tools";
import { makeKernel } from "./make-kernel";

const SCRIPT = "ENTRY(_start) SECTIONS { . = 1M; .text : { *(.multiboot) *(.text) } }";
const HEADER = '.section .multiboot, "a"\n.balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)\n';
const skip = unlessInstalled("gcc") || unlessInstalled("ld");

function subjectOf(t: TestContext, code: string): Subject {
  const assembly = `${HEADER}.text\n.globl _start\n${code}\n`;
  const { bytes } = makeKernel(t, { assembly, script: SCRIPT });
  return new Subject(readLinkedElf(bytes, "kernel.elf"));
}

function addressOf(name: string, subject: Subject): bigint {
  const symbol = subject.symbolNamed(name);
  assert.ok(symbol, name);
  return symbol.address;
}

const CODE = `
_start: call plain
plain: nop
  ret
stuck: hlt
  jmp stuck
calls_stuck: call stuck
  ret
may_skip: jne 1f
  call stuck
1: ret
ping: call pong
  ret
pong: call ping
  ret
counts: dec %eax
  je 1f
  call counts
1: ret
leaves: jmp *%eax
asks: call *%eax
  hlt
2: jmp 2b
sets: mov %eax, %cr0
  ret
sets_later: call plain
  call sets
  ret
sets_after_stuck: je sets_later
  ret
`;

describe("what functions may do", { skip }, () => {
  const RETURNS: readonly [string, boolean][] = [
    ["plain", true],
    ["stuck", false],
    ["calls_stuck", false],
    ["may_skip", true],
    ["ping", false],
    ["pong", false],
    ["counts", true],
    ["leaves", true],
    ["asks", false],
    ["sets", true],
  ];
  for (const [name, expected] of RETURNS) {
    it(`${name} ${expected ? "may return" : "never returns"}`, (t) => {
      const subject = subjectOf(t, CODE);
      assert.equal(new CodeGraph(subject).mayReturn(addressOf(name, subject)), expected);
    });
  }

  it("knows the same whatever it is asked first", (t) => {
    const subject = subjectOf(t, CODE);
    const graph = new CodeGraph(subject);
    for (const [name] of [...RETURNS].reverse()) graph.mayReturn(addressOf(name, subject));
    const known = RETURNS.map(([name]) => [name, graph.mayReturn(addressOf(name, subject))]);
    assert.deepEqual(known, RETURNS);
  });

  it("finds a write to CR0 in a function, in its callee, and in one that it jumps to", (t) => {
    const subject = subjectOf(t, CODE);
    const graph = new CodeGraph(subject);
    const found = ["plain", "counts", "sets", "sets_later", "sets_after_stuck"].filter((name) =>
      graph.turnsPagingOn(addressOf(name, subject)),
    );
    assert.deepEqual(found, ["sets", "sets_later", "sets_after_stuck"]);
  });

  it("reads no more than its limit, and takes the rest for code that may return", (t) => {
    const subject = subjectOf(t, `_start: ${"nop\n".repeat(100)} 1: hlt\n jmp 1b`);
    const start = addressOf("_start", subject);
    assert.equal(new CodeGraph(subject).mayReturn(start), false);
    const limited = new CodeGraph(subject, 50);
    assert.equal(limited.mayReturn(start), true);
    assert.equal(limited.read, 50);
  });
});

describe("the walk through early code", { skip }, () => {
  it("reads each instruction a few times at most, however the functions call each other", (t) => {
    const names = Array.from({ length: 400 }, (_, index) => `f${index}`);
    const calls = names.map((name) => `call ${name}`).join("\n");
    const functions = names.map((name, index) => {
      const next = names.slice(index + 1, index + 9).map((each) => `call ${each}`);
      return `${name}: ${next.join("\n")}\n${"add $1, %eax\n".repeat(20)}ret`;
    });
    const subject = subjectOf(t, `_start: ${calls}\n1: hlt\njmp 1b\n${functions.join("\n")}`);
    const instructions = 400 * (1 + 8 + 20 + 1) + 2;
    const { read } = earlyCodeOf(subject);
    assert.ok(read > instructions / 2, `${read} of ${instructions}`);
    assert.ok(read <= 2 * instructions, `${read} of ${instructions}`);
  });
});
