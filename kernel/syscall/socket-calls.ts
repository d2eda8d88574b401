// The system calls about sockets: see table.ts; and the one through which all of them can come.

import { EBADF, EFAULT, EINVAL, ENOTSOCK } from "../../src/abi/errno";
import {
  FILE,
  FILES_FILLED,
  FLAGS,
  INPUT,
  INTEGER,
  OUTPUT,
  POINTER,
  SIZE,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { SocketCall } from "../../src/abi/linux/socket";
import { onAddress } from "../filesystem/socket/exchange";
import { socketOf } from "../filesystem/socket/socket-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, userPointer } from "../memory/user-memory";
import { call } from "./call-rows";
import { usableFile } from "./descriptor";
import {
  accept4,
  bind,
  connect,
  getpeername,
  getsockname,
  listen,
  recvfrom,
  sendto,
  shutdown,
  socket,
  socketpair,
} from "./socket";
import { recvmsg, sendmsg } from "./socket-message";
import { address, findAddressed } from "./socket-name";
import { getsockopt, setsockopt } from "./socket-option";

const WORD_SHIFT: u32 = 2;
const MOST_ARGUMENTS: u32 = 6;
/** How many calls have numbers of their own: from socket's on, one after the other. */
const DIRECT_CALLS: u32 = <u32>SystemCall.shutdown - <u32>SystemCall.socket + 1;
/** The functions that serve them, in that order. */
const handlers: usize = memory.data(DIRECT_CALLS << WORD_SHIFT, 4);
/** By number in socketcall: which of them it is, and how many arguments it has; the rest are 0. */
const direct: usize = memory.data<u8>([
  0, 0, 2, 3, 4, 5, 8, 9, 1, 10, 12, 10, 12, 14, 7, 6, 11, 13, 5,
]);
const counts: usize = memory.data<u8>([0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4]);
const words: usize = memory.data(MOST_ARGUMENTS << WORD_SHIFT, 4);

/** Declares those calls, by number. */
export function declareSocketCalls(): void {
  onAddress(findAddressed.index, address);
  call(SystemCall.socketcall, socketcall.index, INTEGER, POINTER);
  directCall(SystemCall.socket, socket.index, INTEGER, FLAGS, INTEGER);
  directCall(SystemCall.socketpair, socketpair.index, INTEGER, FLAGS, INTEGER, FILES_FILLED);
  directCall(SystemCall.bind, bind.index, FILE, INPUT, SIZE);
  directCall(SystemCall.connect, connect.index, FILE, INPUT, SIZE);
  directCall(SystemCall.listen, listen.index, FILE, INTEGER);
  directCall(SystemCall.accept4, accept4.index, FILE, POINTER, POINTER, FLAGS);
  directCall(SystemCall.getsockopt, getsockopt.index, FILE, INTEGER, INTEGER, POINTER, POINTER);
  directCall(SystemCall.setsockopt, setsockopt.index, FILE, INTEGER, INTEGER, INPUT, SIZE);
  directCall(SystemCall.getsockname, getsockname.index, FILE, POINTER, POINTER);
  directCall(SystemCall.getpeername, getpeername.index, FILE, POINTER, POINTER);
  directCall(SystemCall.sendto, sendto.index, FILE, INPUT, SIZE, FLAGS, POINTER, SIZE);
  directCall(SystemCall.sendmsg, sendmsg.index, FILE, POINTER, FLAGS);
  directCall(SystemCall.recvfrom, recvfrom.index, FILE, OUTPUT, SIZE, FLAGS, POINTER, POINTER);
  directCall(SystemCall.recvmsg, recvmsg.index, FILE, POINTER, FLAGS);
  directCall(SystemCall.shutdown, shutdown.index, FILE, INTEGER);
}

/** Declares a call whose handler takes the frame, the open file and its socket. */
function directCall(
  number: u32,
  handler: u32,
  a: u32,
  b: u32,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
  f: u32 = 0,
): void {
  call(number, serve.index, a, b, c, d, e, f);
  store<u32>(handlers + ((number - <u32>SystemCall.socket) << WORD_SHIFT), handler);
}

/** Serves a call that comes by its own number. */
function serve(frame: TrapFrame): i32 {
  return perform(frame, frame.call - <u32>SystemCall.socket);
}

/** Serves the direct call of that index; all but the first two are about a socket. */
function perform(frame: TrapFrame, index: u32): i32 {
  const handler = load<u32>(handlers + (index << WORD_SHIFT));
  if (index <= <u32>SystemCall.socketpair - <u32>SystemCall.socket) {
    return call_indirect<i32>(handler, frame);
  }
  const file = usableFile(frame.arg0);
  if (file === null) return -EBADF;
  const socket = socketOf(file);
  return socket === null ? -ENOTSOCK : call_indirect<i32>(handler, frame, file, socket);
}

/** socketcall(which, arguments): one number for all, as i386 had it first. */
export function socketcall(frame: TrapFrame): i32 {
  const which = frame.arg0;
  if (which === 0 || which > <u32>SocketCall.accept4) return -EINVAL;
  const size = (<u32>load<u8>(counts + which)) << WORD_SHIFT;
  memory.fill(words, 0, MOST_ARGUMENTS << WORD_SHIFT);
  if (copyIn(userPointer(frame.arg1), words, size) !== 0) return -EFAULT;
  const b = frame.arg1;
  const c = frame.arg2;
  const d = frame.arg3;
  const e = frame.arg4;
  const f = frame.arg5;
  // The registers become the arguments while the call is served: it reads them after it has waited.
  frame.setArguments(
    load<u32>(words),
    load<u32>(words, 4),
    load<u32>(words, 8),
    load<u32>(words, 12),
    load<u32>(words, 16),
    load<u32>(words, 20),
  );
  const result = perform(frame, load<u8>(direct + which));
  frame.setArguments(which, b, c, d, e, f);
  return result;
}
