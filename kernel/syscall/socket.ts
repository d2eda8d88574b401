// System calls about sockets: unix(7), for streams and SOCK_SEQPACKET. Other families are refused.
//
// socket-calls.ts finds the socket that a call is about: its file, and what it is. sendmsg and
// recvmsg are in socket-message.ts, options in socket-option.ts.

import {
  EADDRINUSE,
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EEXIST,
  EFAULT,
  EINVAL,
  EISCONN,
  ENOMEM,
  ENOTCONN,
  ENOTDIR,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  EPROTOTYPE,
  ESOCKTNOSUPPORT,
  isErrno,
} from "../../src/abi/errno";
import { O_CLOEXEC, O_NONBLOCK, S_IFSOCK, S_PERMISSIONS, W_OK } from "../../src/abi/files";
import {
  AF_UNIX,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_MAX,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
  SOCKADDR_PATH,
  SOCKADDR_UN_SIZE,
} from "../../src/abi/linux/socket";
import { DirectoryEntry } from "../file/directory-entry";
import { sleepHolding } from "../file/held-file";
import { Inode } from "../file/inode";
import { makeFile } from "../file/names";
import { OpenFile } from "../file/open-file";
import { isDots, lastLength, lastName, PathEnd, resolvePath } from "../file/path";
import { accessRefusal } from "../file/permission";
import { transferSize } from "../file/transfer";
import { awaitMessage, consume, copyReceived, receivable } from "../filesystem/socket/exchange";
import { createSocket, findAbstract, join, Socket } from "../filesystem/socket/socket";
import {
  closeSocket,
  openNewSocket,
  openSocket,
  sendBytes,
  socketOf,
} from "../filesystem/socket/socket-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate } from "../memory/heap";
import {
  clearUser,
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userAddress,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { currentContext, currentFiles } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { wakeAll } from "../thread/schedule";
import { addDescriptor } from "./descriptor";

/** SOMAXCONN: more connections never wait. */
const LARGEST_BACKLOG: u32 = 4096;
const KIND_BITS: u32 = SOCK_TYPE_MASK | O_NONBLOCK | O_CLOEXEC;
const AUTOBIND_DIGITS: u32 = 5;
const DIGIT_SHIFT: u32 = 4;

/** The address that takeAddress() read, and a NUL after it. */
const address: usize = memory.data(SOCKADDR_UN_SIZE + 2, 4);
let addressLength: u32 = 0;
const words: usize = memory.data(8, 4);
let lastAutobind: u32 = 0;

/** Why there is no such socket; 0: there is. */
function kindRefusal(family: u32, kind: u32, protocol: u32): i32 {
  if ((kind & ~KIND_BITS) !== 0) return -EINVAL;
  const type = kind & SOCK_TYPE_MASK;
  if (type >= SOCK_MAX) return -EINVAL;
  if (family !== AF_UNIX) return -EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
  return type === SOCK_STREAM || type === SOCK_SEQPACKET ? 0 : -ESOCKTNOSUPPORT;
}

/** socket(family, kind and flags, protocol) */
export function socket(frame: TrapFrame): i32 {
  return makeSocket(frame.arg0, frame.arg1, frame.arg2);
}

function makeSocket(family: u32, kind: u32, protocol: u32): i32 {
  const refusal = kindRefusal(family, kind, protocol);
  if (refusal !== 0) return refusal;
  return describe(openNewSocket(kind & SOCK_TYPE_MASK, kind), kind);
}

/** socketpair(family, kind and flags, protocol, files) */
export function socketpair(frame: TrapFrame): i32 {
  const family = frame.arg0;
  const kind = frame.arg1;
  const protocol = frame.arg2;
  const to = userPointer(frame.arg3);
  // As on Linux, which tells the numbers before it makes the sockets.
  if ((kind & ~KIND_BITS) !== 0) return -EINVAL;
  if (clearUser(to, 8) !== 0) return -EFAULT;
  const refusal = kindRefusal(family, kind, protocol);
  if (refusal !== 0) return refusal;
  const type = kind & SOCK_TYPE_MASK;
  const first = makeSocket(family, kind, protocol);
  if (first < 0) return first;
  const files = currentFiles();
  const opened = openNewSocket(type, kind);
  let result = describe(opened, kind);
  if (result >= 0) {
    const one = socketOf(files.get(first)!)!;
    const other = socketOf(changetype<OpenFile>(opened))!;
    noteCaller(one);
    noteCaller(other);
    join(one, other);
    store<u32>(words, first);
    store<u32>(words, result, 4);
    const second = result;
    result = copyOut(to, words, 8);
    if (result === 0) return 0;
    files.close(second);
  }
  files.close(first);
  return result;
}

/** A descriptor for the file that was opened, or -errno. */
function describe(opened: usize, flags: u32): i32 {
  if (isErrno(<u32>opened)) return <i32>opened;
  return addDescriptor(changetype<OpenFile>(opened), flags);
}

/** SO_PEERCRED of this socket tells of the running process. */
function noteCaller(socket: Socket): void {
  const who = currentCredentials();
  socket.peerProcess = currentProcess().pid;
  socket.peerUser = who.effectiveUser;
  socket.peerGroup = who.effectiveGroup;
}

/** Copies an address in, with a NUL after it: 0 or -errno. */
function takeAddress(from: UserPointer, size: u32): i32 {
  if (size < SOCKADDR_PATH || size > SOCKADDR_UN_SIZE) return -EINVAL;
  if (copyIn(from, address, size) !== 0) return -EFAULT;
  if (load<u16>(address) !== AF_UNIX) return -EINVAL;
  store<u8>(address + size, 0);
  addressLength = size;
  return 0;
}

function isAbstract(): bool {
  return addressLength > SOCKADDR_PATH && load<u8>(address, SOCKADDR_PATH) === 0;
}

/** bind(file, address, its size) */
export function bind(frame: TrapFrame, _file: OpenFile, bound: Socket): i32 {
  const size = frame.arg2;
  const refusal = takeAddress(userPointer(frame.arg1), size);
  if (refusal !== 0) return refusal;
  if (size === SOCKADDR_PATH) return bound.address !== 0 ? 0 : autobind(bound);
  if (bound.address !== 0) return -EINVAL;
  if (!isAbstract()) return bindPath(bound);
  return findAbstract(address, addressLength) !== null ? -EADDRINUSE : keepAddress(bound);
}

/** Gives the socket an abstract name that nobody has: a NUL and five digits. */
function autobind(bound: Socket): i32 {
  store<u8>(address, 0, SOCKADDR_PATH);
  addressLength = SOCKADDR_PATH + 1 + AUTOBIND_DIGITS;
  do {
    lastAutobind++;
    for (let i: u32 = 0; i < AUTOBIND_DIGITS; i++) {
      const digit = (lastAutobind >> ((AUTOBIND_DIGITS - 1 - i) * DIGIT_SHIFT)) & 0xf;
      store<u8>(address + SOCKADDR_PATH + 1 + i, digit < 10 ? 0x30 + digit : 0x57 + digit);
    }
  } while (findAbstract(address, addressLength) !== null);
  return keepAddress(bound);
}

/** The socket keeps a copy of the address: 0 or -ENOMEM. */
function keepAddress(bound: Socket): i32 {
  const copy = allocate(addressLength);
  if (copy === 0) return -ENOMEM;
  memory.copy(copy, address, addressLength);
  bound.address = copy;
  bound.addressLength = addressLength;
  return 0;
}

/** Makes a file of the type socket that has the name of the address. */
function bindPath(bound: Socket): i32 {
  const context = currentContext();
  const path = address + SOCKADDR_PATH;
  const place = resolvePath(context.root, context.directory, path, PathEnd.directory);
  if (isErrno(<u32>place)) return <i32>place;
  const directory = changetype<DirectoryEntry>(place);
  const result = makeName(bound, directory);
  directory.release();
  return result;
}

function makeName(bound: Socket, directory: DirectoryEntry): i32 {
  if (!directory.inode.isDirectory) return -ENOTDIR;
  if (lastLength === 0 || isDots(lastName, lastLength)) return -EADDRINUSE;
  const before = directory.find(lastName, lastLength);
  if (before !== null) return -EADDRINUSE;
  const mode = S_IFSOCK | (S_PERMISSIONS & 0o777 & ~currentContext().umask);
  const made = makeFile(directory, lastName, lastLength, mode, 0);
  if (isErrno(<u32>made)) return <i32>made === -EEXIST ? -EADDRINUSE : <i32>made;
  const entry = changetype<DirectoryEntry>(made);
  const inode = entry.inode;
  // The address is kept as Linux gives it: up to the NUL that ends the path.
  let end = SOCKADDR_PATH;
  while (load<u8>(address + end) !== 0) end++;
  addressLength = min<u32>(end + 1, SOCKADDR_UN_SIZE);
  const result = keepAddress(bound);
  if (result === 0) {
    inode.retain();
    inode.data = changetype<usize>(bound);
    bound.inode = inode;
  }
  entry.release();
  return result;
}

/** The socket that has the address that was taken: its record, or -errno. */
function findNamed(): usize {
  if (addressLength === SOCKADDR_PATH) return -EINVAL;
  if (isAbstract()) {
    const found = findAbstract(address, addressLength);
    return found === null ? -ECONNREFUSED : changetype<usize>(found);
  }
  const context = currentContext();
  const path = address + SOCKADDR_PATH;
  const found = resolvePath(context.root, context.directory, path, PathEnd.file);
  if (isErrno(<u32>found)) return found;
  const entry = changetype<DirectoryEntry>(found);
  const result = boundTo(entry.inode);
  entry.release();
  return result;
}

function boundTo(inode: Inode): usize {
  const refusal = accessRefusal(inode, W_OK);
  if (refusal !== 0) return refusal;
  return inode.isSocket && inode.data !== 0 ? inode.data : -ECONNREFUSED;
}

/** connect(file, address, its size) */
export function connect(frame: TrapFrame, file: OpenFile, client: Socket): i32 {
  while (true) {
    // Whatever is static has changed since it waited, and the server may be gone.
    const refusal = takeAddress(userPointer(frame.arg1), frame.arg2);
    if (refusal !== 0) return refusal;
    const found = findNamed();
    if (isErrno(<u32>found)) return <i32>found;
    const server = changetype<Socket>(found);
    if (server.type !== client.type) return -EPROTOTYPE;
    if (!server.isListening || server.isReadShut) return -ECONNREFUSED;
    if (server.pendingCount <= server.backlog) {
      if (client.isListening) return -EINVAL;
      return client.isConnected ? -EISCONN : connectTo(client, server);
    }
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepHolding(file, server.writable);
    if (result !== 0) return result;
  }
}

function connectTo(client: Socket, server: Socket): i32 {
  const accepted = createSocket(server.type);
  if (accepted === null) return -ENOMEM;
  // What is accepted has the name of the socket that listened.
  if (server.address !== 0) {
    memory.copy(address, server.address, server.addressLength);
    addressLength = server.addressLength;
    if (keepAddress(accepted) !== 0) {
      closeSocket(accepted);
      return -ENOMEM;
    }
  }
  accepted.sharesName = true;
  noteCaller(accepted);
  // The client's peer is whoever called listen().
  client.peerProcess = server.peerProcess;
  client.peerUser = server.peerUser;
  client.peerGroup = server.peerGroup;
  accepted.tellsSenders = server.tellsSenders;
  join(client, accepted);
  server.appendPending(accepted);
  wakeAll(server.readable);
  return 0;
}

/** listen(file, how many may wait) */
export function listen(frame: TrapFrame, _file: OpenFile, server: Socket): i32 {
  if (server.address === 0 || server.isConnected) return -EINVAL;
  server.isListening = true;
  server.backlog = min<u32>(frame.arg1, LARGEST_BACKLOG);
  noteCaller(server);
  wakeAll(server.writable);
  return 0;
}

/** accept4(file, address, its size, flags) */
export function accept4(frame: TrapFrame, file: OpenFile, server: Socket): i32 {
  const flags = frame.arg3;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
  if (!server.isListening) return -EINVAL;
  while (server.pending === null) {
    if (server.isReadShut) return -EINVAL;
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepHolding(file, server.readable);
    if (result !== 0) return result;
  }
  const accepted = server.takePending();
  wakeAll(server.writable);
  const client = accepted.peer;
  const made = describe(openSocket(accepted, flags), flags);
  const to = userPointer(frame.arg1);
  if (made < 0 || userAddress(to) === 0) return made;
  const result = putAddress(client, to, userPointer(frame.arg2));
  if (result === 0) return made;
  currentFiles().close(made);
  return result;
}

/** getsockname(file, address, its size) */
export function getsockname(frame: TrapFrame, _file: OpenFile, own: Socket): i32 {
  return putAddress(own, userPointer(frame.arg1), userPointer(frame.arg2));
}

/** getpeername(file, address, its size) */
export function getpeername(frame: TrapFrame, _file: OpenFile, own: Socket): i32 {
  if (!own.isConnected) return -ENOTCONN;
  return putAddress(own.peer, userPointer(frame.arg1), userPointer(frame.arg2));
}

/** Copies a socket's address out, as much as there is room for, and how long it is: 0 or -errno. */
export function putAddress(named: Socket | null, to: UserPointer, sizeAt: UserPointer): i32 {
  if (readWord(sizeAt, words) !== 0) return -EFAULT;
  const room = load<i32>(words);
  if (room < 0) return -EINVAL;
  const length = loadAddress(named);
  if (copyOut(to, address, min<u32>(<u32>room, length)) !== 0) return -EFAULT;
  return writeWord(sizeAt, length);
}

/** Puts the socket's address where takeAddress() puts one; how long it is. */
function loadAddress(named: Socket | null): u32 {
  if (named === null || named.address === 0) {
    store<u16>(address, AF_UNIX);
    return SOCKADDR_PATH;
  }
  memory.copy(address, named.address, named.addressLength);
  return named.addressLength;
}

/**
 * sendto(file, bytes, size, flags, address, its size). As Linux: an address is refused, whether it
 * is that of the peer or not.
 */
export function sendto(frame: TrapFrame, file: OpenFile, sender: Socket): i32 {
  const from = userPointer(frame.arg1);
  const flags = frame.arg3;
  const wanted = transferSize(from, frame.arg2);
  if (wanted < 0) return wanted;
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if (frame.arg4 !== 0 && sender.type === SOCK_STREAM) {
    return sender.isConnected ? -EISCONN : -EOPNOTSUPP;
  }
  return sendBytes(file, from, <u32>wanted, flags);
}

/** recvfrom(file, to, size, flags, address, its size) */
export function recvfrom(frame: TrapFrame, file: OpenFile, receiver: Socket): i32 {
  const to = userPointer(frame.arg1);
  const from = frame.arg4;
  const sizeAt = frame.arg5;
  const flags = frame.arg3;
  const wanted = transferSize(to, frame.arg2);
  if (wanted < 0) return wanted;
  if ((flags & MSG_OOB) !== 0) return -EINVAL;
  const count = receiveAll(file, receiver, to, <u32>wanted, flags);
  if (count < 0 || from === 0) return count;
  // A connected socket tells no address, only that there is none.
  const isNamed = receiver.type === SOCK_SEQPACKET;
  const result = isNamed
    ? putAddress(receiver.peer, userPointer(from), userPointer(sizeAt))
    : writeWord(userPointer(sizeAt), 0);
  return result !== 0 ? result : count;
}

/**
 * Receives once, or of a stream with MSG_WAITALL until the range is full: how many bytes, or
 * -errno. With MSG_TRUNC a message's length is told, whatever there was room for.
 */
function receiveAll(file: OpenFile, receiver: Socket, to: UserPointer, size: u32, flags: u32): i32 {
  let done: u32 = 0;
  do {
    const result = awaitMessage(file, receiver, flags);
    if (result <= 0) return done !== 0 ? <i32>done : result;
    const length = receiver.first!.left;
    const count = receivable(receiver, size - done);
    const copied = copyReceived(receiver, 0, to.plus(done), count);
    if (copied !== 0) return done !== 0 ? <i32>done : copied;
    done += count;
    if ((flags & MSG_PEEK) === 0) consume(receiver, count);
    if (receiver.type !== SOCK_STREAM) return (flags & MSG_TRUNC) !== 0 ? length : done;
    if ((flags & MSG_PEEK) !== 0) break;
  } while ((flags & MSG_WAITALL) !== 0 && done < size);
  return <i32>done;
}

/** shutdown(file, how) */
export function shutdown(frame: TrapFrame, _file: OpenFile, shut: Socket): i32 {
  const how = frame.arg1;
  if (how > SHUT_RDWR) return -EINVAL;
  const peer = shut.peer;
  if (how !== SHUT_WR) shut.isReadShut = true;
  if (how !== SHUT_RD) shut.isWriteShut = true;
  if (peer !== null) {
    if (how !== SHUT_WR) peer.isWriteShut = true;
    if (how !== SHUT_RD) peer.isReadShut = true;
    peer.notify();
  }
  shut.notify();
  return 0;
}
