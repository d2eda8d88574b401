// What a trace looks like as a whole: text with one process and with several, JSON, counts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type TraceOptions, Tracer } from "../../src/trace/tracer";
import { CALLS, callLine, returnLine } from "./events";

const OPEN = callLine("openat", [-100, 0x1000, 0x80000], ' 1="/etc/passwd"');
const READ = callLine("read", [0, 0x1000, 10]);

function trace(lines: readonly string[], options: Partial<TraceOptions> = {}): string {
  let written = "";
  let time = 0;
  const tracer = new Tracer({
    kinds: CALLS,
    write: (text) => {
      written += text;
    },
    form: "text",
    isFile: false,
    filter: undefined,
    shown: 32,
    now: () => time++,
    ofProgram: false,
    ...options,
  });
  for (const line of lines) tracer.line(line);
  tracer.close();
  return written;
}

describe("a trace of what --root runs", () => {
  it("begins with the program's execve, and leaves out process 1", () => {
    const lines = [
      callLine("fork", []),
      returnLine("fork", 2),
      callLine("setsid", [], "", 2),
      returnLine("setsid", 2, "", 2),
      callLine("execve", [0x1000, 0x2000, 0x3000], ' 0="/p" 1#0 2#0', 2),
      returnLine("execve", 0, "", 2),
      callLine("fork", [], "", 2),
      returnLine("fork", 3, "", 2),
      callLine("exit_group", [1], "", 3),
      "[3 40] end 100",
      callLine("exit_group", [0], "", 2),
      "[2 41] end 0",
      callLine("exit_group", [0]),
      "[1 42] end 0",
    ];
    const pids = trace(lines, { ofProgram: true, form: "json" })
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map(({ pid, call, exited }) => `${pid} ${call ?? exited}`);
    assert.deepEqual(pids, ["2 execve", "2 fork", "3 exit_group", "3 1", "2 exit_group", "2 0"]);
  });
});

describe("a trace as text", () => {
  it("is strace's, with the result in its column", () => {
    assert.equal(
      trace([OPEN, returnLine("openat", -2), callLine("exit_group", [3]), "[1 40] end 300"]),
      'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)' +
        " = -1 ENOENT (No such file or directory)\n" +
        "exit_group(3)                           = ?\n" +
        "+++ exited with 3 +++\n",
    );
  });

  it("shows the beginning of a call at once, and what it fills when it returns", () => {
    assert.equal(trace([READ]), "read(0,  <unfinished ...>\n");
    assert.equal(
      trace([READ, returnLine("read", 2, ' 1="hi"')]),
      'read(0, "hi", 10)                       = 2\n',
    );
  });

  it("says whose line it is once there are two, and goes on with a call that waited", () => {
    const lines = [
      READ,
      callLine("write", [1, 0x1000, 1], ' 1="x"', 2),
      returnLine("write", 1, "", 2),
      "[2 40] end b",
      "[1 41] signal 11 2 2 0 b",
      returnLine("read", 2, ' 1="hi"'),
    ];
    assert.equal(
      trace(lines),
      "read(0,  <unfinished ...>\n" +
        "strace: Process 2 attached\n" +
        '[pid     2] write(1, "x", 1)            = 1\n' +
        "[pid     2] +++ killed by SIGSEGV +++\n" +
        "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=2, si_uid=0, " +
        "si_status=SIGSEGV, si_utime=0, si_stime=0} ---\n" +
        '<... read resumed>"hi", 10)             = 2\n',
    );
  });

  it("begins each line of a file with the process", () => {
    assert.equal(
      trace([callLine("close", [3]), returnLine("close", 0)], { isFile: true }),
      "1     close(3)                          = 0\n",
    );
  });

  it("shows a call that the kernel lacks", () => {
    const lines = [callLine("no such call", [1, 16]), returnLine("no such call", -38)];
    assert.equal(
      trace(lines),
      "syscall_0x258(0x1, 0x10, 0, 0, 0, 0)    = -1 ENOSYS (Function not implemented)\n",
    );
  });

  it("names a call that the kernel lacks, if Linux has it", () => {
    const lines = [callLine("socket", [1, 16]), returnLine("socket", -38)];
    assert.match(trace(lines), /^socket\(0x1, 0x10, 0, 0, 0, 0\) += -1 ENOSYS/);
  });

  it("ignores lines of others", () => {
    assert.equal(trace(["exit 0", "", "[1 2] other"]), "");
  });

  it("shows what a filter names", () => {
    const lines = [OPEN, returnLine("openat", 3), callLine("close", [3]), returnLine("close", 0)];
    const names = (filter: string) =>
      trace(lines, { filter })
        .split("\n")
        .flatMap((line) => /^\w+/.exec(line)?.[0] ?? []);
    assert.deepEqual(names("close"), ["close"]);
    assert.deepEqual(names("!close"), ["openat"]);
    assert.deepEqual(names("%file"), ["openat"]);
    assert.deepEqual(names("%file,close"), ["openat", "close"]);
    assert.deepEqual(names("%memory"), []);
  });
});

describe("a trace as JSON", () => {
  it("is a line for each call, signal and end", () => {
    const lines = [
      OPEN,
      returnLine("openat", -2),
      READ,
      "[1 41] signal f 0 2 3e8 0",
      returnLine("read", 2, ' 1="hi"'),
      callLine("exit_group", [3]),
      "[1 50] end f",
      READ,
    ];
    const objects = trace(lines, { form: "json" })
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const read = { pid: 1, call: "read" };
    assert.deepEqual(objects, [
      {
        pid: 1,
        call: "openat",
        arguments: ["AT_FDCWD", '"/etc/passwd"', "O_RDONLY|O_CLOEXEC"],
        result: -1,
        error: "ENOENT",
        ticks: 0x20,
      },
      { pid: 1, signal: "SIGTERM", code: "SI_USER", sender: 2, user: 1000, value: 0 },
      { ...read, arguments: ["0", '"hi"', "10"], result: 2, ticks: 0x20 },
      { pid: 1, call: "exit_group", arguments: ["3"] },
      { pid: 1, killed: "SIGTERM" },
      { ...read, arguments: ["0", "0x1000", "10"] },
    ]);
  });
});

describe("the counts of a trace", () => {
  it("are strace's table: time by the processor's ticks, calls, errors", () => {
    const lines = [
      "[1 0] call 6 3 0 0 0 0 0",
      "[1 a] return 6 0",
      "[1 14] call 6 3 0 0 0 0 0",
      "[1 1e] return 6 fffffff7",
      "[1 28] call 3 0 0 0 0 0 0",
      "[1 64] return 3 0",
    ];
    assert.equal(
      trace(lines, { form: "counts" }),
      "% time     seconds  usecs/call     calls    errors syscall\n" +
        "------ ----------- ----------- --------- --------- ----------------\n" +
        " 75.00    3.000000     3000000         1           read\n" +
        " 25.00    1.000000      500000         2         1 close\n" +
        "------ ----------- ----------- --------- --------- ----------------\n" +
        "100.00    4.000000     1333333         3         1 total\n",
    );
  });

  it("of nothing are an empty table", () => {
    const [, , , last] = trace([], { form: "counts" }).split("\n");
    assert.match(last ?? "", /^ {2}0\.00 +0\.000000 +0 +0 +total$/);
  });
});
