// System calls about sockets: unix(7), and tcp(7) and udp(7) within the machine. Other families are
// refused.
//
// socket-calls.ts finds the socket that a call is about: its file, and what it is. sendmsg and
// recvmsg are in socket-message.ts, options in socket-option.ts, names in socket-name.ts.

import {
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EFAULT,
  EINVAL,
  EISCONN,
  ENOMEM,
  ENOTCONN,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  EPROTOTYPE,
  ESOCKTNOSUPPORT,
  isErrno,
} from "../../src/abi/errno";
import { O_CLOEXEC, O_NONBLOCK } from "../../src/abi/files";
import {
  AF_INET,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  LOOPBACK,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_DGRAM,
  SOCK_MAX,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
  SOCKADDR_HOST,
} from "../../src/abi/linux/socket";
import { sleepHolding } from "../file/held-file";
import { OpenFile } from "../file/open-file";
import { transferSize } from "../file/transfer";
import { awaitMessage, consume, copyReceived, receivable } from "../filesystem/socket/exchange";
import { createSocket, join, Socket } from "../filesystem/socket/socket";
import {
  closeSocket,
  openNewSocket,
  openSocket,
  sendBytes,
  socketOf,
} from "../filesystem/socket/socket-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { clearUser, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { currentFiles } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { wakeAll } from "../thread/schedule";
import { describe, descriptorFlags } from "./descriptor";
import {
  address,
  addressRefusal,
  bindAddress,
  ensureAddress,
  findAddressed,
  findNamed,
  nameAlike,
  putAddress,
  putPeer,
  putTaken,
  takeAddress,
  takeName,
} from "./socket-name";

/** SOMAXCONN: more connections never wait. */
const LARGEST_BACKLOG: u32 = 4096;
const KIND_BITS: u32 = SOCK_TYPE_MASK | O_NONBLOCK | O_CLOEXEC;

const words: usize = memory.data(8, 4);

/** Why there is no such socket; 0: there is. */
function kindRefusal(family: u32, kind: u32, protocol: u32): i32 {
  if ((kind & ~KIND_BITS) !== 0) return -EINVAL;
  const type = kind & SOCK_TYPE_MASK;
  if (type >= SOCK_MAX) return -EINVAL;
  const isStream = type === SOCK_STREAM;
  if (family === AF_INET) {
    const isRaw = type === SOCK_RAW && protocol === 0;
    if (!isStream && type !== SOCK_DGRAM && !isRaw) return -ESOCKTNOSUPPORT;
    const own = isStream ? IPPROTO_TCP : IPPROTO_UDP;
    return isRaw || (protocol !== 0 && protocol !== own) ? -EPROTONOSUPPORT : 0;
  }
  if (family !== AF_UNIX) return -EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
  return isStream || type === SOCK_SEQPACKET || type === SOCK_DGRAM ? 0 : -ESOCKTNOSUPPORT;
}

/** socket(family, kind and flags, protocol) */
export function socket(frame: TrapFrame): i32 {
  return makeSocket(frame.arg0, frame.arg1, frame.arg2);
}

function makeSocket(family: u32, kind: u32, protocol: u32): i32 {
  const refusal = kindRefusal(family, kind, protocol);
  if (refusal !== 0) return refusal;
  return describe(openNewSocket(family, kind & SOCK_TYPE_MASK, kind), kind);
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
  if (family !== AF_UNIX) return -EOPNOTSUPP;
  const type = kind & SOCK_TYPE_MASK;
  const first = makeSocket(family, kind, protocol);
  if (first < 0) return first;
  const files = currentFiles();
  const opened = openNewSocket(family, type, kind);
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

/** SO_PEERCRED of this socket tells of the running process. */
function noteCaller(socket: Socket): void {
  const who = currentCredentials();
  socket.peerProcess = currentProcess().pid;
  socket.peerUser = who.effectiveUser;
  socket.peerGroup = who.effectiveGroup;
}

/** bind(file, address, its size) */
export function bind(frame: TrapFrame, _file: OpenFile, bound: Socket): i32 {
  const refusal = takeAddress(bound, userPointer(frame.arg1), frame.arg2);
  if (refusal !== 0) return refusal < 0 ? refusal : -EINVAL;
  return bindAddress(bound);
}

/** connect(file, address, its size) */
export function connect(frame: TrapFrame, file: OpenFile, client: Socket): i32 {
  while (true) {
    // Whatever is static has changed since it waited, and the server may be gone.
    const refusal = takeAddress(client, userPointer(frame.arg1), frame.arg2);
    if (refusal < 0) return refusal;
    if (client.isDatagram) return connectDatagrams(client, frame.arg1, frame.arg2, refusal !== 0);
    if (refusal !== 0) return -EINVAL;
    if (client.isInternet && client.isConnected) return -EISCONN;
    const found = findNamed(client);
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

/** Datagrams without an address are for this one from now on, or for nobody. */
function connectDatagrams(client: Socket, to: u32, size: u32, isUndone: bool): i32 {
  let found: usize = 0;
  if (!isUndone) found = findAddressed(client, to, size);
  // Nobody needs to have the port yet.
  const isAbsent = client.isInternet && <i32>found === -ECONNREFUSED;
  if (isErrno(<u32>found) && !isAbsent) return <i32>found;
  client.isConnected = !isUndone;
  if (!client.isInternet) {
    client.peer = changetype<Socket | null>(found);
    return 0;
  }
  client.remote = isUndone ? 0 : load<u64>(address);
  return isUndone ? 0 : ensureAddress(client, LOOPBACK);
}

function connectTo(client: Socket, server: Socket): i32 {
  const host = load<u32>(address, SOCKADDR_HOST);
  const refusal = client.isInternet ? ensureAddress(client, host) : 0;
  if (refusal !== 0) return refusal;
  const accepted = createSocket(server.family, server.type);
  if (accepted === null) return -ENOMEM;
  if (nameAlike(accepted, server, host) !== 0) {
    closeSocket(accepted);
    return -ENOMEM;
  }
  noteCaller(accepted);
  // The client's peer is whoever called listen().
  client.peerProcess = server.peerProcess;
  client.peerUser = server.peerUser;
  client.peerGroup = server.peerGroup;
  accepted.tellsSenders = server.tellsSenders;
  if (client.isInternet) {
    accepted.remote = load<u64>(client.address);
    client.remote = load<u64>(accepted.address);
  }
  join(client, accepted);
  server.appendPending(accepted);
  wakeAll(server.readable);
  return 0;
}

/** listen(file, how many may wait) */
export function listen(frame: TrapFrame, _file: OpenFile, server: Socket): i32 {
  if (server.isDatagram) return -EOPNOTSUPP;
  if (server.isInternet) {
    const refusal = ensureAddress(server, 0);
    if (refusal !== 0) return refusal;
  }
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
  // A connection that gets no descriptor stays for the next call.
  const files = currentFiles();
  const number = files.reserve();
  if (number < 0) return number;
  return files.settle(number, acceptNext(frame, file, server), descriptorFlags(flags));
}

/** The next connection, open: the file's address or -errno. */
function acceptNext(frame: TrapFrame, file: OpenFile, server: Socket): usize {
  if (server.isDatagram) return -EOPNOTSUPP;
  if (!server.isListening) return -EINVAL;
  while (server.pending === null) {
    if (server.isReadShut) return -EINVAL;
    if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN;
    const result = sleepHolding(file, server.readable);
    if (result !== 0) return result;
  }
  const opened = openSocket(server.pending!, frame.arg3);
  if (isErrno(<u32>opened)) return opened;
  const accepted = server.takePending();
  wakeAll(server.writable);
  const to = userPointer(frame.arg1);
  if (userAddress(to) === 0) return opened;
  const result = putPeer(accepted, to, userPointer(frame.arg2));
  if (result === 0) return opened;
  changetype<OpenFile>(opened).release();
  return result;
}

/** getsockname(file, address, its size) */
export function getsockname(frame: TrapFrame, _file: OpenFile, own: Socket): i32 {
  return putAddress(own, userPointer(frame.arg1), userPointer(frame.arg2));
}

/** getpeername(file, address, its size) */
export function getpeername(frame: TrapFrame, _file: OpenFile, own: Socket): i32 {
  if (!own.isConnected) return -ENOTCONN;
  return putPeer(own, userPointer(frame.arg1), userPointer(frame.arg2));
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
  const to = frame.arg4;
  const refusal = to !== 0 ? addressRefusal(sender) : 0;
  if (refusal !== 0) return refusal;
  return sendBytes(file, from, <u32>wanted, flags, to, frame.arg5);
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
  const result = putTaken(userPointer(from), userPointer(sizeAt));
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
    if (result <= 0) {
      takeName(receiver);
      return done !== 0 ? <i32>done : result;
    }
    const length = receiver.first!.left;
    const count = receivable(receiver, size - done);
    const copied = copyReceived(receiver, 0, to.plus(done), count);
    if (copied !== 0) return done !== 0 ? <i32>done : copied;
    done += count;
    takeName(receiver);
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
  const isAlone = shut.isInternet && !shut.isConnected;
  if (isAlone && !shut.isDatagram) return -ENOTCONN;
  const peer = !shut.isDatagram ? shut.peer : null;
  if (how !== SHUT_WR) shut.isReadShut = true;
  if (how !== SHUT_RD) shut.isWriteShut = true;
  if (peer !== null) {
    if (how !== SHUT_WR) peer.isWriteShut = true;
    if (how !== SHUT_RD) peer.isReadShut = true;
    peer.notify();
  }
  shut.notify();
  // As on Linux, a datagram socket without a peer is shut all the same.
  return isAlone ? -ENOTCONN : 0;
}
