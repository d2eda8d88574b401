// A file that is to run: its headers, and its segments as regions of a space.
//
//   in the file    |headers| text      | data  |
//   in the space   | regions that show the file | what data has more in memory: zeros |
//
// The pages are those of the file's memory object, so all processes that run it share them until
// they write. The last page of data that comes from the file is copied at once if there is more of
// the segment: what follows in it must be zeros.

import { EHDR_SIZE, PF_R, PF_W, PF_X } from "../../src/abi/elf";
import { ENOEXEC, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { readContents } from "../file/contents";
import { OpenFile } from "../file/open-file";
import { allocate, free } from "../memory/heap";
import { mapRange } from "../memory/map-range";
import { REGION_EXECUTE, REGION_READ, REGION_WRITE } from "../memory/region";
import { AddressSpace } from "../memory/space";
import { clearUserIn, userPointer } from "../memory/user-memory";
import {
  entryPoint,
  headerProblem,
  headersEnd,
  headersProblem,
  imageEnd,
  imageStart,
  isPositionIndependent,
  programHeadersAddress,
  programProblem,
  Segment,
  segmentAt,
  segmentCount,
} from "./elf";

/** Headers further into the file than that are not looked for. */
const MOST_HEADER_BYTES: u32 = 64 << 10;

@unmanaged
export class ProgramFile {
  file: OpenFile = changetype<OpenFile>(0);
  /** The first bytes of the file, up to the end of its program headers. */
  image: usize = 0;
  /** What is added to all addresses. */
  bias: u32 = 0;

  get entry(): u32 {
    return this.bias + entryPoint(this.image);
  }

  /** AT_PHDR. */
  get headersAddress(): u32 {
    const address = programHeadersAddress(this.image);
    return address === 0 ? 0 : this.bias + address;
  }

  get headerCount(): u32 {
    return segmentCount(this.image);
  }

  get isMovable(): bool {
    return isPositionIndependent(this.image);
  }

  /** The first address past it. */
  get end(): u32 {
    return this.bias + imageEnd(this.image);
  }

  /** The bytes from its first page to its end. */
  get span(): u32 {
    return imageEnd(this.image) - imageStart(this.image);
  }

  /** Puts its first page at `address`. */
  moveTo(address: u32): void {
    this.bias = address - imageStart(this.image);
  }

  /** Why it cannot run; 0: it can. Then its headers are read. */
  read(): usize {
    const inode = this.file.inode;
    const size = <u32>min<u64>(inode.size, u32.MAX_VALUE);
    this.image = allocate(EHDR_SIZE);
    if (this.image === 0) return cstr("there is no memory for its headers");
    readContents(inode, 0, this.image, EHDR_SIZE);
    const problem = headerProblem(this.image, size) || headersProblem(this.image, size);
    if (problem !== 0) return problem;
    const end = headersEnd(this.image);
    if (end > MOST_HEADER_BYTES) return cstr("its program headers are too far into the file");
    free(this.image);
    this.image = allocate(max<u32>(end, EHDR_SIZE));
    if (this.image === 0) return cstr("there is no memory for its headers");
    readContents(inode, 0, this.image, max<u32>(end, EHDR_SIZE));
    return programProblem(this.image, size);
  }

  /** Maps all its segments: 0, -ENOEXEC if they do not lie in user space, or -ENOMEM. */
  load(space: AddressSpace): i32 {
    if (this.span > USER_END || imageStart(this.image) + this.bias > USER_END - this.span) {
      return -ENOEXEC;
    }
    for (let i: u32 = 0; i < this.headerCount; i++) {
      const segment = segmentAt(this.image, i);
      if (segment.isLoaded && !this.loadSegment(space, segment)) return -ENOMEM;
    }
    return 0;
  }

  private loadSegment(space: AddressSpace, segment: Segment): bool {
    const rights = rightsOf(segment.flags);
    const start = this.bias + segment.firstPage;
    const fileEnd = this.bias + segment.address + segment.fileSize;
    const end = this.bias + segment.pagesEnd;
    const shown = segment.fileSize === 0 ? start : (fileEnd + PAGE_MASK) & ~PAGE_MASK;
    if (shown > start) {
      const page = segment.offset >> PAGE_SHIFT;
      const file = changetype<usize>(this.file);
      const object = this.file.inode.object;
      if (mapRange(space, start, shown, rights, 0, object, page, file) !== 0) return false;
    }
    if (end > shown && mapRange(space, shown, end, rights, 0) !== 0) return false;
    const isCut = segment.memorySize > segment.fileSize && fileEnd < shown;
    if (!isCut || (segment.flags & PF_W) === 0) return true;
    return clearUserIn(space, userPointer(fileEnd), shown - fileEnd) === 0;
  }

  release(): void {
    this.file.release();
    free(this.image);
    free(changetype<usize>(this));
  }
}

/** The program in `file`, whose reference passes; null when out of memory, and it is released. */
export function createProgramFile(file: OpenFile): ProgramFile | null {
  const program = changetype<ProgramFile | null>(allocate(offsetof<ProgramFile>()));
  if (program === null) file.release();
  else program.file = file;
  return program;
}

function rightsOf(flags: u32): u32 {
  let rights: u32 = 0;
  if ((flags & PF_R) !== 0) rights |= REGION_READ;
  if ((flags & PF_W) !== 0) rights |= REGION_WRITE;
  if ((flags & PF_X) !== 0) rights |= REGION_EXECUTE;
  return rights;
}

if (PAGE_SIZE !== 1 << PAGE_SHIFT) ERROR("pages of the file are pages of the space");
