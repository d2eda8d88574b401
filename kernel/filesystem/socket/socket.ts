// Sockets of one machine: unix(7), and ip(7) as far as its loop device goes. Two that are connected
// send messages into each other's queues.
//
//   OpenFile -> Inode -> Socket <---- peer ----> Socket <- Inode <- OpenFile
//                          | messages: what it will receive
//
//   listening:   pending -> Socket -> Socket      connected by others, not accepted yet: these have
//                                                 no file
//
// Invariants
//   - Peers name each other, but for datagrams: the peer of one such socket may have another, or
//     none. A socket whose peer was closed has none, and `isConnected` still.
//   - The peer of a datagram socket of AF_INET is whoever has the port `remote` now.
//   - A name in the file system is an inode of the type socket, whose `data` is the socket; the
//     socket holds a reference of it, and takes its address out when it goes.
//   - All sockets are in one list: abstract names are looked up there, and what only waits in
//     queues is found there (in-flight.ts).

import { AF_INET, SOCK_DGRAM, SOCKADDR_HOST, SOCKADDR_PORT } from "../../../src/abi/linux/socket";
import { Inode } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { sameBytes } from "../../log/same-bytes";
import { allocate, free } from "../../memory/heap";
import { wakeAll } from "../../thread/schedule";
import { WaitQueue } from "../../thread/wait-queue";
import { Message } from "./message";

/** As much may wait in a queue before senders wait, if they ask for nothing else. */
export const USUAL_LIMIT: u32 = 212992;

@unmanaged
export class Socket {
  /** Who waits for messages or a connection, and who waits for room at the peer. */
  readable: WaitQueue = changetype<WaitQueue>(0);
  writable: WaitQueue = changetype<WaitQueue>(0);
  /** All sockets. */
  next: Socket | null = null;
  private previous: Socket | null = null;
  /** AF_UNIX or AF_INET. */
  family: u32 = 0;
  /** SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM. */
  type: u32 = 0;
  /** Family, port and host that datagrams of AF_INET are for, as in a sockaddr; 0: none. */
  remote: u64 = 0;
  peer: Socket | null = null;
  isConnected: bool = false;
  isListening: bool = false;
  /** Nothing more comes in; nothing more goes out. */
  isReadShut: bool = false;
  isWriteShut: bool = false;
  /** SO_PASSCRED: messages tell who sent them. */
  tellsSenders: bool = false;
  /** Whether in-flight.ts has found a way to it. */
  isReached: bool = false;
  /**
   * What the next call tells, once: ECONNRESET: the peer went before it had received everything;
   * ECONNREFUSED: nobody heard what was sent to the peer.
   */
  error: i32 = 0;
  first: Message | null = null;
  private last: Message | null = null;
  /** What the messages count for. */
  charge: u32 = 0;
  /** What the peer's queue may count for before its own senders wait. */
  limit: u32 = USUAL_LIMIT;
  /** Connections that were not accepted: how many there are, and may be. */
  pending: Socket | null = null;
  pendingCount: u32 = 0;
  backlog: u32 = 0;
  /** Its name as a sockaddr, of which it owns the bytes; 0: none. */
  address: usize = 0;
  addressLength: u32 = 0;
  /** The name is that of the socket that listened, and is not looked up here. */
  sharesName: bool = false;
  /** Of a name in the file system. */
  inode: Inode | null = null;
  /** Who listens; and once it is connected who did so at the other end: SO_PEERCRED. */
  peerProcess: u32 = 0;
  peerUser: u32 = 0;
  peerGroup: u32 = 0;
  /** Its open file, which it has no reference of; null: it was not accepted yet. */
  file: OpenFile | null = null;
  /** How many messages have that file. */
  inFlight: u32 = 0;

  /** Whether reads are at the end, as soon as the queue is empty. */
  get isAtEnd(): bool {
    return this.isReadShut || (this.isConnected && this.peer === null && !this.isDatagram);
  }

  get isDatagram(): bool {
    return this.type === SOCK_DGRAM;
  }

  get isInternet(): bool {
    return this.family === AF_INET;
  }

  /** Whether what is sent reaches nobody. */
  get isBroken(): bool {
    const peer = this.peer;
    return this.isWriteShut || peer === null || peer.isReadShut;
  }

  /** Whether the peer's queue takes more. */
  get hasRoom(): bool {
    const peer = this.peer;
    return peer === null || peer.charge < this.limit;
  }

  /** The error, if there is one: it is told only once. */
  takeError(): i32 {
    const error = this.error;
    this.error = 0;
    return error;
  }

  append(message: Message): void {
    const last = this.last;
    this.last = message;
    if (last === null) this.first = message;
    else last.next = message;
    this.charge += message.charge;
  }

  /** Takes the first message out; there must be one. */
  takeFirst(): Message {
    const message = this.first!;
    this.first = message.next;
    if (this.first === null) this.last = null;
    this.charge -= message.charge;
    return message;
  }

  /** Puts a connection behind those that wait. */
  appendPending(socket: Socket): void {
    let at = this.pending;
    this.pendingCount++;
    if (at === null) {
      this.pending = socket;
      return;
    }
    // The list of all sockets is another one: these are linked by `pending` of their own.
    while (at.pending !== null) at = at.pending!;
    at.pending = socket;
  }

  /** Takes the first of those; there must be one. */
  takePending(): Socket {
    const socket = this.pending!;
    this.pending = socket.pending;
    socket.pending = null;
    this.pendingCount--;
    return socket;
  }

  /** Wakes everybody who waits for anything of it. */
  notify(): void {
    wakeAll(this.readable);
    wakeAll(this.writable);
  }

  /** Frees the record, which has no messages, peer, connections nor name any more. */
  destroy(): void {
    const next = this.next;
    const previous = this.previous;
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else sockets = next;
    free(this.address);
    free(changetype<usize>(this));
  }

  link(): void {
    const next = sockets;
    this.next = next;
    if (next !== null) next.previous = this;
    sockets = this;
  }
}

let sockets: Socket | null = null;

/** The first of all sockets; `next` leads on. */
export function firstSocket(): Socket | null {
  return sockets;
}

/** A socket that is not connected, or null when out of memory. */
export function createSocket(family: u32, type: u32): Socket | null {
  const size = offsetof<Socket>();
  const at = allocate(size + 2 * offsetof<WaitQueue>());
  if (at === 0) return null;
  const socket = changetype<Socket>(at);
  socket.readable = changetype<WaitQueue>(at + size);
  socket.writable = changetype<WaitQueue>(at + size + offsetof<WaitQueue>());
  socket.family = family;
  socket.type = type;
  socket.limit = USUAL_LIMIT;
  socket.link();
  return socket;
}

/** Makes two sockets each other's peers. */
export function join(one: Socket, other: Socket): void {
  one.peer = other;
  other.peer = one;
  one.isConnected = true;
  other.isConnected = true;
}

/** Has the sockets that send datagrams to this one, and no others, look again; it may be gone. */
export function tellSenders(receiver: Socket, isGone: bool): void {
  for (let socket = sockets; socket !== null; socket = socket!.next) {
    if (socket.peer !== receiver) continue;
    if (isGone) socket.peer = null;
    socket.notify();
  }
}

/** The socket of that type to which the port of a sockaddr_in leads; null: there is none. */
export function findPort(type: u32, address: usize): Socket | null {
  const host = load<u32>(address, SOCKADDR_HOST);
  for (let socket = sockets; socket !== null; socket = socket!.next) {
    if (!socket.isInternet || socket.type !== type || socket.sharesName) continue;
    const own = socket.address;
    if (own === 0 || load<u16>(own, SOCKADDR_PORT) !== load<u16>(address, SOCKADDR_PORT)) continue;
    const bound = load<u32>(own, SOCKADDR_HOST);
    if (bound === host || bound === 0 || host === 0) return socket;
  }
  return null;
}

/** The socket of that abstract name, with its bytes at `address`; null: there is none. */
export function findAbstract(address: usize, length: u32): Socket | null {
  let socket = sockets;
  while (socket !== null) {
    if (socket.addressLength === length && !socket.sharesName) {
      if (sameBytes(socket.address, address, length)) return socket;
    }
    socket = socket.next;
  }
  return null;
}
