// What is on its way through a socket: messages, each with the files that go with it.
//
//   Message | files: addresses of open files, a reference each | name | bytes |
//
// The name is that of the socket that sent it, if it is a datagram. A message is in the queue of
// the socket that will receive it. A stream is messages as well, whose borders nobody sees.

import { OpenFile } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";

const WORD_SHIFT: u32 = 2;

@unmanaged
export class Message {
  next: Message | null = null;
  /** Bytes, and how many of them were received. */
  size: u32 = 0;
  done: u32 = 0;
  /** How many files there are; 0 once they were taken out. */
  files: u32 = 0;
  /** Room for files, which comes before the bytes. */
  private fileRoom: u32 = 0;
  /** The length of the name, which comes between them. */
  nameLength: u32 = 0;
  /** Who sent it. */
  process: u32 = 0;
  user: u32 = 0;
  group: u32 = 0;

  get left(): u32 {
    return this.size - this.done;
  }

  /** What it counts for in the queue: a byte alone takes a record as well. */
  get charge(): u32 {
    return <u32>offsetof<Message>() + (this.fileRoom << WORD_SHIFT) + this.nameLength + this.size;
  }

  /** Where its bytes are. */
  get bytes(): usize {
    return this.name + this.nameLength;
  }

  /** Where the name is. */
  get name(): usize {
    return this.fileAddress(this.fileRoom);
  }

  file(index: u32): OpenFile {
    return load<OpenFile>(this.fileAddress(index));
  }

  setFile(index: u32, file: OpenFile): void {
    store<OpenFile>(this.fileAddress(index), file);
  }

  /** Makes room; the message has no files yet. */
  prepare(size: u32, files: u32, name: u32): void {
    this.nameLength = name;
    this.size = size;
    this.fileRoom = files;
  }

  /** Frees the message, which has no files any more. */
  destroy(): void {
    free(changetype<usize>(this));
  }

  private fileAddress(index: u32): usize {
    return changetype<usize>(this) + offsetof<Message>() + (index << WORD_SHIFT);
  }
}

/** A message with room for so many bytes and files and a name, or null when out of memory. */
export function createMessage(size: u32, files: u32, name: u32): Message | null {
  const at = allocate(offsetof<Message>() + (files << WORD_SHIFT) + name + size);
  if (at === 0) return null;
  const message = changetype<Message>(at);
  message.prepare(size, files, name);
  return message;
}
