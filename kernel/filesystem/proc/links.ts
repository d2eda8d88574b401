// Links of /proc that lead somewhere whatever their text says: self, thread-self, exe, cwd, root
// and the descriptors.
//
// A file that has no name (a pipe) is reached through an entry made for the purpose, which is its
// own parent, as a root is.

import { EACCES, ENOENT, ENOMEM, ESRCH, isErrno } from "../../../src/abi/errno";
import { createEntry, DirectoryEntry } from "../../file/directory-entry";
import { FileContext } from "../../file/file-context";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { pathLength, pathText } from "../../file/path-text";
import { free } from "../../memory/heap";
import { mayInspect } from "../../process/access";
import { currentProcess, Process } from "../../process/process";
import { currentContext } from "../../process/thread-files";
import { currentThread } from "../../thread/thread";
import { lookUp } from "./directory";
import { ProcInode } from "./proc-inode";
import { put, startText, takeText, textLength } from "./text";
import { subjectContext, subjectFiles } from "./threads";

const self = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const threadSelf = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const program = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const directory = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const root = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const descriptor = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills each record of operations and returns it. */
export function selfOperations(): FileOperations {
  return fill(self, followSelf.index, readSelf.index);
}

export function threadSelfOperations(): FileOperations {
  return fill(threadSelf, followThreadSelf.index, readThreadSelf.index);
}

export function programOperations(): FileOperations {
  return fill(program, followProgram.index, readProgram.index);
}

export function currentDirectoryOperations(): FileOperations {
  return fill(directory, followDirectory.index, readDirectory.index);
}

export function rootOperations(): FileOperations {
  return fill(root, followRoot.index, readRoot.index);
}

export function descriptorOperations(): FileOperations {
  return fill(descriptor, followDescriptor.index, readDescriptor.index);
}

function fill(operations: FileOperations, follow: u32, readLink: u32): FileOperations {
  operations.follow = follow;
  operations.readLink = readLink;
  return operations;
}

/** The process that a link is about, if the running thread may look into it; null: see refusal. */
function processOf(entry: DirectoryEntry): Process | null {
  const process = changetype<ProcInode>(entry.inode).process;
  refusal = process === null ? -ESRCH : mayInspect(process) ? 0 : -EACCES;
  return refusal === 0 ? process : null;
}

let refusal: i32 = 0;

function followSelf(entry: DirectoryEntry): usize {
  startText();
  put(cstr("%u"), currentProcess().pid);
  return stepText(entry.parent);
}

function readSelf(_entry: DirectoryEntry, to: usize, size: u32): i32 {
  startText();
  put(cstr("%u"), currentProcess().pid);
  return giveText(to, size);
}

function followThreadSelf(entry: DirectoryEntry): usize {
  const process = followSelf(entry);
  if (isErrno(<u32>process)) return process;
  startText();
  put(cstr("task"));
  const threads = stepText(changetype<DirectoryEntry>(process));
  changetype<DirectoryEntry>(process).release();
  if (isErrno(<u32>threads)) return threads;
  startText();
  put(cstr("%u"), currentThread.id);
  const thread = stepText(changetype<DirectoryEntry>(threads));
  changetype<DirectoryEntry>(threads).release();
  return thread;
}

function readThreadSelf(_entry: DirectoryEntry, to: usize, size: u32): i32 {
  startText();
  put(cstr("%u/task/%u"), currentProcess().pid, currentThread.id);
  return giveText(to, size);
}

function followProgram(entry: DirectoryEntry): usize {
  const process = processOf(entry);
  return process === null ? <usize>refusal : retained(process.program);
}

function readProgram(entry: DirectoryEntry, to: usize, size: u32): i32 {
  const process = processOf(entry);
  return process === null ? refusal : givePath(process.program, to, size);
}

function followDirectory(entry: DirectoryEntry): usize {
  const context = contextOf(entry);
  return context === null ? <usize>refusal : retained(context.directory);
}

function readDirectory(entry: DirectoryEntry, to: usize, size: u32): i32 {
  const context = contextOf(entry);
  return context === null ? refusal : givePath(context.directory, to, size);
}

function followRoot(entry: DirectoryEntry): usize {
  const context = contextOf(entry);
  return context === null ? <usize>refusal : retained(context.root);
}

function readRoot(entry: DirectoryEntry, to: usize, size: u32): i32 {
  const context = contextOf(entry);
  return context === null ? refusal : givePath(context.root, to, size);
}

function followDescriptor(entry: DirectoryEntry): usize {
  const file = fileOf(entry);
  if (file === null) return refusal;
  const target = file.entry;
  if (target !== null) return retained(target);
  file.inode.retain();
  const made = createEntry(null, file.inode, entry.name, 0);
  if (made !== null) return changetype<usize>(made);
  file.inode.release();
  return -ENOMEM;
}

function readDescriptor(entry: DirectoryEntry, to: usize, size: u32): i32 {
  const file = fileOf(entry);
  if (file === null) return refusal;
  const target = file.entry;
  const inode = file.inode;
  if (target !== null && !isNameless(target)) return givePath(target, to, size);
  startText();
  if (inode.isFifo) put(cstr("pipe:[%u]"), inode.number);
  else if (inode.isSocket) put(cstr("socket:[%u]"), inode.number);
  else put(cstr("anon_inode:%s"), <u32>inode.fileSystem.name);
  return giveText(to, size);
}

/** Whether it is an entry that was made by followDescriptor(). */
function isNameless(entry: DirectoryEntry): bool {
  return entry.isRoot && entry.origin === null && !entry.inode.isDirectory;
}

/** The file context of the process; null: see refusal. */
function contextOf(entry: DirectoryEntry): FileContext | null {
  const process = processOf(entry);
  if (process === null) return null;
  const context = subjectContext(process, changetype<ProcInode>(entry.inode).subject);
  if (context === null) refusal = -ENOENT;
  return context;
}

/** The open file of the descriptor; null: see refusal. */
function fileOf(entry: DirectoryEntry): OpenFile | null {
  const process = processOf(entry);
  if (process === null) return null;
  refusal = -ENOENT;
  const files = subjectFiles(process, threadIdOf(entry));
  if (files === null) return null;
  return files.get(changetype<ProcInode>(entry.inode).subject);
}

/** The thread that the directory of a descriptor is about; 0: the process. */
function threadIdOf(descriptor: DirectoryEntry): u32 {
  return changetype<ProcInode>(descriptor.parent.inode).subject;
}

function retained(entry: DirectoryEntry | null): usize {
  if (entry === null) return -ENOENT;
  entry.retain();
  return changetype<usize>(entry);
}

/** What the text so far names in a directory, retained, or -errno. */
function stepText(parent: DirectoryEntry): usize {
  const text = takeText();
  if (text === 0) return -ENOMEM;
  const found = lookUp(parent, text, textLength);
  free(text);
  return found;
}

/** Copies the text so far to `to`, cut off at `size` bytes; how many there were, or -errno. */
function giveText(to: usize, size: u32): i32 {
  const text = takeText();
  if (text === 0) return -ENOMEM;
  const length = min<u32>(textLength, size);
  memory.copy(to, text, length);
  free(text);
  return <i32>length;
}

function givePath(entry: DirectoryEntry | null, to: usize, size: u32): i32 {
  if (entry === null) return -ENOENT;
  const path = pathText(entry, currentContext().root);
  const length = min<u32>(pathLength, size);
  memory.copy(to, path, length);
  return <i32>length;
}
