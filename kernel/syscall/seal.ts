// Seals: what cannot be done with a file of memfd_create(2) any more. See fcntl(2).

import { EBUSY, EINVAL, EPERM } from "../../src/abi/errno";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from "../../src/abi/files";
import { OpenFile } from "../file/open-file";
import { hasSharedWriter } from "../memory/region";

const KNOWN_SEALS: u32 =
  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

/** F_GET_SEALS */
export function seals(file: OpenFile): i32 {
  const object = file.inode.object;
  return object === null ? -EINVAL : <i32>object.seals;
}

/** F_ADD_SEALS */
export function addSeals(file: OpenFile, added: u32): i32 {
  const object = file.inode.object;
  if (object === null) return -EINVAL;
  if (!file.mayWrite) return -EPERM;
  if ((added & ~KNOWN_SEALS) !== 0) return -EINVAL;
  if ((object.seals & F_SEAL_SEAL) !== 0) return -EPERM;
  const endsWriting = (added & ~object.seals & F_SEAL_WRITE) !== 0;
  if (endsWriting && hasSharedWriter(object)) return -EBUSY;
  object.seals |= added;
  return 0;
}
