// Names of sockets: addresses as programs give them and get them, and whom they lead to. unix(7),
// and ip(7), of which there is the loop device: 127.0.0.0/8.
//
// `address` and `addressLength` are the one address that is looked at; it is another one after
// whatever may wait.

import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EEXIST,
  EFAULT,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOMEM,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  EPROTOTYPE,
  isErrno,
} from "../../src/abi/errno";
import { S_IFSOCK, S_PERMISSIONS, W_OK } from "../../src/abi/files";
import { CAP_NET_BIND_SERVICE } from "../../src/abi/linux/capability";
import {
  AF_INET,
  AF_UNIX,
  AF_UNSPEC,
  LOOPBACK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCKADDR_HOST,
  SOCKADDR_IN_SIZE,
  SOCKADDR_PATH,
  SOCKADDR_PORT,
  SOCKADDR_STORAGE_SIZE,
  SOCKADDR_UN_SIZE,
  SOCKADDR_ZEROS,
} from "../../src/abi/linux/socket";
import { DirectoryEntry } from "../file/directory-entry";
import { Inode } from "../file/inode";
import { makeFile, removeFile } from "../file/names";
import { isDots, lastLength, lastName, PathEnd, resolvePath } from "../file/path";
import { accessRefusal } from "../file/permission";
import { findAbstract, findPort, Socket } from "../filesystem/socket/socket";
import { textLength } from "../log/text-length";
import { allocate } from "../memory/heap";
import {
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { currentContext } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";

const AUTOBIND_DIGITS: u32 = 5;
const DIGIT_SHIFT: u32 = 4;
/** Ports below need CAP_NET_BIND_SERVICE. */
const FIRST_FREE_PORT: u32 = 1024;
/** The first byte of the loop device's addresses. */
const LOOPBACK_NET: u8 = 127;
/** Those that sockets get by themselves, as Linux has them. */
const FIRST_OWN_PORT: u32 = 32768;
const OWN_PORTS: u32 = 28232;

/** The address that takeAddress() read, and a NUL after it. */
export const address: usize = memory.data(SOCKADDR_UN_SIZE + 2, 8);
let addressLength: u32 = 0;
const words: usize = memory.data(4, 4);
let lastAutobind: u32 = 0;
/** How many ports were given so. */
let portsGiven: u32 = 0;

/** Copies an address for `own` in, with a NUL after it: 0, 1: it is AF_UNSPEC, or -errno. */
export function takeAddress(own: Socket, from: UserPointer, given: u32): i32 {
  const isInternet = own.isInternet;
  const least = isInternet ? SOCKADDR_IN_SIZE : SOCKADDR_PATH;
  if (given < least || given > (isInternet ? SOCKADDR_STORAGE_SIZE : SOCKADDR_UN_SIZE)) {
    return -EINVAL;
  }
  const size = isInternet ? SOCKADDR_IN_SIZE : given;
  if (copyIn(from, address, size) !== 0) return -EFAULT;
  const family = load<u16>(address);
  if (family === AF_UNSPEC) return 1;
  if (family !== own.family) return isInternet ? -EAFNOSUPPORT : -EINVAL;
  if (isInternet) store<u64>(address, 0, SOCKADDR_ZEROS);
  store<u8>(address + size, 0);
  addressLength = size;
  return 0;
}

function isAbstract(): bool {
  return addressLength > SOCKADDR_PATH && load<u8>(address, SOCKADDR_PATH) === 0;
}

/** Gives a socket the address that was taken: 0 or -errno. */
export function bindAddress(bound: Socket): i32 {
  if (bound.isInternet) return bindPort(bound);
  if (addressLength === SOCKADDR_PATH) return bound.address !== 0 ? 0 : autobind(bound);
  if (bound.address !== 0) return -EINVAL;
  if (!isAbstract()) return bindPath(bound);
  return findAbstract(address, addressLength) !== null ? -EADDRINUSE : keepAddress(bound);
}

/** Gives a socket of AF_INET the port that was taken, or one that nobody has. */
function bindPort(bound: Socket): i32 {
  if (!isLocal()) return -EADDRNOTAVAIL;
  const port = <u32>bswap<u16>(load<u16>(address, SOCKADDR_PORT));
  const isReserved = port !== 0 && port < FIRST_FREE_PORT;
  if (isReserved && !currentCredentials().has(CAP_NET_BIND_SERVICE)) return -EACCES;
  if (bound.address !== 0) return -EINVAL;
  if (port !== 0) {
    return findPort(bound.type, address) !== null ? -EADDRINUSE : keepAddress(bound);
  }
  for (let left = OWN_PORTS; left !== 0; left--) {
    const next = FIRST_OWN_PORT + (portsGiven++ % OWN_PORTS);
    store<u16>(address, bswap<u16>(<u16>next), SOCKADDR_PORT);
    if (findPort(bound.type, address) === null) return keepAddress(bound);
  }
  return -EADDRINUSE;
}

/** Whether the address that was taken is of this machine: any, or of the loop device. */
function isLocal(): bool {
  return (
    load<u32>(address, SOCKADDR_HOST) === 0 || load<u8>(address, SOCKADDR_HOST) === LOOPBACK_NET
  );
}

/** Has a socket of AF_INET an address, at that host if it has said none: 0 or -errno. */
export function ensureAddress(own: Socket, host: u32): i32 {
  if (own.address !== 0) {
    if (load<u32>(own.address, SOCKADDR_HOST) === 0) {
      store<u32>(own.address, host, SOCKADDR_HOST);
    }
    return 0;
  }
  store<u64>(address, AF_INET);
  store<u64>(address, 0, SOCKADDR_ZEROS);
  store<u32>(address, host, SOCKADDR_HOST);
  addressLength = SOCKADDR_IN_SIZE;
  return bindPort(own);
}

/** Names a socket that was connected as the one that listened, at the host that was asked for. */
export function nameAlike(accepted: Socket, server: Socket, host: u32): i32 {
  accepted.sharesName = true;
  if (server.address === 0) return 0;
  memory.copy(address, server.address, server.addressLength);
  addressLength = server.addressLength;
  if (accepted.isInternet) store<u32>(address, host, SOCKADDR_HOST);
  return keepAddress(accepted);
}

/** Gives the socket an abstract name that nobody has: a NUL and five digits. */
function autobind(bound: Socket): i32 {
  store<u8>(address, 0, SOCKADDR_PATH);
  addressLength = SOCKADDR_PATH + 1 + AUTOBIND_DIGITS;
  do {
    lastAutobind++;
    for (let i: u32 = 0; i < AUTOBIND_DIGITS; i++) {
      const digit = (lastAutobind >> ((AUTOBIND_DIGITS - 1 - i) * DIGIT_SHIFT)) & 0xf;
      store<u8>(address + SOCKADDR_PATH + 1 + i, digit < 10 ? 0x30 + digit : 0x57 + digit);
    }
  } while (findAbstract(address, addressLength) !== null);
  return keepAddress(bound);
}

/** The socket keeps a copy of the address: 0 or -ENOMEM. */
function keepAddress(bound: Socket): i32 {
  const copy = allocate(addressLength);
  if (copy === 0) return -ENOMEM;
  memory.copy(copy, address, addressLength);
  bound.address = copy;
  bound.addressLength = addressLength;
  return 0;
}

/** Makes a file of the type socket that has the name of the address. */
function bindPath(bound: Socket): i32 {
  const context = currentContext();
  const path = address + SOCKADDR_PATH;
  const place = resolvePath(context.root, context.directory, path, PathEnd.directory);
  if (isErrno(<u32>place)) return <i32>place;
  const directory = changetype<DirectoryEntry>(place);
  const result = makeName(bound, directory.real);
  directory.release();
  return result;
}

function makeName(bound: Socket, directory: DirectoryEntry): i32 {
  if (!directory.inode.isDirectory) return -ENOTDIR;
  if (lastLength === 0 || isDots(lastName, lastLength)) return -EADDRINUSE;
  const before = directory.find(lastName, lastLength);
  if (before !== null) return -EADDRINUSE;
  const mode = S_IFSOCK | (S_PERMISSIONS & 0o777 & ~currentContext().umask);
  const made = makeFile(directory, lastName, lastLength, mode, 0);
  if (isErrno(<u32>made)) return <i32>made === -EEXIST ? -EADDRINUSE : <i32>made;
  const entry = changetype<DirectoryEntry>(made);
  const inode = entry.inode;
  // The address is kept as Linux gives it: up to the NUL that ends the path.
  const end = SOCKADDR_PATH + textLength(address + SOCKADDR_PATH);
  addressLength = min<u32>(end + 1, SOCKADDR_UN_SIZE);
  const result = keepAddress(bound);
  if (result === 0) {
    inode.retain();
    inode.data = changetype<usize>(bound);
    bound.inode = inode;
  } else removeFile(entry);
  entry.release();
  return result;
}

/** The socket that has the address that was taken: its record, or -errno. */
export function findNamed(own: Socket): usize {
  if (own.isInternet) return findHost(own);
  if (addressLength === SOCKADDR_PATH) return -EINVAL;
  if (isAbstract()) {
    const found = findAbstract(address, addressLength);
    return found === null ? -ECONNREFUSED : changetype<usize>(found);
  }
  const context = currentContext();
  const path = address + SOCKADDR_PATH;
  const found = resolvePath(context.root, context.directory, path, PathEnd.file);
  if (isErrno(<u32>found)) return found;
  const entry = changetype<DirectoryEntry>(found);
  const result = boundTo(entry.inode);
  entry.release();
  return result;
}

/** As findNamed(), of AF_INET: 0.0.0.0 becomes the loop device's address. */
function findHost(own: Socket): usize {
  if (!isLocal()) return -ENETUNREACH;
  if (load<u32>(address, SOCKADDR_HOST) === 0) store<u32>(address, LOOPBACK, SOCKADDR_HOST);
  const found = findPort(own.type, address);
  return found === null ? -ECONNREFUSED : changetype<usize>(found);
}

/** Whom a datagram for the address at `to` is for: its socket or -errno. See onAddress(). */
export function findAddressed(sender: Socket, to: u32, size: u32): usize {
  let refusal = sender.isInternet ? ensureAddress(sender, 0) : 0;
  if (refusal === 0) refusal = takeAddress(sender, userPointer(to), size);
  if (refusal !== 0) return refusal < 0 ? refusal : -EINVAL;
  const found = findNamed(sender);
  if (isErrno(<u32>found)) return found;
  const receiver = changetype<Socket>(found);
  if (receiver.type !== sender.type) return -EPROTOTYPE;
  return receiver.peer !== null && receiver.peer !== sender ? -EPERM : found;
}

function boundTo(inode: Inode): usize {
  const refusal = accessRefusal(inode, W_OK);
  if (refusal !== 0) return refusal;
  if (!inode.isSocket || inode.data === 0) return -ECONNREFUSED;
  // /proc/self/fd leads to the inodes of sockets themselves, which are nobody's names.
  return changetype<Socket>(inode.data).inode === inode ? inode.data : -ECONNREFUSED;
}

/** Copies a socket's address out, as much as there is room for, and how long it is: 0 or -errno. */
export function putAddress(named: Socket | null, to: UserPointer, sizeAt: UserPointer): i32 {
  loadAddress(named);
  return putTaken(to, sizeAt);
}

/** As putAddress(), of whoever a socket is connected to. */
export function putPeer(own: Socket, to: UserPointer, sizeAt: UserPointer): i32 {
  loadAddress(own.isInternet ? own : own.peer);
  if (own.isInternet) store<u64>(address, own.remote);
  return putTaken(to, sizeAt);
}

/** As putAddress(), of the address that was taken. */
export function putTaken(to: UserPointer, sizeAt: UserPointer): i32 {
  if (readWord(sizeAt, words) !== 0) return -EFAULT;
  const room = load<i32>(words);
  if (room < 0) return -EINVAL;
  if (copyOut(to, address, min<u32>(<u32>room, addressLength)) !== 0) return -EFAULT;
  return writeWord(sizeAt, addressLength);
}

/** Takes a socket's address; one that has none tells its family. */
function loadAddress(named: Socket | null): void {
  if (named !== null && named.address !== 0) {
    addressLength = named.addressLength;
    memory.copy(address, named.address, addressLength);
    return;
  }
  const isInternet = named !== null && named.isInternet;
  addressLength = isInternet ? SOCKADDR_IN_SIZE : SOCKADDR_PATH;
  memory.fill(address, 0, SOCKADDR_IN_SIZE);
  store<u16>(address, <u16>(isInternet ? AF_INET : AF_UNIX));
}

/** Takes the address that what is received next has come from; a stream tells none. */
export function takeName(receiver: Socket): void {
  const message = receiver.first;
  addressLength = 0;
  if (receiver.type === SOCK_SEQPACKET) loadAddress(receiver.peer);
  else if (message !== null && receiver.isDatagram) {
    addressLength = message.nameLength;
    memory.copy(address, message.name, addressLength);
  }
}

/** Why nothing can be sent to an address, be it the peer's; 0: it can, or that is ignored. */
export function addressRefusal(sender: Socket): i32 {
  if (sender.type !== SOCK_STREAM || sender.isInternet) return 0;
  return sender.isConnected ? -EISCONN : -EOPNOTSUPP;
}
