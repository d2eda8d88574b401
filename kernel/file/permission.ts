// Who may do what with a file: path_resolution(7), "Permissions".

import { EACCES, EROFS } from "../../src/abi/errno";
import { R_OK, S_ISGID, S_ISUID, S_IX, S_IXGRP, W_OK, X_OK } from "../../src/abi/files";
import { CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID } from "../../src/abi/linux/capability";
import { MS_NOEXEC, MS_RDONLY } from "../../src/abi/linux/mount";
import { Credentials, currentCredentials } from "../thread/credentials";
import { Inode } from "./inode";
import { restrictions } from "./mount";

const OWNER_SHIFT: u32 = 6;
const GROUP_SHIFT: u32 = 3;

/** 0, or why the running thread may not do `wanted` (R_OK, …) with the file. */
export function accessRefusal(inode: Inode, wanted: u32): i32 {
  const who = currentCredentials();
  if (who.has(CAP_DAC_OVERRIDE)) return overridingRefusal(inode, wanted);
  return refusalFor(who, who.fileUser, who.fileGroup, inode, wanted);
}

/** As access(2) asks: for the real user and group. */
export function realAccessRefusal(inode: Inode, wanted: u32): i32 {
  const who = currentCredentials();
  if (who.user === 0) return overridingRefusal(inode, wanted);
  return refusalFor(who, who.user, who.group, inode, wanted);
}

/** Whether the running thread may search any directory: no look at their modes is needed. */
export function searchesAll(): bool {
  return currentCredentials().has(CAP_DAC_OVERRIDE);
}

/** Whether the running thread may change the mode, the owner and the times of the file. */
export function ownsFile(inode: Inode): bool {
  const who = currentCredentials();
  return who.fileUser === inode.owner || who.has(CAP_FOWNER);
}

/** Who writes to a program must not leave it with the rights of its owner. */
export function dropSetIds(inode: Inode): void {
  if ((inode.mode & (S_ISUID | S_ISGID)) === 0 || currentCredentials().has(CAP_FSETID)) return;
  // Without the group's x bit it means something else, which stays.
  const isGroups = (inode.mode & S_IXGRP) !== 0;
  inode.mode &= isGroups ? ~(S_ISUID | S_ISGID) : ~S_ISUID;
}

/** The superuser may execute what anybody may, and do all else. */
function overridingRefusal(inode: Inode, wanted: u32): i32 {
  const refusal = placeRefusal(inode, wanted);
  if (refusal !== 0) return refusal;
  const missing = (wanted & X_OK) !== 0 && !inode.isDirectory && (inode.mode & S_IX) === 0;
  return missing ? -EACCES : 0;
}

function refusalFor(who: Credentials, user: u32, group: u32, inode: Inode, wanted: u32): i32 {
  const refusal = placeRefusal(inode, wanted);
  if (refusal !== 0) return refusal;
  let granted = inode.mode;
  if (user === inode.owner) granted >>= OWNER_SHIFT;
  else if (group === inode.group || who.isInGroups(inode.group)) granted >>= GROUP_SHIFT;
  return (wanted & ~granted & (R_OK | W_OK | X_OK)) === 0 ? 0 : -EACCES;
}

/**
 * What nobody may do with a file that was found just now, because of where it is. Devices, FIFOs
 * and sockets can be written whatever holds their names.
 */
function placeRefusal(inode: Inode, wanted: u32): i32 {
  if ((wanted & W_OK) !== 0 && isFixed(inode)) {
    if (inode.isRegular || inode.isDirectory || inode.isLink) return -EROFS;
  }
  const isRun = (wanted & X_OK) !== 0 && inode.isRegular;
  return isRun && (restrictions & MS_NOEXEC) !== 0 ? -EACCES : 0;
}

/** Whether a file that was found just now is where nothing can be changed. */
export function isFixed(inode: Inode): bool {
  return inode.fileSystem.isReadOnly || (restrictions & MS_RDONLY) !== 0;
}
