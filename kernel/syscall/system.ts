// System calls about the machine.
//
//   sysinfo   0  uptime   4  three loads   16 totalram   20 freeram   40 procs u16   52 mem_unit

import { EFAULT, EINVAL, EPERM } from "../../src/abi/errno";
import { CAP_SYS_ADMIN, CAP_SYS_BOOT } from "../../src/abi/linux/capability";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import {
  REBOOT_HALT,
  REBOOT_MAGIC1,
  REBOOT_MAGIC2,
  REBOOT_POWER_OFF,
  REBOOT_RESTART,
} from "../../src/abi/reboot";
import { powerOff, restart } from "../device/power";
import { fillRandom } from "../device/random";
import { fileSystemCount, fileSystemIndex, fileSystemName } from "../file/file-system-names";
import { textLength } from "../log/text-length";
import { TrapFrame } from "../machine/i686/trap-frame";
import { treeFrames } from "../memory/frame-tree";
import { freeFrameCount, totalFrameCount } from "../memory/frames";
import { spareTableCount } from "../memory/page-tables";
import { copyIn, copyInString, copyOut, userPointer } from "../memory/user-memory";
import { countProcesses } from "../process/process";
import {
  DOMAIN,
  HOST,
  SYSTEM_NAME_MAX,
  SYSTEM_NAMES_SIZE,
  setSystemName,
  systemName,
} from "../process/system-names";
import { currentCredentials } from "../thread/credentials";
import { averageLoad, LOAD_ONE } from "../thread/load";
import { preemptionPoint } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { updateUptime, uptimeSeconds } from "../thread/uptime";

const SYSFS_INDEX: u32 = 1;
const SYSFS_NAME: u32 = 2;
const SYSFS_COUNT: u32 = 3;
const WANTED_NAME_SIZE: u32 = 16;
const wantedName: usize = memory.data(WANTED_NAME_SIZE, 4);

const SYSINFO_LOADS: usize = 4;
const LOADS: u32 = 3;
/** A load of 1. */
const SYSINFO_ONE: u32 = 1 << 16;
const SYSINFO_TOTAL: usize = 16;
const SYSINFO_SHARED: usize = 24;
const SYSINFO_FREE: usize = 20;
const SYSINFO_PROCESSES: usize = 40;
const SYSINFO_UNIT: usize = 52;
const SYSINFO_SIZE: u32 = 64;

const GRND_NONBLOCK: u32 = 1;
const GRND_RANDOM: u32 = 2;
const GRND_INSECURE: u32 = 4;
const RANDOM_SIZE: u32 = 256;
/** Bytes after which others may run. */
const RANDOM_PORTION: u32 = 64 << 10;
const random: usize = memory.data(RANDOM_SIZE, 4);

const info: usize = memory.data(SYSINFO_SIZE, 8);
const name: usize = memory.data(SYSTEM_NAME_MAX, 4);

/** sysinfo(to): memory is counted in pages. */
export function sysinfo(frame: TrapFrame): i32 {
  memory.fill(info, 0, SYSINFO_SIZE);
  updateUptime();
  store<u32>(info, uptimeSeconds);
  for (let period: u32 = 0; period < LOADS; period++) {
    store<u32>(
      info + SYSINFO_LOADS + (period << 2),
      averageLoad(period) * (SYSINFO_ONE / LOAD_ONE),
    );
  }
  store<u32>(info, totalFrameCount(), SYSINFO_TOTAL);
  store<u32>(info, freeFrameCount() + spareTableCount(), SYSINFO_FREE);
  store<u32>(info, treeFrames, SYSINFO_SHARED);
  store<u16>(info, countProcesses(), SYSINFO_PROCESSES);
  store<u32>(info, PAGE_SIZE, SYSINFO_UNIT);
  return copyOut(userPointer(frame.arg0), info, SYSINFO_SIZE);
}

/** getrandom(to, size, flags): there is always enough. */
export function getrandom(frame: TrapFrame): i32 {
  const flags = frame.arg2;
  const both = GRND_RANDOM | GRND_INSECURE;
  if ((flags & ~(GRND_NONBLOCK | both)) !== 0 || (flags & both) === both) return -EINVAL;
  const size = min<u32>(frame.arg1, i32.MAX_VALUE);
  const to = userPointer(frame.arg0);
  for (let done: u32 = 0; done < size; ) {
    const part = min<u32>(size - done, RANDOM_SIZE);
    fillRandom(random, part);
    const result = copyOut(to.plus(done), random, part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done % RANDOM_PORTION !== 0) continue;
    preemptionPoint();
    if (currentThread.pendingSignal !== 0) return <i32>done;
  }
  return <i32>size;
}

/** uname(to): the Linux whose calls these are. */
export function uname(frame: TrapFrame): i32 {
  return copyOut(userPointer(frame.arg0), systemName(0), SYSTEM_NAMES_SIZE);
}

/** sethostname(name, length) */
export function sethostname(frame: TrapFrame): i32 {
  return renameSystem(HOST, frame.arg0, <i32>frame.arg1);
}

/** setdomainname(name, length) */
export function setdomainname(frame: TrapFrame): i32 {
  return renameSystem(DOMAIN, frame.arg0, <i32>frame.arg1);
}

function renameSystem(field: u32, from: u32, length: i32): i32 {
  if (!currentCredentials().has(CAP_SYS_ADMIN)) return -EPERM;
  if (length < 0 || length > <i32>SYSTEM_NAME_MAX) return -EINVAL;
  const result = copyIn(userPointer(from), name, <u32>length);
  if (result !== 0) return result;
  setSystemName(field, name, <u32>length);
  return 0;
}

/** sysfs(1, name), sysfs(2, index, to), sysfs(3): numbers of file systems, names, how many. */
export function sysfs(frame: TrapFrame): i32 {
  if (frame.arg0 === SYSFS_COUNT) return <i32>fileSystemCount();
  if (frame.arg0 === SYSFS_NAME) {
    const name = fileSystemName(frame.arg1);
    if (name === 0) return -EINVAL;
    return copyOut(userPointer(frame.arg2), name, textLength(name) + 1);
  }
  if (frame.arg0 !== SYSFS_INDEX) return -EINVAL;
  const length = copyInString(userPointer(frame.arg1), wantedName, WANTED_NAME_SIZE);
  if (length === -EFAULT) return -EFAULT;
  const index = length < 0 ? -1 : fileSystemIndex(wantedName);
  return index < 0 ? -EINVAL : index;
}

/** reboot(magic1, magic2, command) */
export function reboot(frame: TrapFrame): i32 {
  if (!currentCredentials().has(CAP_SYS_BOOT)) return -EPERM;
  if (frame.arg0 !== REBOOT_MAGIC1 || frame.arg1 !== REBOOT_MAGIC2) return -EINVAL;
  if (frame.arg2 === REBOOT_RESTART) restart();
  if (frame.arg2 !== REBOOT_POWER_OFF && frame.arg2 !== REBOOT_HALT) return -EINVAL;
  powerOff(0);
  return 0;
}
