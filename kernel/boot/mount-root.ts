// The tree of files: the initramfs unpacked into a tmpfs, and what is mounted in it.

import { S_IFDIR, S_ISVTX } from "../../src/abi/files";
import { DirectoryEntry, rootDirectory, startDirectoryEntries } from "../file/directory-entry";
import { startFileLocks } from "../file/file-lock";
import { mount } from "../file/mount";
import { startEpoll } from "../filesystem/event/epoll-file";
import { startEventCounters } from "../filesystem/event/event-counter";
import { startProcessFiles } from "../filesystem/event/process-file";
import { startSignalFiles } from "../filesystem/event/signal-file";
import { startTimerFiles } from "../filesystem/event/timer-file";
import { unpackInitramfs } from "../filesystem/initramfs/unpack";
import { startPipes } from "../filesystem/pipe/pipe-file";
import { createProc, createSystem } from "../filesystem/proc/proc";
import { startSockets } from "../filesystem/socket/socket-file";
import { startDirectories } from "../filesystem/tmpfs/directory";
import { startRegularFiles } from "../filesystem/tmpfs/regular-file";
import { createTmpfs } from "../filesystem/tmpfs/tmpfs";
import { inform, warn } from "../log/log";
import { panic } from "../log/panic";
import { startPtys } from "../terminal/pty";
import { closeArchive, openArchive, passArchive } from "./boot-archive";
import { commandLine, initramfsSize } from "./boot-record";
import { createDeviceFiles, makeDirectory, registerDevices } from "./device-files";

/** Builds the tree of files. */
export function mountRoot(): void {
  startRegularFiles();
  startDirectories();
  startPipes();
  startSockets();
  startFileLocks();
  startPtys();
  startEventCounters();
  startSignalFiles();
  startProcessFiles();
  startTimerFiles();
  startEpoll();
  registerDevices();
  if (!mountTree()) panic(cstr("mount-root: not enough memory for the root directory"));
  unpackModule();
  if (!createDeviceFiles()) panic(cstr("mount-root: not enough memory for /dev"));
  if (!mountProc()) panic(cstr("mount-root: not enough memory for /proc"));
  if (!hasTemporary()) panic(cstr("mount-root: not enough memory for /tmp"));
}

function mountTree(): bool {
  if (!startDirectoryEntries()) return false;
  const root = createTmpfs(0o755);
  return root !== null && mount(root, null);
}

/** What the kernel knows is seen in /proc and /sys, whether the archive has them or not. */
function mountProc(): bool {
  const proc = createProc(commandLine());
  const system = createSystem();
  if (proc === null || system === null) return false;
  return mountAt(cstr("proc"), proc) && mountAt(cstr("sys"), system);
}

function mountAt(name: usize, root: DirectoryEntry): bool {
  const point = makeDirectory(rootDirectory(), name, S_IFDIR | 0o555);
  return point !== null && mount(root, point);
}

/** Everybody may make files in /tmp, whether the archive has it or not. */
function hasTemporary(): bool {
  return makeDirectory(rootDirectory(), cstr("tmp"), S_IFDIR | S_ISVTX | 0o777) !== null;
}

function unpackModule(): void {
  const size = initramfsSize();
  if (size === 0) {
    warn(cstr("initramfs: the boot loader brought no module"));
    return;
  }
  const archive = openArchive();
  if (archive === 0) {
    warn(cstr("initramfs: not enough memory to map it"));
    return;
  }
  const count = unpackInitramfs(archive, size, passArchive.index);
  closeArchive();
  inform(cstr("initramfs: %u entries, %u KiB"), count, size >> 10);
}
