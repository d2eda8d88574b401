// Files that are on their way through sockets, and sockets that nobody can reach any more.
//
// A message holds references of the files in it. A socket that is sent through itself, or two that
// are sent through each other, would keep each other for ever once their descriptors are closed.
// So when a socket is closed or a file is sent while sockets are on their way, those that can still
// be reached are marked: what a descriptor has, what is in the queue of a marked socket, and what
// waits to be accepted by one. The queues of the others are emptied, which closes them.

import { OpenFile } from "../../file/open-file";
import { Message } from "./message";
import { firstSocket, Socket } from "./socket";

/** Function index of (file): the socket's address or 0; socket-file.ts knows its kind of file. */
let socketOfFile: u32 = 0;
/** How many messages have a socket's file. */
let socketsInFlight: u32 = 0;

/** From now on the function of that index says which socket a file is. */
export function onSocketFile(index: u32): void {
  socketOfFile = index;
}

function asSocket(file: OpenFile): Socket | null {
  return call_indirect<Socket | null>(socketOfFile, file);
}

/** A message has `file`, whose reference passes to it, as one more. */
export function attachFile(message: Message, file: OpenFile): void {
  message.setFile(message.files++, file);
  const socket = asSocket(file);
  if (socket === null) return;
  socket.inFlight++;
  socketsInFlight++;
}

/** Takes the last file out of a message; the reference passes to the caller. */
export function detachFile(message: Message): OpenFile {
  const file = message.file(--message.files);
  forget(file);
  return file;
}

/** The file at `index` is the caller's; the message has it no more, once all of its were taken. */
export function forget(file: OpenFile): void {
  const socket = asSocket(file);
  if (socket === null) return;
  socket.inFlight--;
  socketsInFlight--;
}

/** Messages that are in no queue any more: their files are still to be released. */
let dropped: Message | null = null;
let isDropping: bool = false;
/** Whether sockets may have become unreachable since the last search. */
let isSearchDue: bool = false;

/** Drops all that a socket has not received; what only that had open is closed, maybe later. */
export function dropMessages(socket: Socket): void {
  takeMessages(socket);
  releaseDropped();
}

/** Closes the sockets that nobody can reach any more, maybe later. */
export function dropUnreachable(): void {
  isSearchDue = true;
  releaseDropped();
}

function takeMessages(socket: Socket): void {
  while (socket.first !== null) {
    const message = socket.takeFirst();
    message.next = dropped;
    dropped = message;
  }
}

/**
 * Releases the files of dropped messages. A file may be a socket whose own messages are dropped
 * when it is closed, and so on: each of them only adds to the list, so that no chain is too long
 * for the stack.
 */
function releaseDropped(): void {
  if (isDropping) return;
  isDropping = true;
  while (dropped !== null || takeUnreachable()) {
    const message = dropped!;
    dropped = message.next;
    while (message.files !== 0) detachFile(message).release();
    message.destroy();
  }
  isDropping = false;
}

/** If that is due, takes the messages of sockets that nobody can reach; whether there are any. */
function takeUnreachable(): bool {
  if (!isSearchDue) return false;
  isSearchDue = false;
  if (socketsInFlight === 0) return false;
  let socket = firstSocket();
  while (socket !== null) {
    socket.isReached = hasDescriptor(socket);
    socket = socket.next;
  }
  while (markFurther()) {}
  socket = firstSocket();
  while (socket !== null) {
    if (!socket.isReached && socket.inFlight !== 0) takeMessages(socket);
    socket = socket.next;
  }
  return dropped !== null;
}

function hasDescriptor(socket: Socket): bool {
  const file = socket.file;
  return file !== null && file.references > socket.inFlight;
}

/** Marks what marked sockets lead to; whether there was anything new. */
function markFurther(): bool {
  let isNew: bool = false;
  let socket = firstSocket();
  while (socket !== null) {
    if (socket.isReached) {
      let message = socket.first;
      while (message !== null) {
        for (let i: u32 = 0; i < message.files; i++) {
          if (mark(asSocket(message.file(i)))) isNew = true;
        }
        message = message.next;
      }
      let pending = socket.isListening ? socket.pending : null;
      while (pending !== null) {
        if (mark(pending)) isNew = true;
        pending = pending.pending;
      }
    }
    socket = socket.next;
  }
  return isNew;
}

function mark(socket: Socket | null): bool {
  if (socket === null || socket.isReached) return false;
  socket.isReached = true;
  return true;
}
