// getsockopt(2) and setsockopt(2): see socket(7), unix(7).

import { EFAULT, EINVAL, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../../src/abi/errno";
import { CAP_NET_ADMIN } from "../../src/abi/linux/capability";
import {
  IPPROTO_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_OOBINLINE,
  SO_PASSCRED,
  SO_PEERCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TYPE,
  SOL_SOCKET,
  TCP_NODELAY,
  UCRED_SIZE,
} from "../../src/abi/linux/socket";
import { OpenFile } from "../file/open-file";
import { Socket, USUAL_LIMIT } from "../filesystem/socket/socket";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyOut, readWord, userPointer, writeWord } from "../memory/user-memory";
import { currentCredentials } from "../thread/credentials";
import { wakeAll } from "../thread/schedule";

/** The least that Linux makes of a size, and the most that it doubles. */
const SMALLEST_BUFFER: u32 = 4608;
const LARGEST_BUFFER: u32 = 212992;
const WORD_SIZE: u32 = 4;

const value: usize = memory.data(UCRED_SIZE, 4);

/** getsockopt(file, level, option, to, its size) */
export function getsockopt(frame: TrapFrame, _file: OpenFile, socket: Socket): i32 {
  const sizeAt = userPointer(frame.arg4);
  const level = frame.arg1;
  if (level !== SOL_SOCKET) {
    const isOwn = socket.isInternet && (level === IPPROTO_IP || level === protocolOf(socket));
    return isOwn ? -ENOPROTOOPT : -EOPNOTSUPP;
  }
  if (readWord(sizeAt, value) !== 0) return -EFAULT;
  const room = load<i32>(value);
  if (room < 0) return -EINVAL;
  const length = loadOption(socket, frame.arg2);
  if (length < 0) return length;
  const size = min<u32>(<u32>room, <u32>length);
  if (copyOut(userPointer(frame.arg3), value, size) !== 0) return -EFAULT;
  return writeWord(sizeAt, size);
}

/** Puts the option's value into `value`: its size, or -ENOPROTOOPT. */
function loadOption(socket: Socket, option: u32): i32 {
  let word: u32 = 0;
  switch (option) {
    case SO_TYPE:
      word = socket.type;
      break;
    case SO_DOMAIN:
      word = socket.family;
      break;
    case SO_ERROR:
      word = socket.takeError();
      break;
    case SO_ACCEPTCONN:
      word = socket.isListening ? 1 : 0;
      break;
    case SO_PASSCRED:
      word = socket.tellsSenders ? 1 : 0;
      break;
    case SO_SNDBUF:
      word = socket.limit;
      break;
    case SO_RCVBUF:
      word = USUAL_LIMIT;
      break;
    case SO_PROTOCOL:
      word = protocolOf(socket);
      break;
    case SO_OOBINLINE:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
      break;
    case SO_PEERCRED:
      return loadPeer(socket);
    default:
      return -ENOPROTOOPT;
  }
  store<u32>(value, word);
  return WORD_SIZE;
}

function protocolOf(socket: Socket): u32 {
  if (!socket.isInternet) return 0;
  return socket.isDatagram ? IPPROTO_UDP : IPPROTO_TCP;
}

/** Who made the connection at the other end, or of a pair both. */
function loadPeer(socket: Socket): i32 {
  const isKnown = socket.isConnected;
  store<u32>(value, isKnown ? socket.peerProcess : 0);
  store<u32>(value, isKnown ? socket.peerUser : 0xffffffff, 4);
  store<u32>(value, isKnown ? socket.peerGroup : 0xffffffff, 8);
  return UCRED_SIZE;
}

/**
 * setsockopt(file, level, option, from, its size). What only networks have is taken, as on Linux,
 * and means nothing here.
 */
export function setsockopt(frame: TrapFrame, _file: OpenFile, socket: Socket): i32 {
  const level = frame.arg1;
  if (level !== SOL_SOCKET) {
    if (!socket.isInternet) return -EOPNOTSUPP;
    // Bytes never wait for others to come.
    const isKnown = level === IPPROTO_TCP && frame.arg2 === TCP_NODELAY && !socket.isDatagram;
    return isKnown ? 0 : -ENOPROTOOPT;
  }
  if (<i32>frame.arg4 < <i32>WORD_SIZE) return -EINVAL;
  if (readWord(userPointer(frame.arg3), value) !== 0) return -EFAULT;
  const word = load<u32>(value);
  switch (frame.arg2) {
    case SO_PASSCRED:
      socket.tellsSenders = word !== 0;
      return 0;
    case SO_SNDBUFFORCE:
    case SO_SNDBUF:
      if (frame.arg2 === SO_SNDBUFFORCE && !currentCredentials().has(CAP_NET_ADMIN)) return -EPERM;
      socket.limit = max<u32>(2 * min<u32>(word, LARGEST_BUFFER), SMALLEST_BUFFER);
      wakeAll(socket.writable);
      return 0;
    case SO_OOBINLINE:
    case SO_RCVBUF:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}
