// System calls about memory: what is mapped where, and with which rights.
//
// Everything is checked as Linux checks it, in its order. The one exception is law 4: what would be
// writable and executable at once is refused with EACCES, and the log says so once per process.

import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EINTR,
  EINVAL,
  EIO,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
} from "../../src/abi/errno";
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from "../../src/abi/files";
import { CAP_IPC_LOCK } from "../../src/abi/linux/capability";
import { MS_NOEXEC } from "../../src/abi/linux/mount";
import { RLIMIT_MEMLOCK } from "../../src/abi/linux/resource";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_TYPE,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from "../../src/abi/mman";
import { FAULT_USER, FAULT_WRITE } from "../../src/abi/paging";
import { mountFlags } from "../file/mount";
import { OpenFile } from "../file/open-file";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { adviseRange, isAdvice } from "../memory/advise-range";
import { resolveFault } from "../memory/fault";
import { moveBreak } from "../memory/heap-break";
import { lockedPages, lockRange } from "../memory/lock-range";
import {
  breaksExclusion,
  countPages,
  findRoom,
  isMapped,
  mapRange,
  unmapRange,
} from "../memory/map-range";
import { createMemoryObject, MemoryObject } from "../memory/memory-object";
import { moveRange } from "../memory/move-range";
import { protectRange } from "../memory/protect-range";
import {
  REGION_GROWS_DOWN,
  REGION_LOCKED,
  REGION_NOT_EXECUTED,
  REGION_READ_ONLY,
  REGION_SHARED,
  REGION_WRITE,
} from "../memory/region";
import { currentSpace } from "../memory/space";
import { copyIn, copyOut, isUserRange, userPointer } from "../memory/user-memory";
import { softLimit } from "../process/limits";
import { currentProcess } from "../process/process";
import { currentCredentials } from "../thread/credentials";
import { preemptionPoint } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { usableFile } from "./descriptor";

const ALL_RIGHTS: u32 = PROT_READ | PROT_WRITE | PROT_EXEC;
/** What MAP_SHARED_VALIDATE knows. */
const KNOWN_FLAGS: u32 =
  MAP_TYPE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  MAP_GROWSDOWN |
  MAP_DENYWRITE |
  MAP_EXECUTABLE |
  MAP_LOCKED |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_NONBLOCK |
  MAP_STACK |
  MAP_HUGETLB;
/** A device whose memory is anonymous: /dev/zero. */
const ZERO_DEVICE: u32 = 0x105;
/** Pages that are filled before others may run. */
const POPULATE_PORTION: u32 = 16;
const OLD_ARGUMENTS: u32 = 24;

const oldArguments: usize = memory.data(OLD_ARGUMENTS, 4);
const residency: usize = memory.data(256, 4);
const RESIDENCY_SIZE: u32 = 256;

/** brk(end): moves the end of the heap if it can; returns where it is. */
export function brk(frame: TrapFrame): i32 {
  return <i32>moveBreak(currentSpace, frame.arg0);
}

/** mmap2(address, length, rights, flags, file, page of the file) */
export function mmap2(frame: TrapFrame): i32 {
  return map(frame.arg0, frame.arg1, frame.arg2, frame.arg3, frame.arg4, frame.arg5);
}

/** mmap(arguments): the same six as a structure, with an offset in bytes. */
export function mmap(frame: TrapFrame): i32 {
  const result = copyIn(userPointer(frame.arg0), oldArguments, OLD_ARGUMENTS);
  if (result !== 0) return result;
  const offset = load<u32>(oldArguments, 20);
  if ((offset & PAGE_MASK) !== 0) return -EINVAL;
  return map(
    load<u32>(oldArguments),
    load<u32>(oldArguments, 4),
    load<u32>(oldArguments, 8),
    load<u32>(oldArguments, 12),
    load<u32>(oldArguments, 16),
    offset >> PAGE_SHIFT,
  );
}

/** munmap(address, length) */
export function munmap(frame: TrapFrame): i32 {
  const start = frame.arg0;
  const size = pageAligned(frame.arg1);
  if ((start & PAGE_MASK) !== 0 || size === 0) return -EINVAL;
  if (start > USER_END || size > USER_END - start) return -EINVAL;
  return unmapRange(currentSpace, start, start + size);
}

/** mprotect(address, length, rights) */
export function mprotect(frame: TrapFrame): i32 {
  const growth = frame.arg2 & (PROT_GROWSDOWN | PROT_GROWSUP);
  const rights = frame.arg2 & ~growth;
  let start = frame.arg0;
  if (growth === (PROT_GROWSDOWN | PROT_GROWSUP) || (start & PAGE_MASK) !== 0) return -EINVAL;
  if (frame.arg1 === 0) return 0;
  const size = pageAligned(frame.arg1);
  const end = start + size;
  if (end <= start) return -ENOMEM;
  if ((rights & ~(ALL_RIGHTS | PROT_SEM)) !== 0) return -EINVAL;
  if (growth === PROT_GROWSUP) return -EINVAL;
  if (growth === PROT_GROWSDOWN) {
    const region = currentSpace.findRegion(start);
    if (region === null) return -ENOMEM;
    if ((region.flags & REGION_GROWS_DOWN) === 0) return -EINVAL;
    start = region.start;
  }
  if (breaksExclusion(rights)) return refuseExclusion(cstr("mprotect"));
  return protectRange(currentSpace, start, end, rights & ALL_RIGHTS);
}

/** mremap(address, old length, new length, flags, new address) */
export function mremap(frame: TrapFrame): i32 {
  const place = frame.arg4;
  return moveRange(currentSpace, frame.arg0, frame.arg1, frame.arg2, frame.arg3, place);
}

/** madvise(address, length, advice) */
export function madvise(frame: TrapFrame): i32 {
  const start = frame.arg0;
  const advice = frame.arg2;
  const fills = advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE;
  if (!fills && !isAdvice(advice)) return -EINVAL;
  const size = pageAligned(frame.arg1);
  if ((start & PAGE_MASK) !== 0 || (frame.arg1 !== 0 && size === 0)) return -EINVAL;
  const end = start + size;
  if (end < start) return -EINVAL;
  if (end === start) return 0;
  if (end > USER_END) return -ENOMEM;
  if (!fills) return adviseRange(currentSpace, start, end, advice);
  if (!isMapped(currentSpace, start, end)) return -ENOMEM;
  return populate(start, end, advice === MADV_POPULATE_WRITE ? FAULT_WRITE : 0);
}

/** msync(address, length, flags): files are in memory, so there is nothing to write back. */
export function msync(frame: TrapFrame): i32 {
  const start = frame.arg0;
  const flags = frame.arg2;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) return -EINVAL;
  if ((start & PAGE_MASK) !== 0) return -EINVAL;
  if ((flags & (MS_ASYNC | MS_SYNC)) === (MS_ASYNC | MS_SYNC)) return -EINVAL;
  const end = start + pageAligned(frame.arg1);
  if (end < start) return -ENOMEM;
  if ((flags & MS_INVALIDATE) !== 0 && lockedPages(currentSpace, start, end) !== 0) return -EBUSY;
  return isMapped(currentSpace, start, end) ? 0 : -ENOMEM;
}

/** mincore(address, length, to): a byte for each page, 1 if it is in memory. */
export function mincore(frame: TrapFrame): i32 {
  const start = frame.arg0;
  if ((start & PAGE_MASK) !== 0) return -EINVAL;
  if (start > USER_END || frame.arg1 > USER_END - start) return -ENOMEM;
  const end = start + pageAligned(frame.arg1);
  const to = userPointer(frame.arg2);
  if (!isUserRange(frame.arg2, (end - start) >> PAGE_SHIFT)) return -EFAULT;
  if (!isMapped(currentSpace, start, end)) return -ENOMEM;
  let done: u32 = 0;
  for (let page = start; page < end; ) {
    let count: u32 = 0;
    for (; count < RESIDENCY_SIZE && page < end; page += PAGE_SIZE) {
      store<u8>(residency + count++, isResident(page) ? 1 : 0);
    }
    if (copyOut(to.plus(done), residency, count) !== 0) return -EFAULT;
    done += count;
    preemptionPoint();
  }
  return 0;
}

/** mlock(address, length) */
export function mlock(frame: TrapFrame): i32 {
  return lock(frame.arg0, frame.arg1, true, true);
}

/** mlock2(address, length, flags) */
export function mlock2(frame: TrapFrame): i32 {
  if ((frame.arg2 & ~MLOCK_ONFAULT) !== 0) return -EINVAL;
  return lock(frame.arg0, frame.arg1, true, (frame.arg2 & MLOCK_ONFAULT) === 0);
}

/** munlock(address, length) */
export function munlock(frame: TrapFrame): i32 {
  return lock(frame.arg0, frame.arg1, false, false);
}

/** mlockall(flags) */
export function mlockall(frame: TrapFrame): i32 {
  const flags = frame.arg0;
  if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0) return -EINVAL;
  if (flags === 0 || flags === MCL_ONFAULT) return -EINVAL;
  const isNow = (flags & MCL_CURRENT) !== 0;
  const refusal = lockRefusal(isNow ? countPages(currentSpace, false) : 0);
  if (refusal !== 0) return refusal;
  currentSpace.futureFlags = (flags & MCL_FUTURE) !== 0 ? REGION_LOCKED : 0;
  if (!isNow) return 0;
  const result = lockRange(currentSpace, 0, USER_END, true);
  // What cannot be filled stays as it is.
  if (result === 0 && (flags & MCL_ONFAULT) === 0) fillLocked(0, USER_END);
  return result;
}

export function munlockall(_frame: TrapFrame): i32 {
  currentSpace.futureFlags = 0;
  return lockRange(currentSpace, 0, USER_END, false);
}

function lock(address: u32, length: u32, locks: bool, fills: bool): i32 {
  const start = address & ~PAGE_MASK;
  const size = pageAligned(length + (address & PAGE_MASK));
  const end = start + size;
  const further = (size >> PAGE_SHIFT) - lockedPages(currentSpace, start, end);
  const refusal = locks ? lockRefusal(lockedPages(currentSpace, 0, USER_END) + further) : 0;
  if (refusal !== 0) return refusal;
  if (length === 0) return 0;
  if (size === 0 || end < start) return -EINVAL;
  if (!isMapped(currentSpace, start, end)) return -ENOMEM;
  const result = lockRange(currentSpace, start, end, locks);
  if (result !== 0 || !fills) return result;
  return fillLocked(start, end) === 0 ? 0 : -ENOMEM;
}

/** Why the process may not have so many pages locked; 0: it may. */
function lockRefusal(pages: u32): i32 {
  if (currentCredentials().has(CAP_IPC_LOCK)) return 0;
  const limit = softLimit(currentProcess().limits, RLIMIT_MEMLOCK);
  if (limit === 0) return -EPERM;
  return pages > limit >> PAGE_SHIFT ? -ENOMEM : 0;
}

/** Fills the pages of what is locked in [start, end), as far as they may be accessed. */
function fillLocked(start: u32, end: u32): i32 {
  const regions = currentSpace.regions;
  let result: i32 = 0;
  // By addresses, as the list may change while others run.
  for (let at = start; at < end; ) {
    const index = regions.firstEndingAfter(at);
    if (index === regions.count) break;
    const region = regions.at(index);
    const from = max<u32>(at, <u32>region.start);
    at = min<u32>(end, <u32>region.end);
    if (region.rights === 0) result = -ENOMEM;
    else if (from < at) {
      const isOwn = !region.isShared && (region.rights & REGION_WRITE) !== 0;
      const filled = populate(from, at, isOwn ? FAULT_WRITE : 0);
      if (filled !== 0) result = filled;
    }
  }
  return result;
}

function map(hint: u32, length: u32, prot: u32, flags: u32, file: u32, page: u32): i32 {
  let open: OpenFile | null = null;
  if ((flags & MAP_ANONYMOUS) === 0) {
    open = usableFile(file);
    if (open === null) return -EBADF;
    if ((flags & MAP_HUGETLB) !== 0) return -EINVAL;
  } else if ((flags & MAP_HUGETLB) !== 0) return -ENOMEM; // there are no huge pages
  if (length === 0) return -EINVAL;
  const size = pageAligned(length);
  if (size === 0) return -ENOMEM;
  if (page + (size >> PAGE_SHIFT) < page) return -EOVERFLOW;
  const start = placeFor(hint, size, flags);
  if (start < 0 && start > -4096) return start;
  const problem = open !== null ? fileProblem(open, prot, flags) : anonymousProblem(flags);
  if (problem !== 0) return problem;
  const rights = prot & ALL_RIGHTS;
  if (breaksExclusion(rights)) return refuseExclusion(cstr("mmap"));
  const locks = (flags & MAP_LOCKED) !== 0 || currentSpace.futureFlags !== 0;
  if (locks) {
    const refusal = lockRefusal(lockedPages(currentSpace, 0, USER_END) + (size >> PAGE_SHIFT));
    if (refusal !== 0) return refusal === -EPERM ? -EPERM : -EAGAIN;
  }
  const result = mapAt(<u32>start, size, rights, flags, open, page);
  if (result !== 0) return result;
  const fills = (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  if ((fills || locks) && rights !== 0) {
    populate(<u32>start, <u32>start + size, (rights & REGION_WRITE) !== 0 ? FAULT_WRITE : 0);
  }
  return start;
}

/** Where a mapping goes, or -errno. */
function placeFor(hint: u32, size: u32, flags: u32): i32 {
  if (size > USER_END) return -ENOMEM;
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) === 0) {
    const place = findRoom(currentSpace, hint & ~PAGE_MASK, size);
    return place === 0 ? -ENOMEM : <i32>place;
  }
  if (hint > USER_END - size) return -ENOMEM;
  if ((hint & PAGE_MASK) !== 0) return -EINVAL;
  if (hint === 0) return -EPERM;
  const mustBeFree = (flags & MAP_FIXED_NOREPLACE) !== 0;
  return mustBeFree && isTaken(hint, size) ? -EEXIST : <i32>hint;
}

function isTaken(start: u32, size: u32): bool {
  const regions = currentSpace.regions;
  const index = regions.firstEndingAfter(start);
  return index !== regions.count && regions.at(index).start < start + size;
}

function anonymousProblem(flags: u32): i32 {
  const type = flags & MAP_TYPE;
  if (type === MAP_PRIVATE) return 0;
  return type === MAP_SHARED && (flags & MAP_GROWSDOWN) === 0 ? 0 : -EINVAL;
}

function fileProblem(open: OpenFile, prot: u32, flags: u32): i32 {
  const type = flags & MAP_TYPE;
  if (type === MAP_SHARED_VALIDATE && (flags & ~KNOWN_FLAGS) !== 0) return -EOPNOTSUPP;
  if (type === MAP_SHARED || type === MAP_SHARED_VALIDATE) {
    if ((prot & PROT_WRITE) !== 0 && !open.mayWrite) return -EACCES;
    if ((prot & PROT_WRITE) !== 0 && isSealed(open)) return -EPERM;
  } else if (type !== MAP_PRIVATE) return -EINVAL;
  if (!open.mayRead) return -EACCES;
  const isExecuted = (prot & PROT_EXEC) !== 0;
  if (isExecuted && (mountFlags(open.entry) & MS_NOEXEC) !== 0) return -EPERM;
  if (open.inode.object === null && open.inode.device !== ZERO_DEVICE) return -ENODEV;
  return (flags & MAP_GROWSDOWN) !== 0 ? -EINVAL : 0;
}

/** Whether seals forbid to write by way of a new mapping. */
function isSealed(open: OpenFile): bool {
  const object = open.inode.object;
  return object !== null && (object.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0;
}

/** Maps what was judged good: 0, -EACCES or -ENOMEM. */
function mapAt(
  start: u32,
  size: u32,
  rights: u32,
  flags: u32,
  open: OpenFile | null,
  page: u32,
): i32 {
  const isShared = (flags & MAP_TYPE) !== MAP_PRIVATE;
  let kept: u32 = isShared ? REGION_SHARED : 0;
  if ((flags & MAP_GROWSDOWN) !== 0) kept |= REGION_GROWS_DOWN;
  if ((flags & MAP_LOCKED) !== 0) kept |= REGION_LOCKED;
  let object: MemoryObject | null = null;
  if (open !== null) {
    object = open.inode.object;
    if (isShared && (!open.mayWrite || isSealed(open))) kept |= REGION_READ_ONLY;
    if ((mountFlags(open.entry) & MS_NOEXEC) !== 0) kept |= REGION_NOT_EXECUTED;
  }
  if (object !== null) {
    const file = changetype<usize>(open);
    return mapRange(currentSpace, start, start + size, rights, kept, object, page, file);
  }
  if (!isShared) return mapRange(currentSpace, start, start + size, rights, kept);
  const shared = createMemoryObject();
  if (shared === null) return -ENOMEM;
  shared.size = size;
  const result = mapRange(currentSpace, start, start + size, rights, kept, shared);
  shared.release();
  return result;
}

/** Fills the pages of a mapped range as if they were touched. 0, -EFAULT, -ENOMEM or -EINTR. */
function populate(start: u32, end: u32, access: u32): i32 {
  for (let page = start; page < end; page += PAGE_SIZE) {
    const pte = currentSpace.entry(page);
    if (pte === 0 || load<u32>(pte) === 0 || access !== 0) {
      const result = resolveFault(currentSpace, page, FAULT_USER | access);
      // -EFAULT, too, if the page is there and may be accessed.
      if (result === -ENOMEM || result === -EIO) return result === -EIO ? -EFAULT : result;
    }
    if (((page - start) >> PAGE_SHIFT) % POPULATE_PORTION !== 0) continue;
    preemptionPoint();
    if (currentThread.pendingSignal !== 0) return -EINTR;
  }
  return 0;
}

function isResident(page: u32): bool {
  const region = currentSpace.findRegion(page);
  if (region === null) return false;
  const object = region.object;
  if (object !== null && object.frame(region.pageAt(page)) !== 0) return true;
  const pte = currentSpace.entry(page);
  return pte !== 0 && load<u32>(pte) !== 0;
}

/** Law 4: -EACCES, and a line in the log for the first time. */
function refuseExclusion(call: usize): i32 {
  const process = currentProcess();
  if (!process.hasToldExclusion) {
    process.hasToldExclusion = true;
    warn(
      cstr("%s[%u]: %s of memory that is writable and executable is refused"),
      <u32>process.name,
      process.pid,
      <u32>call,
    );
  }
  return -EACCES;
}

function pageAligned(length: u32): u32 {
  return (length + PAGE_MASK) & ~PAGE_MASK;
}
