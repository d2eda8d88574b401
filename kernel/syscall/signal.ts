// System calls about signals.

import { EINVAL, ESRCH } from "../../src/abi/errno";
import { isIgnoredByDefault, isStopSignal, SIGNAL_MAX } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { currentProcess, findProcess, firstProcess } from "../process/process";
import { killGroup, killProcess } from "../process/signal";

/** kill(pid, signal): > 0 that process, 0 the own group, -1 all others, < -1 that group. */
export function kill(frame: TrapFrame): i32 {
  const pid = <i32>frame.arg0;
  const number = frame.arg1;
  if (number > SIGNAL_MAX || isStopSignal(number)) return -EINVAL;
  // A signal that would do nothing still tells whether the process exists.
  const signal: u32 = isIgnoredByDefault(number) ? 0 : number;
  if (pid > 0) return killOne(<u32>pid, signal);
  if (pid === -1) return killOthers(signal);
  const count = killGroup(pid === 0 ? currentProcess().group : <u32>-pid, signal);
  return count === 0 ? -ESRCH : 0;
}

function killOne(pid: u32, signal: u32): i32 {
  const process = findProcess(pid);
  if (process === null) return -ESRCH;
  killProcess(process, signal);
  return 0;
}

/** Every process but 1 and the caller. */
function killOthers(signal: u32): i32 {
  let count: u32 = 0;
  let process = firstProcess();
  while (process !== null) {
    if (process.pid !== 1 && process !== currentProcess() && !process.isZombie) {
      killProcess(process, signal);
      count++;
    }
    process = process.next;
  }
  return count === 0 ? -ESRCH : 0;
}
