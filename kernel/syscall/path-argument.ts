// A path that a user gives: copied in once, then resolved.

import { PATH_MAX } from "../../src/abi/files";
import { resolvePath } from "../file/path";
import { copyInString, UserPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";

/** The path that pathArgument() copied in last. No thread blocks while it is in use. */
export const userPath: usize = memory.data(PATH_MAX, 4);

/**
 * The inode that the user's string at `pointer` names: its address, or a negative errno (see
 * isErrno). A symbolic link at the end is followed if `follow`.
 */
export function pathArgument(pointer: UserPointer, follow: bool): usize {
  const length = copyInString(pointer, userPath, PATH_MAX);
  if (length < 0) return <usize>length;
  return resolvePath(currentProcess().directory!, userPath, follow);
}
