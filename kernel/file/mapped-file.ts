// Open files as the memory manager counts them: a region that shows a file holds a reference of the
// open file that it was mapped from, so it lives on when its descriptor is closed. What is written
// through it changes the file's times.

import { onMappedFile } from "../memory/region";
import { OpenFile } from "./open-file";

/** Tells the memory manager how open files are counted. */
export function startMappedFiles(): void {
  onMappedFile(retain.index, release.index, noteWritten.index);
}

function retain(file: usize): void {
  changetype<OpenFile>(file).retain();
}

function release(file: usize): void {
  changetype<OpenFile>(file).release();
}

function noteWritten(file: usize): void {
  changetype<OpenFile>(file).inode.noteModified();
}
