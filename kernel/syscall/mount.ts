// System calls about mounts: mount(2) and umount2(2). The errors, and their order, are Linux's.

import {
  EBUSY,
  EFAULT,
  EINVAL,
  ENODEV,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  EPERM,
  isErrno,
} from "../../src/abi/errno";
import { PATH_MAX, S_IFDIR, S_ISVTX, S_PERMISSIONS } from "../../src/abi/files";
import { CAP_SYS_ADMIN } from "../../src/abi/linux/capability";
import {
  MNT_DETACH,
  MNT_FORCE,
  MS_BIND,
  MS_MGC_MSK,
  MS_MGC_VAL,
  MS_MOVE,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_UNBINDABLE,
  UMOUNT_NOFOLLOW,
} from "../../src/abi/linux/mount";
import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { DirectoryEntry } from "../file/directory-entry";
import { fileSystemIndex, fileSystemName } from "../file/file-system-names";
import { Inode } from "../file/inode";
import {
  mount as addMount,
  firstMount,
  lastMount,
  Mount,
  mountOf,
  moveMount,
  protect,
  topOf,
  unmount,
} from "../file/mount";
import { PathEnd, resolvePath } from "../file/path";
import { createView, isWithin, viewBelow } from "../file/view";
import { createTmpfs } from "../filesystem/tmpfs/tmpfs";
import { sameBytes } from "../log/same-bytes";
import { textLength } from "../log/text-length";
import { TrapFrame } from "../machine/i686/trap-frame";
import { totalFrameCount } from "../memory/frames";
import { copyInString, UserPointer, userPointer } from "../memory/user-memory";
import { currentContext } from "../process/thread-files";
import { currentCredentials } from "../thread/credentials";
import { pathArgument } from "./path-argument";

const COMMA: u32 = 0x2c;
const DIGIT_0: u32 = 0x30;
/** What can be said of a tmpfs, by its first letters. */
const OPTION_NAMES: usize = cstr("mode=\0uid=\0\0gid=\0\0size=\0nr_");
const OPTION_SIZE: u32 = 6;
const OPTIONS: u32 = 5;
const MODE: u32 = 0;
const OWNER: u32 = 1;
const SIZE: u32 = 3;
/** How many files there may be. */
const NOT_KEPT: u32 = 4;
/** What has so many digits that another one makes no sense. */
const LARGEST_NUMBER: u64 = 1 << 36;
/** What makes a letter a small one; other signs have it. */
const LOWER_CASE: u32 = 0x20;
const PERCENT: u32 = 0x25;
const KIND_ROOM: u32 = 32;
/** What a mount keeps of the flags. */
const KEPT_FLAGS: u32 = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
const PROPAGATION: u32 = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED;

const kind: usize = memory.data(KIND_ROOM, 4);
const source: usize = memory.data(PATH_MAX, 4);
const options: usize = memory.data(PATH_MAX, 4);

/** mount(source, target, kind, flags, options) */
export function mount(frame: TrapFrame): i32 {
  let result = takeText(frame.arg2, kind, KIND_ROOM);
  if (result === 0) result = takeText(frame.arg0, source, PATH_MAX);
  if (result === 0) result = takeText(frame.arg4, options, PATH_MAX);
  if (result !== 0) return result;
  const found = pathArgument(userPointer(frame.arg1), PathEnd.file);
  if (isErrno(<u32>found)) return <i32>found;
  const point = changetype<DirectoryEntry>(found);
  const given = frame.arg3;
  const flags = (given & MS_MGC_MSK) === MS_MGC_VAL ? given & ~MS_MGC_MSK : given;
  if (!currentCredentials().has(CAP_SYS_ADMIN)) result = -EPERM;
  else if ((flags & (MS_REMOUNT | PROPAGATION)) !== 0) result = change(mountAt(point), flags);
  else if ((flags & (MS_BIND | MS_MOVE)) !== 0) result = showAgain(topOf(point), flags);
  else if (load<u8>(kind) !== 0) result = mountNew(topOf(point), flags & KEPT_FLAGS);
  else result = frame.arg2 === 0 ? -EINVAL : -ENODEV;
  point.release();
  return result;
}

/** umount2(target, flags): MNT_EXPIRE is refused. */
export function umount2(frame: TrapFrame): i32 {
  return unmountAt(userPointer(frame.arg0), frame.arg1);
}

/** umount(target) */
export function umount(frame: TrapFrame): i32 {
  return unmountAt(userPointer(frame.arg0), 0);
}

/** A string of the user's, empty if there is none. 0, -EFAULT or -EINVAL. */
function takeText(from: u32, to: usize, room: u32): i32 {
  store<u8>(to, 0);
  if (from === 0) return 0;
  const length = copyInString(userPointer(from), to, room);
  return length >= 0 ? 0 : length === -EFAULT ? -EFAULT : -EINVAL;
}

/** The mount of which `entry` is the root, or null. */
function mountAt(entry: DirectoryEntry): Mount | null {
  return entry.isRoot ? mountOf(entry) : null;
}

function unmountAt(target: UserPointer, flags: u32): i32 {
  if ((flags & ~(MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW)) !== 0) return -EINVAL;
  const end = (flags & UMOUNT_NOFOLLOW) !== 0 ? PathEnd.link : PathEnd.file;
  const found = pathArgument(target, end);
  if (isErrno(<u32>found)) return <i32>found;
  const entry = changetype<DirectoryEntry>(found);
  const mount = mountAt(entry);
  let result: i32 = 0;
  if (!currentCredentials().has(CAP_SYS_ADMIN)) result = -EPERM;
  else if (mount === null) result = -EINVAL;
  // As on Linux, the root of all stays, but nothing is written there any more.
  else if (mount.parent === null) result = protect(mount, MS_RDONLY, true);
  else result = unmount(mount, (flags & MNT_DETACH) !== 0);
  entry.release();
  return result;
}

/**
 * Gives a mount other flags, and without MS_BIND its file system; or says what it passes on to
 * others, which is nothing: that is all that can be asked for.
 */
function change(mount: Mount | null, flags: u32): i32 {
  if (mount === null) return -EINVAL;
  if ((flags & MS_REMOUNT) !== 0) {
    return protect(mount, flags & KEPT_FLAGS, (flags & MS_BIND) === 0);
  }
  const wish = flags & ~(MS_REC | MS_SILENT);
  return wish === MS_PRIVATE || wish === MS_SLAVE ? 0 : -EINVAL;
}

/** Mounts a view of the one tree of a kind, or of a new tmpfs. */
function mountNew(point: DirectoryEntry, flags: u32): i32 {
  const index = fileSystemIndex(kind);
  if (index < 0) return -ENODEV;
  const name = fileSystemName(index);
  const size = textLength(name) + 1;
  let known = firstMount();
  while (known !== null && !sameBytes(known.fileSystem.name, name, size)) known = known.next;
  // There may be nothing of it that has a place.
  if (known === null) return -EINVAL;
  let real: DirectoryEntry | null = known.root.real.root;
  if (point.inode === real.inode) return -EBUSY;
  const isNew = real.inode.fileSystem.create !== 0;
  if (isNew) real = createTmpfs(S_ISVTX | 0o777);
  if (real === null) return -ENOMEM;
  const view = createView(real);
  const result = isNew ? takeOptions(real.inode) : 0;
  if (isNew) {
    real.inode.fileSystem.isReadOnly = (flags & MS_RDONLY) !== 0;
    if (view === null) real.release();
  }
  return show(view, point, load<u8>(source) === 0 ? cstr("none") : source, flags, result);
}

/**
 * Mounts a view, whose reference passes, as from `origin`, with those flags, unless a reason
 * against it is known already: 0 or -errno.
 */
function show(
  view: DirectoryEntry | null,
  point: DirectoryEntry,
  origin: usize,
  flags: u32,
  known: i32,
): i32 {
  if (view === null) return -ENOMEM;
  let result = known;
  if (result === 0 && view.inode.isDirectory !== point.inode.isDirectory) result = -ENOTDIR;
  if (result === 0 && point.isRemoved) result = -ENOENT;
  if (result === 0 && mountOf(point) === null) result = -EINVAL;
  if (result === 0 && addMount(view, point, origin, flags)) return 0;
  view.release();
  return result === 0 ? -ENOMEM : result;
}

/** Has what `source` leads to seen at `point` as well, or instead. */
function showAgain(point: DirectoryEntry, flags: u32): i32 {
  if (load<u8>(source) === 0) return -EINVAL;
  const context = currentContext();
  const found = resolvePath(context.root, context.directory, source, PathEnd.file);
  if (isErrno(<u32>found)) return <i32>found;
  const shown = changetype<DirectoryEntry>(found);
  const from = mountOf(shown);
  let result: i32 = -EINVAL;
  if (from !== null) {
    if ((flags & MS_BIND) !== 0) result = bind(from, shown.real, point, (flags & MS_REC) !== 0);
    else if (shown.isRoot && from.parent !== null && mountOf(point) !== null) {
      const isLike = shown.inode.isDirectory === point.inode.isDirectory;
      if (isLike) result = moveMount(from, point);
    }
  }
  shown.release();
  return result;
}

/** Has `real`, seen in `from`, seen at `point`; with `isDeep` what is mounted there, too. */
function bind(from: Mount, real: DirectoryEntry, point: DirectoryEntry, isDeep: bool): i32 {
  const last = lastMount();
  for (let each = firstMount(); each !== null; each = each!.next) each.copy = null;
  let result = copy(from, real, point);
  let isDone = !isDeep;
  // A mount may be listed before the one that it is in: that one was moved there.
  while (result === 0 && !isDone) {
    isDone = true;
    let each = firstMount()!;
    while (result === 0) {
      const outer = each.parent;
      const shown = each.copy === null && outer !== null ? outer.copy : null;
      const place = each.root.covers;
      if (shown !== null && place !== null && isWithin(shown.real, place.real)) {
        isDone = false;
        result = copyWithin(each, place.real, shown);
      }
      if (each === last) break;
      each = each.next!;
    }
  }
  return result;
}

/** Has what a mount shows, or a part of it, seen at `point` as well. */
function copy(mount: Mount, real: DirectoryEntry, point: DirectoryEntry): i32 {
  const view = createView(real);
  mount.copy = view;
  return show(view, point, mount.source, mount.flags, 0);
}

/** As copy(), at what shows `place` below `directory`. */
function copyWithin(mount: Mount, place: DirectoryEntry, directory: DirectoryEntry): i32 {
  const found = viewBelow(directory, place);
  if (isErrno(<u32>found)) return <i32>found;
  const point = changetype<DirectoryEntry>(found);
  const result = copy(mount, mount.root.real, point);
  point.release();
  return result;
}

/** Does to a new tmpfs what `options` say. 0 or -EINVAL. */
function takeOptions(root: Inode): i32 {
  let at = options;
  while (load<u8>(at) !== 0) {
    let end = at;
    while (load<u8>(end) !== 0 && load<u8>(end) !== COMMA) end++;
    const result = takeOption(root, at, end);
    if (result !== 0) return result;
    at = load<u8>(end) === 0 ? end : end + 1;
  }
  return 0;
}

function takeOption(inode: Inode, from: usize, end: usize): i32 {
  let index: u32 = 0;
  let name = OPTION_NAMES;
  let length = textLength(name);
  while (!sameBytes(from, name, length)) {
    if (++index === OPTIONS) return -EINVAL;
    name += OPTION_SIZE;
    length = textLength(name);
  }
  if (index === NOT_KEPT) return 0;
  const base: u32 = index === MODE ? 8 : 10;
  let number: u64 = 0;
  let at = from + length;
  while (at < end) {
    const digit = <u32>load<u8>(at) - DIGIT_0;
    if (digit >= base) break;
    if (number >= LARGEST_NUMBER) return -EINVAL;
    number = number * base + digit;
    at++;
  }
  const value = <u32>number;
  if (index === SIZE) {
    const unit: u32 = at === end ? 0 : load<u8>(at++);
    const pages = pagesOf(number, unit);
    if (pages < 0) return -EINVAL;
    // More than there can be is no limit.
    inode.fileSystem.limit = <u32>min<i64>(pages, i32.MAX_VALUE);
  } else if (value !== number) return -EINVAL;
  else if (index === MODE) inode.mode = S_IFDIR | (value & S_PERMISSIONS);
  else if (index === OWNER) inode.owner = value;
  else inode.group = value;
  return at === end ? 0 : -EINVAL;
}

/** The pages of a size in a unit: `k`, `m`, `g`, `%` of memory, or 0 for bytes; -1: no unit. */
function pagesOf(size: u64, unit: u32): i64 {
  switch (unit | LOWER_CASE) {
    case LOWER_CASE:
      return (size + PAGE_MASK) >> PAGE_SHIFT;
    case PERCENT:
      return (totalFrameCount() / 100) * size;
    case 0x6b:
      return (size + 3) >> 2;
    case 0x6d:
      return size << 8;
    case 0x67:
      return size << 18;
    default:
      return -1;
  }
}
