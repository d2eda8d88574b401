// System calls about users and groups. See credentials(7).

import { EINVAL, EPERM } from "../../src/abi/errno";
import { TrapFrame } from "../machine/i686/trap-frame";
import { UserPointer, userPointer, writeWord } from "../memory/user-memory";
import { currentCredentials } from "../thread/credentials";

/** In place of an id: leave it as it is. */
const SAME: u32 = 0xffffffff;
/** Ids of the calls that are older than 32-bit ids, and what stands for those that do not fit. */
const SHORT_MASK: u32 = 0xffff;
const OVERFLOW_ID: u32 = 65534;

/** getuid32() */
export function getuid(_frame: TrapFrame): i32 {
  return <i32>currentCredentials().user;
}

/** getgid32() */
export function getgid(_frame: TrapFrame): i32 {
  return <i32>currentCredentials().group;
}

/** geteuid32() */
export function geteuid(_frame: TrapFrame): i32 {
  return <i32>currentCredentials().effectiveUser;
}

/** getegid32() */
export function getegid(_frame: TrapFrame): i32 {
  return <i32>currentCredentials().effectiveGroup;
}

/** getuid() of 16 bits */
export function getuid16(_frame: TrapFrame): i32 {
  return shortId(currentCredentials().user);
}

/** getgid() of 16 bits */
export function getgid16(_frame: TrapFrame): i32 {
  return shortId(currentCredentials().group);
}

/** geteuid() of 16 bits */
export function geteuid16(_frame: TrapFrame): i32 {
  return shortId(currentCredentials().effectiveUser);
}

/** getegid() of 16 bits */
export function getegid16(_frame: TrapFrame): i32 {
  return shortId(currentCredentials().effectiveGroup);
}

/** getresuid32(real, effective, saved) */
export function getresuid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  return sendThree(frame, who.user, who.effectiveUser, who.savedUser);
}

/** getresgid32(real, effective, saved) */
export function getresgid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  return sendThree(frame, who.group, who.effectiveGroup, who.savedGroup);
}

/** setuid32(id): the superuser sets all, others choose among what they are. */
export function setuid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const id = frame.arg0;
  if (id === SAME) return -EINVAL;
  if (who.effectiveUser === 0) {
    who.user = id;
    who.savedUser = id;
  } else if (id !== who.user && id !== who.savedUser) return -EPERM;
  who.effectiveUser = id;
  who.fileUser = id;
  return 0;
}

/** setgid32(id) */
export function setgid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const id = frame.arg0;
  if (id === SAME) return -EINVAL;
  if (who.effectiveUser === 0) {
    who.group = id;
    who.savedGroup = id;
  } else if (id !== who.group && id !== who.savedGroup) return -EPERM;
  who.effectiveGroup = id;
  who.fileGroup = id;
  return 0;
}

/** setreuid32(real, effective) */
export function setreuid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const real = frame.arg0;
  const effective = frame.arg1;
  const old = who.user;
  if (!mayBeUser(real) || !mayBeUser(effective)) return -EPERM;
  if (real !== SAME) who.user = real;
  if (effective !== SAME) who.effectiveUser = effective;
  if (real !== SAME || (effective !== SAME && effective !== old)) who.savedUser = who.effectiveUser;
  who.fileUser = who.effectiveUser;
  return 0;
}

/** setregid32(real, effective) */
export function setregid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const real = frame.arg0;
  const effective = frame.arg1;
  const old = who.group;
  if (!mayBeGroup(real) || !mayBeGroup(effective)) return -EPERM;
  if (real !== SAME) who.group = real;
  if (effective !== SAME) who.effectiveGroup = effective;
  if (real !== SAME || (effective !== SAME && effective !== old)) {
    who.savedGroup = who.effectiveGroup;
  }
  who.fileGroup = who.effectiveGroup;
  return 0;
}

/** setresuid32(real, effective, saved) */
export function setresuid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  if (!mayBeUser(frame.arg0) || !mayBeUser(frame.arg1) || !mayBeUser(frame.arg2)) return -EPERM;
  if (frame.arg0 !== SAME) who.user = frame.arg0;
  if (frame.arg1 !== SAME) who.effectiveUser = frame.arg1;
  if (frame.arg2 !== SAME) who.savedUser = frame.arg2;
  who.fileUser = who.effectiveUser;
  return 0;
}

/** setresgid32(real, effective, saved) */
export function setresgid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  if (!mayBeGroup(frame.arg0) || !mayBeGroup(frame.arg1) || !mayBeGroup(frame.arg2)) return -EPERM;
  if (frame.arg0 !== SAME) who.group = frame.arg0;
  if (frame.arg1 !== SAME) who.effectiveGroup = frame.arg1;
  if (frame.arg2 !== SAME) who.savedGroup = frame.arg2;
  who.fileGroup = who.effectiveGroup;
  return 0;
}

/** setfsuid32(id): returns the one before, whether it changed or not. */
export function setfsuid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const before = who.fileUser;
  const id = frame.arg0;
  if (id !== SAME && (mayBeUser(id) || id === before)) who.fileUser = id;
  return <i32>before;
}

/** setfsgid32(id) */
export function setfsgid(frame: TrapFrame): i32 {
  const who = currentCredentials();
  const before = who.fileGroup;
  const id = frame.arg0;
  if (id !== SAME && (mayBeGroup(id) || id === before)) who.fileGroup = id;
  return <i32>before;
}

/** getgroups32(size, list): there are no supplementary groups. */
export function getgroups(frame: TrapFrame): i32 {
  return <i32>frame.arg0 < 0 ? -EINVAL : 0;
}

function shortId(id: u32): i32 {
  return <i32>(id <= SHORT_MASK ? id : OVERFLOW_ID);
}

function mayBeUser(id: u32): bool {
  const who = currentCredentials();
  if (id === SAME || who.effectiveUser === 0) return true;
  return id === who.user || id === who.effectiveUser || id === who.savedUser;
}

function mayBeGroup(id: u32): bool {
  const who = currentCredentials();
  if (id === SAME || who.effectiveUser === 0) return true;
  return id === who.group || id === who.effectiveGroup || id === who.savedGroup;
}

function sendThree(frame: TrapFrame, first: u32, second: u32, third: u32): i32 {
  let result = sendId(userPointer(frame.arg0), first);
  if (result === 0) result = sendId(userPointer(frame.arg1), second);
  if (result === 0) result = sendId(userPointer(frame.arg2), third);
  return result;
}

function sendId(to: UserPointer, id: u32): i32 {
  return writeWord(to, id);
}
