// sendmsg(2) and recvmsg(2): bytes from and to several ranges, with files and credentials beside
// them: cmsg(3), unix(7).

import {
  EBADF,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOMEM,
  EOPNOTSUPP,
  EPERM,
  isErrno,
} from "../../src/abi/errno";
import { O_CLOEXEC } from "../../src/abi/files";
import { CAP_SYS_ADMIN } from "../../src/abi/linux/capability";
import {
  CMSG_DATA,
  CMSG_LEVEL,
  CMSG_TYPE,
  MSG_CMSG_CLOEXEC,
  MSG_CONTROL_LENGTH,
  MSG_CTRUNC,
  MSG_FLAGS,
  MSG_NAME_LENGTH,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_VECTOR_COUNT,
  MSG_VECTORS,
  MSGHDR_SIZE,
  SCM_CREDENTIALS,
  SCM_MAX_FD,
  SCM_RIGHTS,
  SOCK_STREAM,
  SOL_SOCKET,
  UCRED_SIZE,
} from "../../src/abi/linux/socket";
import { OpenFile } from "../file/open-file";
import {
  awaitMessage,
  awaitReceiver,
  Cargo,
  consume,
  copyReceived,
  post,
  prepareMessage,
  receivable,
  sendStream,
} from "../filesystem/socket/exchange";
import { detachFile, dropUnreachable } from "../filesystem/socket/in-flight";
import { Message } from "../filesystem/socket/message";
import { Socket } from "../filesystem/socket/socket";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import { copyIn, copyOut, UserPointer, userPointer, writeWord } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { currentFiles } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { addDescriptor, fileArgument } from "./descriptor";
import { addressRefusal, putTaken, takeName } from "./socket-name";

const VECTOR_SHIFT: u32 = 3;
const MOST_VECTORS: u32 = 1024;
const WORD_SHIFT: u32 = 2;
/** No control data of a message are larger. */
const LARGEST_CONTROL: u32 = 4096;

/** struct ucred, or the words of a struct cmsghdr, on their way to the user. */
const words: usize = memory.data(UCRED_SIZE, 4);

/** A struct msghdr that was copied in, and its vectors after it. */
@unmanaged
class Envelope {
  name: u32 = 0;
  nameLength: u32 = 0;
  vectors: u32 = 0;
  count: u32 = 0;
  control: u32 = 0;
  controlLength: u32 = 0;
  flags: u32 = 0;
  /** Bytes in all ranges. */
  total: u32 = 0;

  range(index: u32): UserPointer {
    return userPointer(load<u32>(this.vector(index)));
  }

  rangeSize(index: u32): u32 {
    return load<u32>(this.vector(index), 4);
  }

  private vector(index: u32): usize {
    return changetype<usize>(this) + offsetof<Envelope>() + (index << VECTOR_SHIFT);
  }
}

/** sendmsg(file, message, flags) */
export function sendmsg(frame: TrapFrame, file: OpenFile, sender: Socket): i32 {
  const opened = openEnvelope(userPointer(frame.arg1));
  if (isErrno(<u32>opened)) return <i32>opened;
  const result = sendEnvelope(file, sender, changetype<Envelope>(opened), frame.arg2);
  free(opened);
  return result;
}

/** recvmsg(file, message, flags) */
export function recvmsg(frame: TrapFrame, file: OpenFile, receiver: Socket): i32 {
  const at = frame.arg1;
  const flags = frame.arg2;
  const opened = openEnvelope(userPointer(at));
  if (isErrno(<u32>opened)) return <i32>opened;
  const envelope = changetype<Envelope>(opened);
  let result = (flags & MSG_OOB) !== 0 ? -EINVAL : awaitMessage(file, receiver, flags);
  if (result === 1) result = fillEnvelope(receiver, envelope, flags);
  else if (result === 0) {
    envelope.controlLength = 0;
    envelope.flags = flags & MSG_CMSG_CLOEXEC;
    takeName(receiver);
  }
  if (result >= 0) {
    const written = closeEnvelope(envelope, at);
    if (written !== 0) result = written;
  }
  free(opened);
  return result;
}

/** Copies a message's header and vectors in: the address of an Envelope, or -errno. */
function openEnvelope(at: UserPointer): usize {
  const header = memory.data(MSGHDR_SIZE, 4);
  if (copyIn(at, header, MSGHDR_SIZE) !== 0) return -EFAULT;
  const count = load<u32>(header, MSG_VECTOR_COUNT);
  if (count > MOST_VECTORS) return -EMSGSIZE;
  const opened = allocate(offsetof<Envelope>() + (count << VECTOR_SHIFT));
  if (opened === 0) return -ENOMEM;
  memory.copy(opened, header, MSGHDR_SIZE);
  const envelope = changetype<Envelope>(opened);
  const vectors = userPointer(load<u32>(header, MSG_VECTORS));
  let result = copyIn(vectors, opened + offsetof<Envelope>(), count << VECTOR_SHIFT);
  if (<i32>load<u32>(header, MSG_NAME_LENGTH) < 0) result = -EINVAL;
  for (let i: u32 = 0; result === 0 && i < count; i++) {
    const size = envelope.rangeSize(i);
    const total = envelope.total + size;
    if (<i32>size < 0 || <i32>total < 0) result = -EINVAL;
    envelope.total = total;
  }
  if (result === 0) return opened;
  free(opened);
  return result;
}

function sendEnvelope(file: OpenFile, sender: Socket, envelope: Envelope, flags: u32): i32 {
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  const size = offsetof<Cargo>() + (SCM_MAX_FD << WORD_SHIFT);
  // What may go beside bytes goes between sockets of AF_UNIX.
  const hasCargo = envelope.controlLength !== 0 && !sender.isInternet;
  const at = hasCargo ? allocate(size) : 0;
  if (hasCargo && at === 0) return -ENOMEM;
  const cargo = changetype<Cargo | null>(at);
  let result = 0;
  if (cargo !== null) {
    cargo.files = at + offsetof<Cargo>();
    result = loadCargo(cargo, userPointer(envelope.control), envelope.controlLength);
  }
  if (result === 0 && envelope.name !== 0) result = addressRefusal(sender);
  if (result === 0) {
    const isStream = sender.type === SOCK_STREAM;
    result = isStream
      ? sendRanges(file, sender, envelope, flags, cargo)
      : sendWhole(file, sender, envelope, flags, cargo);
  }
  if (cargo !== null) {
    for (let i: u32 = 0; i < cargo.count; i++) {
      load<OpenFile>(cargo.files + (i << WORD_SHIFT)).release();
    }
    free(at);
    dropUnreachable();
  }
  return result;
}

function sendRanges(
  file: OpenFile,
  sender: Socket,
  envelope: Envelope,
  flags: u32,
  cargo: Cargo | null,
): i32 {
  let done: u32 = 0;
  for (let i: u32 = 0; i < envelope.count; i++) {
    const size = envelope.rangeSize(i);
    const count = sendStream(file, sender, envelope.range(i), size, flags, cargo);
    if (count < 0) return done !== 0 ? <i32>done : count;
    done += <u32>count;
    if (<u32>count < size) break;
  }
  return <i32>done;
}

function sendWhole(
  file: OpenFile,
  sender: Socket,
  envelope: Envelope,
  flags: u32,
  cargo: Cargo | null,
): i32 {
  const size = envelope.total;
  const nameLength = envelope.nameLength;
  const to = nameLength === 0 ? 0 : envelope.name;
  const receiver = awaitReceiver(file, sender, size, flags, to, nameLength);
  if (isErrno(<u32>receiver)) return <i32>receiver;
  const prepared = prepareMessage(sender, size, cargo);
  if (isErrno(<u32>prepared)) return <i32>prepared;
  const message = changetype<Message>(prepared);
  let at = message.bytes;
  for (let i: u32 = 0; i < envelope.count; i++) {
    const size = envelope.rangeSize(i);
    if (copyIn(envelope.range(i), at, size) !== 0) {
      message.destroy();
      return -EFAULT;
    }
    at += size;
  }
  post(sender, changetype<Socket | null>(receiver), message, cargo);
  return <i32>size;
}

/** Reads control data: retains the files that they name. 0 or -errno. */
function loadCargo(cargo: Cargo, from: UserPointer, length: u32): i32 {
  if (length > LARGEST_CONTROL) return -ENOBUFS;
  const control = allocate(length);
  if (control === 0) return -ENOMEM;
  let result = copyIn(from, control, length);
  let at: u32 = 0;
  while (result === 0 && at + CMSG_DATA <= length) {
    const size = load<u32>(control + at);
    if (size < CMSG_DATA || size > length - at) result = -EINVAL;
    else if (load<u32>(control + at, CMSG_LEVEL) === SOL_SOCKET) {
      const data = control + at + CMSG_DATA;
      const type = load<u32>(control + at, CMSG_TYPE);
      if (type === SCM_RIGHTS) result = loadFiles(cargo, data, (size - CMSG_DATA) >> WORD_SHIFT);
      else if (type !== SCM_CREDENTIALS || size !== CMSG_DATA + UCRED_SIZE) result = -EINVAL;
      else result = isOwn(data) ? 0 : -EPERM;
    }
    at += (size + 3) & ~3;
  }
  free(control);
  return result;
}

function loadFiles(cargo: Cargo, numbers: usize, count: u32): i32 {
  if (count > SCM_MAX_FD - cargo.count) return -EINVAL;
  for (let i: u32 = 0; i < count; i++) {
    const file = fileArgument(load<u32>(numbers + (i << WORD_SHIFT)));
    if (file === null) return -EBADF;
    file.retain();
    store<OpenFile>(cargo.files + (cargo.count++ << WORD_SHIFT), file);
  }
  return 0;
}

/** Whether a struct ucred is the sender's own, as far as that matters to it. */
function isOwn(at: usize): bool {
  const who = currentCredentials();
  if (who.has(CAP_SYS_ADMIN)) return true;
  const user = load<u32>(at, 4);
  const group = load<u32>(at, 8);
  const isUser = user === who.user || user === who.effectiveUser || user === who.savedUser;
  const isGroup = group === who.group || group === who.effectiveGroup || group === who.savedGroup;
  return load<u32>(at) === currentProcess().pid && isUser && isGroup;
}

/** Takes what has come: how many bytes, or -EFAULT. The envelope says what else there was. */
function fillEnvelope(receiver: Socket, envelope: Envelope, flags: u32): i32 {
  const first = receiver.first!;
  const length = first.left;
  const count = receivable(receiver, envelope.total);
  let done: u32 = 0;
  for (let i: u32 = 0; i < envelope.count && done < count; i++) {
    const size = min<u32>(envelope.rangeSize(i), count - done);
    if (copyReceived(receiver, done, envelope.range(i), size) !== 0) return -EFAULT;
    done += size;
  }
  const isStream = receiver.type === SOCK_STREAM;
  envelope.flags = flags & MSG_CMSG_CLOEXEC;
  if (!isStream && length > envelope.total) envelope.flags |= MSG_TRUNC;
  const room = envelope.controlLength;
  envelope.controlLength = 0;
  if (receiver.tellsSenders) putSender(first, envelope, room);
  const carrier = carrierWithin(first, count);
  if (carrier !== null) putFiles(carrier, envelope, room, flags);
  takeName(receiver);
  if ((flags & MSG_PEEK) === 0) {
    if (carrier !== null) while (carrier.files !== 0) detachFile(carrier).release();
    consume(receiver, count);
  }
  return !isStream && (flags & MSG_TRUNC) !== 0 ? <i32>length : <i32>count;
}

/** The message with files that the next `count` bytes reach, or null. */
function carrierWithin(first: Message, count: u32): Message | null {
  let message: Message | null = first;
  let before: u32 = 0;
  while (message !== null && (before < count || message === first)) {
    if (message.files !== 0) return message;
    before += message.left;
    message = message.next;
  }
  return null;
}

/** Tells of who sent a message, if there is room for it. */
function putSender(message: Message, envelope: Envelope, room: u32): void {
  store<u32>(words, message.process);
  store<u32>(words, message.user, 4);
  store<u32>(words, message.group, 8);
  const size: u32 = CMSG_DATA + UCRED_SIZE;
  if (room < size) {
    envelope.flags |= MSG_CTRUNC;
    return;
  }
  const to = userPointer(envelope.control);
  if (copyOut(to.plus(CMSG_DATA), words, UCRED_SIZE) !== 0) return;
  putHeader(to, size, SCM_CREDENTIALS);
  envelope.controlLength = size;
}

/** Gives descriptors to the files of a message: as many as there is room for. */
function putFiles(message: Message, envelope: Envelope, room: u32, flags: u32): void {
  const used = envelope.controlLength;
  const to = userPointer(envelope.control).plus(used);
  const fitting: u32 = room < used + CMSG_DATA ? 0 : (room - used - CMSG_DATA) >> WORD_SHIFT;
  const kept = (flags & MSG_CMSG_CLOEXEC) !== 0 ? O_CLOEXEC : 0;
  let given: u32 = 0;
  while (given < message.files && given < fitting) {
    const file = message.file(given);
    file.retain();
    const descriptor = addDescriptor(file, kept);
    if (descriptor < 0) break;
    if (writeWord(to.plus(CMSG_DATA + (given << WORD_SHIFT)), descriptor) !== 0) {
      currentFiles().close(descriptor);
      break;
    }
    given++;
  }
  if (given < message.files) envelope.flags |= MSG_CTRUNC;
  if (given === 0) return;
  const size = CMSG_DATA + (given << WORD_SHIFT);
  putHeader(to, size, SCM_RIGHTS);
  envelope.controlLength = used + size;
}

function putHeader(to: UserPointer, size: u32, type: u32): void {
  store<u32>(words, size);
  store<u32>(words, SOL_SOCKET, CMSG_LEVEL);
  store<u32>(words, type, CMSG_TYPE);
  copyOut(to, words, CMSG_DATA);
}

/** Writes what recvmsg tells beside the bytes: 0 or -EFAULT. */
function closeEnvelope(envelope: Envelope, at: u32): i32 {
  if (envelope.name !== 0) {
    const result = putTaken(userPointer(envelope.name), userPointer(at + MSG_NAME_LENGTH));
    if (result !== 0) return result;
  }
  if (writeWord(userPointer(at + MSG_CONTROL_LENGTH), envelope.controlLength) !== 0) return -EFAULT;
  return writeWord(userPointer(at + MSG_FLAGS), envelope.flags);
}
