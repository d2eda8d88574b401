// Traces read and compared: `isthmus diff-run`.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareLists } from "../../src/trace/compare-lists";
import { parseTrace } from "../../src/trace/parse-trace";

const TRACE = `4     execve("/bin/unshare", ["unshare"], 0x7ffe /* 8 vars */) = 0
4     execve("/p", ["p"], 0x7ffee00748c8 /* 8 vars */) = 0
strace: [ Process PID=4 runs in 32 bit mode. ]
4     [ Process PID=4 runs in 32 bit mode. ]
4     clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
5     getpid()                          = 5
4     <... clone resumed>)              = 5
5     read(0,  <unfinished ...>
4     kill(5, SIGTERM)                  = 0
5     <... read resumed>"", 10)         = ? ERESTARTSYS (To be restarted)
5     --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=4, si_uid=0} ---
5     +++ killed by SIGTERM +++
4     write(1, "5", 5)                  = 5
4     rt_sigaction(SIGINT, {sa_handler=0x8079000, sa_mask=[], sa_flags=SA_RESTORER, \
sa_restorer=0x813bc58}, NULL, 8) = 0
`;

describe("a trace that is read", () => {
  it("has each call in one piece, and its process by where it comes from", () => {
    const calls = parseTrace(TRACE, 1).map(({ process, form }) => `${process} ${form}`);
    assert.deepEqual(calls, [
      '1 execve("/p", ["p"], 0x… /* 8 vars */) = 0',
      "1 clone(child_stack=NULL, flags=SIGCHLD) = 1.1",
      "1.1 getpid() = 1.1",
      '1.1 read(0, "", 10) = ? ERESTARTSYS (To be restarted)',
      "1 kill(1.1, SIGTERM) = 0",
      "1.1 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---",
      "1.1 +++ killed by SIGTERM +++",
      '1 write(1, "5", 5) = 5',
      "1 rt_sigaction(SIGINT, {sa_handler=0x…, sa_mask=[], sa_flags=0}, NULL, 8) = 0",
    ]);
  });

  it("is empty if the program was never started", () => {
    assert.deepEqual(parseTrace('4 execve("/p", [], 0x0) = -1 ENOENT (No such file)\n'), []);
  });
});

describe("two lists side by side", () => {
  const compare = (left: string, right: string) =>
    compareLists(
      [...left],
      [...right],
      (one, other) => one.toLowerCase() === other.toLowerCase(),
      (one, other) => one === other,
    )
      .map(({ kind, left: one = "", right: other = "" }) => `${kind[0]}${one}${other}`)
      .join(" ");

  it("pair what is alike, and leave alone what only one has", () => {
    assert.equal(compare("abc", "abc"), "saa sbb scc");
    assert.equal(compare("abc", "aBc"), "saa dbB scc");
    assert.equal(compare("abxc", "abc"), "saa sbb lx scc");
    assert.equal(compare("ac", "abbc"), "saa rb rb scc");
    assert.equal(compare("", "a"), "ra");
    assert.equal(compare("ab", "a"), "saa lb");
  });

  it("go on where nothing is alike for long", () => {
    assert.equal(compare("ab", "xy"), "dax dby");
    const rows = compareLists(
      Array.from({ length: 500 }, (_, index) => index),
      Array.from({ length: 500 }, (_, index) => index + 1000),
      (one, other) => one === other,
      () => false,
    );
    assert.equal(rows.length, 500);
  });
});
