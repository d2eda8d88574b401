// Credentials of a new program: those of the one before, or of the file if it is set-id.
//
//   programCredentials() -> the stack is built -> takeCredentials()      or free(), if exec fails
//
// A set-id bit counts for nothing on a mount with MS_NOSUID, for a process that said that it gains
// no rights (PR_SET_NO_NEW_PRIVS), and for one that shares its directories with another, which
// could lead the program astray. Scripts run as their interpreter's file says.

import { R_OK, S_ISGID, S_ISUID, S_IXGRP } from "../../src/abi/files";
import { MS_NOSUID } from "../../src/abi/linux/mount";
import { DirectoryEntry } from "../file/directory-entry";
import { mountFlags } from "../file/mount";
import { accessRefusal } from "../file/permission";
import { allocate, free } from "../memory/heap";
import { contextOf } from "../process/thread-files";
import { processOf } from "../process/thread-group";
import { Credentials } from "../thread/credentials";
import { Thread } from "../thread/thread";

@unmanaged
export class ProgramCredentials extends Credentials {
  /** Whether they have rights that who starts the program has not: AT_SECURE. */
  isSecure: bool = false;
  /** Whether who starts the program may not look into it. */
  isGuarded: bool = false;

  free(): void {
    free(changetype<usize>(this));
  }
}

/** The credentials with which a thread runs that file, to be taken or freed; null: no memory. */
export function programCredentials(
  thread: Thread,
  entry: DirectoryEntry,
): ProgramCredentials | null {
  const at = allocate(offsetof<ProgramCredentials>());
  if (at === 0) return null;
  const made = changetype<ProgramCredentials>(at);
  const old = thread.credentials;
  // The groups are only looked at: the thread keeps its reference.
  memory.copy(at, changetype<usize>(old), offsetof<Credentials>());
  const program = entry.inode;
  const mode = (mountFlags(entry) & MS_NOSUID) !== 0 ? 0 : program.mode;
  if (!old.gainsNothing && !sharesDirectories(thread)) {
    if ((mode & S_ISUID) !== 0) made.effectiveUser = program.owner;
    const isGroups = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP);
    if (isGroups) made.effectiveGroup = program.group;
  }
  made.savedUser = made.effectiveUser;
  made.fileUser = made.effectiveUser;
  made.savedGroup = made.effectiveGroup;
  made.fileGroup = made.effectiveGroup;
  made.followProgram();
  made.isSecure = made.effectiveUser !== made.user || made.effectiveGroup !== made.group;
  made.isGuarded = made.isSecure || accessRefusal(program, R_OK) !== 0;
  return made;
}

/** Whether threads of other processes have the same directories. */
function sharesDirectories(thread: Thread): bool {
  let own: u32 = 0;
  let other: Thread | null = processOf(thread).thread;
  for (; other !== null; other = other.nextThread) if (other.context === thread.context) own++;
  return contextOf(thread)!.references !== own;
}

/** The thread, the only one of its process, acts for them from now on. */
export function takeCredentials(thread: Thread, made: ProgramCredentials): void {
  const who = changetype<usize>(thread.credentials);
  const process = processOf(thread);
  memory.copy(who, changetype<usize>(made), offsetof<Credentials>());
  process.isGuarded = made.isGuarded;
  if (made.isGuarded) process.deathSignal = 0;
  made.free();
}
