// Single calls as strace prints them: the texts here are what strace 6.1 prints for the same bytes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as errno from "../../src/abi/errno";
import * as kinds from "../../src/abi/linux/argument-kinds";
import { isKnownKind } from "../../src/trace/argument-text";
import { ERROR_NUMBERS, errorOf } from "../../src/trace/error-names";
import { kindName, kindOfName } from "../../src/trace/kind-names";
import { callText, captured, words } from "./events";

/** What an argument of a kind looks like, by itself: `x(TEXT) = 0`. */
function word(kind: number, value: number): string {
  return /^x\((.*)\) = 0$/.exec(callText("x", [kind], { args: [value] }))?.[1] ?? "";
}

/** What the bytes at an address look like. */
function bytes(kind: number, content: readonly number[]): string {
  const before = captured(0, content);
  const text = callText("x", [kind], { args: [0x1000], before, after: before, result: 1 });
  return /^x\((.*)\) = 1$/.exec(text)?.[1] ?? text;
}

describe("every kind of argument", () => {
  const all = Object.entries(kinds).filter(
    ([name, value]) => typeof value === "number" && !/^(CAPTURE|ARGUMENTS_MAX)/.test(name),
  );

  it("has a format, and a name that leads back to it", () => {
    const unknown = all.filter(([, kind]) => !isKnownKind(Number(kind))).map(([name]) => name);
    assert.deepEqual(unknown, []);
    for (const [, kind] of all) assert.equal(kindOfName(kindName(Number(kind))), kind);
  });

  it("has a number of its own, which fits a byte", () => {
    const numbers = all.map(([, kind]) => Number(kind));
    assert.equal(new Set(numbers).size, numbers.length);
    assert.ok(Math.max(...numbers) < 256);
  });
});

describe("errors", () => {
  it("have a name for each that the kernel returns", () => {
    const own = Object.entries(errno).filter(([, value]) => typeof value === "number");
    for (const [name, number] of own) {
      if (name === "ERRNO_MAX") continue;
      assert.equal(ERROR_NUMBERS.get(name), number, name);
    }
    assert.equal(errorOf(0), undefined);
    assert.equal(errorOf(-5000), undefined);
    assert.equal(errorOf(-4000)?.text, "Unknown error 4000");
  });

  it("are results, and a call that is to be tried again has none yet", () => {
    assert.equal(callText("x", [], { result: -13 }), "x() = -1 EACCES (Permission denied)");
    const again = "x() = ? ERESTARTSYS (To be restarted if SA_RESTART is set)";
    assert.equal(callText("x", [], { result: -512 }), again);
  });
});

describe("words", () => {
  it("are numbers and addresses", () => {
    assert.equal(word(kinds.INTEGER, -1), "-1");
    assert.equal(word(kinds.SIZE, 0xffffffff), "4294967295");
    assert.equal(word(kinds.ADDRESS, 0), "NULL");
    assert.equal(word(kinds.ADDRESS, 0xbffff000), "0xbffff000");
    assert.equal(word(kinds.DIRECTORY, -100), "AT_FDCWD");
    assert.equal(word(kinds.DIRECTORY, 3), "3");
    assert.equal(word(kinds.USER, -1), "-1");
  });

  it("are modes in octal", () => {
    assert.equal(word(kinds.MODE, 0), "000");
    assert.equal(word(kinds.MODE, 0o22), "022");
    assert.equal(word(kinds.MODE, 0o4755), "04755");
    assert.equal(word(kinds.MODE, 0o10666), "S_IFIFO|0666");
    assert.equal(word(kinds.MODE, 0o104755), "S_IFREG|S_ISUID|0755");
  });

  it("are flags by name, with what has none in hexadecimal", () => {
    assert.equal(
      word(kinds.OPEN_FLAGS, 0o2304001),
      "O_WRONLY|O_NONBLOCK|O_LARGEFILE|O_CLOEXEC|O_DIRECTORY",
    );
    assert.equal(word(kinds.OPEN_FLAGS, 0), "O_RDONLY");
    assert.equal(word(kinds.OPEN_FLAGS, 0o4010002), "O_RDWR|O_SYNC");
    assert.equal(word(kinds.PROTECTION, 0), "PROT_NONE");
    assert.equal(word(kinds.PROTECTION, 5), "PROT_READ|PROT_EXEC");
    assert.equal(word(kinds.MAP_FLAGS, 0x32), "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS");
    assert.equal(word(kinds.WAIT_FLAGS, 3), "WNOHANG|WSTOPPED");
    assert.equal(word(kinds.ACCESS_MODE, 0), "F_OK");
    assert.equal(word(kinds.RANDOM_FLAGS, 0x101), "GRND_NONBLOCK|0x100");
    assert.equal(
      word(kinds.CLONE_FLAGS, 0x1200011),
      "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD",
    );
    assert.equal(word(kinds.FUTEX_COMMAND, 129), "FUTEX_WAKE_PRIVATE");
  });

  it("are signals by name", () => {
    assert.equal(word(kinds.SIGNAL, 9), "SIGKILL");
    assert.equal(word(kinds.SIGNAL, 32), "SIGRTMIN");
    assert.equal(word(kinds.SIGNAL, 33), "SIGRT_1");
    assert.equal(word(kinds.SIGNAL, 65), "65");
    assert.equal(word(kinds.SIGNAL, 0), "0");
  });
});

describe("structures", () => {
  it("tell about files", () => {
    const status = new Array(96).fill(0);
    status.splice(16, 4, ...words(0o100644));
    status.splice(44, 4, ...words(1234));
    assert.equal(bytes(kinds.STATUS, status), "{st_mode=S_IFREG|0644, st_size=1234, ...}");
    status.splice(16, 4, ...words(0o020666));
    status.splice(32, 4, ...words(0x103));
    const device = "{st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}";
    assert.equal(bytes(kinds.STATUS, status), device);
  });

  it("tell of time", () => {
    assert.equal(bytes(kinds.TIME, words(1, 500)), "{tv_sec=1, tv_nsec=500}");
    assert.equal(bytes(kinds.TIME64, words(-1, -1, 5, 0)), "{tv_sec=-1, tv_nsec=5}");
    assert.equal(bytes(kinds.TIMEVAL, words(1, 5)), "{tv_sec=1, tv_usec=5}");
    const now = words(0, 0x3fffffff, 0, 0x3ffffffe);
    assert.equal(bytes(kinds.TWO_TIMES, now), "[UTIME_NOW, UTIME_OMIT]");
    assert.equal(
      bytes(kinds.INTERVAL, words(0, 0, 1, 2)),
      "{it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=1, tv_usec=2}}",
    );
  });

  it("tell of signals", () => {
    assert.equal(bytes(kinds.SIGNALS, words(0x10002, 0)), "[INT CHLD]");
    assert.equal(bytes(kinds.SIGNALS, words(0x7fffffff, 0xfffffffe)), "~[RTMIN RT_1]");
    assert.equal(
      bytes(kinds.ACTION, words(0x8000, 0x14000000, 0x9000, 2, 0)),
      "{sa_handler=0x8000, sa_mask=[INT], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x9000}",
    );
    assert.equal(
      bytes(kinds.OLD_ACTION, words(1, 2, 0, 0)),
      "{sa_handler=SIG_IGN, sa_mask=[INT], sa_flags=0}",
    );
    assert.equal(bytes(kinds.WAIT_STATUS, words(0x300)), "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]");
    assert.equal(
      bytes(kinds.WAIT_STATUS, words(15)),
      "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}]",
    );
    assert.equal(
      bytes(kinds.WAIT_STATUS, words(0x137f)),
      "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]",
    );
    assert.equal(
      bytes(kinds.SIGNAL_INFO, words(11, 0, 1, 0, 0, 0, 0, 0)),
      "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}",
    );
  });

  it("tell of limits", () => {
    const limits = words(8 << 20, 0xffffffff);
    assert.equal(bytes(kinds.LIMIT, limits), "{rlim_cur=8192*1024, rlim_max=RLIM_INFINITY}");
    const wide = words(20000, 0, -1, -1);
    assert.equal(bytes(kinds.LIMIT64, wide), "{rlim_cur=20000, rlim_max=RLIM64_INFINITY}");
  });
});

describe("calls", () => {
  it("show what a buffer had, cut off, and what a failed call did not fill as its address", () => {
    const own = [kinds.FILE, kinds.OUTPUT, kinds.SIZE];
    const args = [3, 0x1000, 100];
    const after = ' 1="\\7fELF\\01\\00"';
    assert.equal(
      callText("read", own, { args, after, result: 6 }),
      'read(3, "\\177ELF\\1\\0", 100) = 6',
    );
    assert.equal(
      callText("read", own, { args, after, result: 60, shown: 4 }),
      'read(3, "\\177ELF"..., 100) = 60',
    );
    assert.equal(
      callText("read", own, { args, result: -9 }),
      "read(3, 0x1000, 100) = -1 EBADF (Bad file descriptor)",
    );
    const octal = { args: [1, 0x1000, 3], before: captured(1, [0, 0x37, 0x38]), result: 3 };
    const write = [kinds.FILE, kinds.INPUT, kinds.SIZE];
    assert.equal(callText("write", write, octal), 'write(1, "\\00078", 3) = 3');
  });

  it("show a mode only if the file is to be made", () => {
    const own = [kinds.PATH, kinds.OPEN_FLAGS, kinds.MODE];
    const before = ' 0="/a"';
    const open = (flags: number) => callText("open", own, { args: [1, flags, 0o644], before });
    assert.equal(open(0), 'open("/a", O_RDONLY) = 0');
    assert.equal(open(0o101), 'open("/a", O_WRONLY|O_CREAT, 0644) = 0');
    assert.equal(open(0o20200002), 'open("/a", O_RDWR|O_TMPFILE, 0644) = 0');
  });

  it("show the strings of a program's start", () => {
    const before = ' 0="/bin/ls" 1.0="ls" 1.1="-l" 1#2 2#21';
    assert.equal(
      callText("execve", [kinds.PATH, kinds.STRINGS, kinds.ENVIRONMENT], {
        args: [1, 2, 0xbfff0000],
        before,
      }),
      'execve("/bin/ls", ["ls", "-l"], 0xbfff0000 /* 21 vars */) = 0',
    );
  });

  it("show vectors as far as they were filled", () => {
    const vectors = captured(1, words(0x1000, 4, 0x2000, 8));
    assert.equal(
      callText("readv", [kinds.FILE, kinds.VECTORS_FILLED, kinds.INTEGER], {
        args: [3, 0x500, 2],
        after: `${vectors} 1.0="abcd" 1.1="efghijkl"`,
        result: 6,
      }),
      'readv(3, [{iov_base="abcd", iov_len=4}, {iov_base="ef", iov_len=8}], 2) = 6',
    );
  });

  it("show offsets of 64 bits as one number", () => {
    assert.equal(
      callText("pread64", [kinds.FILE, kinds.OFFSET_LOW, kinds.OTHER_HALF], { args: [3, 5, 1] }),
      "pread64(3, 4294967301) = 0",
    );
    const seek = [
      kinds.FILE,
      kinds.OFFSET_HIGH,
      kinds.OTHER_HALF,
      kinds.OFFSET_FILLED,
      kinds.WHENCE,
    ];
    assert.equal(
      callText("_llseek", seek, { args: [3, -1, -2, 9, 1], after: captured(3, words(5, 0)) }),
      "_llseek(3, -2, [5], SEEK_CUR) = 0",
    );
  });

  it("show what a command says its argument is", () => {
    const device = [kinds.FILE, kinds.DEVICE_COMMAND, kinds.DEVICE_ARGUMENT];
    const size = captured(2, [25, 0, 80, 0, 0, 0, 0, 0]);
    assert.equal(
      callText("ioctl", device, { args: [0, 0x5413, 0x1000], before: size, after: size }),
      "ioctl(0, TIOCGWINSZ, {ws_row=25, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0",
    );
    assert.equal(
      callText("ioctl", device, { args: [0, 0x5401, 0x1000], result: -25 }),
      "ioctl(0, TCGETS, 0x1000) = -1 ENOTTY (Inappropriate ioctl for device)",
    );
    const file = [kinds.FILE, kinds.FILE_COMMAND, kinds.FILE_ARGUMENT];
    assert.equal(
      callText("fcntl64", file, { args: [3, 3, 0], result: 0x8002 }),
      "fcntl64(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)",
    );
    assert.equal(
      callText("fcntl64", file, { args: [3, 2, 1] }),
      "fcntl64(3, F_SETFD, FD_CLOEXEC) = 0",
    );
    assert.equal(
      callText("fcntl64", file, { args: [3, 1033, 10] }),
      "fcntl64(3, F_ADD_SEALS, F_SEAL_SHRINK|F_SEAL_WRITE) = 0",
    );
    assert.equal(
      callText("fcntl64", file, { args: [3, 1034, 0], result: 1 }),
      "fcntl64(3, F_GET_SEALS) = 1",
    );
    assert.equal(
      callText("prctl", [kinds.PROCESS_OPTION, kinds.PROCESS_ARGUMENT, 4, 4, 4], {
        args: [16, 0x1000],
        after: ' 1="busybox"',
      }),
      'prctl(PR_GET_NAME, "busybox") = 0',
    );
  });

  it("show results that are not decimal numbers", () => {
    assert.equal(
      callText("umask", [kinds.MODE], { args: [0o77], result: 0o22 }),
      "umask(077) = 022",
    );
    assert.equal(callText("brk", [kinds.ADDRESS], { result: 0x88ee000 }), "brk(NULL) = 0x88ee000");
    const poll = [kinds.POLL_FILES, kinds.INTEGER, kinds.INTEGER];
    const before = captured(0, [0, 0, 0, 0, 1, 0, 0, 0]);
    const after = captured(0, [0, 0, 0, 0, 1, 0, 1, 0]);
    assert.equal(
      callText("poll", poll, { args: [1, 1, -1], before, after, result: 1 }),
      "poll([{fd=0, events=POLLIN}], 1, -1) = 1 ([{fd=0, revents=POLLIN}])",
    );
    assert.equal(
      callText("poll", poll, { args: [1, 1, 5], before, after, result: 0 }),
      "poll([{fd=0, events=POLLIN}], 1, 5) = 0 (Timeout)",
    );
    const select = [kinds.INTEGER, kinds.FILE_SET, kinds.FILE_SET];
    assert.equal(
      callText("select", select, {
        args: [5, 1, 0],
        before: captured(1, words(24)),
        after: captured(1, words(8)),
        result: 1,
      }),
      "select(5, [3 4], NULL) = 1 (in [3])",
    );
  });

  it("show clone in strace's order", () => {
    const own = [kinds.CLONE_FLAGS, kinds.ADDRESS, kinds.WORD_FILLED, kinds.POINTER, kinds.ADDRESS];
    assert.equal(
      callText("clone", own, { args: [0x1200011, 0, 0, 0, 0x8000], result: 7 }),
      "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, " +
        "child_tidptr=0x8000) = 7",
    );
    assert.equal(
      callText("clone", own, {
        args: [0x100111, 16, 0x40, 0, 0],
        after: captured(2, words(9)),
        result: 9,
      }),
      "clone(child_stack=0x10, flags=CLONE_VM|CLONE_PARENT_SETTID|SIGCHLD, parent_tid=[9]) = 9",
    );
  });

  it("show of futex what its command uses", () => {
    const own = [kinds.ADDRESS, kinds.FUTEX_COMMAND, kinds.INTEGER, kinds.TIME, kinds.ADDRESS, 1];
    const futex = (command: number, before = "") =>
      callText("futex", own, { args: [0x10, command, 1, 0, 0, -1], before });
    assert.equal(futex(129), "futex(0x10, FUTEX_WAKE_PRIVATE, 1) = 0");
    assert.equal(futex(0), "futex(0x10, FUTEX_WAIT, 1, NULL) = 0");
    const bits = "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 1, NULL, FUTEX_BITSET_MATCH_ANY";
    assert.equal(futex(265), `futex(0x10, ${bits}) = 0`);
  });
});
