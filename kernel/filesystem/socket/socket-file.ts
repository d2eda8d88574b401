// Sockets as files: what read, write, poll, ioctl and close do. The calls of their own are in
// kernel/syscall/socket.ts.

import { ECONNRESET, EINVAL, ENOMEM, ENOTTY, isErrno } from "../../../src/abi/errno";
import { O_NONBLOCK, O_RDWR, S_IFSOCK } from "../../../src/abi/files";
import { SOCK_STREAM } from "../../../src/abi/linux/socket";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
} from "../../../src/abi/poll";
import { FIONREAD } from "../../../src/abi/termios";
import { FileSystem } from "../../file/file-system";
import { createInode, FileOperations } from "../../file/inode";
import { OpenFile, openFile } from "../../file/open-file";
import { refuseReadDirectory } from "../../file/refusals";
import { transferSize } from "../../file/transfer";
import { copyIn, UserPointer, userPointer, writeWord } from "../../memory/user-memory";
import { pollWait } from "../../thread/poll-table";
import { awaitReceiver, post, prepareMessage, receivable, receive, sendStream } from "./exchange";
import { dropMessages, dropUnreachable, onSocketFile } from "./in-flight";
import { Message } from "./message";
import { createSocket, Socket, tellSenders } from "./socket";

const SOCKFS_MAGIC: u32 = 0x534f434b;

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
/** What sockets without a name belong to. It is mounted nowhere. */
const sockets = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));

/** Fills the record of operations; before any socket is made. */
export function startSockets(): void {
  operations.release = closeFile.index;
  operations.read = readSocket.index;
  operations.write = writeSocket.index;
  operations.ioctl = controlSocket.index;
  operations.readDirectory = refuseReadDirectory.index;
  operations.poll = pollSocket.index;
  operations.queues = queuesOfSocket.index;
  sockets.magic = SOCKFS_MAGIC;
  sockets.name = cstr("sockfs");
  onSocketFile(socketOf.index);
}

/** The socket that an open file is, or null. */
export function socketOf(file: OpenFile): Socket | null {
  return file.operations === operations ? changetype<Socket>(file.inode.data) : null;
}

/** A new open file of `socket`: its address or -errno. */
export function openSocket(socket: Socket, flags: u32): usize {
  const inode = createInode(sockets, S_IFSOCK | 0o777);
  if (inode === null) return -ENOMEM;
  inode.links = 1;
  inode.operations = operations;
  inode.data = changetype<usize>(socket);
  const opened = openFile(null, inode, (flags & O_NONBLOCK) | O_RDWR);
  inode.release();
  if (!isErrno(<u32>opened)) socket.file = changetype<OpenFile>(opened);
  return opened;
}

/** A new socket, open: the file's address or -errno. */
export function openNewSocket(family: u32, type: u32, flags: u32): usize {
  const socket = createSocket(family, type);
  if (socket === null) return -ENOMEM;
  const opened = openSocket(socket, flags);
  if (isErrno(<u32>opened)) closeSocket(socket);
  return opened;
}

/** Ends a socket: its peer is at the end, its name leads nowhere, what it has is dropped. */
export function closeSocket(socket: Socket): void {
  const inode = socket.inode;
  socket.inode = null;
  if (inode !== null) {
    inode.data = 0;
    inode.release();
  }
  const peer = socket.peer;
  socket.peer = null;
  if (socket.isDatagram) tellSenders(socket, true);
  else if (peer !== null) {
    peer.peer = null;
    if (socket.first !== null) peer.error = ECONNRESET;
    peer.notify();
  }
  while (socket.isListening && socket.pending !== null) {
    const waiting = socket.takePending();
    const client = waiting.peer;
    if (client !== null) client.error = ECONNRESET;
    closeSocket(waiting);
  }
  dropMessages(socket);
  // Another thread may poll what this one closes.
  socket.notify();
  socket.destroy();
}

function closeFile(file: OpenFile): void {
  closeSocket(changetype<Socket>(file.inode.data));
  // Who has the socket open as a path keeps the inode.
  file.inode.data = 0;
  dropUnreachable();
}

function readSocket(file: OpenFile, to: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(to, size);
  if (wanted < 0) return wanted;
  return wanted === 0 ? 0 : receive(file, socketOf(file)!, to, <u32>wanted, 0);
}

function writeSocket(file: OpenFile, from: UserPointer, size: u32, _at: u64): i32 {
  const wanted = transferSize(from, size);
  return wanted < 0 ? wanted : sendBytes(file, from, <u32>wanted, 0, 0, 0);
}

/**
 * Sends one range, in a message of its own where messages have borders, to the address at `to`, if
 * there is one and it is a datagram: how many bytes, or -errno.
 */
export function sendBytes(
  file: OpenFile,
  from: UserPointer,
  size: u32,
  flags: u32,
  to: u32,
  toSize: u32,
): i32 {
  const socket = socketOf(file)!;
  if (socket.type === SOCK_STREAM) return sendStream(file, socket, from, size, flags, null);
  const receiver = awaitReceiver(file, socket, size, flags, to, toSize);
  if (isErrno(<u32>receiver)) return <i32>receiver;
  const prepared = prepareMessage(socket, size, null);
  if (isErrno(<u32>prepared)) return <i32>prepared;
  const message = changetype<Message>(prepared);
  const result = copyIn(from, message.bytes, size);
  if (result === 0) post(socket, changetype<Socket | null>(receiver), message, null);
  else message.destroy();
  return result === 0 ? <i32>size : result;
}

function queuesOfSocket(file: OpenFile): void {
  const socket = socketOf(file)!;
  pollWait(socket.readable);
  pollWait(socket.writable);
}

function pollSocket(file: OpenFile): u32 {
  const socket = socketOf(file)!;
  if (socket.isListening) return socket.pending !== null ? POLLIN | POLLRDNORM : 0;
  let ready: u32 = socket.error !== 0 ? POLLERR : 0;
  if (!socket.isConnected && !socket.isDatagram) return ready | POLLOUT | POLLWRNORM | POLLHUP;
  const isAtEnd = socket.isAtEnd;
  if (isAtEnd) ready |= POLLIN | POLLRDNORM | POLLRDHUP;
  if (socket.first !== null) ready |= POLLIN | POLLRDNORM;
  if (isAtEnd && (socket.isWriteShut || (socket.peer === null && !socket.isDatagram)))
    ready |= POLLHUP;
  return socket.hasRoom ? ready | POLLOUT | POLLWRNORM : ready;
}

function controlSocket(file: OpenFile, command: u32, argument: u32): i32 {
  if (command !== FIONREAD) return -ENOTTY;
  const socket = socketOf(file)!;
  if (socket.isListening) return -EINVAL;
  return writeWord(userPointer(argument), receivable(socket, u32.MAX_VALUE));
}
