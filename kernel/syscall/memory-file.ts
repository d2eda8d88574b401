// The system call that makes a file that lives in memory without a name: memfd_create(2).

import { EFAULT, EINVAL, ENOMEM } from "../../src/abi/errno";
import { MFD_ALLOW_SEALING, MFD_CLOEXEC, O_CLOEXEC, O_RDWR } from "../../src/abi/files";
import { openFile } from "../file/open-file";
import { createMemoryFile } from "../filesystem/tmpfs/tmpfs";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyInString, userPointer } from "../memory/user-memory";
import { currentCredentials } from "../thread/credentials";
import { describe } from "./descriptor";

const PREFIX: usize = cstr("memfd:");
const PREFIX_LENGTH: u32 = 6;
/** Of a name, without the prefix: what NAME_MAX leaves, and the NUL. */
const NAME_ROOM: u32 = 250;

/** The prefix and the name. No thread blocks while it is in use. */
const name: usize = memory.data(PREFIX_LENGTH + NAME_ROOM, 4);

/** memfd_create(name, flags) */
export function memfdCreate(frame: TrapFrame): i32 {
  if ((frame.arg1 & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) !== 0) return -EINVAL;
  const length = copyInString(userPointer(frame.arg0), name + PREFIX_LENGTH, NAME_ROOM);
  if (length < 0) return length === -EFAULT ? -EFAULT : -EINVAL;
  memory.copy(name, PREFIX, PREFIX_LENGTH);
  const entry = createMemoryFile(name, PREFIX_LENGTH + <u32>length);
  if (entry === null) return -ENOMEM;
  const inode = entry.inode;
  const who = currentCredentials();
  inode.owner = who.fileUser;
  inode.group = who.fileGroup;
  if ((frame.arg1 & MFD_ALLOW_SEALING) !== 0) inode.object!.seals = 0;
  const opened = openFile(entry, inode, O_RDWR);
  entry.release();
  return describe(opened, (frame.arg1 & MFD_CLOEXEC) !== 0 ? O_CLOEXEC : 0);
}
