// The arguments and the environment of a program that is about to start, collected in the kernel.
//
// They must survive the old address space, so they are copied in before the new one exists:
//
//   strings   argv[0] NUL argv[1] NUL ... envp[0] NUL ... path NUL
//             |<----------------------- size ------------------->|
//
// The block grows as needed, up to what Linux's programs may expect (ARG_MAX). A script puts its
// interpreter before the arguments.

import { E2BIG, ENAMETOOLONG, ENOMEM } from "../../src/abi/errno";
import { textLength } from "../log/text-length";
import { allocate, free } from "../memory/heap";
import {
  copyInString,
  readWord,
  UserPointer,
  userAddress,
  userPointer,
} from "../memory/user-memory";

const FIRST_CAPACITY: u32 = 2032;
/** Of all strings and the pointers to them: a quarter of a stack's limit, as on Linux. */
const LARGEST_SIZE: u32 = 2 << 20;
/** Of one string, its NUL included. */
const LARGEST_STRING: u32 = 128 << 10;
const WORD: u32 = 4;

const word: usize = memory.data(4, 4);

@unmanaged
export class ArgumentBlock {
  strings: usize = 0;
  size: u32 = 0;
  private capacity: u32 = 0;
  argumentCount: u32 = 0;
  environmentCount: u32 = 0;
  /** Where the program's path begins in `strings`: AT_EXECFN. */
  path: u32 = 0;

  /** Adds the user's arguments, environment and path; the path is a kernel string. 0 or -errno. */
  collect(argv: UserPointer, envp: UserPointer, path: usize): i32 {
    const count = this.addUserStrings(argv);
    if (count < 0) return count;
    this.argumentCount = <u32>count;
    // A program may count on a name: what follows the arguments is no argument.
    if (count === 0) {
      const added = this.addArgument(cstr(""));
      if (added !== 0) return added;
    }
    const variables = this.addUserStrings(envp);
    if (variables < 0) return variables;
    this.environmentCount = <u32>variables;
    return this.addPath(path);
  }

  /** The arguments that a script's interpreter gets: itself, its argument or 0, the script. */
  putInterpreter(interpreter: usize, argument: usize, script: usize): i32 {
    if (script !== 0) {
      if (this.argumentCount !== 0) this.removeFirst();
      const result = this.prepend(script);
      if (result !== 0) return result;
    }
    const result = argument === 0 ? 0 : this.prepend(argument);
    return result !== 0 ? result : this.prepend(interpreter);
  }

  /** Adds one argument; all arguments come before the environment. 0 or -errno. */
  addArgument(text: usize): i32 {
    this.argumentCount++;
    return this.addString(text);
  }

  /** Adds one `NAME=value`. 0 or -errno. */
  addVariable(text: usize): i32 {
    this.environmentCount++;
    return this.addString(text);
  }

  /** Adds the path, after everything else. 0 or -errno. */
  addPath(path: usize): i32 {
    this.path = this.size;
    return this.addString(path);
  }

  release(): void {
    free(this.strings);
    free(changetype<usize>(this));
  }

  /** Adds the strings of a null-terminated array; 0 is an empty one. Their number or -errno. */
  private addUserStrings(array: UserPointer): i32 {
    if (userAddress(array) === 0) return 0;
    for (let count: u32 = 0; this.size + count * WORD <= LARGEST_SIZE; count++) {
      const result = readWord(array.plus(count * WORD), word);
      if (result !== 0) return result;
      const text = load<u32>(word);
      if (text === 0) return <i32>count;
      const added = this.addUserString(userPointer(text));
      if (added !== 0) return added;
    }
    return -E2BIG;
  }

  private addUserString(text: UserPointer): i32 {
    while (true) {
      const room = min<u32>(this.capacity - this.size, LARGEST_STRING);
      const length = copyInString(text, this.strings + this.size, room);
      if (length >= 0) {
        this.size += <u32>length + 1;
        return 0;
      }
      if (length !== -ENAMETOOLONG) return length;
      if (room === LARGEST_STRING) return -E2BIG;
      const result = this.grow();
      if (result !== 0) return result;
    }
  }

  private addString(text: usize): i32 {
    const length = textLength(text) + 1;
    while (this.capacity - this.size < length) {
      const result = this.grow();
      if (result !== 0) return result;
    }
    memory.copy(this.strings + this.size, text, length);
    this.size += length;
    return 0;
  }

  private removeFirst(): void {
    const length = textLength(this.strings) + 1;
    this.size -= length;
    this.path -= length;
    memory.copy(this.strings, this.strings + length, this.size);
    this.argumentCount--;
  }

  private prepend(text: usize): i32 {
    const length = textLength(text) + 1;
    while (this.capacity - this.size < length) {
      const result = this.grow();
      if (result !== 0) return result;
    }
    memory.copy(this.strings + length, this.strings, this.size);
    memory.copy(this.strings, text, length);
    this.size += length;
    this.path += length;
    this.argumentCount++;
    return 0;
  }

  private grow(): i32 {
    if (this.capacity >= LARGEST_SIZE) return -E2BIG;
    const capacity = this.capacity === 0 ? FIRST_CAPACITY : this.capacity * 2;
    const strings = allocate(capacity);
    if (strings === 0) return -ENOMEM;
    memory.copy(strings, this.strings, this.size);
    free(this.strings);
    this.strings = strings;
    this.capacity = capacity;
    return 0;
  }
}

/** An empty block, or null when out of memory. */
export function createArgumentBlock(): ArgumentBlock | null {
  return changetype<ArgumentBlock | null>(allocate(offsetof<ArgumentBlock>()));
}
