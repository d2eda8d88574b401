// Bytes through sockets that are connected: sent in portions, received across messages.
//
// What a receiver gets in one call ends behind the first message with files: these belong to bytes
// that it has. Of a SOCK_SEQPACKET it gets one message, and what does not fit is lost.

import { EAGAIN, EINVAL, EMSGSIZE, ENOMEM, ENOTCONN, EPIPE } from "../../../src/abi/errno";
import { O_NONBLOCK } from "../../../src/abi/files";
import { MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_STREAM } from "../../../src/abi/linux/socket";
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
import { Socket } from "./socket";

/** A stream is sent in messages of that many bytes. */
const PORTION: u32 = 4000;
/** No message of a SOCK_SEQPACKET is larger. */
const LARGEST_MESSAGE: u32 = 65536;

/** Whether a call about that file may wait. */
function mayWait(file: OpenFile, flags: u32): bool {
  return (file.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
}

/**
 * Waits until something can be received: 1; 0: nothing more comes; or -errno.
 */
export function awaitMessage(file: OpenFile, socket: Socket, flags: u32): i32 {
  while (socket.first === null) {
    const error = socket.error;
    if (error !== 0) {
      socket.error = 0;
      return -error;
    }
    if (!socket.isConnected) return socket.type === SOCK_STREAM ? -EINVAL : -ENOTCONN;
    if (socket.isAtEnd) return 0;
    if (!mayWait(file, flags)) return -EAGAIN;
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
    const message = createMessage(part, cargo === null ? 0 : cargo.count);
    const result = message === null ? -ENOMEM : copyIn(from.plus(done), message.bytes, part);
    if (result !== 0) {
      if (message !== null) message.destroy();
      return done !== 0 ? <i32>done : result;
    }
    post(socket, message!, cargo);
    done += part;
    if (done < size) preemptHolding(file);
  }
  return <i32>done;
}

/** Room for a message of `size` bytes of a SOCK_SEQPACKET: its address, to be posted, or -errno. */
export function prepareMessage(
  file: OpenFile,
  socket: Socket,
  size: u32,
  flags: u32,
  cargo: Cargo | null,
): usize {
  if (size > LARGEST_MESSAGE) return -EMSGSIZE;
  const refusal = awaitRoom(file, socket, flags);
  if (refusal !== 0) return refusal;
  const message = createMessage(size, cargo === null ? 0 : cargo.count);
  return message === null ? -ENOMEM : changetype<usize>(message);
}

/** Puts a message into the peer's queue; there must be a peer. */
export function post(socket: Socket, message: Message, cargo: Cargo | null): void {
  const peer = socket.peer!;
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
  peer.append(message);
  wakeAll(peer.readable);
}

/** Waits until the peer's queue takes more: 0 or -errno; after -EPIPE comes SIGPIPE. */
function awaitRoom(file: OpenFile, socket: Socket, flags: u32): i32 {
  while (true) {
    if (!socket.isConnected) return -ENOTCONN;
    if (socket.isBroken) {
      if ((flags & MSG_NOSIGNAL) === 0) signalThread(SIGPIPE);
      return -EPIPE;
    }
    if (socket.hasRoom) return 0;
    if (!mayWait(file, flags)) return -EAGAIN;
    const result = sleepHolding(file, socket.writable);
    if (result !== 0) return result;
  }
}
