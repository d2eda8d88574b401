// In place of kernel/memory/user-memory.ts, for parts whose users are the test: their addresses are
// those of the part's own memory, and each can be read and written.

export const PLAIN_USER_MEMORY = `
  @unmanaged export class UserPointer {
    plus(offset: u32): UserPointer { return userPointer(userAddress(this) + offset); }
  }
  export function userPointer(value: u32): UserPointer {
    return changetype<UserPointer>(<usize>value);
  }
  export function userAddress(pointer: UserPointer): u32 {
    return <u32>changetype<usize>(pointer);
  }
  export function isTransferRange(_address: usize, _size: u32): bool { return true; }
  export function copyIn(from: UserPointer, to: usize, size: u32): i32 {
    memory.copy(to, changetype<usize>(from), size);
    return 0;
  }
  export function copyOut(to: UserPointer, from: usize, size: u32): i32 {
    memory.copy(changetype<usize>(to), from, size);
    return 0;
  }
  export function readWord(from: UserPointer, to: usize): i32 { return copyIn(from, to, 4); }
  export function writeWord(to: UserPointer, value: u32): i32 {
    store<u32>(changetype<usize>(to), value);
    return 0;
  }
  export function writePair(to: UserPointer, first: u32, second: u32): i32 {
    store<u32>(changetype<usize>(to), first);
    store<u32>(changetype<usize>(to), second, 4);
    return 0;
  }
  export function clearUser(to: UserPointer, size: u32): i32 {
    memory.fill(changetype<usize>(to), 0, size);
    return 0;
  }
  export function copyInFrame(from: UserPointer, frame: u32, offset: u32, size: u32): i32 {
    return copyIn(from, frame + offset, size);
  }
  export function copyOutFrame(to: UserPointer, frame: u32, offset: u32, size: u32): i32 {
    return copyOut(to, frame + offset, size);
  }
`;
