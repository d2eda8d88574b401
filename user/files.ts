// files DIRECTORY: checks that the system calls about files answer as Linux does.
//
// DIRECTORY is empty and can be written. What is expected here is what Linux does on i386 to the
// superuser; the tests also run this very program on the host's Linux
// (test/kernel/syscall/system-calls.test.ts).

import {
  EAGAIN,
  EBADF,
  EBUSY,
  EDEADLK,
  EEXIST,
  EFAULT,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  ERANGE,
  ESPIPE,
  EXDEV,
} from "../src/abi/errno";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  F_GETFD,
  F_GETFL,
  F_GETPIPE_SZ,
  F_SETFL,
  F_SETPIPE_SZ,
  FD_CLOEXEC,
  FIOCLEX,
  FIONBIO,
  FIONCLEX,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  R_OK,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_SIZE,
  STAT_UID,
  STATX_MODE,
  STATX_NLINK,
  STATX_SIZE,
  W_OK,
  X_OK,
} from "../src/abi/files";
import { CLONE_FILES } from "../src/abi/linux/clone";
import { SystemCall } from "../src/abi/linux/i386";
import {
  F_GETLK64,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_RDLCK,
  F_SETLK,
  F_SETLK64,
  F_SETLKW64,
  F_UNLCK,
  F_WRLCK,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
} from "../src/abi/linux/locks";
import { RLIMIT_NOFILE } from "../src/abi/linux/resource";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../src/abi/poll";
import { SIGCHLD, SIGKILL, SIGPIPE } from "../src/abi/signals";
import { FIONREAD } from "../src/abi/termios";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { awaitSleep } from "./runtime/await-sleep";
import { printLine } from "./runtime/output";

/** clock_gettime(2): the clock that files are stamped by. */
const CLOCK_REALTIME: i32 = 0;
const USAGE = `usage: files DIRECTORY
Checks what the system calls about files answer, in an empty directory that can be written.`;

const BUFFER_SIZE: u32 = 16384;
const buffer: usize = memory.data(16384, 8);
const status: usize = memory.data(256, 8);
const word: usize = memory.data(16, 8);
const pair: usize = memory.data(8, 8);
/** An address where nothing is mapped. */
const UNMAPPED: usize = 16;
/** States of processes in /proc: S and Z. */
const NEW: i32 = O_CREAT | O_EXCL | O_RDWR;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  expect(cstr("chdir"), call(SystemCall.chdir, argument(argv, 1)), 0);
  call(SystemCall.umask, 0o022);
  making();
  unopened();
  contents();
  positions();
  storage();
  sizes();
  linking();
  symbolicLinks();
  directories();
  renaming();
  removing();
  modes();
  times();
  descriptorsOfPaths();
  statuses();
  pipes();
  fifos();
  reserved();
  polling();
  ranges();
  rangesOfOthers();
  rangesThatWait();
  closedRange();
  deadlocks();
  wholeFiles();
  return report();
}

function making(): void {
  const file = open(cstr("file"), NEW, 0o666);
  expect(cstr("make, mode"), modeOf(cstr("file")), S_IFREG | 0o644);
  expect(cstr("make, again"), open(cstr("file"), NEW, 0o666), -EEXIST);
  expect(cstr("make, there is one"), closeAll(open(cstr("file"), O_CREAT | O_WRONLY, 0)), 0);
  expect(cstr("make, nowhere"), open(cstr("none/file"), NEW, 0o666), -ENOENT);
  expect(cstr("make, in a file"), open(cstr("file/x"), NEW, 0o666), -ENOTDIR);
  expect(cstr("make, with a slash"), open(cstr("new/"), O_CREAT | O_WRONLY, 0o666), -EISDIR);
  expect(cstr("make, read-only"), closeAll(open(cstr("ro"), NEW, 0o444)), 0);
  expect(cstr("make, read-only mode"), modeOf(cstr("ro")), S_IFREG | 0o444);
  expect(cstr("umask"), call(SystemCall.umask, 0o077), 0o022);
  expect(cstr("creat"), closeAll(call(SystemCall.creat, cstr("private"), 0o777)), 0);
  expect(cstr("umask, mode"), modeOf(cstr("private")), S_IFREG | 0o700);
  expect(cstr("umask, back"), call(SystemCall.umask, 0o022), 0o077);
  closeAll(file);
  expect(cstr("write, read-only"), write(open(cstr("file"), O_RDONLY, 0), 1), -EBADF);
}

/** Who can have no descriptor has made nothing, and emptied nothing. */
function unopened(): void {
  open(cstr("full"), NEW, 0o644);
  const file = open(cstr("full"), O_WRONLY, 0);
  expect(cstr("full, write"), write(file, 5), 5);
  call(SystemCall.ugetrlimit, RLIMIT_NOFILE, status);
  store<u32>(status, 0, 8);
  store<u32>(status, load<u32>(status, 4), 12);
  call(SystemCall.setrlimit, RLIMIT_NOFILE, status + 8);
  const made = open(cstr("unopened"), NEW, 0o644);
  const emptied = open(cstr("full"), O_WRONLY | O_TRUNC, 0);
  const unnamed = open(cstr("."), O_TMPFILE | O_WRONLY, 0o644);
  const unread = open(UNMAPPED, O_RDONLY, 0);
  const absent = open(cstr("none"), O_RDONLY, 0);
  const many = call(SystemCall.dup2, file, file + 1);
  call(SystemCall.setrlimit, RLIMIT_NOFILE, status);
  expect(cstr("unopened, made"), made, -EMFILE);
  expect(cstr("unopened, emptied"), emptied, -EMFILE);
  expect(cstr("unopened, without a name"), unnamed, -EMFILE);
  expect(cstr("unopened, path"), unread, -EFAULT);
  expect(cstr("unopened, absent"), absent, -EMFILE);
  expect(cstr("unopened, dup2"), many, -EBADF);
  expect(cstr("unopened, not there"), sizeOf(cstr("unopened")), -ENOENT);
  expect(cstr("unopened, as long"), sizeOf(cstr("full")), 5);
  closeAll(file);
}

/** A number that is waited for is neither free nor a file: another has the same descriptors. */
function reserved(): void {
  const other = open(cstr("file"), O_RDONLY, 0);
  const number = call(SystemCall.dup, other);
  closeAll(number);
  const child = call(SystemCall.clone, CLONE_FILES | SIGCHLD);
  if (child === 0) call(SystemCall.exit, open(cstr("fifo"), O_RDONLY, 0) === number ? 1 : 2);
  awaitSleep(child);
  expect(cstr("reserved, close"), closeAll(number), -EBADF);
  expect(cstr("reserved, dup2"), call(SystemCall.dup2, other, number), -EBUSY);
  expect(cstr("reserved, dup"), closeAll(call(SystemCall.dup, other)), 0);
  const later = call(SystemCall.dup, other);
  expect(cstr("reserved, next"), later === number + 1 ? 1 : 0, 1);
  closeAll(open(cstr("fifo"), O_WRONLY, 0));
  expect(cstr("reserved, opened"), statusOf(child), 1 << 8);
  expect(cstr("reserved, is there"), closeAll(number), 0);
  const killed = call(SystemCall.clone, CLONE_FILES | SIGCHLD);
  if (killed === 0) call(SystemCall.exit, open(cstr("fifo"), O_RDONLY, 0));
  awaitSleep(killed);
  call(SystemCall.kill, killed, SIGKILL);
  expect(cstr("reserved, killed"), statusOf(killed), SIGKILL);
  const again = call(SystemCall.dup, other);
  expect(cstr("reserved, free again"), again === number ? 1 : 0, 1);
  closeAll(again);
  closeAll(later);
  closeAll(other);
}

function contents(): void {
  const file = open(cstr("contents"), NEW, 0o644);
  fill(5000);
  expect(cstr("write"), write(file, 5000), 5000);
  expect(cstr("size"), sizeOf(cstr("contents")), 5000);
  memory.fill(buffer, 0, BUFFER_SIZE);
  expect(cstr("read, at the end"), call(SystemCall.read, file, buffer, 10), 0);
  expect(cstr("seek"), call(SystemCall.lseek, file, 4000, SEEK_SET), 4000);
  expect(cstr("read, to the end"), call(SystemCall.read, file, buffer, 3000), 1000);
  expect(cstr("read, first"), load<u8>(buffer), pattern(4000));
  expect(cstr("read, last"), load<u8>(buffer, 999), pattern(4999));
  expect(cstr("seek, past the end"), call(SystemCall.lseek, file, 10000, SEEK_SET), 10000);
  fill(1);
  expect(cstr("write, past the end"), write(file, 1), 1);
  expect(cstr("size, with a hole"), sizeOf(cstr("contents")), 10001);
  expect(cstr("seek, into the hole"), call(SystemCall.lseek, file, 4990, SEEK_SET), 4990);
  expect(cstr("read, a hole"), call(SystemCall.read, file, buffer, 5011), 5011);
  expect(cstr("hole, before"), load<u8>(buffer, 9), pattern(4999));
  expect(cstr("hole, first"), load<u8>(buffer, 10), 0);
  expect(cstr("hole, last"), load<u8>(buffer, 5009), 0);
  expect(cstr("hole, after"), load<u8>(buffer, 5010), pattern(0));
  expect(cstr("read, unmapped"), call(SystemCall.pread64, file, 8, 10, 0, 0), -EFAULT);
  expect(cstr("write, unmapped"), call(SystemCall.pwrite64, file, 8, 10, 0, 0), -EFAULT);
  closeAll(file);
}

function positions(): void {
  const file = open(cstr("contents"), O_RDWR, 0);
  fill(8);
  expect(cstr("pwrite"), call(SystemCall.pwrite64, file, buffer, 8, 4092, 0), 8);
  memory.fill(buffer, 0, 16);
  expect(cstr("pread"), call(SystemCall.pread64, file, buffer, 8, 4092, 0), 8);
  expect(cstr("pread, what"), load<u8>(buffer, 7), pattern(7));
  expect(cstr("pread, the position"), call(SystemCall.lseek, file, 0, SEEK_CUR), 0);
  expect(cstr("pread, < 0"), call(SystemCall.pread64, file, buffer, 8, 0, -1), -EINVAL);
  expect(cstr("pwrite, < 0"), call(SystemCall.pwrite64, file, buffer, 8, 0, -1), -EINVAL);
  store<u32>(word, buffer);
  store<u32>(word, 3, 4);
  store<u32>(word, buffer + 100, 8);
  store<u32>(word, 5, 12);
  expect(cstr("readv"), call(SystemCall.readv, file, word, 2), 8);
  expect(cstr("readv, the position"), call(SystemCall.lseek, file, 0, SEEK_CUR), 8);
  expect(cstr("preadv"), call(SystemCall.preadv, file, word, 2, 4092, 0), 8);
  expect(cstr("preadv, what"), load<u8>(buffer, 104), pattern(7));
  expect(cstr("pwritev"), call(SystemCall.pwritev, file, word, 2, 20000, 0), 8);
  expect(cstr("pwritev, size"), sizeOf(cstr("contents")), 20008);
  expect(cstr("preadv2"), call(SystemCall.preadv2, file, word, 2, -1, -1, 0), 8);
  closeAll(file);
  const end = open(cstr("contents"), O_WRONLY | O_APPEND, 0);
  expect(cstr("append"), write(end, 4), 4);
  expect(cstr("append, size"), sizeOf(cstr("contents")), 20012);
  expect(cstr("append, the position"), call(SystemCall.lseek, end, 0, SEEK_CUR), 20012);
  expect(cstr("append, elsewhere"), call(SystemCall.pwrite64, end, buffer, 1, 0, 0), 1);
  expect(cstr("append, size after"), sizeOf(cstr("contents")), 20013);
  closeAll(end);
}

/** What there is to say about files that are kept somewhere. */
function storage(): void {
  const file = open(cstr("contents"), O_RDWR, 0);
  const device = open(cstr("/dev/null"), O_RDWR, 0);
  const directory = open(cstr("."), O_RDONLY, 0);
  expect(cstr("fsync"), call(SystemCall.fsync, file), 0);
  expect(cstr("fsync, directory"), call(SystemCall.fsync, directory), 0);
  expect(cstr("fsync, device"), call(SystemCall.fsync, device), -EINVAL);
  expect(cstr("fdatasync, device"), call(SystemCall.fdatasync, device), -EINVAL);
  expect(cstr("fdatasync, closed"), call(SystemCall.fdatasync, 99), -EBADF);
  expect(cstr("syncfs, device"), call(SystemCall.syncfs, device), 0);
  expect(cstr("syncfs, closed"), call(SystemCall.syncfs, 99), -EBADF);
  expect(cstr("fadvise, last"), call(SystemCall.fadvise64, file, 0, 0, 0, 5), 0);
  expect(cstr("fadvise, unknown"), call(SystemCall.fadvise64, file, 0, 0, 0, 6), -EINVAL);
  expect(cstr("fadvise, size"), call(SystemCall.fadvise64, file, 0, 0, -1, 0), 0);
  expect(cstr("fadvise64, last"), call(SystemCall.fadvise64_64, file, 0, 0, -1, 0, 5), 0);
  expect(cstr("fadvise64, unknown"), call(SystemCall.fadvise64_64, file, 0, 0, 1, 0, 6), -EINVAL);
  expect(cstr("fadvise64, size"), call(SystemCall.fadvise64_64, file, 0, 0, 1, -1, 0), -EINVAL);
  const range = SystemCall.sync_file_range;
  expect(cstr("sync_file_range"), call(range, file, 0, 0, 4096, 0, 7), 0);
  expect(cstr("sync_file_range, flags"), call(range, file, 0, 0, 1, 0, 8), -EINVAL);
  expect(cstr("sync_file_range, < 0"), call(range, file, 0, -1, 1, 0, 2), -EINVAL);
  expect(cstr("sync_file_range, size"), call(range, file, 0, 0, 0, -1, 2), -EINVAL);
  expect(cstr("sync_file_range, device"), call(range, device, 0, 0, 1, 0, 2), -ESPIPE);
  expect(cstr("sync_file_range, closed"), call(range, 99, 0, 0, 1, 0, 2), -EBADF);
  expect(cstr("readahead"), call(SystemCall.readahead, file, 0, 0, 4096), 0);
  expect(cstr("readahead, directory"), call(SystemCall.readahead, directory, 0, 0, 1), -EINVAL);
  expect(cstr("readahead, closed"), call(SystemCall.readahead, 99, 0, 0, 1), -EBADF);
  closeAll(file);
}

function sizes(): void {
  const file = open(cstr("sized"), NEW, 0o644);
  fill(5000);
  write(file, 5000);
  expect(cstr("ftruncate"), call(SystemCall.ftruncate, file, 100), 0);
  expect(cstr("ftruncate, size"), sizeOf(cstr("sized")), 100);
  expect(cstr("ftruncate64, up"), call(SystemCall.ftruncate64, file, 6000, 0), 0);
  expect(cstr("read, cut off"), call(SystemCall.pread64, file, buffer, 10, 95, 0), 10);
  expect(cstr("cut off, kept"), load<u8>(buffer, 4), pattern(99));
  expect(cstr("cut off, gone"), load<u8>(buffer, 5), 0);
  expect(cstr("ftruncate, < 0"), call(SystemCall.ftruncate64, file, 0, -1), -EINVAL);
  closeAll(file);
  const reader = open(cstr("sized"), O_RDONLY, 0);
  expect(cstr("ftruncate, read-only"), call(SystemCall.ftruncate, reader, 1), -EINVAL);
  closeAll(reader);
  expect(cstr("truncate"), call(SystemCall.truncate, cstr("sized"), 10), 0);
  expect(cstr("truncate64"), call(SystemCall.truncate64, cstr("sized"), 11, 0), 0);
  expect(cstr("truncate, size"), sizeOf(cstr("sized")), 11);
  expect(cstr("truncate, < 0"), call(SystemCall.truncate, cstr("sized"), -1), -EINVAL);
  expect(cstr("truncate, directory"), call(SystemCall.truncate, cstr("."), 0), -EISDIR);
  expect(cstr("truncate, not there"), call(SystemCall.truncate, cstr("none"), 0), -ENOENT);
  expect(cstr("open, truncates"), closeAll(open(cstr("sized"), O_TRUNC | O_WRONLY, 0)), 0);
  expect(cstr("open, size"), sizeOf(cstr("sized")), 0);
  const writer = open(cstr("sized"), O_WRONLY, 0);
  expect(cstr("fallocate"), call(SystemCall.fallocate, writer, 0, 0, 0, 50, 0), 0);
  expect(cstr("fallocate, size"), sizeOf(cstr("sized")), 50);
  expect(cstr("fallocate, keeps"), call(SystemCall.fallocate, writer, 1, 0, 0, 90, 0), 0);
  expect(cstr("fallocate, kept"), sizeOf(cstr("sized")), 50);
  expect(cstr("fallocate, nothing"), call(SystemCall.fallocate, writer, 0, 0, 0, 0, 0), -EINVAL);
  expect(cstr("fsync"), call(SystemCall.fsync, writer), 0);
  expect(cstr("fsync, closed"), call(SystemCall.fdatasync, 99), -EBADF);
  closeAll(writer);
}

function linking(): void {
  closeAll(open(cstr("one"), NEW, 0o644));
  expect(cstr("link"), call(SystemCall.link, cstr("one"), cstr("two")), 0);
  expect(cstr("link, count"), linksOf(cstr("one")), 2);
  expect(cstr("link, inode"), inodeOf(cstr("one")) === inodeOf(cstr("two")) ? 1 : 0, 1);
  expect(cstr("link, there is one"), call(SystemCall.link, cstr("one"), cstr("two")), -EEXIST);
  expect(cstr("link, directory"), call(SystemCall.link, cstr("."), cstr("dot")), -EPERM);
  expect(cstr("link, not there"), call(SystemCall.link, cstr("none"), cstr("x")), -ENOENT);
  expect(cstr("link, to nowhere"), call(SystemCall.link, cstr("one"), cstr("none/x")), -ENOENT);
  expect(cstr("link, elsewhere"), call(SystemCall.link, cstr("one"), cstr("/dev/shm/x")), -EXDEV);
  expect(cstr("unlink"), call(SystemCall.unlink, cstr("one")), 0);
  expect(cstr("unlink, count"), linksOf(cstr("two")), 1);
  expect(cstr("unlink, twice"), call(SystemCall.unlink, cstr("one")), -ENOENT);
  const file = open(cstr("two"), O_RDWR, 0);
  call(SystemCall.unlink, cstr("two"));
  fill(10);
  expect(cstr("no name, write"), write(file, 10), 10);
  expect(cstr("no name, status"), call(SystemCall.fstat64, file, status), 0);
  expect(cstr("no name, links"), load<u32>(status, STAT_NLINK), 0);
  expect(cstr("no name, read"), call(SystemCall.pread64, file, buffer, 10, 0, 0), 10);
  closeAll(file);
  expect(cstr("no name, gone"), call(SystemCall.stat64, cstr("two"), status), -ENOENT);
}

function symbolicLinks(): void {
  closeAll(open(cstr("target"), NEW, 0o644));
  expect(cstr("symlink"), call(SystemCall.symlink, cstr("target"), cstr("to")), 0);
  expect(cstr("symlink, again"), call(SystemCall.symlink, cstr("x"), cstr("to")), -EEXIST);
  expect(cstr("symlink, empty"), call(SystemCall.symlink, cstr(""), cstr("e")), -ENOENT);
  expect(cstr("readlink"), call(SystemCall.readlink, cstr("to"), buffer, 100), 6);
  expect(cstr("readlink, text"), load<u8>(buffer, 5), 0x74);
  expect(cstr("readlink, cut off"), call(SystemCall.readlink, cstr("to"), buffer, 3), 3);
  expect(cstr("readlink, no room"), call(SystemCall.readlink, cstr("to"), buffer, 0), -EINVAL);
  expect(cstr("readlink, a file"), call(SystemCall.readlink, cstr("target"), buffer, 9), -EINVAL);
  expect(cstr("readlink, unmapped"), call(SystemCall.readlink, cstr("to"), 8, 9), -EFAULT);
  call(SystemCall.lstat64, cstr("to"), status);
  expect(cstr("lstat, type"), load<u32>(status, STAT_MODE), S_IFLNK | 0o777);
  expect(cstr("lstat, size"), load<u32>(status, STAT_SIZE), 6);
  expect(cstr("stat, type"), modeOf(cstr("to")) & S_IFMT, S_IFREG);
  expect(cstr("open, the link"), open(cstr("to"), O_RDONLY | O_NOFOLLOW, 0), -ELOOP);
  expect(cstr("link, a link"), call(SystemCall.link, cstr("to"), cstr("to2")), 0);
  call(SystemCall.lstat64, cstr("to2"), status);
  expect(cstr("link, type"), load<u32>(status, STAT_MODE) & S_IFMT, S_IFLNK);
  const follow = AT_SYMLINK_FOLLOW;
  const linked = call(SystemCall.linkat, AT_FDCWD, cstr("to"), AT_FDCWD, cstr("to3"), follow);
  expect(cstr("linkat, follows"), linked, 0);
  expect(cstr("linkat, count"), linksOf(cstr("target")), 2);
  call(SystemCall.symlink, cstr("made"), cstr("dangling"));
  expect(cstr("stat, dangling"), call(SystemCall.stat64, cstr("dangling"), status), -ENOENT);
  expect(cstr("make, excl at a link"), open(cstr("dangling"), NEW, 0o644), -EEXIST);
  expect(cstr("make, through a link"), closeAll(open(cstr("dangling"), O_CREAT, 0o644)), 0);
  expect(cstr("make, there"), modeOf(cstr("made")), S_IFREG | 0o644);
  call(SystemCall.symlink, cstr("loop"), cstr("loop"));
  expect(cstr("stat, loop"), call(SystemCall.stat64, cstr("loop"), status), -ELOOP);
  expect(cstr("unlink, loop"), call(SystemCall.unlink, cstr("loop")), 0);
  expect(cstr("mkdir, dangling"), call(SystemCall.mkdir, cstr("to/"), 0o755), -EEXIST);
}

function directories(): void {
  expect(cstr("mkdir"), call(SystemCall.mkdir, cstr("dir"), 0o777), 0);
  expect(cstr("mkdir, mode"), modeOf(cstr("dir")), S_IFDIR | 0o755);
  expect(cstr("mkdir, links"), linksOf(cstr("dir")), 2);
  expect(cstr("mkdir, again"), call(SystemCall.mkdir, cstr("dir"), 0o777), -EEXIST);
  expect(cstr("mkdir, dot"), call(SystemCall.mkdir, cstr("."), 0o777), -EEXIST);
  expect(cstr("mkdir, root"), call(SystemCall.mkdir, cstr("/"), 0o777), -EEXIST);
  expect(cstr("mkdir, slash"), call(SystemCall.mkdir, cstr("dir/sub/"), 0o700), 0);
  expect(cstr("mkdir, parent's links"), linksOf(cstr("dir")), 3);
  expect(cstr("mkdir, nowhere"), call(SystemCall.mkdir, cstr("none/x"), 0o777), -ENOENT);
  expect(cstr("chdir"), call(SystemCall.chdir, cstr("dir/sub")), 0);
  expect(cstr("rmdir, the current one"), call(SystemCall.rmdir, cstr("../sub")), 0);
  expect(cstr("getcwd, removed"), call(SystemCall.getcwd, buffer, 4096), -ENOENT);
  expect(cstr("make, in a removed one"), open(cstr("x"), NEW, 0o644), -ENOENT);
  expect(cstr("stat, removed"), call(SystemCall.stat64, cstr("."), status), 0);
  expect(cstr("stat, its links"), load<u32>(status, STAT_NLINK), 0);
  expect(cstr("chdir, up"), call(SystemCall.chdir, cstr("..")), 0);
  expect(cstr("stat, here"), linksOf(cstr(".")), 2);
  expect(cstr("chdir, up again"), call(SystemCall.chdir, cstr("..")), 0);
  listing();
  const dir = open(cstr("dir"), O_RDONLY | O_DIRECTORY, 0);
  expect(cstr("fchdir"), call(SystemCall.fchdir, dir), 0);
  expect(cstr("fchdir, up"), call(SystemCall.chdir, cstr("..")), 0);
  closeAll(dir);
  expect(cstr("fchdir, closed"), call(SystemCall.fchdir, 99), -EBADF);
  const file = open(cstr("file"), O_RDONLY, 0);
  expect(cstr("fchdir, a file"), call(SystemCall.fchdir, file), -ENOTDIR);
  closeAll(file);
}

/** Names that come and go while a directory is read. */
function listing(): void {
  const name = memory.data<u8>([0x64, 0x69, 0x72, 0x2f, 0x30, 0]); // dir/0
  for (let i: u8 = 0; i < 40; i++) {
    store<u8>(name + 4, 0x30 + i);
    closeAll(open(name, NEW, 0o644));
  }
  const dir = open(cstr("dir"), O_RDONLY | O_DIRECTORY, 0);
  let count = 0;
  while (true) {
    const size = call(SystemCall.getdents64, dir, buffer, 100);
    if (size <= 0) break;
    for (let at: i32 = 0; at < size; at += load<u16>(buffer + at, 16)) {
      const first = load<u8>(buffer + at, 19);
      if (first === 0x2e) continue;
      count++;
      store<u8>(name + 4, first);
      call(SystemCall.unlink, name);
    }
  }
  expect(cstr("list, all while they go"), count, 40);
  expect(cstr("list, from the start"), call(SystemCall.lseek, dir, 0, SEEK_SET), 0);
  expect(cstr("list, what is left"), call(SystemCall.getdents64, dir, buffer, 100), 48);
  closeAll(dir);
}

function renaming(): void {
  closeAll(open(cstr("from"), NEW, 0o644));
  const inode = inodeOf(cstr("from"));
  expect(cstr("rename"), call(SystemCall.rename, cstr("from"), cstr("onto")), 0);
  expect(cstr("rename, inode"), inodeOf(cstr("onto")) === inode ? 1 : 0, 1);
  expect(cstr("rename, gone"), call(SystemCall.rename, cstr("from"), cstr("x")), -ENOENT);
  closeAll(open(cstr("from"), NEW, 0o644));
  expect(cstr("rename, over one"), call(SystemCall.rename, cstr("from"), cstr("onto")), 0);
  expect(cstr("rename, itself"), call(SystemCall.rename, cstr("onto"), cstr("onto")), 0);
  expect(cstr("rename, over a dir"), call(SystemCall.rename, cstr("onto"), cstr("dir")), -EISDIR);
  expect(cstr("rename, dir over"), call(SystemCall.rename, cstr("dir"), cstr("onto")), -ENOTDIR);
  call(SystemCall.mkdir, cstr("dir/in"), 0o755);
  expect(cstr("rename, into"), call(SystemCall.rename, cstr("dir"), cstr("dir/in/x")), -EINVAL);
  call(SystemCall.mkdir, cstr("empty"), 0o755);
  const full = call(SystemCall.rename, cstr("empty"), cstr("dir"));
  expect(cstr("rename, over a full one"), full, -ENOTEMPTY);
  expect(cstr("rename, over an empty"), call(SystemCall.rename, cstr("dir"), cstr("empty")), 0);
  expect(cstr("rename, its child"), modeOf(cstr("empty/in")) & S_IFMT, S_IFDIR);
  expect(cstr("rename, dot"), call(SystemCall.rename, cstr("."), cstr("x")), -EBUSY);
  expect(cstr("rename, slash"), call(SystemCall.rename, cstr("onto/"), cstr("x")), -ENOTDIR);
  expect(cstr("rename, elsewhere"), rename2(cstr("onto"), cstr("/dev/shm/x"), 0), -EXDEV);
  closeAll(open(cstr("other"), NEW, 0o644));
  expect(
    cstr("renameat2, no replace"),
    rename2(cstr("onto"), cstr("other"), RENAME_NOREPLACE),
    -EEXIST,
  );
  const before = inodeOf(cstr("onto"));
  expect(cstr("renameat2, exchange"), rename2(cstr("onto"), cstr("empty"), RENAME_EXCHANGE), 0);
  expect(cstr("exchange, one"), inodeOf(cstr("empty")) === before ? 1 : 0, 1);
  expect(cstr("exchange, other"), modeOf(cstr("onto/in")) & S_IFMT, S_IFDIR);
  expect(cstr("exchange, none"), rename2(cstr("onto"), cstr("none"), RENAME_EXCHANGE), -ENOENT);
  expect(cstr("renameat2, flags"), rename2(cstr("onto"), cstr("x"), 3), -EINVAL);
}

function removing(): void {
  expect(cstr("unlink, directory"), call(SystemCall.unlink, cstr("onto")), -EISDIR);
  expect(cstr("rmdir, file"), call(SystemCall.rmdir, cstr("other")), -ENOTDIR);
  expect(cstr("rmdir, full"), call(SystemCall.rmdir, cstr("onto")), -ENOTEMPTY);
  expect(cstr("rmdir, dot"), call(SystemCall.rmdir, cstr("onto/.")), -EINVAL);
  expect(cstr("rmdir, dots"), call(SystemCall.rmdir, cstr("onto/..")), -ENOTEMPTY);
  expect(cstr("rmdir, root"), call(SystemCall.rmdir, cstr("/")), -EBUSY);
  expect(cstr("unlink, dot"), call(SystemCall.unlink, cstr(".")), -EISDIR);
  expect(cstr("unlink, slash"), call(SystemCall.unlink, cstr("other/")), -ENOTDIR);
  expect(cstr("unlink, empty"), call(SystemCall.unlink, cstr("")), -ENOENT);
  expect(cstr("rmdir"), call(SystemCall.rmdir, cstr("onto/in")), 0);
  const removed = call(SystemCall.unlinkat, AT_FDCWD, cstr("onto"), AT_REMOVEDIR);
  expect(cstr("unlinkat, directory"), removed, 0);
  expect(cstr("unlinkat, flags"), call(SystemCall.unlinkat, AT_FDCWD, cstr("x"), 1), -EINVAL);
  const child = fork();
  if (child === 0) call(SystemCall.exit, cwdOutside());
  expect(cstr("getcwd, outside"), statusOf(child), 0);
}

/** Whether getcwd tells that a directory is outside of the root, 0, or what it does instead. */
function cwdOutside(): i32 {
  call(SystemCall.mkdir, cstr("jail"), 0o755);
  if (call(SystemCall.chroot, cstr("jail")) !== 0) return 1;
  call(SystemCall.chdir, cstr("/"));
  call(SystemCall.chdir, cstr(".."));
  if (call(SystemCall.mkdir, cstr("inner"), 0o755) !== 0) return 2;
  if (call(SystemCall.chroot, cstr("inner")) !== 0) return 3;
  if (call(SystemCall.getcwd, buffer, 10) !== -ERANGE) return 4;
  const length = call(SystemCall.getcwd, buffer, 1000);
  if (load<u8>(buffer) !== 0x28 || load<u8>(buffer + 13) !== 0x2f) return 5;
  return load<u8>(buffer + length - 2) !== 0 && load<u8>(buffer + length - 1) === 0 ? 0 : 6;
}

function modes(): void {
  expect(cstr("chmod"), call(SystemCall.chmod, cstr("file"), 0o4711), 0);
  expect(cstr("chmod, mode"), modeOf(cstr("file")), S_IFREG | 0o4711);
  expect(cstr("chown"), call(SystemCall.chown32, cstr("file"), 1000, -1), 0);
  expect(cstr("chown, mode"), modeOf(cstr("file")), S_IFREG | 0o711);
  call(SystemCall.stat64, cstr("file"), status);
  expect(cstr("chown, owner"), load<u32>(status, STAT_UID), 1000);
  const group = load<u32>(status, STAT_GID);
  expect(cstr("lchown"), call(SystemCall.lchown32, cstr("to"), 5, 6), 0);
  call(SystemCall.lstat64, cstr("to"), status);
  expect(cstr("lchown, owner"), load<u32>(status, STAT_UID), 5);
  expect(cstr("lchown, group"), load<u32>(status, STAT_GID), 6);
  const file = open(cstr("file"), O_RDONLY, 0);
  expect(cstr("fchmod"), call(SystemCall.fchmod, file, 0o600), 0);
  expect(cstr("fchown"), call(SystemCall.fchown32, file, 0, group), 0);
  expect(cstr("fchmod, mode"), modeOf(cstr("file")), S_IFREG | 0o600);
  closeAll(file);
  expect(cstr("fchmod, closed"), call(SystemCall.fchmod, 99, 0), -EBADF);
  expect(cstr("access, R and W"), call(SystemCall.access, cstr("file"), R_OK | W_OK), 0);
  expect(cstr("access, X"), call(SystemCall.access, cstr("file"), X_OK), -13);
  expect(cstr("faccessat"), call(SystemCall.faccessat, AT_FDCWD, cstr("file"), X_OK), -13);
  const bad = call(SystemCall.faccessat2, AT_FDCWD, cstr("file"), R_OK, 1);
  expect(cstr("faccessat2, flags"), bad, -EINVAL);
}

function times(): void {
  store<u32>(buffer, 1000);
  store<u32>(buffer, 2000, 4);
  expect(cstr("utime"), call(SystemCall.utime, cstr("file"), buffer), 0);
  expect(cstr("utime, modified"), modifiedOf(cstr("file")), 2000);
  store<u32>(buffer, 5);
  store<u32>(buffer, 7, 4);
  store<u32>(buffer, 3000, 8);
  store<u32>(buffer, 999999, 12);
  expect(cstr("utimes"), call(SystemCall.utimes, cstr("file"), buffer), 0);
  expect(cstr("utimes, modified"), modifiedOf(cstr("file")), 3000);
  expect(cstr("utimes, fraction"), load<u32>(status, STAT_MTIME + 4), 999999000);
  store<u32>(buffer, 1000000, 12);
  expect(cstr("utimes, too much"), call(SystemCall.utimes, cstr("file"), buffer), -EINVAL);
  store<u32>(buffer, 0x3ffffffe, 12);
  const omitted = call(SystemCall.utimensat, AT_FDCWD, cstr("file"), buffer, 0);
  expect(cstr("utimensat, omitted"), omitted, 0);
  expect(cstr("utimensat, as before"), modifiedOf(cstr("file")), 3000);
  const now = call(SystemCall.utimensat, AT_FDCWD, cstr("file"), 0, 0);
  expect(cstr("utimensat, now"), now, 0);
  // time(2) may lag behind the clock that files are stamped by.
  call(SystemCall.clock_gettime, CLOCK_REALTIME, buffer + 64);
  const age = load<i32>(buffer, 64) - modifiedOf(cstr("file"));
  expect(cstr("utimensat, now it is"), age >= 0 && age < 100 ? 1 : 0, 1);
  const link = call(SystemCall.utimensat, AT_FDCWD, cstr("to"), buffer, AT_SYMLINK_NOFOLLOW);
  expect(cstr("utimensat, a link"), link, 0);
  const nothing = call(SystemCall.utimensat, AT_FDCWD, 0, buffer, 0);
  expect(cstr("utimensat, no path"), nothing, -EFAULT);
  expect(cstr("utime, not there"), call(SystemCall.utime, cstr("none"), 0), -ENOENT);
}

function descriptorsOfPaths(): void {
  call(SystemCall.mkdir, cstr("d"), 0o755);
  const dir = open(cstr("d"), O_RDONLY | O_DIRECTORY, 0);
  const file = call(SystemCall.openat, dir, cstr("inside"), NEW, 0o644);
  expect(cstr("openat"), modeOf(cstr("d/inside")), S_IFREG | 0o644);
  expect(cstr("openat, a file"), call(SystemCall.openat, file, cstr("x"), O_RDONLY), -ENOTDIR);
  expect(cstr("openat, closed"), call(SystemCall.openat, 99, cstr("x"), O_RDONLY), -EBADF);
  expect(cstr("openat, missing"), call(SystemCall.openat, dir, cstr("no"), O_RDONLY), -ENOENT);
  expect(cstr("openat, no path"), call(SystemCall.openat, dir, cstr(""), NEW, 0o644), -ENOENT);
  const absolute = call(SystemCall.openat, 99, cstr("/"), O_RDONLY);
  expect(cstr("openat, absolute"), closeAll(absolute), 0);
  expect(cstr("mkdirat"), call(SystemCall.mkdirat, dir, cstr("m"), 0o755), 0);
  expect(cstr("symlinkat"), call(SystemCall.symlinkat, cstr("m"), dir, cstr("l")), 0);
  expect(cstr("readlinkat"), call(SystemCall.readlinkat, dir, cstr("l"), buffer, 9), 1);
  expect(cstr("fstatat"), call(SystemCall.fstatat64, dir, cstr("inside"), status, 0), 0);
  const empty = call(SystemCall.fstatat64, file, cstr(""), status, AT_EMPTY_PATH);
  expect(cstr("fstatat, empty path"), empty, 0);
  const pathOnly = open(cstr("d/inside"), O_PATH, 0);
  expect(cstr("fchmod, path only"), call(SystemCall.fchmod, pathOnly, 0o600), -EBADF);
  const value = call(SystemCall.fgetxattr, pathOnly, cstr("user.x"), buffer, 9);
  expect(cstr("fgetxattr, path only"), value, -EBADF);
  expect(cstr("flistxattr, path only"), call(SystemCall.flistxattr, pathOnly, buffer, 9), -EBADF);
  expect(cstr("readahead, path only"), call(SystemCall.readahead, pathOnly, 0, 0, 9), -EBADF);
  const epoll = call(SystemCall.epoll_create1, 0);
  const added = call(SystemCall.epoll_ctl, epoll, 1, pathOnly, buffer);
  expect(cstr("epoll_ctl, path only"), added, -EBADF);
  call(SystemCall.close, epoll);
  expect(cstr("fchown, path only"), call(SystemCall.fchown32, pathOnly, 0, 0), -EBADF);
  call(SystemCall.close, pathOnly);
  expect(cstr("fstatat, no path"), call(SystemCall.fstatat64, dir, cstr(""), status, 0), -ENOENT);
  expect(cstr("fchmodat"), call(SystemCall.fchmodat, dir, cstr("inside"), 0o600), 0);
  const moved = call(SystemCall.renameat, dir, cstr("inside"), AT_FDCWD, cstr("outside"));
  expect(cstr("renameat"), moved, 0);
  expect(cstr("unlinkat"), call(SystemCall.unlinkat, dir, cstr("l"), 0), 0);
  closeAll(file);
  closeAll(dir);
  const named = open(cstr("outside"), O_PATH, 0);
  expect(cstr("O_PATH, read"), call(SystemCall.read, named, buffer, 1), -EBADF);
  expect(cstr("O_PATH, status"), call(SystemCall.fstat64, named, status), 0);
  expect(cstr("O_PATH, seek"), call(SystemCall.lseek, named, 0, SEEK_END), -EBADF);
  expect(cstr("O_PATH, fsync"), call(SystemCall.fsync, named), -EBADF);
  expect(cstr("O_PATH, syncfs"), call(SystemCall.syncfs, named), -EBADF);
  expect(cstr("O_PATH, advice"), call(SystemCall.fadvise64, named, 0, 0, 0, 0), -EBADF);
  expect(cstr("O_PATH, truncate"), call(SystemCall.ftruncate, named, 0), -EBADF);
  closeAll(named);
  expect(cstr("dup3, itself"), call(SystemCall.dup3, 1, 1, 0), -EINVAL);
  expect(cstr("dup3"), call(SystemCall.dup3, 1, 50, O_CLOEXEC), 50);
  expect(cstr("close_range"), call(SystemCall.close_range, 40, 60, 0), 0);
  expect(cstr("close_range, closed"), call(SystemCall.close, 50), -EBADF);
  expect(cstr("close_range, order"), call(SystemCall.close_range, 60, 40, 0), -EINVAL);
}

function statuses(): void {
  const statx = call(SystemCall.statx, AT_FDCWD, cstr("outside"), 0, 0x7ff, status);
  expect(cstr("statx"), statx, 0);
  expect(cstr("statx, mode"), load<u16>(status, STATX_MODE), S_IFREG | 0o600);
  expect(cstr("statx, links"), load<u32>(status, STATX_NLINK), 1);
  expect(cstr("statx, size"), load<u32>(status, STATX_SIZE), 0);
  const flags = call(SystemCall.statx, AT_FDCWD, cstr("outside"), 0x6000, 0x7ff, status);
  expect(cstr("statx, flags"), flags, -EINVAL);
  expect(cstr("stat, old"), call(SystemCall.stat, cstr("outside"), status), 0);
  expect(cstr("stat, old mode"), load<u16>(status, 8), S_IFREG | 0o600);
  expect(cstr("statfs"), call(SystemCall.statfs, cstr("."), buffer), 0);
  expect(cstr("statfs64"), call(SystemCall.statfs64, cstr("."), 84, buffer), 0);
  expect(cstr("statfs64, size"), call(SystemCall.statfs64, cstr("."), 80, buffer), -EINVAL);
  expect(cstr("full"), write(open(cstr("/dev/full"), O_WRONLY, 0), 1), -ENOSPC);
}

/** An empty pipe holds less for a while. */
function pipeRoom(reader: i32, writer: i32): void {
  expect(cstr("pipe, least"), call(SystemCall.fcntl64, writer, F_SETPIPE_SZ, 0), 4096);
  expect(cstr("pipe, less"), call(SystemCall.fcntl64, reader, F_SETPIPE_SZ, 4097), 8192);
  expect(cstr("pipe, says so"), call(SystemCall.fcntl64, writer, F_GETPIPE_SZ), 8192);
  call(SystemCall.fcntl64, writer, F_SETFL, O_WRONLY | O_NONBLOCK);
  expect(cstr("pipe, filled"), write(writer, 8192), 8192);
  expect(cstr("pipe, full"), write(writer, 1), -EAGAIN);
  expect(cstr("pipe, too little"), call(SystemCall.fcntl64, writer, F_SETPIPE_SZ, 4096), -EBUSY);
  expect(cstr("pipe, nonsense"), call(SystemCall.fcntl64, writer, F_SETPIPE_SZ, -1), -EINVAL);
  expect(cstr("pipe, of a file"), call(SystemCall.fcntl64, 0, F_SETPIPE_SZ, 4096), -EBADF);
  expect(cstr("pipe, more"), call(SystemCall.fcntl64, writer, F_SETPIPE_SZ, 65536), 65536);
  expect(cstr("pipe, not full"), write(writer, 1), 1);
  expect(cstr("pipe, all"), call(SystemCall.read, reader, buffer, 8192), 8192);
  expect(cstr("pipe, last"), call(SystemCall.read, reader, buffer, 8192), 1);
  call(SystemCall.fcntl64, writer, F_SETFL, O_WRONLY);
}

function pipes(): void {
  expect(cstr("pipe, unmapped"), call(SystemCall.pipe, 8), -EFAULT);
  expect(cstr("pipe2, flags"), call(SystemCall.pipe2, pair, 1), -EINVAL);
  expect(cstr("pipe"), call(SystemCall.pipe, pair), 0);
  const reader = load<i32>(pair);
  const writer = load<i32>(pair, 4);
  expect(cstr("pipe, type"), call(SystemCall.fstat64, reader, status), 0);
  expect(cstr("pipe, mode"), load<u32>(status, STAT_MODE) & S_IFMT, S_IFIFO);
  expect(cstr("pipe, seek"), call(SystemCall.lseek, reader, 0, SEEK_SET), -ESPIPE);
  expect(cstr("pipe, write to the reader"), write(reader, 1), -EBADF);
  expect(cstr("pipe, room"), call(SystemCall.fcntl64, reader, F_GETPIPE_SZ), 65536);
  pipeRoom(reader, writer);
  fill(5000);
  expect(cstr("pipe, write"), write(writer, 5000), 5000);
  anyFile(reader);
  expect(cstr("pipe, FIONREAD"), call(SystemCall.ioctl, reader, FIONREAD, word), 0);
  expect(cstr("pipe, bytes"), load<u32>(word), 5000);
  memory.fill(buffer, 0, 6000);
  expect(cstr("pipe, read"), call(SystemCall.read, reader, buffer, 4500), 4500);
  expect(cstr("pipe, what"), load<u8>(buffer, 4499), pattern(4499));
  expect(cstr("pipe, the rest"), call(SystemCall.read, reader, buffer, 6000), 500);
  call(SystemCall.fcntl64, reader, F_SETFL, O_NONBLOCK);
  expect(cstr("pipe, nothing"), call(SystemCall.read, reader, buffer, 1), -EAGAIN);
  call(SystemCall.fcntl64, writer, F_SETFL, O_NONBLOCK);
  let total = 0;
  for (let count = write(writer, 5000); count > 0; count = write(writer, 5000)) total += count;
  expect(cstr("pipe, full"), write(writer, 4096), -EAGAIN);
  expect(cstr("pipe, filled"), total > 30000 && total <= 65536 ? 1 : 0, 1);
  call(SystemCall.close, writer);
  let read = 0;
  for (let count = 1; count > 0; read += count) {
    count = call(SystemCall.read, reader, buffer, 7000);
  }
  expect(cstr("pipe, all of it"), read, total);
  expect(cstr("pipe, the end"), call(SystemCall.read, reader, buffer, 10), 0);
  call(SystemCall.close, reader);
  betweenProcesses();
}

/** What ioctl does with every file. */
function anyFile(file: i32): void {
  const control = SystemCall.ioctl;
  store<u32>(word, 1);
  expect(cstr("FIONBIO"), call(control, file, FIONBIO, word), 0);
  expect(cstr("FIONBIO, set"), call(SystemCall.fcntl64, file, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  store<u32>(word, 0);
  expect(cstr("FIONBIO, off"), call(control, file, FIONBIO, word), 0);
  expect(cstr("FIONBIO, not set"), call(SystemCall.fcntl64, file, F_GETFL) & O_NONBLOCK, 0);
  expect(cstr("FIONBIO, unmapped"), call(control, file, FIONBIO, 8), -EFAULT);
  expect(cstr("FIOCLEX"), call(control, file, FIOCLEX), 0);
  expect(cstr("FIOCLEX, set"), call(SystemCall.fcntl64, file, F_GETFD), FD_CLOEXEC);
  expect(cstr("FIONCLEX"), call(control, file, FIONCLEX), 0);
  expect(cstr("FIONCLEX, not set"), call(SystemCall.fcntl64, file, F_GETFD), 0);
}

function betweenProcesses(): void {
  call(SystemCall.pipe, pair);
  const reader = load<i32>(pair);
  const writer = load<i32>(pair, 4);
  const child = fork();
  if (child === 0) {
    call(SystemCall.close, reader);
    let sent = 0;
    for (let i = 0; i < 30; i++) {
      fill(10000);
      sent += write(writer, 10000);
    }
    call(SystemCall.exit, sent === 300000 ? 0 : 1);
  }
  call(SystemCall.close, writer);
  let got = 0;
  for (let count = 1; count > 0; got += count) {
    count = call(SystemCall.read, reader, buffer, 3000);
  }
  expect(cstr("pipe, from a child"), got, 300000);
  expect(cstr("pipe, the child"), statusOf(child), 0);
  call(SystemCall.close, reader);
  const broken = fork();
  if (broken === 0) {
    call(SystemCall.pipe, pair);
    call(SystemCall.close, load<i32>(pair));
    write(load<i32>(pair, 4), 1);
    call(SystemCall.exit, 1);
  }
  expect(cstr("pipe, broken"), statusOf(broken) & 0x7f, SIGPIPE);
}

function fifos(): void {
  expect(cstr("mknod"), call(SystemCall.mknod, cstr("fifo"), S_IFIFO | 0o666, 0), 0);
  expect(cstr("mknod, mode"), modeOf(cstr("fifo")), S_IFIFO | 0o644);
  const nobody = open(cstr("fifo"), O_WRONLY | O_NONBLOCK, 0);
  expect(cstr("fifo, no reader"), nobody, -6);
  const early = open(cstr("fifo"), O_RDONLY | O_NONBLOCK, 0);
  expect(cstr("fifo, no writer"), call(SystemCall.read, early, buffer, 1), 0);
  call(SystemCall.close, early);
  const child = fork();
  if (child === 0) {
    const writer = open(cstr("fifo"), O_WRONLY, 0);
    fill(100);
    call(SystemCall.exit, write(writer, 100) === 100 ? 0 : 1);
  }
  const reader = open(cstr("fifo"), O_RDONLY, 0);
  expect(cstr("fifo, read"), call(SystemCall.read, reader, buffer, 1000), 100);
  expect(cstr("fifo, the child"), statusOf(child), 0);
  expect(cstr("fifo, the end"), call(SystemCall.read, reader, buffer, 1000), 0);
  call(SystemCall.close, reader);
}

function polling(): void {
  call(SystemCall.pipe, pair);
  const reader = load<i32>(pair);
  const writer = load<i32>(pair, 4);
  expect(cstr("poll, too many"), call(SystemCall.poll, word, 2000000, 0), -EINVAL);
  expect(cstr("poll, unmapped"), call(SystemCall.poll, 8, 1, 0), -EFAULT);
  expect(cstr("poll, empty"), poll(reader, POLLIN, 0), 0);
  expect(cstr("poll, waits"), poll(reader, POLLIN, 30), 0);
  expect(cstr("poll, room"), poll(writer, POLLOUT, -1), POLLOUT);
  expect(cstr("poll, closed"), poll(99, POLLIN, -1), POLLNVAL);
  expect(cstr("poll, negative"), poll(-1, POLLIN, 0), 0);
  expect(cstr("poll, device"), poll(open(cstr("/dev/null"), O_RDWR, 0), POLLIN, -1), POLLIN);
  const child = fork();
  if (child === 0) {
    call(SystemCall.poll, 0, 0, 30);
    // In a list of its own, while the parent waits with another.
    poll(writer, POLLOUT, 0);
    write(writer, 3);
    call(SystemCall.exit, 0);
  }
  expect(cstr("poll, woken"), poll(reader, POLLIN, 5000), POLLIN);
  statusOf(child);
  selecting(reader, writer);
  call(SystemCall.read, reader, buffer, 100);
  call(SystemCall.close, writer);
  expect(cstr("poll, no writer"), poll(reader, POLLIN, -1), POLLHUP);
  call(SystemCall.close, reader);
  call(SystemCall.pipe, pair);
  call(SystemCall.close, load<i32>(pair));
  expect(cstr("poll, no reader"), poll(load<i32>(pair, 4), 0, -1), POLLERR);
  call(SystemCall.close, load<i32>(pair, 4));
}

/** Three bytes can be read. */
function selecting(reader: i32, writer: i32): void {
  store<u64>(word, ((<u64>1) << reader) | ((<u64>1) << writer));
  store<u64>(word, ((<u64>1) << reader) | ((<u64>1) << writer), 8);
  const count = call(SystemCall._newselect, writer + 1, word, word + 8, 0, 0);
  expect(cstr("select"), count, 2);
  expect(cstr("select, readable"), load<i32>(word), 1 << reader);
  expect(cstr("select, writable"), load<i32>(word, 8), 1 << writer);
  store<u64>(word, (<u64>1) << 60);
  expect(cstr("select, closed"), call(SystemCall._newselect, 61, word, 0, 0, 0), -EBADF);
  expect(cstr("select, count"), call(SystemCall._newselect, -1, 0, 0, 0, 0), -EINVAL);
  store<i32>(pair, 0);
  store<i32>(pair, 20000, 4);
  expect(cstr("select, only time"), call(SystemCall._newselect, 0, 0, 0, 0, pair), 0);
  store<i32>(pair, 0);
  store<i32>(pair, 1000000000, 4);
  expect(cstr("ppoll, time"), call(SystemCall.ppoll, word, 0, pair, 0, 0), -EINVAL);
  store<i32>(pair, 0, 4);
  store<i32>(word, reader);
  store<i32>(word, POLLIN, 4);
  expect(cstr("ppoll"), call(SystemCall.ppoll, word, 1, pair, 0, 0), 1);
  expect(cstr("ppoll, mask"), call(SystemCall.ppoll, word, 1, pair, pair, 4), -EINVAL);
}

/** Ranges that one process locks: they do not hinder it. */
function ranges(): void {
  const file = open(cstr("locks"), NEW, 0o644);
  fill(100);
  write(file, 100);
  expect(cstr("lock, command"), lock(file, F_SETLK64, 9, SEEK_SET, 0, 1), -EINVAL);
  expect(cstr("lock, whence"), lock(file, F_SETLK64, F_RDLCK, 9, 0, 1), -EINVAL);
  expect(cstr("lock, before"), lock(file, F_SETLK64, F_RDLCK, SEEK_SET, -1, 1), -EINVAL);
  expect(cstr("lock, bad"), call(SystemCall.fcntl64, file, F_SETLK64, 0), -EFAULT);
  expect(cstr("lock, closed"), lock(99, F_SETLK64, F_RDLCK, SEEK_SET, 0, 1), -EBADF);
  const reader = open(cstr("locks"), O_RDONLY, 0);
  expect(cstr("lock, to write"), lock(reader, F_SETLK64, F_WRLCK, SEEK_SET, 0, 1), -EBADF);
  expect(cstr("lock, to read"), lock(reader, F_SETLK64, F_RDLCK, SEEK_SET, 0, 10), 0);
  const writer = open(cstr("locks"), O_WRONLY, 0);
  expect(cstr("lock, reads not"), lock(writer, F_SETLK64, F_RDLCK, SEEK_SET, 0, 1), -EBADF);
  expect(cstr("lock, own one"), lock(writer, F_SETLK64, F_WRLCK, SEEK_SET, 5, 20), 0);
  expect(cstr("lock, get own"), lock(file, F_GETLK64, F_WRLCK, SEEK_SET, 0, 0), 0);
  expect(cstr("lock, none"), load<u16>(buffer), F_UNLCK);
  expect(cstr("lock, get type"), lock(file, F_GETLK64, F_UNLCK, SEEK_SET, 0, 0), -EINVAL);
  closeAll(reader);
  closeAll(writer);
  closeAll(file);
}

/** What another process sees of them. */
function rangesOfOthers(): void {
  const file = open(cstr("locks"), O_RDWR, 0);
  lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 10, 10);
  lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 20, 10);
  lock(file, F_SETLK64, F_RDLCK, SEEK_SET, 14, 2);
  lock(file, F_SETLK64, F_UNLCK, SEEK_SET, 16, 2);
  lock(file, F_SETLK64, F_WRLCK, SEEK_END, -10, 0);
  const self = call(SystemCall.getpid);
  const child = fork();
  if (child === 0) {
    // Each wrong answer sets a bit of the status.
    let wrong: i32 = 0;
    if (seen(file, 0, 10) !== F_UNLCK) wrong |= 1;
    if (seen(file, 0, 0) !== F_WRLCK || start() !== 10 || length() !== 4) wrong |= 2;
    if (load<i32>(buffer, 20) !== self) wrong |= 4;
    if (seen(file, 14, 1) !== F_RDLCK || start() !== 14 || length() !== 2) wrong |= 8;
    if (seen(file, 16, 2) !== F_UNLCK) wrong |= 16;
    if (seen(file, 18, 1) !== F_WRLCK || start() !== 18 || length() !== 12) wrong |= 32;
    if (seen(file, 1000, 1) !== F_WRLCK || start() !== 90 || length() !== 0) wrong |= 64;
    if (lock(file, F_SETLK64, F_RDLCK, SEEK_SET, 14, 2) !== 0) wrong |= 128;
    if (lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 14, 2) !== -EAGAIN) wrong |= 128;
    call(SystemCall.exit, wrong);
  }
  expect(cstr("lock, of another"), statusOf(child), 0);
  // Any descriptor that is closed gives them back.
  closeAll(open(cstr("locks"), O_RDONLY, 0));
  const second = fork();
  if (second === 0) call(SystemCall.exit, seen(file, 0, 0));
  expect(cstr("lock, closed one"), statusOf(second), F_UNLCK << 8);
  // An open file's are its own, and another's of the same process as well.
  const other = open(cstr("locks"), O_RDWR, 0);
  expect(cstr("lock, open file"), lock(file, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 10), 0);
  expect(cstr("lock, other open file"), lock(other, F_OFD_SETLK, F_RDLCK, SEEK_SET, 9, 1), -EAGAIN);
  expect(cstr("lock, and process"), lock(other, F_SETLK64, F_RDLCK, SEEK_SET, 9, 1), -EAGAIN);
  lock(other, F_OFD_GETLK, F_RDLCK, SEEK_SET, 9, 1);
  expect(cstr("lock, whose"), load<i32>(buffer, 20), -1);
  closeAll(file);
  expect(cstr("lock, given back"), lock(other, F_OFD_SETLK, F_RDLCK, SEEK_SET, 9, 1), 0);
  closeAll(other);
}

/** A lock that is waited for; and the short form of the call. */
function rangesThatWait(): void {
  const file = open(cstr("locks"), O_RDWR, 0);
  store<u16>(buffer, F_WRLCK);
  store<u16>(buffer, SEEK_SET, 2);
  store<i32>(buffer, 7, 4);
  store<i32>(buffer, 1, 8);
  expect(cstr("lock, short"), call(SystemCall.fcntl, file, F_SETLK, buffer), 0);
  call(SystemCall.pipe, pair);
  const child = fork();
  if (child === 0) {
    if (lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 0, 10) !== -EAGAIN) call(SystemCall.exit, 1);
    write(load<i32>(pair, 4), 1);
    if (lock(file, F_SETLKW64, F_WRLCK, SEEK_SET, 0, 10) !== 0) call(SystemCall.exit, 2);
    call(SystemCall.exit, 3);
  }
  call(SystemCall.read, load<i32>(pair), buffer, 1);
  awaitSleep(child);
  lock(file, F_SETLK64, F_UNLCK, SEEK_SET, 0, 0);
  expect(cstr("lock, waited for"), statusOf(child), 3 << 8);
  // What a process had is free when it has ended.
  expect(cstr("lock, of an ended one"), lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 0, 10), 0);
  closeAll(file);
  closeAll(load<i32>(pair));
  closeAll(load<i32>(pair, 4));
}

/** A descriptor that is closed by another while a lock is waited for: no lock comes after. */
function closedRange(): void {
  const file = open(cstr("locks"), O_RDWR, 0);
  call(SystemCall.pipe, pair);
  const holder = fork();
  if (holder === 0) {
    lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 0, 10);
    closeAll(load<i32>(pair));
    write(load<i32>(pair, 4), 1);
    while (true) call(SystemCall.pause);
  }
  call(SystemCall.read, load<i32>(pair), buffer, 1);
  const child = call(SystemCall.clone, CLONE_FILES | SIGCHLD);
  if (child === 0) {
    const result = lock(file, F_SETLKW64, F_WRLCK, SEEK_SET, 0, 10);
    call(SystemCall.exit, result === -EBADF ? 4 : 5);
  }
  awaitSleep(child);
  closeAll(file);
  call(SystemCall.kill, holder, SIGKILL);
  statusOf(holder);
  expect(cstr("lock, closed meanwhile"), statusOf(child), 4 << 8);
  const other = fork();
  if (other === 0) call(SystemCall.exit, seen(open(cstr("locks"), O_RDWR, 0), 0, 10));
  expect(cstr("lock, none came after"), statusOf(other), F_UNLCK << 8);
  closeAll(load<i32>(pair));
  closeAll(load<i32>(pair, 4));
}

/** Two that wait for each other: the second is told. */
function deadlocks(): void {
  const file = open(cstr("locks"), O_RDWR, 0);
  call(SystemCall.pipe, pair);
  lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 0, 1);
  const child = fork();
  if (child === 0) {
    lock(file, F_SETLK64, F_WRLCK, SEEK_SET, 1, 1);
    write(load<i32>(pair, 4), 1);
    call(SystemCall.exit, lock(file, F_SETLKW64, F_WRLCK, SEEK_SET, 0, 1) === 0 ? 7 : 8);
  }
  call(SystemCall.read, load<i32>(pair), buffer, 1);
  awaitSleep(child);
  expect(cstr("lock, deadlock"), lock(file, F_SETLKW64, F_WRLCK, SEEK_SET, 1, 1), -EDEADLK);
  lock(file, F_SETLK64, F_UNLCK, SEEK_SET, 0, 1);
  expect(cstr("lock, the other"), statusOf(child), 7 << 8);
  closeAll(file);
  closeAll(load<i32>(pair));
  closeAll(load<i32>(pair, 4));
}

function wholeFiles(): void {
  const file = open(cstr("locks"), O_RDONLY, 0);
  const other = open(cstr("locks"), O_RDONLY, 0);
  const copy = call(SystemCall.dup, file);
  expect(cstr("flock, command"), call(SystemCall.flock, file, 77), -EINVAL);
  expect(cstr("flock, closed"), call(SystemCall.flock, 99, LOCK_SH), -EBADF);
  expect(cstr("flock, shared"), call(SystemCall.flock, file, LOCK_SH), 0);
  expect(cstr("flock, both"), call(SystemCall.flock, other, LOCK_SH | LOCK_NB), 0);
  expect(cstr("flock, alone"), call(SystemCall.flock, file, LOCK_EX | LOCK_NB), -EAGAIN);
  expect(cstr("flock, give back"), call(SystemCall.flock, other, LOCK_UN), 0);
  expect(cstr("flock, exclusive"), call(SystemCall.flock, copy, LOCK_EX | LOCK_NB), 0);
  expect(cstr("flock, excluded"), call(SystemCall.flock, other, LOCK_SH | LOCK_NB), -EAGAIN);
  closeAll(copy);
  expect(cstr("flock, copy closed"), call(SystemCall.flock, other, LOCK_SH | LOCK_NB), -EAGAIN);
  const child = fork();
  if (child === 0) {
    closeAll(file);
    call(SystemCall.exit, call(SystemCall.flock, other, LOCK_EX) === 0 ? 5 : 6);
  }
  awaitSleep(child);
  closeAll(file);
  expect(cstr("flock, waited for"), statusOf(child), 5 << 8);
  closeAll(other);
}

/** fcntl of a range; what it answers is in `buffer`. */
function lock(file: i32, command: i32, type: i32, whence: i32, from: i32, count: i32): i32 {
  memory.fill(buffer, 0, 24);
  store<u16>(buffer, type);
  store<u16>(buffer, whence, 2);
  store<i64>(buffer, from, 4);
  store<i64>(buffer, count, 12);
  return call(SystemCall.fcntl64, file, command, buffer);
}

/** The type of the first lock that is in the way of writing there. */
function seen(file: i32, from: i32, count: i32): i32 {
  lock(file, F_GETLK64, F_WRLCK, SEEK_SET, from, count);
  return load<u16>(buffer);
}

function start(): i32 {
  return load<i32>(buffer, 4);
}

function length(): i32 {
  return load<i32>(buffer, 12);
}

/** What is true of a file after waiting so long; 0: nothing that was asked for. */
function poll(file: i32, events: i32, milliseconds: i32): i32 {
  store<i32>(word, file);
  store<i32>(word, events, 4);
  const count = call(SystemCall.poll, word, 1, milliseconds);
  return count <= 0 ? count : load<u16>(word, 6);
}

function open(path: usize, flags: i32, mode: i32): i32 {
  return call(SystemCall.open, path, flags, mode);
}

/** Closes a descriptor: 0; an errno stays as it is. */
function closeAll(file: i32): i32 {
  return file < 0 ? file : call(SystemCall.close, file);
}

/** Writes from `buffer`. */
function write(file: i32, size: i32): i32 {
  return call(SystemCall.write, file, buffer, size);
}

/** Fills `buffer` with what `pattern` says. */
function fill(size: i32): void {
  for (let i = 0; i < size; i++) store<u8>(buffer + i, pattern(i));
}

function pattern(index: i32): u8 {
  return <u8>(index * 7 + 1);
}

function modeOf(path: usize): i32 {
  const result = call(SystemCall.stat64, path, status);
  return result !== 0 ? result : load<i32>(status, STAT_MODE);
}

function sizeOf(path: usize): i32 {
  const result = call(SystemCall.stat64, path, status);
  return result !== 0 ? result : load<i32>(status, STAT_SIZE);
}

function linksOf(path: usize): i32 {
  const result = call(SystemCall.stat64, path, status);
  return result !== 0 ? result : load<i32>(status, STAT_NLINK);
}

function inodeOf(path: usize): u64 {
  call(SystemCall.stat64, path, status);
  return load<u64>(status, STAT_INO);
}

function modifiedOf(path: usize): i32 {
  call(SystemCall.stat64, path, status);
  return load<i32>(status, STAT_MTIME);
}

function rename2(from: usize, to: usize, flags: i32): i32 {
  return call(SystemCall.renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}
