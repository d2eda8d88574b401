// System calls about the machine.
//
//   sysinfo   0  uptime   4  three loads   16 totalram   20 freeram   40 procs u16   52 mem_unit
//   utsname   six fields of 65 bytes: sysname, nodename, release, version, machine, domainname

import { EINVAL } from "../../src/abi/errno";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import {
  REBOOT_HALT,
  REBOOT_MAGIC1,
  REBOOT_MAGIC2,
  REBOOT_POWER_OFF,
  REBOOT_RESTART,
} from "../../src/abi/reboot";
import { powerOff, restart } from "../device/power";
import { TrapFrame } from "../machine/i686/trap-frame";
import { freeFrameCount, totalFrameCount } from "../memory/frames";
import { spareTableCount } from "../memory/page-tables";
import { copyOut, userPointer } from "../memory/user-memory";
import { countProcesses } from "../process/process";
import { uptimeSeconds } from "../thread/ticks";

const SYSINFO_TOTAL: usize = 16;
const SYSINFO_FREE: usize = 20;
const SYSINFO_PROCESSES: usize = 40;
const SYSINFO_UNIT: usize = 52;
const SYSINFO_SIZE: u32 = 64;
const NAME_SIZE: u32 = 65;
const NAMES_SIZE: u32 = 6 * NAME_SIZE;

const info: usize = memory.data(SYSINFO_SIZE, 8);
const names: usize = memory.data(NAMES_SIZE, 8);

/** sysinfo(to): memory is counted in pages. */
export function sysinfo(frame: TrapFrame): i32 {
  memory.fill(info, 0, SYSINFO_SIZE);
  store<u32>(info, uptimeSeconds());
  store<u32>(info, totalFrameCount(), SYSINFO_TOTAL);
  store<u32>(info, freeFrameCount() + spareTableCount(), SYSINFO_FREE);
  store<u16>(info, countProcesses(), SYSINFO_PROCESSES);
  store<u32>(info, PAGE_SIZE, SYSINFO_UNIT);
  return copyOut(userPointer(frame.arg0), info, SYSINFO_SIZE);
}

/** uname(to): the release is that of the Linux whose calls these are. */
export function uname(frame: TrapFrame): i32 {
  memory.fill(names, 0, NAMES_SIZE);
  setName(0, cstr("Isthmus"));
  setName(1, cstr("isthmus"));
  setName(2, cstr("6.1.0-isthmus"));
  setName(3, cstr("0.1.0"));
  setName(4, cstr("i686"));
  setName(5, cstr("(none)"));
  return copyOut(userPointer(frame.arg0), names, NAMES_SIZE);
}

/** reboot(magic1, magic2, command) */
export function reboot(frame: TrapFrame): i32 {
  if (frame.arg0 !== REBOOT_MAGIC1 || frame.arg1 !== REBOOT_MAGIC2) return -EINVAL;
  if (frame.arg2 === REBOOT_RESTART) restart();
  if (frame.arg2 !== REBOOT_POWER_OFF && frame.arg2 !== REBOOT_HALT) return -EINVAL;
  powerOff(0);
  return 0;
}

function setName(field: u32, text: usize): void {
  for (let i: u32 = 0; load<u8>(text + i) !== 0; i++) {
    store<u8>(names + field * NAME_SIZE + i, load<u8>(text + i));
  }
}
