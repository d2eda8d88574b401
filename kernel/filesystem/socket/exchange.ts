// Bytes through sockets: sent in portions, received across messages.
//
// What a receiver gets in one call ends after the first message with files: these belong to bytes
// that it has. Of a SOCK_SEQPACKET or SOCK_DGRAM it gets one message; what does not fit is lost.
//
// A datagram of AF_INET never waits for room, and was sent whether anybody hears it or not, as over
// a network. If it was for the peer and nobody hears it, the sender's next call fails with
// ECONNREFUSED.

import {
  EAGAIN,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOMEM,
  ENOTCONN,
  EPIPE,
  isErrno,
} from "../../../src/abi/errno";
import { O_NONBLOCK } from "../../../src/abi/files";
import {
  LOOPBACK,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_NOSIGNAL,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOCKADDR_HOST,
  SOCKADDR_PORT,
} from "../../../src/abi/linux/socket";
import { SIGPIPE } from "../../../src/abi/signals";
import { preemptHolding, sleepHolding } from "../../file/held-file";
import { OpenFile } from "../../file/open-file";
import { copyIn, copyOut, UserPointer } from "../../memory/user-memory";
import { currentProcess } from "../../process/process";
import { signalThread } from "../../process/signal";
import { currentCredentials } from "../../thread/credentials";
import { wakeAll } from "../../thread/schedule";
import { attachFile, detachFile } from "./in-flight";
import { createMessage, Message } from "./message";
import { findPort, Socket, tellSenders } from "./socket";

/** A stream is sent in messages of that many bytes. */
const PORTION: u32 = 4000;
/** No message of a SOCK_SEQPACKET is larger, nor one of UDP. */
const LARGEST_MESSAGE: u32 = 65536;
const LARGEST_DATAGRAM: u32 = 65507;

/** Family, port and host of the address that a datagram is for. */
const remote: usize = memory.data(8, 8);
/** Function index of (sender, address: u32, size: u32): usize, the socket that has it or -errno. */
let addressFinder: u32 = 0;
/** Where that function leaves the address. */
let foundAddress: usize = 0;

/** From now on the function of that index finds sockets by addresses, which it leaves at `at`. */
export function onAddress(index: u32, at: usize): void {
  addressFinder = index;
  foundAddress = at;
}

/** Whether a call about that file may wait. */
function mayWait(file: OpenFile, flags: u32): bool {
  return (file.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
}

/**
 * Waits until something can be received: 1; 0: nothing more comes; or -errno.
 */
export function awaitMessage(file: OpenFile, socket: Socket, flags: u32): i32 {
  if ((flags & MSG_ERRQUEUE) !== 0 && socket.isInternet) return -EAGAIN;
  // A stream's error comes after its bytes; a refusal before the datagrams that wait.
  while (socket.first === null || (socket.isDatagram && socket.error !== 0)) {
    const error = socket.takeError();
    if (error !== 0) return -error;
    if (!socket.isConnected && !socket.isDatagram) {
      return socket.type === SOCK_STREAM && !socket.isInternet ? -EINVAL : -ENOTCONN;
    }
    // As on Linux, who does not wait for a datagram is not told that none comes.
    if (socket.isAtEnd && !socket.isDatagram) return 0;
    if (!mayWait(file, flags)) return -EAGAIN;
    if (socket.isAtEnd) return 0;
    const result = sleepHolding(file, socket.readable);
    if (result !== 0) return result;
  }
  return 1;
}

/** How many bytes one call can receive now, if it wants so many. */
export function receivable(socket: Socket, wanted: u32): u32 {
  let count: u32 = 0;
  let message = socket.first;
  while (message !== null && count < wanted) {
    count += message.left;
    if (message.files !== 0 || socket.type !== SOCK_STREAM) break;
    message = message.next;
  }
  return min<u32>(count, wanted);
}

/** Copies `size` bytes to the user, of those that follow the next `skipped`: 0 or -EFAULT. */
export function copyReceived(socket: Socket, skipped: u32, to: UserPointer, size: u32): i32 {
  let message = socket.first;
  let before = skipped;
  let done: u32 = 0;
  while (done < size && message !== null) {
    const left = message.left;
    if (before >= left) before -= left;
    else {
      const part = min<u32>(size - done, left - before);
      const from = message.bytes + message.done + before;
      const result = copyOut(to.plus(done), from, part);
      if (result !== 0) return result;
      done += part;
      before = 0;
    }
    message = message.next;
  }
  return 0;
}

/** Takes `count` bytes out of the queue: of a SOCK_SEQPACKET the message as a whole. */
export function consume(socket: Socket, count: u32): void {
  let left = count;
  let message = socket.first;
  while (message !== null) {
    const part = min<u32>(left, message.left);
    message.done += part;
    left -= part;
    if (message.left !== 0 && socket.type === SOCK_STREAM) break;
    const taken = socket.takeFirst();
    while (taken.files !== 0) detachFile(taken).release();
    taken.destroy();
    if (socket.type !== SOCK_STREAM) break;
    message = left === 0 ? null : socket.first;
  }
  if (socket.isDatagram) {
    wakeAll(socket.writable);
    tellSenders(socket, false);
    return;
  }
  const peer = socket.peer;
  if (peer !== null) wakeAll(peer.writable);
}

/** Receives into one range, as read(2) does: how many bytes, or -errno. */
export function receive(
  file: OpenFile,
  socket: Socket,
  to: UserPointer,
  size: u32,
  flags: u32,
): i32 {
  const result = awaitMessage(file, socket, flags);
  if (result <= 0) return result;
  const count = receivable(socket, size);
  const copied = copyReceived(socket, 0, to, count);
  if (copied !== 0) return copied;
  consume(socket, count);
  return <i32>count;
}

/** A message that is to be sent next carries these files: addresses of open files. */
@unmanaged
export class Cargo {
  files: usize = 0;
  count: u32 = 0;
}

/**
 * Sends one range as a part of a stream: how many bytes, or -errno. The references of the files in
 * `cargo`, if there is one, pass with the first byte: then its count is 0.
 */
export function sendStream(
  file: OpenFile,
  socket: Socket,
  from: UserPointer,
  size: u32,
  flags: u32,
  cargo: Cargo | null,
): i32 {
  let done: u32 = 0;
  while (done < size) {
    const refusal = awaitRoom(file, socket, flags);
    if (refusal !== 0) return done !== 0 ? <i32>done : refusal;
    const part = min<u32>(size - done, PORTION);
    const message = createMessage(part, cargo === null ? 0 : cargo.count, 0);
    const result = message === null ? -ENOMEM : copyIn(from.plus(done), message.bytes, part);
    if (result !== 0) {
      if (message !== null) message.destroy();
      return done !== 0 ? <i32>done : result;
    }
    post(socket, socket.peer!, message!, cargo);
    done += part;
    if (done < size) preemptHolding(file);
  }
  return <i32>done;
}

/**
 * Waits until someone takes a message of `size` bytes: of a datagram who has the address at `to`,
 * if there is one. The receiver; 0: a datagram of AF_INET that nobody hears; or -errno.
 */
export function awaitReceiver(
  file: OpenFile,
  socket: Socket,
  size: u32,
  flags: u32,
  to: u32,
  toSize: u32,
): usize {
  if (size > (socket.isInternet ? LARGEST_DATAGRAM : LARGEST_MESSAGE)) return -EMSGSIZE;
  if (socket.isInternet) return findHearer(socket, to, toSize);
  while (socket.isDatagram) {
    const found =
      to === 0 ? findPeer(socket) : call_indirect<usize>(addressFinder, socket, to, toSize);
    if (isErrno(<u32>found)) return found;
    const receiver = changetype<Socket>(found);
    if (socket.isWriteShut || receiver.isReadShut) return brokenPipe(flags);
    if (receiver.charge < socket.limit) return found;
    if (!mayWait(file, flags)) return -EAGAIN;
    const result = sleepHolding(file, receiver.writable);
    if (result !== 0) return result;
  }
  const refusal = awaitRoom(file, socket, flags);
  return refusal !== 0 ? refusal : changetype<usize>(socket.peer);
}

/** Whom a datagram of AF_UNIX without an address is for: its socket, or -errno. */
function findPeer(socket: Socket): usize {
  if (!socket.isConnected) return -ENOTCONN;
  return socket.peer === null ? -ECONNREFUSED : changetype<usize>(socket.peer);
}

/** Who hears a datagram of AF_INET, of which `remote` keeps the address; 0: nobody; or -errno. */
function findHearer(socket: Socket, to: u32, toSize: u32): usize {
  const found = to === 0 ? findRemote(socket) : findPortNamed(socket, to, toSize);
  const isAbsent = <i32>found === -ECONNREFUSED;
  if (isErrno(<u32>found) && !isAbsent) return found;
  const error = socket.takeError();
  if (error !== 0) return -error;
  // No signal: SIGPIPE is for streams.
  if (socket.isWriteShut) return -EPIPE;
  return isAbsent || !hears(changetype<Socket>(found), socket) ? 0 : found;
}

/** The socket at the port that the sender is connected to, or -errno. */
function findRemote(socket: Socket): usize {
  if (!socket.isConnected) return -EDESTADDRREQ;
  store<u64>(remote, socket.remote);
  const found = findPort(SOCK_DGRAM, remote);
  return found === null ? -ECONNREFUSED : changetype<usize>(found);
}

/** The socket at the port that the address says, or -errno. */
function findPortNamed(socket: Socket, to: u32, toSize: u32): usize {
  const found = call_indirect<usize>(addressFinder, socket, to, toSize);
  store<u64>(remote, load<u64>(foundAddress));
  const isPort0 = load<u16>(remote, SOCKADDR_PORT) === 0;
  return isPort0 && <i32>found === -ECONNREFUSED ? -EINVAL : found;
}

/** Whether `receiver` is connected to nobody, or to the port of `sender`. */
function hears(receiver: Socket, sender: Socket): bool {
  const remote = receiver.remote;
  return remote === 0 || <u16>(remote >> 16) === load<u16>(sender.address, SOCKADDR_PORT);
}

/** Room for a message of `size` bytes, to be posted: its address, or -ENOMEM. */
export function prepareMessage(socket: Socket, size: u32, cargo: Cargo | null): usize {
  const name = socket.isDatagram ? socket.addressLength : 0;
  const message = createMessage(size, cargo === null ? 0 : cargo.count, name);
  if (message === null) return -ENOMEM;
  memory.copy(message.name, socket.address, name);
  if (name !== 0 && socket.isInternet && load<u32>(message.name, SOCKADDR_HOST) === 0) {
    store<u32>(message.name, LOOPBACK, SOCKADDR_HOST);
  }
  return changetype<usize>(message);
}

/** Puts a message into the receiver's queue; null: nobody hears it. See awaitReceiver(). */
export function post(
  socket: Socket,
  receiver: Socket | null,
  message: Message,
  cargo: Cargo | null,
): void {
  if (receiver === null) {
    message.destroy();
    refuse(socket);
    return;
  }
  if (socket.isInternet && socket.isDatagram && receiver.charge >= socket.limit) {
    message.destroy();
    return;
  }
  const who = currentCredentials();
  message.process = currentProcess().pid;
  message.user = who.effectiveUser;
  message.group = who.effectiveGroup;
  if (cargo !== null) {
    for (let i: u32 = 0; i < cargo.count; i++) {
      attachFile(message, load<OpenFile>(cargo.files + (i << 2)));
    }
    cargo.count = 0;
  }
  receiver.append(message);
  wakeAll(receiver.readable);
}

/** Tells a sender that nobody hears the datagram for `remote`; only the peer's absence matters. */
function refuse(sender: Socket): void {
  if (!sender.isConnected || sender.remote !== load<u64>(remote)) return;
  sender.error = ECONNREFUSED;
  sender.notify();
}

function brokenPipe(flags: u32): i32 {
  if ((flags & MSG_NOSIGNAL) === 0) signalThread(SIGPIPE);
  return -EPIPE;
}

/** Waits until the peer's queue takes more: 0 or -errno; after -EPIPE comes SIGPIPE. */
function awaitRoom(file: OpenFile, socket: Socket, flags: u32): i32 {
  while (true) {
    if (!socket.isConnected && !socket.isInternet) return -ENOTCONN;
    if (socket.isBroken) return brokenPipe(flags);
    if (socket.hasRoom) return 0;
    if (!mayWait(file, flags)) return -EAGAIN;
    const result = sleepHolding(file, socket.writable);
    if (result !== 0) return result;
  }
}
