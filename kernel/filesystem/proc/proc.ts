// /proc: what the kernel knows of processes and of the machine, as files. See proc(5).
//
//   row.ts            which files there are             proc-inode.ts   what one is about
//   directory.ts      names: looked up, listed          links.ts        exe, cwd, fd/N, self
//   text-file.ts      texts, made by *-files.ts         memory-file.ts  mem
//
// Nothing of it exists but while someone uses it. /sys, as far as programs ask for it, is made of
// the same rows.

import { S_IFLNK, S_IFREG } from "../../../src/abi/files";
import { DirectoryEntry } from "../../file/directory-entry";
import { FileSystem } from "../../file/file-system";
import { FileOperations } from "../../file/inode";
import { findProcess, firstProcess, onProcessRelease, Process } from "../../process/process";
import { forgetNumber, lookUp, procDirectoryOperations } from "./directory";
import {
  currentDirectoryOperations,
  descriptorOperations,
  programOperations,
  rootOperations,
  selfOperations,
  threadSelfOperations,
} from "./links";
import {
  putCommandLine,
  putCounters,
  putFileSystems,
  putLoad,
  putMemory,
  putSwaps,
  putUptime,
  putVersion,
  setCommandLineText,
} from "./machine-files";
import { memoryOperations } from "./memory-file";
import { putMaps } from "./memory-files";
import { putMountInformation, putMounts } from "./mount-files";
import { putPageTables } from "./page-table-file";
import { createRoot } from "./proc-inode";
import {
  putAdjustment,
  putArguments,
  putEnvironment,
  putLimits,
  putName,
  putScore,
  putStat,
  putStatm,
  putStatus,
  writeAdjustment,
  writeName,
} from "./process-files";
import { putProcessor } from "./processor-file";
import {
  declareDirectory,
  declareLink,
  declareListed,
  declareRow,
  declareText,
  listText,
  PRIVATE,
  Row,
  startRows,
} from "./row";
import { declareSettings } from "./settings";
import { put } from "./text";
import { textOperations } from "./text-file";
import { nextThread, subjectFiles } from "./threads";

const PROC_MAGIC: u32 = 0x9fa0;
const SYSFS_MAGIC: u32 = 0x62656572;
const LINK: u32 = S_IFLNK | 0o777;

const fileSystem = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
const system = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));
let root: DirectoryEntry | null = null;

/** The root of /proc, or null when out of memory. `commandLine`: what the boot loader said. */
export function createProc(commandLine: usize): DirectoryEntry | null {
  setCommandLineText(commandLine);
  startRows(procDirectoryOperations(), textOperations());
  start(fileSystem, PROC_MAGIC, cstr("proc"));
  root = createRoot(fileSystem, declareMachine());
  onProcessRelease(forgetProcess.index);
  return root;
}

/** The root of /sys, after that of /proc; null when out of memory. */
export function createSystem(): DirectoryEntry | null {
  start(system, SYSFS_MAGIC, cstr("sysfs"));
  const root = declareDirectory(null, cstr(""), 0o555);
  const devices = declareDirectory(root, cstr("devices"), 0o555);
  const group = declareDirectory(devices, cstr("system"), 0o555);
  const processors = declareDirectory(group, cstr("cpu"), 0o555);
  listText(0, cstr("online"), 0o444, putProcessors.index);
  listText(1, cstr("possible"), 0o444, putProcessors.index);
  listText(2, cstr("present"), 0o444, putProcessors.index);
  declareListed(processors, 3);
  declareDirectory(processors, cstr("cpu0"), 0o555);
  return createRoot(system, root);
}

function start(fileSystem: FileSystem, magic: u32, name: usize): void {
  fileSystem.magic = magic;
  fileSystem.name = name;
  fileSystem.lookup = lookUp.index;
}

/** The rows of the root. */
function declareMachine(): Row {
  const root = declareDirectory(null, cstr(""), 0o555);
  declareRow(root, cstr("self"), LINK).operations = selfOperations();
  declareRow(root, cstr("thread-self"), LINK).operations = threadSelfOperations();
  declareLink(root, cstr("mounts"), cstr("self/mounts"));
  listText(0, cstr("cmdline"), 0o444, putCommandLine.index);
  listText(1, cstr("cpuinfo"), 0o444, putProcessor.index);
  listText(2, cstr("filesystems"), 0o444, putFileSystems.index);
  listText(3, cstr("isthmus"), 0o400, putPageTables.index);
  listText(4, cstr("loadavg"), 0o444, putLoad.index);
  listText(5, cstr("meminfo"), 0o444, putMemory.index);
  listText(6, cstr("stat"), 0o444, putCounters.index);
  listText(7, cstr("swaps"), 0o444, putSwaps.index);
  listText(8, cstr("uptime"), 0o444, putUptime.index);
  listText(9, cstr("version"), 0o444, putVersion.index);
  declareListed(root, 10);
  declareSettings(root);
  const process = declareDirectory(null, cstr(""), 0o555);
  declareProcess(process);
  const threads = declareDirectory(process, cstr("task"), 0o555);
  const thread = declareDirectory(null, cstr(""), 0o555);
  declareProcess(thread);
  threads.next = nextThread.index;
  threads.child = thread;
  root.next = nextProcess.index;
  root.child = process;
  root.leadsToProcesses = true;
  return root;
}

/** The rows that a process has, and each of its threads. */
function declareProcess(row: Row): void {
  declareLinkTo(row, cstr("cwd"), currentDirectoryOperations());
  declareLinkTo(row, cstr("exe"), programOperations());
  declareLinkTo(row, cstr("root"), rootOperations());
  listText(0, cstr("cmdline"), 0o444, putArguments.index);
  listText(1, cstr("environ"), 0o400 | PRIVATE, putEnvironment.index);
  listText(2, cstr("limits"), 0o444, putLimits.index);
  listText(3, cstr("maps"), 0o444 | PRIVATE, putMaps.index);
  listText(4, cstr("mountinfo"), 0o444, putMountInformation.index);
  listText(5, cstr("mounts"), 0o444, putMounts.index);
  listText(6, cstr("oom_score"), 0o444, putScore.index);
  listText(7, cstr("stat"), 0o444, putStat.index);
  listText(8, cstr("statm"), 0o444, putStatm.index);
  listText(9, cstr("status"), 0o444, putStatus.index);
  declareListed(row, 10);
  declareText(row, cstr("comm"), 0o644, putName.index).write = writeName.index;
  const adjustment = declareText(row, cstr("oom_score_adj"), 0o644, putAdjustment.index);
  adjustment.write = writeAdjustment.index;
  const memory = declareRow(row, cstr("mem"), S_IFREG | 0o600);
  memory.operations = memoryOperations();
  memory.isPrivate = true;
  const files = declareDirectory(row, cstr("fd"), 0o500);
  files.isPrivate = true;
  files.next = nextDescriptor.index;
  files.child = declareRow(null, cstr(""), S_IFLNK | 0o700);
  files.child!.operations = descriptorOperations();
}

function declareLinkTo(row: Row, name: usize, operations: FileOperations): void {
  declareRow(row, name, LINK).operations = operations;
}

/** The lowest id of a process from `from` on, or -1. */
function nextProcess(_process: Process, _subject: u32, from: u32): i32 {
  if (findProcess(from) !== null) return <i32>from;
  let lowest: u32 = u32.MAX_VALUE;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (process.pid >= from && !process.isForgotten) lowest = min(lowest, process.pid);
  }
  return <i32>lowest;
}

/** The lowest descriptor of `process` from `from` on, or -1. */
function nextDescriptor(process: Process, subject: u32, from: u32): i32 {
  const files = subjectFiles(process, subject);
  return files === null ? -1 : files.next(from);
}

function putProcessors(_process: Process, _subject: u32): void {
  put(cstr("0\n"));
}

/** A process is about to go. */
function forgetProcess(process: Process): void {
  forgetNumber(root!, process.pid);
}
