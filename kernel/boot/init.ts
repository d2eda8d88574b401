// Process 1: the shell, or what the command line names after `--`.
//
// A program without a slash in its name is taken from /bin. When it ends, the machine ends with
// its status; when it cannot be started, with 127 (not found) or 126, as a shell would say.

import { EACCES, ELIBBAD, ENOENT, ENOEXEC, ENOMEM, ENOTDIR, isErrno } from "../../src/abi/errno";
import { O_RDWR } from "../../src/abi/files";
import { powerOff } from "../device/power";
import { DirectoryEntry, rootDirectory } from "../file/directory-entry";
import { createFileContext } from "../file/file-context";
import { createFileTable } from "../file/file-table";
import { OpenFile, openFile } from "../file/open-file";
import { PathEnd, resolvePath } from "../file/path";
import { warn } from "../log/log";
import { panic } from "../log/panic";
import { createProcess, Process } from "../process/process";
import { startSession, takeTerminal } from "../process/session";
import { giveFiles } from "../process/thread-files";
import { ArgumentBlock, createArgumentBlock } from "../program/argument-block";
import { executeProgram } from "../program/execute";
import { consoleTerminal } from "../terminal/console";
import { startScheduling } from "../thread/schedule";
import { commandLine } from "./boot-record";
import { consoleDevice } from "./device-files";
import { nextWord, startWords, wordIs } from "./kernel-parameters";

const STATUS_CANNOT_RUN: u32 = 126;
const STATUS_NOT_FOUND: u32 = 127;
const PATH_SIZE: u32 = 2048;
const SLASH: u32 = 0x2f;

const FOLDER_SIZE: u32 = 5; // "/bin/"
/** The program's path; the folder and the NUL make it longer than the command line's word. */
const path: usize = memory.data(PATH_SIZE + 16, 4);

/** Makes process 1 and runs it. Does not return. */
export function startInit(): void {
  const block = createArgumentBlock();
  const process = createProcess();
  if (block === null || process === null || !fillBlock(block) || !openConsole(process)) {
    panic(cstr("init: not enough memory for process 1"));
    return;
  }
  startSession(process);
  takeTerminal(process, consoleTerminal());
  const root = rootDirectory();
  const found = resolvePath(root, root, path, PathEnd.file);
  const result = isErrno(<u32>found)
    ? <i32>found
    : executeProgram(process.thread, changetype<DirectoryEntry>(found), block);
  block.release();
  if (result !== 0) {
    warn(cstr("cannot run %s: %s"), <u32>path, <u32>describe(result));
    powerOff(result === -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
  }
  process.thread.prepare();
  startScheduling(process.thread);
}

/** Arguments from the command line, a small environment, and the program's path. */
function fillBlock(block: ArgumentBlock): bool {
  startWords(commandLine());
  let word = nextWord();
  while (word !== 0 && !wordIs(cstr("--"))) word = nextWord();
  if (word !== 0) word = nextWord();
  if (word === 0) word = cstr("/bin/shell");
  setPath(word);
  for (; word !== 0; word = nextWord()) {
    if (block.addArgument(word) !== 0) return false;
  }
  return (
    block.addVariable(cstr("PATH=/bin")) === 0 &&
    block.addVariable(cstr("HOME=/")) === 0 &&
    block.addVariable(cstr("TERM=linux")) === 0 &&
    block.addPath(path) === 0
  );
}

function setPath(program: usize): void {
  let length: u32 = 0;
  let hasSlash = false;
  for (; load<u8>(program + length) !== 0; length++) {
    if (load<u8>(program + length) === SLASH) hasSlash = true;
  }
  const folder = cstr("/bin/");
  const skipped: u32 = hasSlash ? 0 : FOLDER_SIZE;
  memory.copy(path, folder, skipped);
  memory.copy(path + skipped, program, min<u32>(length, PATH_SIZE) + 1);
}

/** Descriptors 0, 1 and 2: the console. */
function openConsole(process: Process): bool {
  const files = createFileTable();
  const device = consoleDevice();
  const context = createFileContext(rootDirectory(), rootDirectory());
  giveFiles(process.thread, files, context);
  if (files === null || context === null) return false;
  const opened = openFile(device, device.inode, O_RDWR);
  if (isErrno(<u32>opened)) return false;
  const file = changetype<OpenFile>(opened);
  if (files.add(file, 0, 0) < 0) return false;
  for (let descriptor: u32 = 1; descriptor < 3; descriptor++) {
    file.retain();
    if (files.add(file, descriptor, 0) < 0) return false;
  }
  return true;
}

function describe(error: i32): usize {
  switch (error) {
    case -ENOENT:
      return cstr("there is no such file");
    case -EACCES:
      return cstr("it is not executable");
    case -ENOTDIR:
      return cstr("its path goes through a file");
    case -ENOEXEC:
    case -ELIBBAD:
      return cstr("it is not a program for this machine");
    case -ENOMEM:
      return cstr("there is not enough memory");
    default:
      return cstr("its path is wrong");
  }
}
