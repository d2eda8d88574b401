// The system calls about sockets: see table.ts; and the one through which all of them can come.

import { EFAULT, EINVAL } from "../../src/abi/errno";
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
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, userPointer } from "../memory/user-memory";
import { call } from "./call-rows";
import {
  accept4,
  acceptFrom,
  bind,
  bindSocket,
  connect,
  connectSocket,
  getpeername,
  getsockname,
  giveName,
  listen,
  listenAt,
  makePair,
  makeSocket,
  receiveFrom,
  recvfrom,
  sendTo,
  sendto,
  shutdown,
  shutSocket,
  socket,
  socketpair,
} from "./socket";
import { receiveMessage, recvmsg, sendMessage, sendmsg } from "./socket-message";
import { changeOption, getsockopt, setsockopt, tellOption } from "./socket-option";

const WORD_SHIFT: u32 = 2;
const MOST_ARGUMENTS: u32 = 6;
/** How many arguments each call has, by its number in socketcall. */
const counts: usize = memory.data<u8>([0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4]);
const words: usize = memory.data(MOST_ARGUMENTS << WORD_SHIFT, 4);

/** Declares those calls, by number. */
export function declareSocketCalls(): void {
  call(SystemCall.socketcall, socketcall.index, INTEGER, POINTER);
  call(SystemCall.socket, socket.index, INTEGER, FLAGS, INTEGER);
  call(SystemCall.socketpair, socketpair.index, INTEGER, FLAGS, INTEGER, FILES_FILLED);
  call(SystemCall.bind, bind.index, FILE, INPUT, SIZE);
  call(SystemCall.connect, connect.index, FILE, INPUT, SIZE);
  call(SystemCall.listen, listen.index, FILE, INTEGER);
  call(SystemCall.accept4, accept4.index, FILE, POINTER, POINTER, FLAGS);
  call(SystemCall.getsockopt, getsockopt.index, FILE, INTEGER, INTEGER, POINTER, POINTER);
  call(SystemCall.setsockopt, setsockopt.index, FILE, INTEGER, INTEGER, INPUT, SIZE);
  call(SystemCall.getsockname, getsockname.index, FILE, POINTER, POINTER);
  call(SystemCall.getpeername, getpeername.index, FILE, POINTER, POINTER);
  call(SystemCall.sendto, sendto.index, FILE, INPUT, SIZE, FLAGS, POINTER, SIZE);
  call(SystemCall.sendmsg, sendmsg.index, FILE, POINTER, FLAGS);
  call(SystemCall.recvfrom, recvfrom.index, FILE, OUTPUT, SIZE, FLAGS, POINTER, POINTER);
  call(SystemCall.recvmsg, recvmsg.index, FILE, POINTER, FLAGS);
  call(SystemCall.shutdown, shutdown.index, FILE, INTEGER);
}

/** socketcall(which, arguments): one number for all, as i386 had it first. */
export function socketcall(frame: TrapFrame): i32 {
  const which = frame.arg0;
  if (which === 0 || which > <u32>SocketCall.accept4) return -EINVAL;
  const size = (<u32>load<u8>(counts + which)) << WORD_SHIFT;
  if (copyIn(userPointer(frame.arg1), words, size) !== 0) return -EFAULT;
  const a = load<u32>(words);
  const b = load<u32>(words, 4);
  const c = load<u32>(words, 8);
  const d = load<u32>(words, 12);
  const e = load<u32>(words, 16);
  const f = load<u32>(words, 20);
  switch (which) {
    case SocketCall.socket:
      return makeSocket(a, b, c);
    case SocketCall.bind:
      return bindSocket(a, userPointer(b), c);
    case SocketCall.connect:
      return connectSocket(a, userPointer(b), c);
    case SocketCall.listen:
      return listenAt(a, b);
    case SocketCall.accept:
      return acceptFrom(a, userPointer(b), userPointer(c), 0);
    case SocketCall.getsockname:
      return giveName(a, userPointer(b), userPointer(c), false);
    case SocketCall.getpeername:
      return giveName(a, userPointer(b), userPointer(c), true);
    case SocketCall.socketpair:
      return makePair(a, b, c, userPointer(d));
    case SocketCall.send:
      return sendTo(a, userPointer(b), c, d, 0);
    case SocketCall.recv:
      return receiveFrom(a, userPointer(b), c, d, 0, 0);
    case SocketCall.sendto:
      return sendTo(a, userPointer(b), c, d, e);
    case SocketCall.recvfrom:
      return receiveFrom(a, userPointer(b), c, d, e, f);
    case SocketCall.shutdown:
      return shutSocket(a, b);
    case SocketCall.setsockopt:
      return changeOption(a, b, c, userPointer(d), e);
    case SocketCall.getsockopt:
      return tellOption(a, b, c, userPointer(d), userPointer(e));
    case SocketCall.sendmsg:
      return sendMessage(a, b, c);
    case SocketCall.recvmsg:
      return receiveMessage(a, b, c);
    default:
      return acceptFrom(a, userPointer(b), userPointer(c), d);
  }
}
