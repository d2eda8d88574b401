// What /proc says of the machine and the kernel: meminfo, stat, uptime, loadavg, version, ….
//
// Each function makes a text (text.ts) from the counters that the kernel itself keeps. proc(5) has
// the formats.

import { INFO_ENTRIES } from "../../../src/abi/kernel-info";
import { bootTime } from "../../device/clock";
import { fileSystemCount, fileSystemName } from "../../file/file-system-names";
import * as symbols from "../../machine/i686/symbols";
import { treeFrames } from "../../memory/frame-tree";
import { freeFrameCount, totalFrameCount } from "../../memory/frames";
import { countPages } from "../../memory/map-range";
import { spareTableCount } from "../../memory/page-tables";
import { KERNEL_STACK_SIZE } from "../../memory/pages";
import { countProcesses, firstProcess, lastSerial, Process } from "../../process/process";
import { lastHandedOut } from "../../process/process-ids";
import { RELEASE, SYSTEM, systemName, VERSION } from "../../process/system-names";
import { averageLoad, LOAD_ONE } from "../../thread/load";
import { countRunnable, idleTime, switches, totalSystemTime } from "../../thread/schedule";
import { currentTick, TICKS_PER_SECOND, ticksOf } from "../../thread/ticks";
import { put } from "./text";

const KIB_PER_PAGE: u32 = 4;
const KIB_SHIFT: u32 = 10;
const HUNDRED: u32 = 100;

/** meminfo: in KiB. What lives in files is what is cached, and all of it is shared memory. */
export function putMemory(_process: Process, _subject: u32): void {
  const free = freeFrameCount() + spareTableCount();
  putSize(cstr("MemTotal:"), totalFrameCount());
  putSize(cstr("MemFree:"), free);
  putSize(cstr("MemAvailable:"), free);
  putSize(cstr("Buffers:"), 0);
  putSize(cstr("Cached:"), treeFrames);
  putSize(cstr("SwapCached:"), 0);
  putSize(cstr("SwapTotal:"), 0);
  putSize(cstr("SwapFree:"), 0);
  putSize(cstr("Shmem:"), treeFrames);
  const stacks = countProcesses() * (KERNEL_STACK_SIZE >> KIB_SHIFT);
  put(cstr("%-16s%8u kB\n"), <u32>cstr("KernelStack:"), stacks);
  putSize(cstr("CommitLimit:"), totalFrameCount());
  putSize(cstr("Committed_AS:"), committedPages());
}

function putSize(title: usize, pages: u32): void {
  put(cstr("%-16s%8u kB\n"), <u32>title, pages * KIB_PER_PAGE);
}

/** What processes could still ask for: their private writable memory. */
function committedPages(): u32 {
  let pages: u32 = 0;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    const space = process.space;
    if (space !== null) pages += countPages(space, true);
  }
  return pages;
}

/** stat: processor time in ticks, and what has been counted since the start. */
export function putCounters(_process: Process, _subject: u32): void {
  const idle = ticksOf(idleTime());
  const system = ticksOf(totalSystemTime());
  const user = currentTick() - idle - system;
  put(cstr("cpu  %u 0 %u %u 0 0 0 0 0 0\n"), user, system, idle);
  put(cstr("cpu0 %u 0 %u %u 0 0 0 0 0 0\n"), user, system, idle);
  put(cstr("intr %u\n"), load<u32>(symbols.kernel_info(), INFO_ENTRIES));
  put(cstr("ctxt %u\n"), switches);
  put(cstr("btime %u\n"), bootTime());
  put(cstr("processes %u\n"), lastSerial);
  put(cstr("procs_running %u\nprocs_blocked 0\n"), countRunnable());
}

/** uptime: seconds since the start, and those of them that were idle. */
export function putUptime(_process: Process, _subject: u32): void {
  putSeconds(currentTick());
  put(cstr(" "));
  putSeconds(ticksOf(idleTime()));
  put(cstr("\n"));
}

function putSeconds(ticks: u32): void {
  const hundredths = (ticks % TICKS_PER_SECOND) * (HUNDRED / TICKS_PER_SECOND);
  put(cstr("%u.%02u"), ticks / TICKS_PER_SECOND, hundredths);
}

/** loadavg: see thread/load.ts. */
export function putLoad(_process: Process, _subject: u32): void {
  for (let period: u32 = 0; period < 3; period++) {
    const load = averageLoad(period);
    put(cstr("%u.%02u "), load / LOAD_ONE, ((load % LOAD_ONE) * HUNDRED) / LOAD_ONE);
  }
  put(cstr("%u/%u %u\n"), countRunnable(), countProcesses(), lastHandedOut());
}

/** version: as uname says. */
export function putVersion(_process: Process, _subject: u32): void {
  const system = <u32>systemName(SYSTEM);
  put(cstr("%s version %s %s\n"), system, <u32>systemName(RELEASE), <u32>systemName(VERSION));
}

/** filesystems: what can be mounted, and what is. */
export function putFileSystems(_process: Process, _subject: u32): void {
  for (let i: u32 = 0; i < fileSystemCount(); i++) put(cstr("nodev\t%s\n"), fileSystemName(i));
}

/** swaps: there is none. */
export function putSwaps(_process: Process, _subject: u32): void {
  put(cstr("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"));
}

let commandLine: usize = 0;

/** What cmdline is to say: the address of the boot loader's text. */
export function setCommandLineText(text: usize): void {
  commandLine = text;
}

/** cmdline: what the boot loader said. */
export function putCommandLine(_process: Process, _subject: u32): void {
  put(cstr("%s\n"), <u32>commandLine);
}
