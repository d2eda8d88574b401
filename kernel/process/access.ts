// Who may look into a process, and change what it has: ptrace(2), "Ptrace access mode checking".

import { currentCredentials } from "../thread/credentials";
import { currentProcess, Process } from "./process";

/**
 * Whether the running thread may see the memory, the files and the environment of `process`: it
 * acts for the same user and group in every respect, and the process has no rights beyond that.
 */
export function mayInspect(process: Process): bool {
  if (process === currentProcess()) return true;
  const who = currentCredentials();
  if (who.fileUser === 0) return true;
  const whose = process.thread.credentials;
  const user = who.fileUser;
  const group = who.fileGroup;
  const isSameUser =
    user === whose.user && user === whose.effectiveUser && user === whose.savedUser;
  const isSameGroup =
    group === whose.group && group === whose.effectiveGroup && group === whose.savedGroup;
  return isSameUser && isSameGroup && !process.isGuarded;
}
