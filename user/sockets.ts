// sockets: checks what sockets answer: of AF_UNIX pairs, names, messages with files; of AF_INET
// what needs no network but the loop device.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts). It makes its names in the folder that is
// its argument. No answer depends on how fast the machine is.

import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EDESTADDRREQ,
  EFAULT,
  EINVAL,
  EISCONN,
  EMFILE,
  EMSGSIZE,
  ENOENT,
  ENOPROTOOPT,
  ENOTCONN,
  ENOTSOCK,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EPROTONOSUPPORT,
  EPROTOTYPE,
  ESOCKTNOSUPPORT,
} from "../src/abi/errno";
import {
  F_GETFD,
  F_GETFL,
  F_SETFL,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_NONBLOCK,
  O_PATH,
  O_RDWR,
  S_IFMT,
  S_IFSOCK,
  STAT_MODE,
} from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { RLIMIT_NOFILE } from "../src/abi/linux/resource";
import {
  AF_INET,
  AF_UNIX,
  AF_UNSPEC,
  CMSG_DATA,
  LOOPBACK,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  MSGHDR_SIZE,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_PASSCRED,
  SO_PEERCRED,
  SO_PROTOCOL,
  SO_SNDBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCKADDR_HOST,
  SOCKADDR_PORT,
  SOL_SOCKET,
  SocketCall,
} from "../src/abi/linux/socket";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../src/abi/poll";
import { SIGPIPE } from "../src/abi/signals";
import { FIONREAD, TCGETS } from "../src/abi/termios";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { wantsHelp } from "./runtime/arguments";
import { printLine } from "./runtime/output";
import { procNumberPath } from "./runtime/proc-text";

const USAGE = `usage: sockets FOLDER
Checks what sockets of AF_UNIX and AF_INET answer, with names in FOLDER.`;

const CLOSED: i32 = 99;
const RCVBUF: i32 = 65536;

const ends: usize = memory.data(8, 4);
const buffer: usize = memory.data(RCVBUF, 8);
const address: usize = memory.data(128, 4);
const limits: usize = memory.data(16, 8);
const other: usize = memory.data(128, 4);
const word: usize = memory.data(16, 4);
const status: usize = memory.data(96, 8);
const header: usize = memory.data(MSGHDR_SIZE, 4);
const vectors: usize = memory.data(16, 4);
const control: usize = memory.data(64, 4);
const polled: usize = memory.data(8, 4);
const words: usize = memory.data(24, 4);

/** The two of the pair at hand. */
let left: i32 = 0;
let right: i32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2 || call(SystemCall.chdir, load<usize>(argv, 4)) !== 0) {
    printLine(USAGE);
    return 2;
  }
  kinds();
  streams();
  ending();
  shutting();
  packets();
  passingFiles();
  circles();
  chains();
  names();
  abstractNames();
  connections();
  options();
  byOneNumber();
  waiting();
  datagrams();
  datagramPairs();
  internetKinds();
  internetStreams();
  internetDatagrams();
  unheardDatagrams();
  deafDatagrams();
  return report();
}

function kinds(): void {
  const make = SystemCall.socket;
  expect(cstr("socket, family"), call(make, AF_INET + 70, SOCK_STREAM, 0), -EAFNOSUPPORT);
  expect(cstr("socket, kind"), call(make, AF_UNIX, 11, 0), -EINVAL);
  expect(cstr("socket, flags"), call(make, AF_UNIX, SOCK_STREAM | 0x100, 0), -EINVAL);
  expect(cstr("socket, protocol"), call(make, AF_UNIX, SOCK_STREAM, 7), -EPROTONOSUPPORT);
  const flags = O_NONBLOCK | O_CLOEXEC;
  const file = call(make, AF_UNIX, SOCK_STREAM | flags, AF_UNIX);
  expect(
    cstr("socket, flags of the file"),
    call(SystemCall.fcntl64, file, F_GETFL),
    O_RDWR | O_NONBLOCK,
  );
  expect(cstr("socket, at exec"), call(SystemCall.fcntl64, file, F_GETFD), FD_CLOEXEC);
  expect(cstr("socket, stat"), call(SystemCall.fstat64, file, status), 0);
  expect(cstr("socket, type"), load<u32>(status, STAT_MODE) & S_IFMT, S_IFSOCK);
  expect(cstr("socket, read"), call(SystemCall.read, file, buffer, 1), -EINVAL);
  expect(cstr("socket, write"), call(SystemCall.write, file, buffer, 1), -ENOTCONN);
  expect(cstr("socket, peer"), call(SystemCall.getpeername, file, other, sized(16)), -ENOTCONN);
  expect(cstr("socket, poll"), poll(file), POLLOUT | POLLHUP);
  expect(cstr("socket, seek"), call(SystemCall.lseek, file, 0, 0), -29);
  expect(cstr("socket, accept"), call(SystemCall.accept4, file, 0, 0, 0), -EINVAL);
  expect(cstr("socket, listen"), call(SystemCall.listen, file, 1), -EINVAL);
  close(file);
  const path = call(SystemCall.open, cstr("/"), O_PATH);
  expect(cstr("path, accept"), call(SystemCall.accept4, path, 0, 0, 0), -EBADF);
  expect(cstr("path, shutdown"), call(SystemCall.shutdown, path, 2), -EBADF);
  close(path);
  expect(cstr("pair, unmapped"), call(SystemCall.socketpair, AF_UNIX, SOCK_STREAM, 0, 8), -EFAULT);
  expect(cstr("no file"), call(SystemCall.listen, CLOSED, 1), -EBADF);
  call(SystemCall.pipe, ends);
  expect(cstr("no socket"), call(SystemCall.listen, load<i32>(ends), 1), -ENOTSOCK);
  close(load<i32>(ends));
  close(load<i32>(ends, 4));
}

function streams(): void {
  pair(SOCK_STREAM);
  expect(cstr("poll"), poll(left), POLLOUT);
  expect(cstr("nothing there"), receive(right, 9, MSG_DONTWAIT), -EAGAIN);
  expect(cstr("write"), call(SystemCall.write, left, cstr("one"), 3), 3);
  expect(cstr("send"), send(left, cstr("two"), 3, 0), 3);
  expect(cstr("poll, something"), poll(right), POLLIN | POLLOUT);
  expect(cstr("FIONREAD"), call(SystemCall.ioctl, right, FIONREAD, word), 0);
  expect(cstr("FIONREAD, bytes"), load<i32>(word), 6);
  expect(cstr("not a terminal"), call(SystemCall.ioctl, right, TCGETS, buffer), -25);
  expect(cstr("peek"), receive(right, 4, MSG_PEEK), 4);
  expect(cstr("across writes"), receive(right, 4, 0), 4);
  expect(cstr("across writes"), load<u32>(buffer), 0x74656e6f);
  expect(cstr("the rest"), call(SystemCall.read, right, buffer, 9), 2);
  expect(cstr("send 0"), send(left, buffer, 0, 0), 0);
  expect(cstr("read 0"), call(SystemCall.read, right, buffer, 0), 0);
  expect(cstr("unmapped"), call(SystemCall.write, left, 8, 4), -EFAULT);
  send(left, cstr("abc"), 3, 0);
  expect(cstr("receive, unmapped"), call(SystemCall.recvfrom, right, 8, 3, 0, 0, 0), -EFAULT);
  expect(cstr("kept"), receive(right, 9, 0), 3);
  expect(cstr("sendto, address"), sendTo(left, 1), -EISCONN);
  store<u32>(word, 16);
  send(left, cstr("x"), 1, 0);
  expect(cstr("recvfrom"), call(SystemCall.recvfrom, right, buffer, 9, 0, other, word), 1);
  expect(cstr("recvfrom, no address"), load<i32>(word), 0);
  expect(cstr("connected"), call(SystemCall.connect, left, named("x"), 110) < 0 ? 1 : 0, 1);
  let sent: i32 = 0;
  let result: i32 = 0;
  while (result >= 0) {
    sent += result;
    result = send(left, buffer, 4096, MSG_DONTWAIT);
  }
  expect(cstr("full"), result, -EAGAIN);
  expect(cstr("full, poll"), poll(left), 0);
  expect(cstr("full, enough went"), sent >= 65536 ? 1 : 0, 1);
  let received: i32 = 0;
  while (poll(right) & POLLIN) received += call(SystemCall.read, right, buffer, RCVBUF);
  expect(cstr("all of it came"), received, sent);
  expect(cstr("empty, poll"), poll(left), POLLOUT);
  closePair();
}

function ending(): void {
  pair(SOCK_STREAM);
  send(left, cstr("last"), 4, 0);
  close(left);
  expect(cstr("closed, poll"), poll(right), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
  expect(cstr("closed, rest"), receive(right, 9, 0), 4);
  expect(cstr("closed, end"), receive(right, 9, 0), 0);
  expect(cstr("closed, write"), send(right, buffer, 1, MSG_NOSIGNAL), -EPIPE);
  const child = fork();
  if (child === 0) {
    call(SystemCall.write, right, buffer, 1);
    call(SystemCall.exit, 3);
  }
  expect(cstr("closed, signal"), statusOf(child), SIGPIPE);
  close(right);
  pair(SOCK_STREAM);
  send(left, cstr("lost"), 4, 0);
  close(right);
  expect(cstr("reset"), receive(left, 9, 0), -ECONNRESET);
  expect(cstr("reset, once"), receive(left, 9, 0), 0);
  close(left);
}

function shutting(): void {
  pair(SOCK_STREAM);
  expect(cstr("shutdown, how"), call(SystemCall.shutdown, left, 3), -EINVAL);
  send(left, cstr("last"), 4, 0);
  expect(cstr("shutdown, write"), call(SystemCall.shutdown, left, SHUT_WR), 0);
  expect(cstr("shut, send"), send(left, buffer, 1, MSG_NOSIGNAL), -EPIPE);
  expect(cstr("shut, poll"), poll(right), POLLIN | POLLOUT | POLLRDHUP);
  expect(cstr("shut, rest"), receive(right, 9, 0), 4);
  expect(cstr("shut, end"), receive(right, 9, 0), 0);
  expect(cstr("shut, other way"), send(right, cstr("back"), 4, 0), 4);
  expect(cstr("shut, other way"), receive(left, 9, 0), 4);
  expect(cstr("shutdown, read"), call(SystemCall.shutdown, left, SHUT_RD), 0);
  expect(cstr("shut, both"), send(right, buffer, 1, MSG_NOSIGNAL), -EPIPE);
  expect(cstr("shut, both, poll"), poll(left), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
  expect(cstr("shutdown, again"), call(SystemCall.shutdown, right, SHUT_RDWR), 0);
  closePair();
}

function packets(): void {
  pair(SOCK_SEQPACKET);
  send(left, cstr("first"), 5, 0);
  send(left, cstr("second"), 6, 0);
  expect(cstr("message, peek"), receive(right, 99, MSG_PEEK), 5);
  expect(cstr("message, cut off"), receive(right, 2, MSG_TRUNC), 5);
  expect(cstr("message, next"), receive(right, 99, 0), 6);
  expect(cstr("message, none"), receive(right, 99, MSG_DONTWAIT), -EAGAIN);
  expect(cstr("message, empty"), send(left, buffer, 0, 0), 0);
  expect(cstr("message, empty"), receive(right, 99, MSG_DONTWAIT), 0);
  call(SystemCall.writev, left, twoVectors(2, 3), 2);
  drain(right);
  prepare(0, 0);
  twoVectors(2, 3);
  expect(cstr("message, of ranges"), call(SystemCall.sendmsg, left, header, 0), 5);
  prepare(0, 0);
  twoVectors(2, 1);
  expect(cstr("message, into ranges"), call(SystemCall.recvmsg, right, header, 0), 3);
  expect(cstr("message, cut off"), load<u32>(header, 24), MSG_TRUNC);
  closePair();
}

function passingFiles(): void {
  pair(SOCK_STREAM);
  call(SystemCall.pipe, ends);
  const reader = load<i32>(ends);
  const writer = load<i32>(ends, 4);
  put(SCM_RIGHTS, 4, reader);
  prepare(CMSG_DATA + 4, 1);
  expect(cstr("a file"), call(SystemCall.sendmsg, left, header, 0), 1);
  send(left, cstr("more"), 4, 0);
  close(reader);
  call(SystemCall.write, writer, cstr("through"), 7);
  prepare(64, 8);
  const received = call(SystemCall.recvmsg, right, header, MSG_CMSG_CLOEXEC);
  expect(cstr("a file, received"), received, 1);
  expect(cstr("a file, control"), load<u32>(header, 20), CMSG_DATA + 4);
  expect(cstr("a file, flags"), load<u32>(header, 24), MSG_CMSG_CLOEXEC);
  expect(cstr("a file, type"), load<u32>(control, 8), SCM_RIGHTS);
  const file = load<i32>(control, 12);
  expect(cstr("a file, at exec"), call(SystemCall.fcntl64, file, F_GETFD), FD_CLOEXEC);
  expect(cstr("a file, read"), call(SystemCall.read, file, buffer, 99), 7);
  close(file);
  close(writer);
  drain(right);
  put(SCM_RIGHTS, 4, left);
  prepare(CMSG_DATA + 4, 1);
  call(SystemCall.sendmsg, left, header, 0);
  prepare(0, 8);
  expect(cstr("a file, no room"), call(SystemCall.recvmsg, right, header, 0), 1);
  expect(cstr("a file, no room"), load<u32>(header, 24), MSG_CTRUNC);
  put(SCM_RIGHTS, 4, CLOSED);
  prepare(CMSG_DATA + 4, 1);
  expect(cstr("no file"), call(SystemCall.sendmsg, left, header, 0), -EBADF);
  put(SCM_RIGHTS, 4, left);
  store<u32>(control, 99);
  expect(cstr("control, too long"), call(SystemCall.sendmsg, left, header, 0), -EINVAL);
  put(9, 4, left);
  expect(cstr("control, kind"), call(SystemCall.sendmsg, left, header, 0), -EINVAL);
  store<u32>(header, 2000, 12);
  expect(cstr("vectors"), call(SystemCall.sendmsg, left, header, 0), -EMSGSIZE);
  expect(cstr("header, unmapped"), call(SystemCall.recvmsg, right, 8, 0), -EFAULT);
  store<u32>(word, 1);
  call(SystemCall.setsockopt, right, SOL_SOCKET, SO_PASSCRED, word, 4);
  send(left, cstr("who"), 3, 0);
  prepare(64, 8);
  expect(cstr("who"), call(SystemCall.recvmsg, right, header, 0), 3);
  expect(cstr("who, control"), load<u32>(header, 20), CMSG_DATA + 12);
  expect(cstr("who, type"), load<u32>(control, 8), SCM_CREDENTIALS);
  const isOurs = load<i32>(control, 12) === call(SystemCall.getpid);
  expect(cstr("who, process"), isOurs ? 1 : 0, 1);
  closePair();
}

/** Sockets that only they themselves have: nothing must come of it but that they go. */
function circles(): void {
  for (let i = 0; i < 200; i++) {
    pair(SOCK_STREAM);
    put(SCM_RIGHTS, 4, left);
    prepare(CMSG_DATA + 4, 1);
    call(SystemCall.sendmsg, left, header, 0);
    put(SCM_RIGHTS, 4, right);
    prepare(CMSG_DATA + 4, 1);
    const sent = call(SystemCall.sendmsg, right, header, 0);
    if (sent !== 1) expect(cstr("a circle"), sent, 1);
    closePair();
  }
  pair(SOCK_STREAM);
  expect(cstr("after circles"), send(left, cstr("x"), 1, 0), 1);
  expect(cstr("after circles"), receive(right, 9, 0), 1);
  closePair();
}

/** A path that leads to a socket itself is not its name, be it open or closed by then. */
function throughDescriptors(): void {
  const server = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  call(SystemCall.bind, server, named("\0through"), 10);
  call(SystemCall.listen, server, 1);
  const own = procNumberPath(call(SystemCall.getpid), cstr("fd"), server);
  const path = call(SystemCall.open, own, O_PATH);
  memory.fill(address, 0, 110);
  store<u16>(address, <u16>AF_UNIX);
  const length = textLength(procNumberPath(call(SystemCall.getpid), cstr("fd"), path));
  memory.copy(address + 2, procNumberPath(call(SystemCall.getpid), cstr("fd"), path), length);
  const client = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  const refused = call(SystemCall.connect, client, address, 110);
  expect(cstr("connect, by a descriptor"), refused, -ECONNREFUSED);
  close(server);
  const gone = call(SystemCall.connect, client, address, 110);
  expect(cstr("connect, by one that is gone"), gone, -ECONNREFUSED);
  const other = call(SystemCall.socket, AF_UNIX, SOCK_DGRAM, 0);
  const sent = call(SystemCall.sendto, other, buffer, 1, 0, address, 110);
  expect(cstr("sendto, one that is gone"), sent, -ECONNREFUSED);
  close(other);
  close(client);
  close(path);
}

function textLength(text: usize): i32 {
  let length = 0;
  while (load<u8>(text + length) !== 0) length++;
  return length;
}

/** Sockets of which each waits in the queue of the next: the last one takes all along. */
function chains(): void {
  let inner = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  for (let i = 0; i < 300; i++) {
    pair(SOCK_STREAM);
    put(SCM_RIGHTS, 4, inner);
    prepare(CMSG_DATA + 4, 1);
    const sent = call(SystemCall.sendmsg, left, header, 0);
    if (sent !== 1) expect(cstr("a chain"), sent, 1);
    close(inner);
    close(left);
    inner = right;
  }
  close(inner);
  // Circles that wait in one queue.
  pair(SOCK_STREAM);
  const first = left;
  const last = right;
  for (let i = 0; i < 100; i++) {
    pair(SOCK_STREAM);
    put(SCM_RIGHTS, 4, right);
    prepare(CMSG_DATA + 4, 1);
    call(SystemCall.sendmsg, left, header, 0);
    prepare(CMSG_DATA + 4, 1);
    const sent = call(SystemCall.sendmsg, first, header, 0);
    if (sent !== 1) expect(cstr("many circles"), sent, 1);
    closePair();
  }
  close(first);
  close(last);
  pair(SOCK_STREAM);
  expect(cstr("after chains"), send(left, cstr("x"), 1, 0), 1);
  closePair();
}

function names(): void {
  const server = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  const size = 2 + 7;
  expect(cstr("bind, short"), call(SystemCall.bind, server, named("server"), 1), -EINVAL);
  expect(cstr("bind, long"), call(SystemCall.bind, server, address, 111), -EINVAL);
  expect(cstr("bind, unmapped"), call(SystemCall.bind, server, 8, size), -EFAULT);
  expect(cstr("bind, nowhere"), call(SystemCall.bind, server, named("no/s"), 7), -ENOENT);
  expect(cstr("bind"), call(SystemCall.bind, server, named("server"), size), 0);
  expect(cstr("bind, again"), call(SystemCall.bind, server, named("again"), 8), -EINVAL);
  expect(cstr("stat"), call(SystemCall.stat64, cstr("server"), status), 0);
  expect(cstr("stat, type"), load<u32>(status, STAT_MODE) & S_IFMT, S_IFSOCK);
  expect(cstr("open"), call(SystemCall.open, cstr("server"), O_RDWR, 0), -ENXIO);
  const second = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  expect(cstr("bind, taken"), call(SystemCall.bind, second, named("server"), size), -EADDRINUSE);
  expect(cstr("connect, nobody listens"), connect(second, "server"), -ECONNREFUSED);
  expect(cstr("name"), call(SystemCall.getsockname, server, other, sized(110)), 0);
  expect(cstr("name, size"), load<i32>(word), size);
  expect(cstr("name, text"), memory.compare(other, named("server"), size), 0);
  expect(cstr("name, none"), call(SystemCall.getsockname, second, other, sized(110)), 0);
  expect(cstr("name, none"), load<i32>(word), 2);
  expect(cstr("connect, no file"), connect(second, "none"), -ENOENT);
  throughDescriptors();
  call(SystemCall.close, call(SystemCall.open, cstr("plain"), 0o102, 0o644));
  expect(cstr("connect, no socket"), connect(second, "plain"), -ECONNREFUSED);
  expect(cstr("listen"), call(SystemCall.listen, server, 1), 0);
  expect(cstr("connect, itself"), connect(server, "server"), -EINVAL);
  const packet = call(SystemCall.socket, AF_UNIX, SOCK_SEQPACKET, 0);
  expect(cstr("connect, other kind"), connect(packet, "server"), -EPROTOTYPE);
  close(packet);
  expect(cstr("unlink"), call(SystemCall.unlink, cstr("server")), 0);
  expect(cstr("connect, unlinked"), connect(second, "server"), -ENOENT);
  close(second);
  close(server);
}

function abstractNames(): void {
  const server = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  const client = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  store<u16>(address, AF_UNIX);
  store<u64>(address, 0, 2);
  store<u32>(address, call(SystemCall.getpid), 3);
  expect(cstr("abstract"), call(SystemCall.bind, server, address, 9), 0);
  expect(cstr("abstract, taken"), call(SystemCall.bind, client, address, 9), -EADDRINUSE);
  call(SystemCall.listen, server, 5);
  expect(cstr("abstract, longer"), call(SystemCall.connect, client, address, 10), -ECONNREFUSED);
  expect(cstr("abstract, connect"), call(SystemCall.connect, client, address, 9), 0);
  close(server);
  close(client);
  const any = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  store<u16>(address, AF_UNIX);
  expect(cstr("any name"), call(SystemCall.bind, any, address, 2), 0);
  call(SystemCall.getsockname, any, other, sized(110));
  expect(cstr("any name, size"), load<i32>(word), 8);
  close(any);
}

function connections(): void {
  const server = call(SystemCall.socket, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0);
  call(SystemCall.bind, server, named("listens"), 10);
  call(SystemCall.listen, server, 0);
  expect(cstr("accept, nobody"), call(SystemCall.accept4, server, 0, 0, 0), -EAGAIN);
  expect(cstr("listening, poll"), poll(server), 0);
  const client = call(SystemCall.socket, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0);
  expect(cstr("connect"), connect(client, "listens"), 0);
  expect(cstr("connect, again, full"), connect(client, "listens"), -EAGAIN);
  expect(cstr("connected, poll"), poll(client), POLLOUT);
  expect(cstr("listening, poll"), poll(server), POLLIN);
  const waits = call(SystemCall.socket, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0);
  expect(cstr("connect, full"), connect(waits, "listens"), -EAGAIN);
  expect(cstr("send before accept"), send(client, cstr("early"), 5, 0), 5);
  expect(cstr("accept, flags"), call(SystemCall.accept4, server, 0, 0, 1), -EINVAL);
  call(SystemCall.ugetrlimit, RLIMIT_NOFILE, limits);
  store<u64>(limits, (<u64>load<u32>(limits, 4)) << 32, 8);
  call(SystemCall.setrlimit, RLIMIT_NOFILE, limits + 8);
  const refused = call(SystemCall.accept4, server, 0, 0, 0);
  call(SystemCall.setrlimit, RLIMIT_NOFILE, limits);
  expect(cstr("accept, no descriptor"), refused, -EMFILE);
  const accepted = call(SystemCall.accept4, server, other, sized(110), O_CLOEXEC);
  expect(cstr("accept"), accepted > 0 ? 1 : 0, 1);
  expect(cstr("accept, address"), load<i32>(word), 2);
  expect(cstr("accept, at exec"), call(SystemCall.fcntl64, accepted, F_GETFD), FD_CLOEXEC);
  expect(cstr("accept, may wait"), call(SystemCall.fcntl64, accepted, F_GETFL), O_RDWR);
  expect(cstr("connect, again"), connect(client, "listens"), -EISCONN);
  expect(cstr("early"), receive(accepted, 9, 0), 5);
  expect(cstr("peer"), call(SystemCall.getpeername, client, other, sized(110)), 0);
  expect(cstr("peer, size"), load<i32>(word), 10);
  store<u32>(word, 12);
  call(SystemCall.getsockopt, accepted, SOL_SOCKET, SO_PEERCRED, buffer, word);
  const isOurs = load<i32>(buffer) === call(SystemCall.getpid);
  expect(cstr("peer, process"), isOurs ? 1 : 0, 1);
  expect(cstr("connect, room"), connect(waits, "listens"), 0);
  close(server);
  expect(cstr("not accepted"), receive(waits, 9, 0), -ECONNRESET);
  expect(cstr("not accepted, end"), receive(waits, 9, 0), 0);
  expect(cstr("accepted lives"), send(client, cstr("on"), 2, 0), 2);
  close(waits);
  close(client);
  close(accepted);
}

function options(): void {
  pair(SOCK_STREAM);
  expect(cstr("SO_TYPE"), option(SO_TYPE), SOCK_STREAM);
  expect(cstr("SO_DOMAIN"), option(SO_DOMAIN), AF_UNIX);
  expect(cstr("SO_ERROR"), option(SO_ERROR), 0);
  expect(cstr("SO_ACCEPTCONN"), option(SO_ACCEPTCONN), 0);
  expect(cstr("SO_SNDBUF"), option(SO_SNDBUF), 212992);
  store<u32>(word, 1);
  const set = SystemCall.setsockopt;
  expect(cstr("SO_SNDBUF, set"), call(set, left, SOL_SOCKET, SO_SNDBUF, word, 4), 0);
  expect(cstr("SO_SNDBUF, least"), option(SO_SNDBUF), 4608);
  store<u32>(word, 1);
  expect(cstr("option, short"), call(set, left, SOL_SOCKET, SO_PASSCRED, word, 3), -EINVAL);
  expect(cstr("option, unmapped"), call(set, left, SOL_SOCKET, SO_PASSCRED, 8, 4), -EFAULT);
  expect(cstr("option, none"), call(set, left, SOL_SOCKET, 999, word, 4), -ENOPROTOOPT);
  expect(cstr("option, level"), call(set, left, 6, 1, word, 4), -EOPNOTSUPP);
  closePair();
}

function byOneNumber(): void {
  const one = SystemCall.socketcall;
  expect(cstr("socketcall, none"), call(one, 0, words), -EINVAL);
  expect(cstr("socketcall, unmapped"), call(one, SocketCall.socket, 8), -EFAULT);
  arguments4(AF_UNIX, SOCK_STREAM, 0, <i32>ends);
  expect(cstr("socketcall, pair"), call(one, SocketCall.socketpair, words), 0);
  left = load<i32>(ends);
  right = load<i32>(ends, 4);
  arguments4(left, <i32>cstr("word"), 4, 0);
  expect(cstr("socketcall, send"), call(one, SocketCall.send, words), 4);
  arguments4(right, <i32>buffer, 99, 0);
  expect(cstr("socketcall, recv"), call(one, SocketCall.recv, words), 4);
  arguments4(left, SHUT_WR, 0, 0);
  expect(cstr("socketcall, shutdown"), call(one, SocketCall.shutdown, words), 0);
  arguments4(right, <i32>buffer, 99, 0);
  expect(cstr("socketcall, end"), call(one, SocketCall.recv, words), 0);
  closePair();
}

/** One process waits for what another does. */
function waiting(): void {
  pair(SOCK_STREAM);
  const child = fork();
  if (child === 0) {
    close(left);
    const whole = call(SystemCall.recvfrom, right, buffer, 50000, MSG_WAITALL, 0, 0) === 50000;
    let rest = 0;
    for (let got = 1; got > 0; rest += got) got = call(SystemCall.read, right, buffer, RCVBUF);
    call(SystemCall.exit, whole && rest === 350000 ? 5 : 6);
  }
  close(right);
  let sent = 0;
  while (sent < 400000) sent += call(SystemCall.write, left, buffer, min(RCVBUF, 400000 - sent));
  close(left);
  expect(cstr("all through"), statusOf(child), 5 << 8);
  const server = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  call(SystemCall.bind, server, named("waits"), 8);
  call(SystemCall.listen, server, 0);
  const clients = fork();
  if (clients === 0) {
    let failures = 0;
    for (let i = 0; i < 4; i++) {
      const file = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
      if (connect(file, "waits") !== 0) failures++;
      if (send(file, cstr("x"), 1, 0) !== 1) failures++;
    }
    call(SystemCall.exit, failures);
  }
  let accepted = 0;
  for (let i = 0; i < 4; i++) {
    const file = call(SystemCall.accept4, server, 0, 0, 0);
    if (receive(file, 9, 0) === 1) accepted++;
    close(file);
  }
  expect(cstr("accepted"), accepted, 4);
  expect(cstr("connected"), statusOf(clients), 0);
  close(server);
}

function datagrams(): void {
  const server = call(SystemCall.socket, AF_UNIX, SOCK_DGRAM | O_NONBLOCK, 0);
  const client = call(SystemCall.socket, AF_UNIX, SOCK_DGRAM | O_NONBLOCK, 0);
  expect(cstr("dgram, bind"), call(SystemCall.bind, server, named("mail"), 7), 0);
  expect(cstr("dgram, poll"), poll(server), POLLOUT);
  expect(cstr("dgram, listen"), call(SystemCall.listen, server, 1), -EOPNOTSUPP);
  expect(cstr("dgram, accept"), call(SystemCall.accept4, server, 0, 0, 0), -EOPNOTSUPP);
  expect(cstr("dgram, empty"), receive(server, 9, 0), -EAGAIN);
  expect(cstr("dgram, to nobody"), send(client, buffer, 1, 0), -ENOTCONN);
  expect(cstr("dgram, no file"), sendAt(client, 1, named("none"), 7), -ENOENT);
  memory.copy(buffer, cstr("abcdef"), 6);
  expect(cstr("dgram, send"), sendAt(client, 4, named("mail"), 7), 4);
  expect(cstr("dgram, nothing"), sendAt(client, 0, named("mail"), 7), 0);
  expect(cstr("dgram, poll some"), poll(server), POLLIN | POLLOUT);
  expect(cstr("dgram, cut"), receiveNamed(server, 2), 2);
  expect(cstr("dgram, from nobody"), load<i32>(word), 0);
  expect(cstr("dgram, of 0"), receiveNamed(server, 2), 0);
  expect(cstr("dgram, bind other"), call(SystemCall.bind, client, named("answer"), 9), 0);
  expect(cstr("dgram, connect"), connect(client, "mail"), 0);
  expect(cstr("dgram, peer"), call(SystemCall.getpeername, client, other, sized(110)), 0);
  expect(cstr("dgram, peer's size"), load<i32>(word), 7);
  expect(cstr("dgram, send on"), send(client, buffer, 3, 0), 3);
  expect(cstr("dgram, whole"), receiveNamed(server, 9), 3);
  expect(cstr("dgram, from"), load<i32>(word), 9);
  expect(cstr("dgram, from whom"), memory.compare(other, named("answer"), 9), 0);
  expect(cstr("dgram, answer"), sendAt(server, 6, named("answer"), 9), 6);
  expect(cstr("dgram, answered"), receive(client, 9, MSG_TRUNC), 6);
  const third = call(SystemCall.socket, AF_UNIX, SOCK_DGRAM | O_NONBLOCK, 0);
  expect(cstr("dgram, not for all"), sendAt(third, 1, named("answer"), 9), -EPERM);
  const stream = call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0);
  expect(cstr("dgram, other kind"), connect(stream, "mail"), -EPROTOTYPE);
  call(SystemCall.shutdown, server, SHUT_RD);
  expect(cstr("dgram, end, at once"), receive(server, 9, 0), -EAGAIN);
  expect(cstr("dgram, shut"), send(client, buffer, 1, MSG_NOSIGNAL), -EPIPE);
  close(server);
  expect(cstr("dgram, gone"), send(client, buffer, 1, 0), -ECONNREFUSED);
  store<u16>(address, AF_UNSPEC);
  expect(cstr("dgram, disconnect"), call(SystemCall.connect, client, address, 16), 0);
  expect(cstr("dgram, alone"), send(client, buffer, 1, 0), -ENOTCONN);
  close(client);
  close(third);
  close(stream);
}

/** A pair without names: messages have borders, files go with them, and a full queue makes wait. */
function datagramPairs(): void {
  pair(SOCK_DGRAM | O_NONBLOCK);
  prepare(16, 1);
  put(SCM_RIGHTS, 4, 1);
  expect(cstr("dgram, file"), call(SystemCall.sendmsg, left, header, 0), 1);
  expect(cstr("dgram, second"), send(left, buffer, 2, 0), 2);
  prepare(16, 9);
  store<usize>(header, other);
  store<u32>(header, 110, 4);
  expect(cstr("dgram, message"), call(SystemCall.recvmsg, right, header, 0), 1);
  expect(cstr("dgram, no name"), load<u32>(header, 4), 0);
  expect(cstr("dgram, with file"), load<u32>(header, 20), 16);
  close(load<i32>(control, 12));
  expect(cstr("dgram, two"), receive(right, 9, 0), 2);
  while (send(left, buffer, 100, 0) === 100) {}
  expect(cstr("dgram, full"), send(left, buffer, 100, 0), -EAGAIN);
  expect(cstr("dgram, other way"), send(right, buffer, 1, 0), 1);
  const child = fork();
  if (child === 0) {
    while (receive(right, 100, 0) > 0) {}
    call(SystemCall.exit_group, 0);
  }
  call(SystemCall.fcntl64, left, F_SETFL, O_RDWR);
  expect(cstr("dgram, waits for room"), send(left, buffer, 1, 0), 1);
  expect(cstr("dgram, reader"), statusOf(child), 0);
  closePair();
}

/** A sockaddr_in of that host and port; its address. */
function host(at: u32, port: u32): usize {
  memory.fill(address, 0, 112);
  store<u16>(address, AF_INET);
  store<u8>(address, port >> 8, SOCKADDR_PORT);
  store<u8>(address, port, SOCKADDR_PORT + 1);
  store<u32>(address, at, SOCKADDR_HOST);
  return address;
}

function internetKinds(): void {
  const make = SystemCall.socket;
  expect(cstr("inet, kind"), call(make, AF_INET, SOCK_SEQPACKET, 0), -ESOCKTNOSUPPORT);
  expect(cstr("inet, protocol"), call(make, AF_INET, SOCK_STREAM, 17), -EPROTONOSUPPORT);
  expect(cstr("inet, other"), call(make, AF_INET, SOCK_DGRAM, 6), -EPROTONOSUPPORT);
  expect(cstr("inet, pair"), call(SystemCall.socketpair, AF_INET, 1, 0, ends), -EOPNOTSUPP);
  left = call(make, AF_INET, SOCK_STREAM, 6);
  expect(cstr("inet, domain"), option(SO_DOMAIN), AF_INET);
  expect(cstr("inet, protocol is"), option(SO_PROTOCOL), 6);
  expect(cstr("inet, read"), call(SystemCall.read, left, buffer, 1), -ENOTCONN);
  expect(cstr("inet, shutdown"), call(SystemCall.shutdown, left, 2), -ENOTCONN);
  expect(cstr("inet, peer"), call(SystemCall.getpeername, left, other, sized(16)), -ENOTCONN);
  expect(cstr("inet, send"), send(left, buffer, 1, MSG_NOSIGNAL), -EPIPE);
  expect(cstr("inet, name"), call(SystemCall.getsockname, left, other, sized(110)), 0);
  expect(cstr("inet, name's size"), load<i32>(word), 16);
  expect(cstr("inet, family"), load<u16>(other), AF_INET);
  store<u32>(word, 1);
  const set = SystemCall.setsockopt;
  expect(cstr("inet, TCP_NODELAY"), call(set, left, 6, 1, word, 4), 0);
  expect(cstr("inet, option"), call(set, left, 6, 99, word, 4), -ENOPROTOOPT);
  store<u32>(word, 4);
  const get = SystemCall.getsockopt;
  expect(cstr("inet, get option"), call(get, left, 6, -1, buffer, word), -ENOPROTOOPT);
  expect(cstr("inet, get level"), call(get, left, 500, 1, buffer, word), -EOPNOTSUPP);
  expect(cstr("inet, bind short"), call(SystemCall.bind, left, host(0, 0), 15), -EINVAL);
  const strange = call(SystemCall.bind, left, named("unix"), 16);
  expect(cstr("inet, bind family"), strange, -EAFNOSUPPORT);
  const away = call(SystemCall.bind, left, host(0xfdfeff0a, 0), 16);
  expect(cstr("inet, bind away"), away, -EADDRNOTAVAIL);
  expect(cstr("inet, bind"), call(SystemCall.bind, left, host(LOOPBACK, 0), 16), 0);
  call(SystemCall.getsockname, left, other, sized(110));
  const port = portOf(other);
  expect(cstr("inet, port"), port >= 1024 ? 1 : 0, 1);
  expect(cstr("inet, bind again"), call(SystemCall.bind, left, host(0, 0), 16), -EINVAL);
  right = call(make, AF_INET, SOCK_STREAM, 0);
  expect(cstr("inet, taken"), call(SystemCall.bind, right, host(0, port), 16), -EADDRINUSE);
  const nobody = call(SystemCall.connect, right, host(LOOPBACK, port), 16);
  expect(cstr("inet, nobody listens"), nobody, -ECONNREFUSED);
  closePair();
}

function portOf(at: usize): u32 {
  return ((<u32>load<u8>(at, SOCKADDR_PORT)) << 8) | load<u8>(at, SOCKADDR_PORT + 1);
}

function internetStreams(): void {
  const server = call(SystemCall.socket, AF_INET, SOCK_STREAM, 0);
  expect(cstr("tcp, listen"), call(SystemCall.listen, server, 5), 0);
  call(SystemCall.getsockname, server, other, sized(110));
  const port = portOf(other);
  expect(cstr("tcp, any host"), load<u32>(other, SOCKADDR_HOST), 0);
  left = call(SystemCall.socket, AF_INET, SOCK_STREAM, 0);
  expect(cstr("tcp, connect"), call(SystemCall.connect, left, host(LOOPBACK, port), 16), 0);
  const again = call(SystemCall.connect, left, host(LOOPBACK, port), 16);
  expect(cstr("tcp, again"), again, -EISCONN);
  right = call(SystemCall.accept4, server, buffer, sized(110), 0);
  expect(cstr("tcp, accepted"), load<i32>(word), 16);
  call(SystemCall.getsockname, left, other, sized(110));
  expect(cstr("tcp, client"), memory.compare(other, buffer, 16), 0);
  expect(cstr("tcp, client's host"), load<u32>(other, SOCKADDR_HOST), LOOPBACK);
  expect(cstr("tcp, peer"), call(SystemCall.getpeername, left, other, sized(110)), 0);
  expect(cstr("tcp, peer's port"), portOf(other), port);
  call(SystemCall.getsockname, right, buffer, sized(110));
  expect(cstr("tcp, peer's name"), memory.compare(other, buffer, 16), 0);
  // An address is of no use, and no mistake.
  expect(cstr("tcp, send"), sendAt(left, 5, host(LOOPBACK, 9), 16), 5);
  expect(cstr("tcp, receive"), receiveNamed(right, 3), 3);
  expect(cstr("tcp, from"), load<i32>(word), 0);
  store<i32>(word, -1);
  const short = call(SystemCall.recvfrom, right, buffer, 1, 0, other, word);
  expect(cstr("tcp, size"), short, -EINVAL);
  expect(cstr("tcp, errors"), receive(right, 1, MSG_ERRQUEUE), -EAGAIN);
  expect(cstr("tcp, rest"), receive(right, 9, 0), 1);
  call(SystemCall.shutdown, left, SHUT_WR);
  expect(cstr("tcp, end"), receive(right, 9, 0), 0);
  expect(cstr("tcp, other way"), send(right, buffer, 2, 0), 2);
  expect(cstr("tcp, came"), receive(left, 9, 0), 2);
  closePair();
  close(server);
}

function internetDatagrams(): void {
  // Both wait: sendto(2) may be back before its datagram is there.
  left = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  right = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  call(SystemCall.bind, left, host(0, 0), 16);
  call(SystemCall.getsockname, left, other, sized(110));
  const port = portOf(other);
  expect(cstr("udp, to nobody"), send(right, buffer, 1, 0), -EDESTADDRREQ);
  expect(cstr("udp, send"), sendAt(right, 4, host(LOOPBACK, port), 16), 4);
  expect(cstr("udp, received"), receiveNamed(left, 9), 4);
  expect(cstr("udp, from"), load<i32>(word), 16);
  expect(cstr("udp, from host"), load<u32>(other, SOCKADDR_HOST), LOOPBACK);
  const back = portOf(other);
  expect(cstr("udp, answer"), sendAt(left, 5, host(LOOPBACK, back), 16), 5);
  expect(cstr("udp, answered"), receiveNamed(right, 9), 5);
  expect(cstr("udp, from server"), portOf(other), port);
  expect(cstr("udp, from there"), load<u32>(other, SOCKADDR_HOST), LOOPBACK);
  expect(cstr("udp, connect"), call(SystemCall.connect, right, host(LOOPBACK, port), 16), 0);
  expect(cstr("udp, peer"), call(SystemCall.getpeername, right, other, sized(110)), 0);
  expect(cstr("udp, peer's port"), portOf(other), port);
  expect(cstr("udp, send on"), send(right, buffer, 6, 0), 6);
  expect(cstr("udp, came"), receive(left, 9, 0), 6);
  expect(cstr("udp, too long"), send(right, buffer, 65508, 0), -EMSGSIZE);
  const third = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 17);
  sendAt(third, 1, host(LOOPBACK, back), 16);
  // What comes first is the peer's, although it was sent later.
  expect(cstr("udp, the peer's"), sendAt(left, 7, host(LOOPBACK, back), 16), 7);
  expect(cstr("udp, not a stranger's"), receive(right, 9, 0), 7);
  expect(cstr("udp, nothing else"), receive(right, 9, MSG_DONTWAIT), -EAGAIN);
  close(third);
  store<u16>(address, AF_UNSPEC);
  expect(cstr("udp, disconnect"), call(SystemCall.connect, right, address, 16), 0);
  expect(cstr("udp, alone"), send(right, buffer, 1, 0), -EDESTADDRREQ);
  closePair();
}

/** A port that no socket of UDP has, as one had it until now. */
function portOfNobody(): u32 {
  const file = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  const port = bindAny(file);
  close(file);
  return port;
}

/** Binds a socket to a port of the loop device that nobody has: the port. */
function bindAny(file: i32): u32 {
  call(SystemCall.bind, file, host(LOOPBACK, 0), 16);
  call(SystemCall.getsockname, file, other, sized(110));
  return portOf(other);
}

/** What nobody hears was sent all the same; only who has a peer is told, with the next call. */
function unheardDatagrams(): void {
  const nobody = portOfNobody();
  left = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  const own = bindAny(left);
  expect(cstr("udp, unheard"), sendAt(left, 3, host(LOOPBACK, nobody), 16), 3);
  expect(cstr("udp, to itself"), sendAt(left, 2, host(LOOPBACK, own), 16), 2);
  expect(cstr("udp, not told"), receive(left, 9, 0), 2);
  expect(cstr("udp, no port"), sendAt(left, 1, host(LOOPBACK, 0), 16), -EINVAL);
  call(SystemCall.connect, left, host(LOOPBACK, nobody), 16);
  expect(cstr("udp, peer unheard"), send(left, buffer, 1, 0), 1);
  expect(cstr("udp, told"), receive(left, 9, 0), -ECONNREFUSED);
  expect(cstr("udp, told once"), receive(left, 9, MSG_DONTWAIT), -EAGAIN);
  expect(cstr("udp, unheard by name"), sendAt(left, 1, host(LOOPBACK, nobody), 16), 1);
  expect(cstr("udp, error"), awaitError(left), POLLERR);
  expect(cstr("udp, SO_ERROR"), option(SO_ERROR), ECONNREFUSED);
  expect(cstr("udp, SO_ERROR again"), option(SO_ERROR), 0);
  send(left, buffer, 1, 0);
  awaitError(left);
  expect(cstr("udp, told a sender"), send(left, buffer, 1, 0), -ECONNREFUSED);
  expect(cstr("udp, of nothing"), send(left, 8, 1, 0), -EFAULT);
  expect(cstr("udp, was not sent"), option(SO_ERROR), 0);
  const away = portOfNobody();
  expect(cstr("udp, stranger unheard"), sendAt(left, 3, host(LOOPBACK, away), 16), 3);
  expect(cstr("udp, not of strangers"), option(SO_ERROR), 0);
  close(left);
}

/** Who is connected hears nobody but its peer, and of its peer's end before what had come. */
function deafDatagrams(): void {
  left = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  right = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  const third = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  const port = bindAny(left);
  const peer = bindAny(right);
  call(SystemCall.connect, left, host(LOOPBACK, peer), 16);
  expect(cstr("udp, deaf"), sendAt(third, 3, host(LOOPBACK, port), 16), 3);
  call(SystemCall.connect, third, host(LOOPBACK, port), 16);
  expect(cstr("udp, deaf to one connected"), send(third, buffer, 3, 0), 3);
  expect(cstr("udp, told that it is deaf"), receive(third, 9, 0), -ECONNREFUSED);
  expect(cstr("udp, the peer is heard"), sendAt(right, 2, host(LOOPBACK, port), 16), 2);
  expect(cstr("udp, and nobody else"), receive(left, 9, MSG_PEEK), 2);
  close(right);
  send(left, buffer, 1, 0);
  awaitError(left);
  expect(cstr("udp, told at first"), receive(left, 9, 0), -ECONNREFUSED);
  expect(cstr("udp, then what came"), receive(left, 9, 0), 2);
  expect(cstr("udp, shut"), call(SystemCall.shutdown, left, SHUT_WR), 0);
  expect(cstr("udp, no signal"), send(left, buffer, 1, 0), -EPIPE);
  right = call(SystemCall.socket, AF_INET, SOCK_DGRAM, 0);
  const shut = bindAny(right);
  expect(cstr("udp, shut alone"), call(SystemCall.shutdown, right, SHUT_RD), -ENOTCONN);
  expect(cstr("udp, end, at once"), receive(right, 9, MSG_DONTWAIT), -EAGAIN);
  expect(cstr("udp, end"), receive(right, 9, 0), 0);
  expect(cstr("udp, heard all the same"), sendAt(third, 3, host(LOOPBACK, shut), 16), 3);
  closePair();
  close(third);
}

/** Sends the first bytes of the buffer to an address. */
function sendAt(file: i32, size: i32, to: usize, toSize: i32): i32 {
  return call(SystemCall.sendto, file, buffer, size, 0, to, toSize);
}

/** Receives, with the name of who sent it in `other` and its size in `word`. */
function receiveNamed(file: i32, size: i32): i32 {
  return call(SystemCall.recvfrom, file, buffer, size, 0, other, sized(110));
}

function pair(kind: i32): void {
  expect(cstr("socketpair"), call(SystemCall.socketpair, AF_UNIX, kind, 0, ends), 0);
  left = load<i32>(ends);
  right = load<i32>(ends, 4);
}

function closePair(): void {
  close(left);
  close(right);
}

function close(file: i32): void {
  call(SystemCall.close, file);
}

function send(file: i32, from: usize, size: i32, flags: i32): i32 {
  return call(SystemCall.sendto, file, from, size, flags, 0, 0);
}

function sendTo(file: i32, size: i32): i32 {
  return call(SystemCall.sendto, file, buffer, size, 0, named("x"), 4);
}

function receive(file: i32, size: i32, flags: i32): i32 {
  return call(SystemCall.recvfrom, file, buffer, size, flags, 0, 0);
}

function drain(file: i32): void {
  while (receive(file, RCVBUF, MSG_DONTWAIT) > 0) {}
}

/** What is true of a file now. */
function poll(file: i32): i32 {
  return pollFor(file, POLLIN | POLLOUT | POLLRDHUP, 0);
}

/** Waits until a file has an error: what is true of it then. */
function awaitError(file: i32): i32 {
  return pollFor(file, 0, -1);
}

function pollFor(file: i32, events: u32, timeoutMs: i32): i32 {
  store<i32>(polled, file);
  store<u32>(polled, events, 4);
  call(SystemCall.poll, polled, 1, timeoutMs);
  return load<u16>(polled, 6);
}

/** A sockaddr with that path; its address. */
function named(path: string): usize {
  memory.fill(address, 0, 112);
  store<u16>(address, AF_UNIX);
  for (let i = 0; i < path.length; i++) {
    store<u8>(address + 2 + i, path.charCodeAt(i));
  }
  return address;
}

function connect(file: i32, path: string): i32 {
  return call(SystemCall.connect, file, named(path), 2 + path.length + 1);
}

function sized(size: i32): usize {
  store<i32>(word, size);
  return word;
}

function option(which: i32): i32 {
  store<u32>(word, 4);
  store<u32>(word, 0x55555555, 4);
  call(SystemCall.getsockopt, left, SOL_SOCKET, which, word + 4, word);
  return load<i32>(word, 4);
}

/** The control data of a message: one header, one word. */
function put(type: i32, size: i32, value: i32): void {
  store<u32>(control, CMSG_DATA + size);
  store<u32>(control, SOL_SOCKET, 4);
  store<u32>(control, type, 8);
  store<i32>(control, value, 12);
}

/** A message of `size` bytes, with room for or with that much control data. */
function prepare(controlSize: i32, size: i32): void {
  memory.fill(header, 0, MSGHDR_SIZE);
  store<usize>(vectors, buffer);
  store<u32>(vectors, size, 4);
  store<usize>(header, vectors, 8);
  store<u32>(header, 1, 12);
  store<usize>(header, controlSize === 0 ? 0 : control, 16);
  store<u32>(header, controlSize, 20);
}

function twoVectors(first: i32, second: i32): usize {
  store<usize>(vectors, buffer);
  store<u32>(vectors, first, 4);
  store<usize>(vectors, buffer + first, 8);
  store<u32>(vectors, second, 12);
  store<u32>(header, 2, 12);
  return vectors;
}

function arguments4(a: i32, b: i32, c: i32, d: i32): void {
  store<i32>(words, a);
  store<i32>(words, b, 4);
  store<i32>(words, c, 8);
  store<i32>(words, d, 12);
}
