// Who may do what with a file: path_resolution(7), "Permissions".

import { EACCES, EROFS } from "../../src/abi/errno";
import { R_OK, S_IX, W_OK, X_OK } from "../../src/abi/files";
import { Credentials, currentCredentials } from "../thread/credentials";
import { Inode } from "./inode";

const OWNER_SHIFT: u32 = 6;
const GROUP_SHIFT: u32 = 3;

/** 0, or why the running thread may not do `wanted` (R_OK, …) with the file. */
export function accessRefusal(inode: Inode, wanted: u32): i32 {
  const who = currentCredentials();
  return refusalFor(who, who.fileUser, who.fileGroup, inode, wanted);
}

/** As access(2) asks: for the real user and group. */
export function realAccessRefusal(inode: Inode, wanted: u32): i32 {
  const who = currentCredentials();
  return refusalFor(who, who.user, who.group, inode, wanted);
}

/** Whether the running thread may change the mode, the owner and the times of the file. */
export function ownsFile(inode: Inode): bool {
  const user = currentCredentials().fileUser;
  return user === 0 || user === inode.owner;
}

function refusalFor(_who: Credentials, user: u32, group: u32, inode: Inode, wanted: u32): i32 {
  if ((wanted & W_OK) !== 0 && isReadOnly(inode)) return -EROFS;
  if (user === 0) {
    // The superuser may execute what anybody may.
    const missing = (wanted & X_OK) !== 0 && !inode.isDirectory && (inode.mode & S_IX) === 0;
    return missing ? -EACCES : 0;
  }
  let granted = inode.mode;
  if (user === inode.owner) granted >>= OWNER_SHIFT;
  else if (group === inode.group) granted >>= GROUP_SHIFT;
  return (wanted & ~granted & (R_OK | W_OK | X_OK)) === 0 ? 0 : -EACCES;
}

/** Devices, FIFOs and sockets can be written whatever holds their names. */
function isReadOnly(inode: Inode): bool {
  if (inode.fileSystem.isWritable) return false;
  return inode.isRegular || inode.isDirectory || inode.isLink;
}
