// waitpid: what became of a child. See wait(2).

import { ECHILD, EINVAL, ESRCH } from "../../src/abi/errno";
import { WCONTINUED, WNOHANG, WUNTRACED } from "../../src/abi/signals";
import { UserPointer, userAddress, writeWord } from "../memory/user-memory";
import { block } from "../thread/schedule";
import { currentProcess, firstProcess, Process, releaseProcess } from "./process";

/**
 * Waits for a child to end: `pid` > 0 that one, -1 any, 0 any of the caller's group, < -1 any of
 * group -pid. Stores its wait status, if `status` is not 0, and releases it. The child's id; 0 with
 * WNOHANG while none has ended; -ECHILD, -EINVAL, -ESRCH, -EINTR; -EFAULT leaves the child as it
 * is.
 */
export function waitForChild(pid: i32, status: UserPointer, options: u32): i32 {
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED)) !== 0) return -EINVAL;
  if (pid === i32.MIN_VALUE) return -ESRCH; // there is no -pid
  while (true) {
    const child = findChild(pid, true);
    if (child !== null) return collect(child, status);
    if (findChild(pid, false) === null) return -ECHILD;
    if ((options & WNOHANG) !== 0) return 0;
    const process = currentProcess();
    process.waitsForChild = true;
    const result = block();
    process.waitsForChild = false;
    if (result !== 0) return result;
  }
}

/** A child that `pid` selects, zombies only if `ended`; null when there is none. */
function findChild(pid: i32, ended: bool): Process | null {
  let process = firstProcess();
  while (process !== null) {
    const isChild = process.parent === currentProcess() && isSelected(process, pid);
    if (isChild && (!ended || process.isZombie)) return process;
    process = process.next;
  }
  return null;
}

function isSelected(process: Process, pid: i32): bool {
  if (pid > 0) return process.pid === <u32>pid;
  if (pid === -1) return true;
  return process.group === (pid === 0 ? currentProcess().group : <u32>-pid);
}

function collect(child: Process, status: UserPointer): i32 {
  if (userAddress(status) !== 0) {
    const result = writeWord(status, child.status);
    if (result !== 0) return result;
  }
  const pid = <i32>child.pid;
  releaseProcess(child);
  return pid;
}
