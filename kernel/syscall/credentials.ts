// System calls about users and groups. See credentials(7).

import { EINVAL, ENOMEM, EPERM } from "../../src/abi/errno";
import { CAP_SETGID, CAP_SETUID } from "../../src/abi/linux/capability";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, UserPointer, userPointer, writeWord } from "../memory/user-memory";
import { beginChange, finishChange } from "../process/credential-change";
import { createGroupList, currentCredentials } from "../thread/credentials";
import { longId, SAME, shortId } from "./short-id";

const MOST_GROUPS: u32 = 65536;
const word: usize = memory.data(4, 4);

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

/** setuid32(id): who may sets all, others choose among what they are. */
export function setuid(frame: TrapFrame): i32 {
  return setUsers(frame.arg0);
}

/** setuid(id) of 16 bits */
export function setuid16(frame: TrapFrame): i32 {
  return setUsers(longId(frame.arg0));
}

function setUsers(id: u32): i32 {
  const who = currentCredentials();
  if (id === SAME) return -EINVAL;
  beginChange();
  if (who.has(CAP_SETUID)) {
    who.user = id;
    who.savedUser = id;
  } else if (id !== who.user && id !== who.savedUser) return -EPERM;
  who.effectiveUser = id;
  who.fileUser = id;
  return finishChange();
}

/** setgid32(id) */
export function setgid(frame: TrapFrame): i32 {
  return setGroups(frame.arg0);
}

/** setgid(id) of 16 bits */
export function setgid16(frame: TrapFrame): i32 {
  return setGroups(longId(frame.arg0));
}

function setGroups(id: u32): i32 {
  const who = currentCredentials();
  if (id === SAME) return -EINVAL;
  beginChange();
  if (who.has(CAP_SETGID)) {
    who.group = id;
    who.savedGroup = id;
  } else if (id !== who.group && id !== who.savedGroup) return -EPERM;
  who.effectiveGroup = id;
  who.fileGroup = id;
  return finishChange();
}

/** setreuid32(real, effective) */
export function setreuid(frame: TrapFrame): i32 {
  return setTwoUsers(frame.arg0, frame.arg1);
}

/** setreuid(real, effective) of 16 bits */
export function setreuid16(frame: TrapFrame): i32 {
  return setTwoUsers(longId(frame.arg0), longId(frame.arg1));
}

function setTwoUsers(real: u32, effective: u32): i32 {
  const who = currentCredentials();
  const old = who.user;
  const isReal = real === who.user || real === who.effectiveUser;
  if (real !== SAME && !isReal && !who.has(CAP_SETUID)) return -EPERM;
  if (!mayBeUser(effective)) return -EPERM;
  beginChange();
  if (real !== SAME) who.user = real;
  if (effective !== SAME) who.effectiveUser = effective;
  if (real !== SAME || (effective !== SAME && effective !== old)) who.savedUser = who.effectiveUser;
  who.fileUser = who.effectiveUser;
  return finishChange();
}

/** setregid32(real, effective) */
export function setregid(frame: TrapFrame): i32 {
  return setTwoGroups(frame.arg0, frame.arg1);
}

/** setregid(real, effective) of 16 bits */
export function setregid16(frame: TrapFrame): i32 {
  return setTwoGroups(longId(frame.arg0), longId(frame.arg1));
}

function setTwoGroups(real: u32, effective: u32): i32 {
  const who = currentCredentials();
  const old = who.group;
  const isReal = real === who.group || real === who.effectiveGroup;
  if (real !== SAME && !isReal && !who.has(CAP_SETGID)) return -EPERM;
  if (!mayBeGroup(effective)) return -EPERM;
  beginChange();
  if (real !== SAME) who.group = real;
  if (effective !== SAME) who.effectiveGroup = effective;
  if (real !== SAME || (effective !== SAME && effective !== old)) {
    who.savedGroup = who.effectiveGroup;
  }
  who.fileGroup = who.effectiveGroup;
  return finishChange();
}

/** setresuid32(real, effective, saved) */
export function setresuid(frame: TrapFrame): i32 {
  return setThreeUsers(frame.arg0, frame.arg1, frame.arg2);
}

/** setresuid(real, effective, saved) of 16 bits */
export function setresuid16(frame: TrapFrame): i32 {
  return setThreeUsers(longId(frame.arg0), longId(frame.arg1), longId(frame.arg2));
}

function setThreeUsers(real: u32, effective: u32, saved: u32): i32 {
  const who = currentCredentials();
  if (!mayBeUser(real) || !mayBeUser(effective) || !mayBeUser(saved)) return -EPERM;
  beginChange();
  if (real !== SAME) who.user = real;
  if (effective !== SAME) who.effectiveUser = effective;
  if (saved !== SAME) who.savedUser = saved;
  who.fileUser = who.effectiveUser;
  return finishChange();
}

/** setresgid32(real, effective, saved) */
export function setresgid(frame: TrapFrame): i32 {
  return setThreeGroups(frame.arg0, frame.arg1, frame.arg2);
}

/** setresgid(real, effective, saved) of 16 bits */
export function setresgid16(frame: TrapFrame): i32 {
  return setThreeGroups(longId(frame.arg0), longId(frame.arg1), longId(frame.arg2));
}

function setThreeGroups(real: u32, effective: u32, saved: u32): i32 {
  const who = currentCredentials();
  if (!mayBeGroup(real) || !mayBeGroup(effective) || !mayBeGroup(saved)) return -EPERM;
  beginChange();
  if (real !== SAME) who.group = real;
  if (effective !== SAME) who.effectiveGroup = effective;
  if (saved !== SAME) who.savedGroup = saved;
  who.fileGroup = who.effectiveGroup;
  return finishChange();
}

/** setfsuid32(id): returns the one before, whether it changed or not. */
export function setfsuid(frame: TrapFrame): i32 {
  return <i32>setFileUser(frame.arg0);
}

/** setfsuid(id) of 16 bits */
export function setfsuid16(frame: TrapFrame): i32 {
  return shortId(setFileUser(longId(frame.arg0)));
}

function setFileUser(id: u32): u32 {
  const who = currentCredentials();
  const old = who.fileUser;
  if (id === SAME || (!mayBeUser(id) && id !== old)) return old;
  beginChange();
  who.fileUser = id;
  who.followFileUser(old);
  finishChange();
  return old;
}

/** setfsgid32(id) */
export function setfsgid(frame: TrapFrame): i32 {
  return <i32>setFileGroup(frame.arg0);
}

/** setfsgid(id) of 16 bits */
export function setfsgid16(frame: TrapFrame): i32 {
  return shortId(setFileGroup(longId(frame.arg0)));
}

function setFileGroup(id: u32): u32 {
  const who = currentCredentials();
  const old = who.fileGroup;
  if (id === SAME || (!mayBeGroup(id) && id !== old)) return old;
  beginChange();
  who.fileGroup = id;
  finishChange();
  return old;
}

/** getgroups32(size, list): size 0 asks how many there are. */
export function getgroups(frame: TrapFrame): i32 {
  return sendGroups(frame, sizeof<u32>());
}

/** getgroups(size, list) of 16 bits */
export function getgroups16(frame: TrapFrame): i32 {
  return sendGroups(frame, sizeof<u16>());
}

function sendGroups(frame: TrapFrame, size: u32): i32 {
  const groups = currentCredentials().supplementary;
  const count: u32 = groups === null ? 0 : groups.count;
  if (<i32>frame.arg0 < 0) return -EINVAL;
  if (frame.arg0 === 0 || groups === null) return <i32>count;
  if (frame.arg0 < count) return -EINVAL;
  const to = userPointer(frame.arg1);
  for (let i: u32 = 0; i < count; i++) {
    if (size === sizeof<u32>()) store<u32>(word, groups.at(i));
    else store<u16>(word, shortId(groups.at(i)));
    const result = copyOut(to.plus(i * size), word, size);
    if (result !== 0) return result;
  }
  return <i32>count;
}

/** setgroups32(size, list) */
export function setgroups(frame: TrapFrame): i32 {
  return takeGroups(frame, sizeof<u32>());
}

/** setgroups(size, list) of 16 bits */
export function setgroups16(frame: TrapFrame): i32 {
  return takeGroups(frame, sizeof<u16>());
}

function takeGroups(frame: TrapFrame, size: u32): i32 {
  const who = currentCredentials();
  const count = frame.arg0;
  if (!who.has(CAP_SETGID)) return -EPERM;
  if (count > MOST_GROUPS) return -EINVAL;
  const list = createGroupList(count);
  if (list === null) return -ENOMEM;
  const from = userPointer(frame.arg1);
  for (let i: u32 = 0; i < count; i++) {
    const result = copyIn(from.plus(i * size), word, size);
    const id = size === sizeof<u32>() ? load<u32>(word) : longId(load<u16>(word));
    if (result !== 0 || id === SAME) {
      list.release();
      return result !== 0 ? result : -EINVAL;
    }
    list.put(i, id);
  }
  who.setGroups(list);
  return 0;
}

/** getresuid(real, effective, saved) of 16 bits */
export function getresuid16(frame: TrapFrame): i32 {
  const who = currentCredentials();
  return sendThreeShort(frame, who.user, who.effectiveUser, who.savedUser);
}

/** getresgid(real, effective, saved) of 16 bits */
export function getresgid16(frame: TrapFrame): i32 {
  const who = currentCredentials();
  return sendThreeShort(frame, who.group, who.effectiveGroup, who.savedGroup);
}

function sendThreeShort(frame: TrapFrame, first: u32, second: u32, third: u32): i32 {
  let result = sendShort(userPointer(frame.arg0), first);
  if (result === 0) result = sendShort(userPointer(frame.arg1), second);
  if (result === 0) result = sendShort(userPointer(frame.arg2), third);
  return result;
}

function sendShort(to: UserPointer, id: u32): i32 {
  store<u16>(word, shortId(id));
  return copyOut(to, word, sizeof<u16>());
}

function mayBeUser(id: u32): bool {
  const who = currentCredentials();
  if (id === SAME || who.has(CAP_SETUID)) return true;
  return id === who.user || id === who.effectiveUser || id === who.savedUser;
}

function mayBeGroup(id: u32): bool {
  const who = currentCredentials();
  if (id === SAME || who.has(CAP_SETGID)) return true;
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
