// execve: another program in the same process.
//
//   judge the file -> new space: segments, heap, stack -> point of no return -> drop the old space
//
// Everything that can fail comes before the point of no return, in a space that no thread runs on
// yet; a caller that gets an error goes on as if nothing had happened. The price is that both
// programs take memory for a moment.

import { PF_R, PF_W, PF_X } from "../../src/abi/elf";
import { EACCES, ENOEXEC, ENOMEM, ETXTBSY } from "../../src/abi/errno";
import { X_OK } from "../../src/abi/files";
import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { copyContents } from "../file/contents";
import { DirectoryEntry } from "../file/directory-entry";
import { accessRefusal } from "../file/permission";
import { inform } from "../log/log";
import { clearFloatingPoint, loadFloatingPoint } from "../machine/i686/floating-point";
import { insertPage, PAGE_READABLE, PAGE_WRITABLE } from "../memory/fault";
import { allocateFrame } from "../memory/frames";
import { free } from "../memory/heap";
import { mapRange } from "../memory/map-range";
import { REGION_EXECUTE, REGION_GROWS_DOWN, REGION_READ, REGION_WRITE } from "../memory/region";
import { AddressSpace, createSpace } from "../memory/space";
import { closeWindow, openWindow } from "../memory/window";
import { Process } from "../process/process";
import { currentThread } from "../thread/thread";
import { ArgumentBlock } from "./argument-block";
import { entryPoint, imageEnd, programProblem, Segment, segmentAt, segmentCount } from "./elf";
import { buildInitialStack } from "./initial-stack";

/** An errno as an unsigned number is above this; no stack pointer is. */
const HIGHEST_ESP: u32 = USER_END;

/**
 * Makes `process` run `program` with the arguments of `block` when it next returns to user mode.
 * 0; or -EACCES, -ETXTBSY, -ENOEXEC, -ENOMEM and nothing has changed.
 */
export function executeProgram(
  process: Process,
  program: DirectoryEntry,
  block: ArgumentBlock,
): i32 {
  const inode = program.inode;
  if (!inode.isRegular) return -EACCES;
  const refusal = accessRefusal(inode, X_OK);
  if (refusal !== 0) return refusal;
  if (inode.writers > 0) return -ETXTBSY;
  const image = copyContents(inode);
  if (image === 0 && inode.size !== 0) return -ENOMEM;
  const result = executeImage(process, program, image, <u32>inode.size, block);
  free(image);
  return result;
}

function executeImage(
  process: Process,
  program: DirectoryEntry,
  image: usize,
  size: u32,
  block: ArgumentBlock,
): i32 {
  const problem = programProblem(image, size);
  if (problem !== 0) {
    inform(cstr("exec: %s: %s"), <u32>(block.strings + block.path), <u32>problem);
    return -ENOEXEC;
  }
  const space = createSpace();
  if (space === null) return -ENOMEM;
  let esp: u32 = 0;
  let result = loadProgram(space, image);
  if (result === 0) {
    esp = buildInitialStack(space, image, block);
    if (esp > HIGHEST_ESP) result = <i32>esp;
  }
  if (result !== 0) {
    space.release();
    return result;
  }

  // The point of no return.
  const thread = process.thread;
  process.setSpace(space);
  clearFloatingPoint(thread.floatingPoint);
  if (thread === currentThread) loadFloatingPoint(thread.floatingPoint);
  process.setProgram(program);
  nameProcess(process, block.strings + block.path);
  thread.frame.startProgram(entryPoint(image), esp);
  return 0;
}

/** Segments, heap and stack of a program that was judged good. 0 or -ENOMEM. */
function loadProgram(space: AddressSpace, image: usize): i32 {
  const count = segmentCount(image);
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(image, i);
    if (segment.isLoaded && loadSegment(space, image, segment) !== 0) return -ENOMEM;
  }
  space.breakStart = imageEnd(image);
  space.breakEnd = space.breakStart;
  const stack = USER_END - PAGE_SIZE;
  const rights = REGION_READ | REGION_WRITE;
  if (mapRange(space, stack, USER_END, rights, REGION_GROWS_DOWN) !== 0) return -ENOMEM;
  return 0;
}

/** Pages with bytes of the file get their frames now, the others when they are touched. */
function loadSegment(space: AddressSpace, image: usize, segment: Segment): i32 {
  const rights = rightsOf(segment.flags);
  const result = mapRange(space, segment.firstPage, segment.pagesEnd, rights, 0);
  if (result !== 0) return result;
  const fileEnd = segment.address + segment.fileSize;
  for (let page = segment.firstPage; page < fileEnd; page += PAGE_SIZE) {
    const loaded = loadPage(space, image, segment, page);
    if (loaded !== 0) return loaded;
  }
  return 0;
}

function loadPage(space: AddressSpace, image: usize, segment: Segment, page: u32): i32 {
  const frame = allocateFrame();
  if (frame === 0) return -ENOMEM;
  const from = max<u32>(page, segment.address);
  const end = min<u32>(page + PAGE_SIZE, segment.address + segment.fileSize);
  const window = openWindow(frame);
  memory.fill(window, 0, PAGE_SIZE);
  memory.copy(
    window + (from & PAGE_MASK),
    image + segment.offset + (from - segment.address),
    end - from,
  );
  closeWindow(window);
  const rights = (segment.flags & PF_W) !== 0 ? PAGE_WRITABLE : PAGE_READABLE;
  return insertPage(space, space.findRegion(page)!, page, frame, rights);
}

function rightsOf(flags: u32): u32 {
  let rights: u32 = 0;
  if ((flags & PF_R) !== 0) rights |= REGION_READ;
  if ((flags & PF_W) !== 0) rights |= REGION_WRITE;
  if ((flags & PF_X) !== 0) rights |= REGION_EXECUTE;
  return rights;
}

/** The process is called what its path ends with. */
function nameProcess(process: Process, path: usize): void {
  let name = path;
  let end = path;
  for (; load<u8>(end) !== 0; end++) {
    if (load<u8>(end) === 0x2f && load<u8>(end + 1) !== 0) name = end + 1;
  }
  process.setName(name, <u32>(end - name));
}
