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

/** Drops a message that is in no queue, and closes what only it had open. */
function dropMessage(message: Message): void {
  while (message.files !== 0) detachFile(message).release();
  message.destroy();
}

/** Drops all that a socket has not received. */
export function dropMessages(socket: Socket): void {
  while (socket.first !== null) dropMessage(socket.takeFirst());
}

/** Closes the sockets that nobody can reach any more. */
export function dropUnreachable(): void {
  if (socketsInFlight === 0) return;
  let socket = firstSocket();
  while (socket !== null) {
    socket.isReached = hasDescriptor(socket);
    socket = socket.next;
  }
  while (markFurther()) {}
  // Emptying a queue may free any socket, so the search begins again after each.
  while (dropOne()) {}
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

/** Empties the queue of an unreachable socket; false: none has anything in it. */
function dropOne(): bool {
  let socket = firstSocket();
  while (socket !== null) {
    if (!socket.isReached && socket.inFlight !== 0 && socket.first !== null) {
      const file = socket.file!;
      file.retain();
      dropMessages(socket);
      file.release();
      return true;
    }
    socket = socket.next;
  }
  return false;
}
