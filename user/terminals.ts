// terminals: checks that terminals answer, edit, show and signal as on Linux, by pseudo-terminals.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts).

import { EAGAIN, EBADF, EFAULT, EINVAL, EIO, ENOENT, ENOTTY } from "../src/abi/errno";
import { O_NOCTTY, O_NONBLOCK, O_RDWR, S_IFCHR, STAT_MODE, STAT_RDEV } from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { POLLERR, POLLFD_RESULTS, POLLHUP, POLLIN, POLLOUT, POLLPRI } from "../src/abi/poll";
import { SIGHUP } from "../src/abi/signals";
import {
  B38400,
  BOTHER,
  CBAUD,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ECHOPRT,
  FIONREAD,
  HUPCL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IUTF8,
  IXANY,
  IXON,
  NOFLSH,
  OCRNL,
  OLCUC,
  ONLCR,
  ONLRET,
  ONOCR,
  OPOST,
  PARMRK,
  TAB3,
  TCFLSH,
  TCGETA,
  TCGETS,
  TCGETS2,
  TCIFLUSH,
  TCIOFF,
  TCIOFLUSH,
  TCOOFF,
  TCOON,
  TCSBRK,
  TCSBRKP,
  TCSETA,
  TCSETS,
  TCSETS2,
  TCSETSF,
  TCSETSW,
  TCXONC,
  TERMIO_CC,
  TERMIOS_CC,
  TERMIOS_CFLAG,
  TERMIOS_IFLAG,
  TERMIOS_ISPEED,
  TERMIOS_LFLAG,
  TERMIOS_OFLAG,
  TERMIOS_OSPEED,
  TIOCEXCL,
  TIOCGDEV,
  TIOCGETD,
  TIOCGEXCL,
  TIOCGPKT,
  TIOCGPTLCK,
  TIOCGPTN,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCNXCL,
  TIOCOUTQ,
  TIOCPKT,
  TIOCPKT_DATA,
  TIOCPKT_DOSTOP,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_NOSTOP,
  TIOCPKT_START,
  TIOCPKT_STOP,
  TIOCSETD,
  TIOCSPTLCK,
  TIOCSWINSZ,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VLNEXT,
  VMIN,
  VSTART,
  VSTOP,
  VTIME,
} from "../src/abi/termios";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { wantsHelp } from "./runtime/arguments";
import { printLine } from "./runtime/output";
import {
  closePair,
  drop,
  expectRead,
  expectReadResult,
  expectShown,
  master,
  openMaster,
  openPair,
  packet,
  show,
  slave,
  slavePath,
  type,
} from "./runtime/pty";

const USAGE = `usage: terminals
Checks that terminals answer, edit, show and signal as on Linux.`;

/** The flags of a terminal that nobody has changed. */
const USUAL_INPUT: u32 = ICRNL | IXON;
const USUAL_OUTPUT: u32 = OPOST | ONLCR;
const USUAL_LOCAL: u32 = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
const RAW: u32 = USUAL_LOCAL & ~(ICANON | ECHO | ISIG);
const UNMAPPED: i32 = 8;

const termios: usize = memory.data(64, 4);
const other: usize = memory.data(64, 4);
const word: usize = memory.data(16, 4);
const status: usize = memory.data(96, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 1) {
    printLine(USAGE);
    return 2;
  }
  names();
  lastClosed();
  settings();
  ends();
  openPair();
  editing();
  erasing();
  quoting();
  inputFlags();
  rawReads();
  outputFlags();
  flowControl();
  flushing();
  windows();
  packets();
  closePair();
  return report();
}

function names(): void {
  const opened = call(SystemCall.open, cstr("/dev/ptmx"), O_RDWR | O_NOCTTY, 0);
  expect(cstr("ptmx"), opened > 0 ? 1 : 0, 1);
  expect(cstr("locked at first"), control(opened, TIOCGPTLCK, word), 0);
  expect(cstr("locked at first"), load<i32>(word), 1);
  const locked = call(SystemCall.open, slavePath(opened), O_RDWR | O_NOCTTY, 0);
  expect(cstr("locked, open"), locked, -EIO);
  store<u32>(word, 0);
  expect(cstr("unlock"), control(opened, TIOCSPTLCK, word), 0);
  expect(cstr("unlock, unmapped"), control(opened, TIOCSPTLCK, UNMAPPED), -EFAULT);
  expect(cstr("slave, stat"), call(SystemCall.stat64, slavePath(opened), status), 0);
  expect(cstr("slave, mode"), load<i32>(status, STAT_MODE) & ~0o20, S_IFCHR | 0o600);
  control(opened, TIOCGPTN, word);
  const number = load<u32>(word);
  const isNumbered = load<u32>(status, STAT_RDEV) === ((136 << 8) | number);
  expect(cstr("slave, number"), isNumbered ? 1 : 0, 1);
  const peer = call(SystemCall.ioctl, opened, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  expect(cstr("peer"), peer > 0 ? 1 : 0, 1);
  expect(cstr("peer, not a master"), control(peer, TIOCGPTN, word), -ENOTTY);
  expect(cstr("peer, device"), control(peer, TIOCGDEV, word), 0);
  expect(cstr("peer, device"), load<i32>(word) === (136 << 8) + number ? 1 : 0, 1);
  expect(cstr("exclusive, not"), control(peer, TIOCGEXCL, word), 0);
  expect(cstr("exclusive, not"), load<i32>(word), 0);
  expect(cstr("exclusive"), control(peer, TIOCEXCL, 0), 0);
  control(peer, TIOCGEXCL, word);
  expect(cstr("exclusive, is"), load<i32>(word), 1);
  expect(cstr("exclusive, off"), control(peer, TIOCNXCL, 0), 0);
  call(SystemCall.close, peer);
  const path = slavePath(opened);
  call(SystemCall.close, opened);
  expect(cstr("slave, gone"), call(SystemCall.stat64, path, status), -ENOENT);
}

/** A terminal that is closed as /dev/tty at last goes as it does as what it is. */
function lastClosed(): void {
  const first = openMaster();
  control(first, TIOCGPTN, word);
  const number = load<i32>(word);
  call(SystemCall.close, first);
  const child = fork();
  if (child === 0) {
    call(SystemCall.setsid);
    call(SystemCall.signal, SIGHUP, 1);
    const master = openMaster();
    const slave = call(SystemCall.open, slavePath(master), O_RDWR, 0);
    const own = call(SystemCall.open, cstr("/dev/tty"), O_RDWR, 0);
    call(SystemCall.close, slave);
    call(SystemCall.close, master);
    call(SystemCall.close, own);
    call(SystemCall.exit, own > 0 ? 0 : 1);
  }
  expect(cstr("closed as /dev/tty"), statusOf(child), 0);
  const second = openMaster();
  control(second, TIOCGPTN, word);
  expect(cstr("closed, and free"), load<i32>(word), number);
  call(SystemCall.close, second);
}

function settings(): void {
  openPair();
  expect(cstr("termios"), control(slave, TCGETS, termios), 0);
  expect(cstr("iflag"), load<i32>(termios, TERMIOS_IFLAG), USUAL_INPUT);
  expect(cstr("oflag"), load<i32>(termios, TERMIOS_OFLAG), USUAL_OUTPUT);
  const line = load<i32>(termios, TERMIOS_CFLAG);
  expect(cstr("cflag"), line, B38400 | 0x30 | 0x80 | (line & HUPCL));
  expect(cstr("lflag"), load<i32>(termios, TERMIOS_LFLAG), USUAL_LOCAL);
  expect(cstr("characters"), load<i32>(termios, TERMIOS_CC), 0x157f1c03);
  expect(cstr("characters, 4"), load<i32>(termios, TERMIOS_CC + 4), 0x00010004);
  expect(cstr("characters, 8"), load<i32>(termios, TERMIOS_CC + 8), 0x001a1311);
  expect(cstr("characters, 12"), load<i32>(termios, TERMIOS_CC + 12), 0x16170f12);
  expect(cstr("termios, master"), control(master, TCGETS, other), 0);
  expect(cstr("termios, of the slave"), memory.compare(termios, other, 36), 0);
  expect(cstr("termios, unmapped"), control(slave, TCGETS, UNMAPPED), -EFAULT);
  expect(cstr("set, unmapped"), control(slave, TCSETS, UNMAPPED), -EFAULT);
  expect(cstr("unknown"), control(slave, 0x54ff, 0), -ENOTTY);
  speeds();
  termio();
  expect(cstr("discipline"), control(slave, TIOCGETD, word), 0);
  expect(cstr("discipline"), load<i32>(word), 0);
  store<u32>(word, 77);
  expect(cstr("discipline, none"), control(slave, TIOCSETD, word), -EINVAL);
  expect(cstr("break"), control(slave, TCSBRK, 1), 0);
  expect(cstr("break, posix"), control(slave, TCSBRKP, 0), 0);
  expect(cstr("flow, unknown"), control(slave, TCXONC, 9), -EINVAL);
  expect(cstr("flush, unknown"), control(slave, TCFLSH, 9), -EINVAL);
  expect(cstr("output queue"), control(slave, TIOCOUTQ, word), 0);
  expect(cstr("output queue"), load<i32>(word), 0);
  closePair();
}

function speeds(): void {
  control(slave, TCGETS2, termios);
  expect(cstr("speed"), load<i32>(termios, TERMIOS_OSPEED), 38400);
  const flags = load<u32>(termios, TERMIOS_CFLAG) & ~CBAUD;
  store<u32>(termios, flags | 0x1002, TERMIOS_CFLAG);
  expect(cstr("speed, set"), control(slave, TCSETSW, termios), 0);
  control(slave, TCGETS2, termios);
  expect(cstr("speed, 115200"), load<i32>(termios, TERMIOS_OSPEED), 115200);
  expect(cstr("speed, input"), load<i32>(termios, TERMIOS_ISPEED), 115200);
  store<u32>(termios, flags | BOTHER, TERMIOS_CFLAG);
  store<u32>(termios, 12345, TERMIOS_OSPEED);
  expect(cstr("speed, any"), control(slave, TCSETS2, termios), 0);
  control(slave, TCGETS2, other);
  expect(cstr("speed, 12345"), load<i32>(other, TERMIOS_OSPEED), 12345);
  store<u32>(termios, flags, TERMIOS_CFLAG);
  control(slave, TCSETS, termios);
  control(slave, TCGETS2, other);
  expect(cstr("speed, 0"), load<i32>(other, TERMIOS_OSPEED), 0);
  // A line of other bytes is not had.
  store<u32>(termios, B38400, TERMIOS_CFLAG);
  control(slave, TCSETS, termios);
  control(slave, TCGETS, other);
  expect(cstr("line, 8 bits"), load<i32>(other, TERMIOS_CFLAG), B38400 | 0x30 | 0x80);
}

function termio(): void {
  expect(cstr("termio"), control(slave, TCGETA, other), 0);
  expect(cstr("termio, iflag"), load<u16>(other), USUAL_INPUT);
  expect(cstr("termio, lflag"), load<u16>(other, 6), USUAL_LOCAL);
  expect(cstr("termio, characters"), load<u8>(other, TERMIO_CC), 3);
  store<u16>(other, 0);
  expect(cstr("termio, set"), control(slave, TCSETA, other), 0);
  control(slave, TCGETS, termios);
  expect(cstr("termio, set iflag"), load<i32>(termios, TERMIOS_IFLAG), 0);
  expect(cstr("termio, set lflag"), load<i32>(termios, TERMIOS_LFLAG), USUAL_LOCAL);
}

function ends(): void {
  openPair();
  expect(cstr("poll, slave"), poll(slave), POLLOUT);
  expect(cstr("poll, master"), poll(master), POLLOUT);
  type("line\n");
  expect(cstr("poll, slave with input"), poll(slave), POLLIN | POLLOUT);
  expect(cstr("poll, master with echo"), poll(master), POLLIN | POLLOUT);
  expectShown("echo", "line\r\n");
  call(SystemCall.close, slave);
  expect(cstr("slave closed, poll"), poll(master), POLLOUT | POLLHUP);
  expect(cstr("slave closed, read"), call(SystemCall.read, master, other, 9), -EIO);
  const again = call(SystemCall.open, slavePath(master), O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
  expect(cstr("slave opened again"), call(SystemCall.read, again, other, 9), 5);
  expect(cstr("slave opened again, read"), call(SystemCall.read, master, other, 9), -EAGAIN);
  call(SystemCall.write, again, cstr("x"), 1);
  call(SystemCall.close, again);
  expect(cstr("slave closed, rest"), call(SystemCall.read, master, other, 9), 1);
  call(SystemCall.close, master);
  openPair();
  call(SystemCall.close, master);
  expect(cstr("hung up, read"), call(SystemCall.read, slave, other, 9), 0);
  expect(cstr("hung up, write"), call(SystemCall.write, slave, other, 9), -EIO);
  expect(cstr("hung up, ioctl"), control(slave, TCGETS, termios), -EIO);
  expect(cstr("hung up, poll"), poll(slave), POLLIN | POLLOUT | POLLERR | POLLHUP);
  call(SystemCall.close, slave);
}

function editing(): void {
  type("ab");
  expectReadResult("no line yet", -EAGAIN);
  expectShown("echo of no line", "ab");
  type("\r");
  expectRead("a line", "ab\n");
  expectShown("end of a line", "\r\n");
  type("one\ntwo\n");
  expectRead("the first of two", "one\n");
  control(slave, FIONREAD, word);
  expect(cstr("waiting"), load<i32>(word), 4);
  expectRead("the second", "two\n");
  type("part\x04");
  expectRead("EOF after a part", "part");
  type("\x04");
  expectReadResult("EOF", 0);
  type("\x05\x7f\x7f\n");
  expectRead("control characters", "\n");
  drop();
  type("\x01\t\x02\n");
  expectReadResult("control characters", 4);
  expectShown("control characters, shown", "^A\t^B\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL & ~ECHOCTL);
  type("\x01\n");
  expectReadResult("control character", 2);
  expectShown("control characters, as they are", "\x01\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, (USUAL_LOCAL & ~ECHO) | ECHONL);
  type("secret\n");
  expectRead("no echo", "secret\n");
  expectShown("no echo but of the newline", "\r\n");
  usual();
  setSpecial(VEOL, 0x3b);
  type("a;b\n");
  expectRead("EOL", "a;");
  expectRead("after EOL", "b\n");
  setSpecial(VEOL2, 0x2c);
  type("a,b\n");
  expectRead("EOL2", "a,");
  expectRead("after EOL2", "b\n");
  setSpecial(VEOF, 0x65);
  type("ae");
  expectRead("another EOF", "a");
  usual();
  drop();
}

function erasing(): void {
  type("abc\x7f\x7fd\n");
  expectRead("erase", "ad\n");
  expectShown("erase, shown", "abc\b \b\b \bd\r\n");
  type("a\x01\x7f\n");
  expectRead("erase a control character", "a\n");
  expectShown("erase a control character, shown", "a^A\b \b\b \b\r\n");
  type("ab\tc\x7f\x7fd\n");
  expectRead("erase a tab", "abd\n");
  expectShown("erase a tab, shown", "ab\tc\b \b\b\b\b\b\b\bd\r\n");
  type("\t\t\x7f\x7f\n");
  expectRead("erase two tabs", "\n");
  expectShown("erase two tabs, shown", "\t\t\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\r\n");
  type("\x7f\x17\x15\n");
  expectRead("erase nothing", "\n");
  expectShown("erase nothing, shown", "\r\n");
  type("rm -rf  /tmp/x\x17\x17Q\n");
  expectRead("erase words", "rm -rf  /Q\n");
  drop();
  type("one\x15two\n");
  expectRead("kill", "two\n");
  expectShown("kill, shown", "one\b \b\b \b\b \btwo\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL & ~ECHOKE);
  type("one\x15two\n");
  expectRead("kill without ECHOKE", "two\n");
  expectShown("kill without ECHOKE, shown", "one^U\r\ntwo\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL & ~ECHOE);
  type("one\x7f\n");
  expectRead("erase without ECHOE", "on\n");
  expectShown("erase without ECHOE, shown", "one^?\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL | ECHOPRT);
  type("one\x7f\x7fx\n");
  expectRead("erase with ECHOPRT", "ox\n");
  expectShown("erase with ECHOPRT, shown", "one\\en/x\r\n");
  type("ab\x7f\x7f\n");
  expectRead("erase all with ECHOPRT", "\n");
  expectShown("erase all with ECHOPRT, shown", "ab\\ba/\r\n");
  set(USUAL_INPUT | IUTF8, USUAL_OUTPUT, USUAL_LOCAL);
  type("aä\x7f\n");
  expectRead("erase UTF-8", "a\n");
  expectShown("erase UTF-8, shown", "aä\b \b\r\n");
  usual();
  setSpecial(VERASE, 0x08);
  type("ab\x08\x7f\n");
  expectReadResult("another erase", 3);
  usual();
  drop();
}

function quoting(): void {
  type("a\x16\x7fb\n");
  expectRead("quote", "a\x7fb\n");
  expectShown("quote, shown", "a^\b^?b\r\n");
  type("a\x16\x16\n");
  expectRead("quote itself", "a\x16\n");
  drop();
  type("a\x16\n\n");
  expectRead("quote a newline", "a\n\n");
  drop();
  type("one\x12two\n");
  expectRead("reprint", "onetwo\n");
  expectShown("reprint, shown", "one^R\r\nonetwo\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL & ~IEXTEN);
  type("a\x17\x16\x12b\n");
  expectRead("without IEXTEN", "a\x17\x16\x12b\n");
  usual();
  setSpecial(VLNEXT, 0);
  type("a\x16\n");
  expectRead("no quote", "a\x16\n");
  usual();
  setSpecial(VINTR, 0);
  type("a\x03\n");
  expectRead("no interrupt", "a\x03\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL & ~ISIG);
  type("\x03\x1c\x1a\n");
  expectRead("without ISIG", "\x03\x1c\x1a\n");
  drop();
  usual();
  type("abc");
  arrive();
  drop();
  type("\x03d\n");
  expectRead("a signal forgets the line", "d\n");
  expectShown("a signal, shown", "^Cd\r\n");
  set(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL | NOFLSH);
  type("abc\x1ad\n");
  expectRead("a signal with NOFLSH", "abcd\n");
  usual();
  drop();
}

function inputFlags(): void {
  set(IXON, USUAL_OUTPUT, USUAL_LOCAL);
  type("a\rb\n");
  expectRead("without ICRNL", "a\rb\n");
  expectShown("without ICRNL, shown", "a^Mb\r\n");
  set(INLCR, USUAL_OUTPUT, USUAL_LOCAL);
  type("a\nb\x04");
  expectRead("INLCR", "a\rb");
  drop();
  set(IGNCR | ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  type("a\rb\n");
  expectRead("IGNCR", "ab\n");
  drop();
  set(ISTRIP | ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  type("ä\n");
  expectRead("ISTRIP", "C$\n");
  drop();
  set(IUCLC | ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  type("AbZ\n");
  expectRead("IUCLC", "abz\n");
  drop();
  set(PARMRK | ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  store<u8>(word, 0xff);
  store<u8>(word, 0x0a, 1);
  call(SystemCall.write, master, word, 2);
  expectReadResult("PARMRK", 3);
  usual();
  drop();
}

function rawReads(): void {
  setRaw(1, 0);
  type("a\x7f\x04\r");
  expectRead("raw", "a\x7f\x04\n");
  expectReadResult("raw, nothing", -EAGAIN);
  setRaw(0, 0);
  expectReadResult("raw, MIN 0", 0);
  setRaw(5, 0);
  type("ab");
  expect(cstr("raw, MIN 5, poll"), poll(slave), POLLOUT);
  expectRead("raw, MIN 5, without waiting", "ab");
  const waits = call(SystemCall.open, slavePath(master), O_RDWR | O_NOCTTY, 0);
  setRaw(0, 1);
  expect(cstr("TIME 1"), call(SystemCall.read, waits, other, 9), 0);
  type("ab");
  expect(cstr("TIME 1, something"), call(SystemCall.read, waits, other, 9), 2);
  setRaw(3, 1);
  type("ab");
  expect(cstr("MIN 3, TIME 1, poll"), poll(slave), POLLIN | POLLOUT);
  expect(cstr("MIN 3, TIME 1"), call(SystemCall.read, waits, other, 9), 2);
  type("abcd");
  expect(cstr("MIN 3, TIME 1, four"), call(SystemCall.read, waits, other, 9), 4);
  setRaw(3, 0);
  type("abcd");
  expect(cstr("MIN 3"), call(SystemCall.read, waits, other, 9), 4);
  type("ab");
  expect(cstr("MIN 3, room for 2"), call(SystemCall.read, waits, other, 2), 2);
  call(SystemCall.close, waits);
  type("half");
  arrive();
  usual();
  expectRead("raw input as a line", "half");
  type("x");
  arrive();
  setRaw(1, 0);
  expectRead("no line, in raw mode", "x");
  type("lost");
  arrive();
  drop();
  usualWith(TCSETSF);
  expectReadResult("TCSETSF", -EAGAIN);
  type("kept\n");
  arrive();
  usualWith(TCSETSW);
  expectRead("TCSETSW", "kept\n");
  drop();
}

function outputFlags(): void {
  expect(cstr("write"), show("a\nb"), 3);
  expectShown("ONLCR", "a\r\nb");
  set(USUAL_INPUT, 0, USUAL_LOCAL);
  show("\ra\nb\t.");
  expectShown("no OPOST", "\ra\nb\t.");
  set(USUAL_INPUT, OPOST, USUAL_LOCAL);
  show("\ra\nb");
  expectShown("no ONLCR", "\ra\nb");
  set(USUAL_INPUT, OPOST | OCRNL, USUAL_LOCAL);
  show("a\rb");
  expectShown("OCRNL", "a\nb");
  set(USUAL_INPUT, OPOST | ONLRET | ONOCR, USUAL_LOCAL);
  show("\nx\r\r\ny");
  expectShown("ONOCR", "\nx\r\ny");
  set(USUAL_INPUT, OPOST | OLCUC, USUAL_LOCAL);
  show("aBz");
  expectShown("OLCUC", "ABZ");
  set(USUAL_INPUT, OPOST | TAB3, USUAL_LOCAL);
  show("\r\tab\tabcdefgh\t.");
  expectShown("TAB3", "\r        ab      abcdefgh        .");
  show("\rab\b\t.");
  expectShown("TAB3 after a backspace", "\rab\b       .");
  usual();
}

function flowControl(): void {
  type("\x13");
  expectReadResult("stop", -EAGAIN);
  expect(cstr("stopped, write"), show("x"), -EAGAIN);
  expect(cstr("stopped, poll"), poll(slave), 0);
  type("\x11");
  expectReadResult("start", -EAGAIN);
  expect(cstr("started, write"), show("x"), 1);
  expectShown("started", "x");
  type("\x13ab");
  expectReadResult("stopped, echo waits", -EAGAIN);
  expect(cstr("stopped, nothing shown"), call(SystemCall.read, master, other, 9), -EAGAIN);
  type("\x11");
  expectReadResult("start", -EAGAIN);
  type("\n");
  expectRead("typed while stopped", "ab\n");
  expectShown("typed while stopped, shown", "ab\r\n");
  set(USUAL_INPUT | IXANY, USUAL_OUTPUT, USUAL_LOCAL);
  type("\x13a");
  expectReadResult("any", -EAGAIN);
  expect(cstr("any, write"), show("x"), 1);
  type("\n");
  expectRead("any", "a\n");
  drop();
  set(ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  type("\x13\n");
  expectRead("without IXON", "\x13\n");
  drop();
  usual();
  type("\x13");
  expectReadResult("stop", -EAGAIN);
  set(ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  expect(cstr("IXON off, write"), show("x"), 1);
  usual();
  drop();
  expect(cstr("TCOOFF"), control(slave, TCXONC, TCOOFF), 0);
  expect(cstr("TCOOFF, write"), show("x"), -EAGAIN);
  type("\x11");
  expectReadResult("TCOOFF, ^Q", -EAGAIN);
  expect(cstr("TCOOFF, ^Q, write"), show("x"), -EAGAIN);
  expect(cstr("TCOON"), control(slave, TCXONC, TCOON), 0);
  expect(cstr("TCOON, write"), show("x"), 1);
  drop();
  expect(cstr("TCIOFF"), control(slave, TCXONC, TCIOFF), 0);
  expectShown("TCIOFF", "\x13");
  setSpecial(VSTOP, 0x58);
  setSpecial(VSTART, 0x59);
  type("aX");
  expectReadResult("another stop", -EAGAIN);
  expect(cstr("another stop, write"), show("x"), -EAGAIN);
  type("Y\n");
  expectRead("another start", "a\n");
  usual();
  drop();
}

function flushing(): void {
  type("one\ntwo");
  expect(cstr("flush"), control(slave, TCFLSH, TCIFLUSH), 0);
  expectReadResult("flushed", -EAGAIN);
  type("x\n");
  expectRead("after a flush", "x\n");
  expect(cstr("flush all"), control(slave, TCFLSH, TCIOFLUSH), 0);
  drop();
  expect(cstr("flush, bad file"), control(99, TCFLSH, TCIFLUSH), -EBADF);
}

function windows(): void {
  expect(cstr("window"), control(slave, TIOCGWINSZ, word), 0);
  expect(cstr("window, none"), load<i32>(word), 0);
  store<u32>(word, (132 << 16) | 50);
  store<u32>(word, (3 << 16) | 7, 4);
  expect(cstr("window, set"), control(master, TIOCSWINSZ, word), 0);
  expect(cstr("window, of the slave"), control(slave, TIOCGWINSZ, other), 0);
  expect(cstr("window, rows and columns"), load<i32>(other), (132 << 16) | 50);
  expect(cstr("window, pixels"), load<i32>(other, 4), (3 << 16) | 7);
  expect(cstr("window, unmapped"), control(slave, TIOCSWINSZ, UNMAPPED), -EFAULT);
}

function packets(): void {
  store<u32>(word, 1);
  expect(cstr("packet mode"), control(master, TIOCPKT, word), 0);
  expect(cstr("packet mode, asked"), control(master, TIOCGPKT, word), 0);
  expect(cstr("packet mode, on"), load<i32>(word), 1);
  expect(cstr("packet, nothing"), packet(), -EAGAIN);
  show("data");
  expect(cstr("packet, data"), packet(), TIOCPKT_DATA);
  control(slave, TCXONC, TCOOFF);
  expect(cstr("packet, poll"), poll(master, POLLPRI | POLLIN), POLLPRI | POLLIN);
  expect(cstr("packet, stop"), packet(), TIOCPKT_STOP);
  control(slave, TCXONC, TCOON);
  expect(cstr("packet, start"), packet(), TIOCPKT_START);
  control(slave, TCFLSH, TCIFLUSH);
  expect(cstr("packet, flush"), packet(), TIOCPKT_FLUSHREAD);
  set(ICRNL, USUAL_OUTPUT, USUAL_LOCAL);
  expect(cstr("packet, no stop"), packet(), TIOCPKT_NOSTOP);
  usual();
  expect(cstr("packet, stop again"), packet(), TIOCPKT_DOSTOP);
  store<u32>(word, 0);
  control(master, TIOCPKT, word);
  show("data");
  expectShown("no packet", "data");
}

function control(file: i32, command: u32, argument: usize): i32 {
  return call(SystemCall.ioctl, file, command, argument);
}

function set(input: u32, output: u32, local: u32): void {
  fill(input, output, local);
  control(slave, TCSETS, termios);
}

/** Flags as given, characters as usual. */
function fill(input: u32, output: u32, local: u32): void {
  control(slave, TCGETS, termios);
  store<u32>(termios, input, TERMIOS_IFLAG);
  store<u32>(termios, output, TERMIOS_OFLAG);
  store<u32>(termios, local, TERMIOS_LFLAG);
  store<u32>(termios, 0x157f1c03, TERMIOS_CC);
  store<u32>(termios, 0x00010004, TERMIOS_CC + 4);
  store<u32>(termios, 0x001a1311, TERMIOS_CC + 8);
  store<u32>(termios, 0x16170f12, TERMIOS_CC + 12);
  store<u8>(termios, 0, TERMIOS_CC + VEOL2);
}

function usual(): void {
  usualWith(TCSETS);
}

function usualWith(command: u32): void {
  fill(USUAL_INPUT, USUAL_OUTPUT, USUAL_LOCAL);
  control(slave, command, termios);
}

function setRaw(least: u32, tenths: u32): void {
  fill(USUAL_INPUT, USUAL_OUTPUT, RAW);
  store<u8>(termios, <u8>least, TERMIOS_CC + VMIN);
  store<u8>(termios, <u8>tenths, TERMIOS_CC + VTIME);
  control(slave, TCSETS, termios);
}

function setSpecial(index: u32, byte: u32): void {
  control(slave, TCGETS, termios);
  store<u8>(termios + TERMIOS_CC + index, <u8>byte);
  control(slave, TCSETS, termios);
}

/** What was typed has arrived: on Linux another thread brings it, unless one asks. */
function arrive(): void {
  poll(slave);
}

/** What is true of a file now. */
function poll(file: i32, events: u32 = POLLIN | POLLOUT): i32 {
  store<i32>(word, file);
  store<u32>(word, events, 4);
  call(SystemCall.poll, word, 1, 0);
  return load<u16>(word, POLLFD_RESULTS);
}
