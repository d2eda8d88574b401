// mounts DIRECTORY: checks that mount(2) and umount2(2) answer, and what is then seen, as on Linux.
//
// DIRECTORY is empty and can be written. What is expected here is what Linux does to the superuser
// in a mount namespace of its own, where the tests run this very program, too
// (test/kernel/syscall/system-calls.test.ts).

import {
  EACCES,
  EBUSY,
  EFAULT,
  EINVAL,
  ELOOP,
  ENODEV,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  EPERM,
  EROFS,
  EXDEV,
} from "../src/abi/errno";
import {
  O_CREAT,
  O_DIRECTORY,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFCHR,
  S_IFDIR,
  STAT_GID,
  STAT_MODE,
  STAT_UID,
  W_OK,
  X_OK,
} from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import {
  MNT_DETACH,
  MNT_EXPIRE,
  MNT_FORCE,
  MS_BIND,
  MS_MOVE,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  MS_SLAVE,
} from "../src/abi/linux/mount";
import { MAP_PRIVATE, PROT_EXEC, PROT_READ } from "../src/abi/mman";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { printLine } from "./runtime/output";

const USAGE = `usage: mounts DIRECTORY
Checks what mount(2) does, in an empty directory that can be written.`;

const BUFFER_SIZE: u32 = 65536;
const buffer: usize = memory.data(65536, 8);
const status: usize = memory.data(256, 8);
const path: usize = memory.data(512, 8);
const UNMAPPED: usize = 16;
const TMPFS: usize = cstr("tmpfs");
/** DIRECTORY. */
let argumentPath: usize = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  argumentPath = <usize>argument(argv, 1);
  expect(cstr("chdir"), call(SystemCall.chdir, argumentPath), 0);
  call(SystemCall.umask, 0o022);
  call(SystemCall.chmod, cstr("."), 0o755);
  call(SystemCall.mkdir, cstr("a"), 0o755);
  call(SystemCall.mkdir, cstr("b"), 0o755);
  call(SystemCall.mkdir, cstr("c"), 0o755);
  touch(cstr("file"));
  touch(cstr("other"));
  refusals();
  rights();
  trees();
  options();
  sizes();
  busyTrees();
  stacks();
  binds();
  boundFiles();
  deepBinds();
  moves();
  propagation();
  readOnlyTrees();
  readOnlyBinds();
  restrictions();
  detached();
  processes();
  listed();
  return report();
}

function refusals(): void {
  expect(cstr("kind, none"), mount(0, cstr("a"), 0, 0), -EINVAL);
  expect(cstr("kind, unknown"), mount(0, cstr("a"), cstr("nonefs"), 0), -ENODEV);
  expect(cstr("kind, of no place"), mount(0, cstr("a"), cstr("pipefs"), 0), -EINVAL);
  expect(cstr("place, none"), mount(0, cstr("none"), TMPFS, 0), -ENOENT);
  expect(cstr("place, a file"), mount(0, cstr("file"), TMPFS, 0), -ENOTDIR);
  expect(cstr("place, unmapped"), mount(0, UNMAPPED, TMPFS, 0), -EFAULT);
  expect(cstr("kind, unmapped"), mount(0, cstr("a"), UNMAPPED, 0), -EFAULT);
  expect(cstr("source, unmapped"), mount(UNMAPPED, cstr("a"), TMPFS, 0), -EFAULT);
  expect(cstr("bind, nothing"), mount(0, cstr("a"), 0, MS_BIND), -EINVAL);
  expect(cstr("bind, nowhere"), mount(cstr("none"), cstr("a"), 0, MS_BIND), -ENOENT);
  expect(cstr("bind, file on directory"), mount(cstr("file"), cstr("a"), 0, MS_BIND), -ENOTDIR);
  expect(cstr("bind, the other way"), mount(cstr("a"), cstr("file"), 0, MS_BIND), -ENOTDIR);
  expect(cstr("remount, no mount"), mount(0, cstr("a"), 0, MS_REMOUNT), -EINVAL);
  const again = MS_REMOUNT | MS_BIND | MS_RDONLY;
  expect(cstr("remount a bind, no mount"), mount(0, cstr("a"), 0, again), -EINVAL);
  expect(cstr("private, no mount"), mount(0, cstr("a"), 0, MS_PRIVATE), -EINVAL);
  expect(cstr("umount, no mount"), umount(cstr("a"), 0), -EINVAL);
  expect(cstr("umount, nowhere"), umount(cstr("none"), 0), -ENOENT);
  expect(cstr("umount, flags"), umount(cstr("a"), 1 << 8), -EINVAL);
  expect(cstr("umount, expire and force"), umount(cstr("a"), MNT_EXPIRE | MNT_FORCE), -EINVAL);
}

/** What a user without rights is told. */
function rights(): void {
  mount(cstr("x"), cstr("a"), TMPFS, 0);
  const child = fork();
  if (child === 0) {
    call(SystemCall.setuid32, 1000);
    let wrong = mount(0, cstr("b"), TMPFS, 0) === -EPERM ? 0 : 1;
    if (mount(cstr("a"), cstr("b"), 0, MS_BIND) !== -EPERM) wrong = 2;
    if (mount(0, cstr("a"), 0, MS_REMOUNT | MS_RDONLY) !== -EPERM) wrong = 3;
    if (mount(0, cstr("none"), TMPFS, 0) !== -ENOENT) wrong = 4;
    if (umount(cstr("a"), 0) !== -EPERM) wrong = 5;
    call(SystemCall.exit, wrong);
  }
  expect(cstr("rights"), statusOf(child), 0);
  expect(cstr("rights, umount"), umount(cstr("a"), 0), 0);
}

/** A tmpfs covers a directory, and takes its files along when it goes. */
function trees(): void {
  touch(cstr("a/under"));
  expect(cstr("tmpfs"), mount(cstr("none"), cstr("a"), TMPFS, 0), 0);
  expect(cstr("covered"), exists(cstr("a/under")), -ENOENT);
  expect(cstr("tmpfs, mode"), modeOf(cstr("a")), S_IFDIR | 0o1777);
  touch(cstr("a/over"));
  call(SystemCall.mkdir, cstr("a/folder"), 0o755);
  touch(cstr("a/folder/deep"));
  expect(cstr("another device"), call(SystemCall.rename, cstr("a/over"), cstr("over")), -EXDEV);
  expect(cstr("another device, link"), call(SystemCall.link, cstr("a/over"), cstr("x")), -EXDEV);
  expect(cstr("point, rmdir"), call(SystemCall.rmdir, cstr("a")), -EBUSY);
  expect(cstr("point, rename"), call(SystemCall.rename, cstr("a"), cstr("z")), -EBUSY);
  call(SystemCall.chdir, cstr("a/folder"));
  expect(cstr("up"), exists(cstr("../over")), 0);
  expect(cstr("up and out"), exists(cstr("../../file")), 0);
  expect(cstr("path"), endsWith(cstr("/a/folder")), 1);
  expect(cstr("used"), umount(cstr(".."), 0), -EBUSY);
  call(SystemCall.chdir, cstr("../.."));
  expect(cstr("umount"), umount(cstr("a"), 0), 0);
  expect(cstr("uncovered"), exists(cstr("a/under")), 0);
  expect(cstr("gone"), exists(cstr("a/over")), -ENOENT);
  expect(cstr("point, unlink in"), call(SystemCall.unlink, cstr("a/under")), 0);
}

function options(): void {
  const given = cstr("mode=750,uid=7,gid=8,size=64k,nr_inodes=99");
  expect(cstr("options"), mount(0, cstr("a"), TMPFS, 0, given), 0);
  expect(cstr("options, mode"), modeOf(cstr("a")), S_IFDIR | 0o750);
  expect(cstr("options, owner"), load<i32>(status, STAT_UID), 7);
  expect(cstr("options, group"), load<i32>(status, STAT_GID), 8);
  umount(cstr("a"), 0);
  expect(cstr("options, unknown"), mount(0, cstr("a"), TMPFS, 0, cstr("what=1")), -EINVAL);
  expect(cstr("options, number"), mount(0, cstr("a"), TMPFS, 0, cstr("mode=9")), -EINVAL);
  expect(cstr("options, no mount"), umount(cstr("a"), 0), -EINVAL);
}

/** How much room a tmpfs is given. */
function sizes(): void {
  expect(cstr("size"), mount(0, cstr("a"), TMPFS, 0, cstr("size=8k")), 0);
  const room = roomOf(cstr("a"));
  expect(cstr("size, blocks"), room, 2);
  expect(cstr("size, left"), roomLeft, 2);
  const file = open(cstr("a/file"), O_CREAT | O_RDWR);
  expect(cstr("size, write"), call(SystemCall.write, file, buffer, 5000), 5000);
  expect(cstr("size, taken"), roomOf(cstr("a")) + roomLeft, 2);
  expect(cstr("size, short write"), call(SystemCall.write, file, buffer, 5000), 3192);
  expect(cstr("size, full"), call(SystemCall.write, file, buffer, 1), -ENOSPC);
  const second = open(cstr("a/second"), O_CREAT | O_RDWR);
  expect(cstr("size, all files"), call(SystemCall.write, second, buffer, 1), -ENOSPC);
  expect(cstr("size, truncate"), call(SystemCall.ftruncate, file, 4096), 0);
  expect(cstr("size, room again"), call(SystemCall.write, second, buffer, 1), 1);
  call(SystemCall.close, second);
  call(SystemCall.unlink, cstr("a/second"));
  roomOf(cstr("a"));
  expect(cstr("size, unlinked"), roomLeft, 1);
  call(SystemCall.close, file);
  umount(cstr("a"), 0);
  sizeIs(cstr("size=1m"), 256);
  sizeIs(cstr("size=2M,mode=700"), 512);
  sizeIs(cstr("size=4097"), 2);
  sizeIs(cstr("size=1"), 1);
  sizeIs(cstr("size=1G"), 1 << 18);
  sizeIs(cstr("size=2147483648"), 1 << 19);
  expect(cstr("size, unit"), mount(0, cstr("a"), TMPFS, 0, cstr("size=1x")), -EINVAL);
  expect(cstr("size, more"), mount(0, cstr("a"), TMPFS, 0, cstr("size=1kk")), -EINVAL);
  expect(cstr("size, a share"), mount(0, cstr("a"), TMPFS, 0, cstr("size=50%")), 0);
  umount(cstr("a"), 0);
}

function sizeIs(given: usize, pages: i32): void {
  expect(given, mount(0, cstr("a"), TMPFS, 0, given), 0);
  expect(given, roomOf(cstr("a")), pages);
  umount(cstr("a"), 0);
}

let roomLeft: i32 = 0;

/** Blocks of the file system at that path; `roomLeft` of them are free. */
function roomOf(at: usize): i32 {
  call(SystemCall.statfs, at, status);
  roomLeft = load<i32>(status, 12);
  return load<i32>(status, 8);
}

/** Who uses a tree keeps it. */
function busyTrees(): void {
  mount(0, cstr("a"), TMPFS, 0);
  const file = open(cstr("a/file"), O_CREAT | O_RDWR);
  expect(cstr("busy, file"), umount(cstr("a"), 0), -EBUSY);
  call(SystemCall.unlink, cstr("a/file"));
  expect(cstr("busy, without a name"), umount(cstr("a"), 0), -EBUSY);
  call(SystemCall.close, file);
  const folder = open(cstr("a"), O_RDONLY | O_DIRECTORY);
  expect(cstr("busy, directory"), umount(cstr("a"), 0), -EBUSY);
  call(SystemCall.close, folder);
  call(SystemCall.mkdir, cstr("a/in"), 0o755);
  mount(0, cstr("a/in"), TMPFS, 0);
  expect(cstr("busy, mount"), umount(cstr("a"), 0), -EBUSY);
  expect(cstr("inner"), umount(cstr("a/in"), 0), 0);
  // What was asked for and is not there must not keep it busy.
  open(cstr("a/none"), O_RDONLY);
  expect(cstr("idle"), umount(cstr("a"), MNT_FORCE), 0);
}

/** One mount over another. */
function stacks(): void {
  mount(0, cstr("a"), TMPFS, 0);
  touch(cstr("a/first"));
  expect(cstr("stack"), mount(0, cstr("a"), TMPFS, 0), 0);
  expect(cstr("stack, first"), exists(cstr("a/first")), -ENOENT);
  touch(cstr("a/second"));
  expect(cstr("stack, umount"), umount(cstr("a"), 0), 0);
  expect(cstr("stack, first again"), exists(cstr("a/first")), 0);
  expect(cstr("stack, second"), exists(cstr("a/second")), -ENOENT);
  umount(cstr("a"), 0);
  expect(cstr("stack, over"), umount(cstr("a"), 0), -EINVAL);
  // Who is there already stays below.
  call(SystemCall.chdir, cstr("a"));
  mount(0, cstr("."), TMPFS, 0);
  touch(cstr("below"));
  expect(cstr("covered, not seen"), exists(cstr("../a/below")), -ENOENT);
  call(SystemCall.chdir, cstr(".."));
  umount(cstr("a"), 0);
  expect(cstr("covered, below"), call(SystemCall.unlink, cstr("a/below")), 0);
  // What is mounted there from below comes on top.
  call(SystemCall.chdir, cstr("a"));
  mount(0, cstr("."), TMPFS, 0);
  touch(cstr("../a/middle"));
  expect(cstr("from below"), mount(0, cstr("."), TMPFS, 0), 0);
  expect(cstr("from below, top"), exists(cstr("../a/middle")), -ENOENT);
  call(SystemCall.chdir, cstr(".."));
  expect(cstr("from below, umount"), umount(cstr("a"), 0), 0);
  expect(cstr("from below, middle"), exists(cstr("a/middle")), 0);
  expect(cstr("from below, umount twice"), umount(cstr("a"), 0), 0);
  expect(cstr("from below, over"), umount(cstr("a"), 0), -EINVAL);
}

/** A directory in two places. */
function binds(): void {
  call(SystemCall.mkdir, cstr("a/sub"), 0o755);
  touch(cstr("a/sub/one"));
  expect(cstr("bind"), mount(cstr("a"), cstr("b"), 0, MS_BIND), 0);
  expect(cstr("bind, seen"), exists(cstr("b/sub/one")), 0);
  touch(cstr("b/sub/two"));
  expect(cstr("bind, made"), exists(cstr("a/sub/two")), 0);
  call(SystemCall.unlink, cstr("a/sub/one"));
  expect(cstr("bind, removed"), exists(cstr("b/sub/one")), -ENOENT);
  call(SystemCall.rename, cstr("b/sub/two"), cstr("b/three"));
  expect(cstr("bind, renamed"), exists(cstr("a/three")), 0);
  const across = call(SystemCall.rename, cstr("a/three"), cstr("b/four"));
  expect(cstr("bind, across"), across, -EXDEV);
  const link = call(SystemCall.link, cstr("a/three"), cstr("b/four"));
  expect(cstr("bind, link across"), link, -EXDEV);
  expect(cstr("bind, link in"), call(SystemCall.link, cstr("b/three"), cstr("b/four")), 0);
  call(SystemCall.unlink, cstr("a/four"));
  call(SystemCall.mkdir, cstr("b/made"), 0o700);
  expect(cstr("bind, directory"), modeOf(cstr("a/made")), S_IFDIR | 0o700);
  call(SystemCall.symlink, cstr("../three"), cstr("a/sub/link"));
  expect(cstr("bind, link"), exists(cstr("b/sub/link")), 0);
  call(SystemCall.chdir, cstr("b/sub"));
  expect(cstr("bind, path"), endsWith(cstr("/b/sub")), 1);
  expect(cstr("bind, up"), exists(cstr("../three")), 0);
  expect(cstr("bind, up and out"), exists(cstr("../../file")), 0);
  expect(cstr("bind, used"), umount(cstr(".."), 0), -EBUSY);
  call(SystemCall.rmdir, cstr("../made"));
  call(SystemCall.chdir, cstr("../.."));
  expect(cstr("bind, listed"), list(cstr("b")), 4);
  const file = open(cstr("b/opened"), O_CREAT | O_WRONLY);
  expect(cstr("bind, file's path"), linkEndsWith(file, cstr("/b/opened")), 1);
  call(SystemCall.unlink, cstr("a/opened"));
  expect(cstr("bind, without a name"), linkEndsWith(file, cstr("/b/opened (deleted)")), 1);
  expect(cstr("bind, file"), umount(cstr("b"), 0), -EBUSY);
  call(SystemCall.close, file);
  const tree = mount(0, cstr("b/sub"), TMPFS, 0);
  expect(cstr("bind, mount in it"), tree, 0);
  touch(cstr("b/sub/inner"));
  expect(cstr("bind, not in the other"), exists(cstr("a/sub/inner")), -ENOENT);
  expect(cstr("bind, point elsewhere"), call(SystemCall.rmdir, cstr("a/sub")), -EBUSY);
  expect(cstr("bind, inner umount"), umount(cstr("b/sub"), 0), 0);
  expect(cstr("bind, umount"), umount(cstr("b"), 0), 0);
  expect(cstr("bind, over"), exists(cstr("b/three")), -ENOENT);
  // A part of a tree that is itself not mounted any more.
  mount(0, cstr("b"), TMPFS, 0);
  call(SystemCall.mkdir, cstr("b/part"), 0o755);
  touch(cstr("b/part/kept"));
  mount(cstr("b/part"), cstr("c"), 0, MS_BIND);
  expect(cstr("part, rest"), umount(cstr("b"), 0), 0);
  expect(cstr("part, there"), exists(cstr("c/kept")), 0);
  expect(cstr("part, up"), exists(cstr("c/../file")), 0);
  expect(cstr("part, umount"), umount(cstr("c"), 0), 0);
}

function boundFiles(): void {
  const file = open(cstr("other"), O_WRONLY);
  call(SystemCall.write, file, buffer, 5);
  call(SystemCall.close, file);
  expect(cstr("file"), mount(cstr("other"), cstr("file"), 0, MS_BIND), 0);
  const seen = open(cstr("file"), O_RDONLY);
  expect(cstr("file, read"), call(SystemCall.read, seen, buffer, 9), 5);
  expect(cstr("file, path"), linkEndsWith(seen, cstr("/file")), 1);
  expect(cstr("file, unlink"), call(SystemCall.unlink, cstr("file")), -EBUSY);
  expect(cstr("file, used"), umount(cstr("file"), 0), -EBUSY);
  call(SystemCall.close, seen);
  expect(cstr("file, umount"), umount(cstr("file"), 0), 0);
}

/** What is mounted in a directory comes along if that is asked for. */
function deepBinds(): void {
  mount(0, cstr("a/sub"), TMPFS, 0);
  call(SystemCall.mkdir, cstr("a/sub/deeper"), 0o755);
  mount(0, cstr("a/sub/deeper"), TMPFS, 0);
  touch(cstr("a/sub/deeper/here"));
  mount(cstr("a"), cstr("b"), 0, MS_BIND);
  expect(cstr("shallow"), exists(cstr("b/sub/deeper")), -ENOENT);
  umount(cstr("b"), 0);
  expect(cstr("deep"), mount(cstr("a"), cstr("b"), 0, MS_BIND | MS_REC), 0);
  expect(cstr("deep, seen"), exists(cstr("b/sub/deeper/here")), 0);
  expect(cstr("deep, busy"), umount(cstr("b"), 0), -EBUSY);
  expect(cstr("deep, umount"), umount(cstr("b"), MNT_DETACH), 0);
  expect(cstr("deep, gone"), exists(cstr("b/sub")), -ENOENT);
  expect(cstr("deep, first stays"), exists(cstr("a/sub/deeper/here")), 0);
  expect(cstr("deep, all"), umount(cstr("a/sub"), MNT_DETACH), 0);
  expect(cstr("deep, empty"), exists(cstr("a/sub/deeper")), -ENOENT);
}

/** A mount that goes to another place, with what is in it. */
function moves(): void {
  mount(0, cstr("a"), TMPFS, 0);
  touch(cstr("a/here"));
  call(SystemCall.mkdir, cstr("a/in"), 0o755);
  mount(0, cstr("a/in"), TMPFS, 0);
  touch(cstr("a/in/deep"));
  const file = open(cstr("a/here"), O_RDONLY);
  expect(cstr("move"), mount(cstr("a"), cstr("b"), 0, MS_MOVE), 0);
  expect(cstr("move, gone"), exists(cstr("a/here")), -ENOENT);
  expect(cstr("move, there"), exists(cstr("b/here")), 0);
  expect(cstr("move, with it"), exists(cstr("b/in/deep")), 0);
  expect(cstr("move, path"), linkEndsWith(file, cstr("/b/here")), 1);
  call(SystemCall.close, file);
  expect(cstr("move, into itself"), mount(cstr("b"), cstr("b/in"), 0, MS_MOVE), -ELOOP);
  expect(cstr("move, no mount"), mount(cstr("c"), cstr("a"), 0, MS_MOVE), -EINVAL);
  expect(cstr("move, nowhere"), mount(cstr("none"), cstr("a"), 0, MS_MOVE), -ENOENT);
  expect(cstr("move, nothing"), mount(0, cstr("a"), 0, MS_MOVE), -EINVAL);
  expect(cstr("move, onto a file"), mount(cstr("b"), cstr("file"), 0, MS_MOVE), -EINVAL);
  // A mount that was made before the one that it is in now.
  mount(0, cstr("c"), TMPFS, 0);
  call(SystemCall.mkdir, cstr("c/one"), 0o755);
  call(SystemCall.mkdir, cstr("c/two"), 0o755);
  expect(cstr("move, to a younger one"), mount(cstr("b"), cstr("c/one"), 0, MS_MOVE), 0);
  expect(cstr("move, all"), mount(cstr("c"), cstr("a"), 0, MS_BIND | MS_REC), 0);
  expect(cstr("move, all are seen"), exists(cstr("a/one/in/deep")), 0);
  expect(cstr("move, busy"), umount(cstr("c"), 0), -EBUSY);
  expect(cstr("move, umount"), umount(cstr("c"), MNT_DETACH), 0);
  expect(cstr("move, the other stays"), exists(cstr("a/one/in/deep")), 0);
  expect(cstr("move, umount all"), umount(cstr("a"), MNT_DETACH), 0);
  expect(cstr("move, over"), exists(cstr("a/one")), -ENOENT);
}

/** Where nothing is shared, what mount(8) and unshare(1) ask for first is so already. */
function propagation(): void {
  mount(0, cstr("a"), TMPFS, 0);
  expect(cstr("private"), mount(0, cstr("a"), 0, MS_PRIVATE), 0);
  expect(cstr("private, all"), mount(cstr("none"), cstr("/"), 0, MS_REC | MS_PRIVATE), 0);
  expect(cstr("slave"), mount(0, cstr("a"), 0, MS_REC | MS_SLAVE), 0);
  expect(cstr("private, twice"), mount(0, cstr("a"), 0, MS_PRIVATE | MS_SLAVE), -EINVAL);
  expect(cstr("private, more"), mount(0, cstr("a"), 0, MS_PRIVATE | MS_RDONLY), -EINVAL);
  umount(cstr("a"), 0);
}

function readOnlyTrees(): void {
  mount(0, cstr("b"), TMPFS, 0);
  touch(cstr("b/file"));
  const file = open(cstr("b/file"), O_RDWR);
  const protect = MS_REMOUNT | MS_RDONLY;
  expect(cstr("written"), mount(0, cstr("b"), 0, protect), -EBUSY);
  call(SystemCall.close, file);
  expect(cstr("protect, below"), mount(0, cstr("b/file"), 0, protect), -EINVAL);
  expect(cstr("protect"), mount(0, cstr("b"), 0, protect), 0);
  unchangeable(cstr("b/file"), cstr("b/new"));
  expect(cstr("protect, off"), mount(0, cstr("b"), 0, MS_REMOUNT), 0);
  expect(cstr("protect, write"), call(SystemCall.unlink, cstr("b/file")), 0);
  umount(cstr("b"), 0);
  expect(cstr("protected"), mount(0, cstr("b"), TMPFS, MS_RDONLY), 0);
  expect(cstr("protected, make"), open(cstr("b/x"), O_CREAT | O_RDWR), -EROFS);
  umount(cstr("b"), 0);
}

/** Nothing can be changed. */
function unchangeable(file: usize, made: usize): void {
  expect(cstr("fixed, open"), open(file, O_RDWR), -EROFS);
  expect(cstr("fixed, empty"), open(file, O_RDONLY | O_TRUNC), -EROFS);
  expect(cstr("fixed, make"), open(made, O_CREAT | O_RDWR), -EROFS);
  expect(cstr("fixed, make what is there"), closed(open(file, O_CREAT | O_RDONLY)), 0);
  expect(cstr("fixed, mkdir"), call(SystemCall.mkdir, made, 0o755), -EROFS);
  expect(cstr("fixed, mknod"), call(SystemCall.mknod, made, 0o644, 0), -EROFS);
  expect(cstr("fixed, symlink"), call(SystemCall.symlink, file, made), -EROFS);
  expect(cstr("fixed, link"), call(SystemCall.link, file, made), -EROFS);
  expect(cstr("fixed, unlink"), call(SystemCall.unlink, file), -EROFS);
  expect(cstr("fixed, rename"), call(SystemCall.rename, file, made), -EROFS);
  expect(cstr("fixed, chmod"), call(SystemCall.chmod, file, 0o600), -EROFS);
  expect(cstr("fixed, chown"), call(SystemCall.chown32, file, 1, 1), -EROFS);
  expect(cstr("fixed, utimes"), call(SystemCall.utimes, file, 0), -EROFS);
  expect(cstr("fixed, truncate"), call(SystemCall.truncate, file, 1), -EROFS);
  expect(cstr("fixed, access"), call(SystemCall.access, file, W_OK), -EROFS);
  call(SystemCall.statfs, file, status);
  expect(cstr("fixed, statfs"), load<i32>(status, 44) & MS_RDONLY, MS_RDONLY);
}

function readOnlyBinds(): void {
  touch(cstr("a/sub/file"));
  const protect = MS_REMOUNT | MS_BIND | MS_RDONLY;
  mount(cstr("a/sub"), cstr("b"), 0, MS_BIND);
  const file = open(cstr("b/file"), O_WRONLY);
  expect(cstr("bind, written"), mount(0, cstr("b"), 0, protect), -EBUSY);
  call(SystemCall.close, file);
  const elsewhere = open(cstr("a/sub/file"), O_WRONLY);
  expect(cstr("bind, protect"), mount(0, cstr("b"), 0, protect), 0);
  call(SystemCall.close, elsewhere);
  unchangeable(cstr("b/file"), cstr("b/new"));
  expect(cstr("bind, not the other"), call(SystemCall.chmod, cstr("a/sub/file"), 0o600), 0);
  // It is the mount that the file was opened by, not that of the path asked for last.
  const inner = open(cstr("b/file"), O_RDONLY);
  const outer = open(cstr("a/sub/file"), O_RDONLY);
  exists(cstr("a/sub/file"));
  expect(cstr("bind, fchmod"), call(SystemCall.fchmod, inner, 0o640), -EROFS);
  expect(cstr("bind, fchown"), call(SystemCall.fchown32, inner, 1, 1), -EROFS);
  call(SystemCall.fstatfs, inner, status);
  expect(cstr("bind, fstatfs"), load<i32>(status, 44) & MS_RDONLY, MS_RDONLY);
  exists(cstr("b/file"));
  expect(cstr("other, fchmod"), call(SystemCall.fchmod, outer, 0o640), 0);
  expect(cstr("other, fchown"), call(SystemCall.fchown32, outer, 1, 1), 0);
  call(SystemCall.fstatfs, outer, status);
  expect(cstr("other, fstatfs"), load<i32>(status, 44) & MS_RDONLY, 0);
  call(SystemCall.close, inner);
  call(SystemCall.close, outer);
  expect(cstr("bind, protect off"), mount(0, cstr("b"), 0, MS_REMOUNT | MS_BIND), 0);
  expect(cstr("bind, unlink"), call(SystemCall.unlink, cstr("b/file")), 0);
  umount(cstr("b"), 0);
}

function restrictions(): void {
  mount(0, cstr("b"), TMPFS, MS_NODEV | MS_NOEXEC | MS_NOSUID);
  call(SystemCall.mknod, cstr("b/null"), S_IFCHR | 0o666, (1 << 8) | 3);
  expect(cstr("nodev"), open(cstr("b/null"), O_RDONLY), -EACCES);
  const program = open(cstr("b/program"), O_CREAT | O_WRONLY, 0o755);
  expect(cstr("noexec, access"), call(SystemCall.access, cstr("b/program"), X_OK), -EACCES);
  expect(cstr("noexec, search"), call(SystemCall.access, cstr("b"), X_OK), 0);
  expect(cstr("noexec"), call(SystemCall.execve, cstr("b/program"), 0, 0), -EACCES);
  call(SystemCall.write, program, buffer, 4096);
  call(SystemCall.close, program);
  const image = open(cstr("b/program"), O_RDONLY);
  const shown = map(image, PROT_READ);
  expect(cstr("noexec, map"), map(image, PROT_READ | PROT_EXEC), -EPERM);
  expect(cstr("noexec, mapped"), setRights(shown, PROT_READ | PROT_EXEC), -EACCES);
  expect(cstr("noexec, protected"), setRights(shown, 0), 0);
  call(SystemCall.munmap, shown, 4096);
  call(SystemCall.close, image);
  call(SystemCall.statfs, cstr("b"), status);
  const flags = MS_NODEV | MS_NOEXEC | MS_NOSUID;
  expect(cstr("restrictions"), load<i32>(status, 44) & flags, flags);
  expect(cstr("allowed"), mount(0, cstr("b"), 0, MS_REMOUNT | MS_BIND), 0);
  const runnable = open(cstr("b/program"), O_RDONLY);
  const code = map(runnable, PROT_READ | PROT_EXEC);
  expect(cstr("allowed, map"), code & 0xfff, 0);
  call(SystemCall.munmap, code, 4096);
  call(SystemCall.close, runnable);
  expect(cstr("allowed, device"), closed(open(cstr("b/null"), O_RDONLY)), 0);
  umount(cstr("b"), 0);
}

/** A mount that is taken away from under who uses it. */
function detached(): void {
  mount(0, cstr("b"), TMPFS, 0);
  touch(cstr("b/still"));
  call(SystemCall.chdir, cstr("b"));
  expect(cstr("detach"), umount(cstr("."), MNT_DETACH), 0);
  expect(cstr("detached"), exists(cstr("still")), 0);
  touch(cstr("more"));
  expect(cstr("detached, made"), exists(cstr("more")), 0);
  expect(cstr("detached, up"), exists(cstr("../more")), 0);
  expect(cstr("detached, again"), umount(cstr("."), MNT_DETACH), -EINVAL);
  call(SystemCall.chdir, argumentPath);
  expect(cstr("detached, place"), exists(cstr("b/still")), -ENOENT);
}

/** /proc in another place. */
function processes(): void {
  expect(cstr("proc"), mount(cstr("proc"), cstr("b"), cstr("proc"), 0), 0);
  expect(cstr("proc, self"), exists(cstr("b/self/status")), 0);
  expect(cstr("proc, settings"), exists(cstr("b/sys/kernel/ostype")), 0);
  call(SystemCall.chdir, cstr("b/self/task"));
  expect(cstr("proc, up"), exists(cstr("../../self/stat")), 0);
  expect(cstr("proc, used"), umount(cstr("../.."), 0), -EBUSY);
  call(SystemCall.chdir, argumentPath);
  expect(cstr("proc, umount"), umount(cstr("b"), 0), 0);
  expect(cstr("sysfs"), mount(cstr("x"), cstr("b"), cstr("sysfs"), 0), 0);
  expect(cstr("sysfs, again"), mount(cstr("x"), cstr("b"), cstr("sysfs"), 0), -EBUSY);
  expect(cstr("sysfs, umount"), umount(cstr("b"), 0), 0);
  expect(cstr("devpts"), mount(cstr("x"), cstr("b"), cstr("devpts"), 0), 0);
  expect(cstr("devpts, master"), exists(cstr("b/ptmx")), 0);
  expect(cstr("devpts, umount"), umount(cstr("b"), 0), 0);
}

function listed(): void {
  mount(cstr("a name"), cstr("b"), TMPFS, MS_NOSUID | MS_RDONLY);
  expect(cstr("listed"), isListed(cstr("/proc/mounts"), cstr("a\\040name ")), 1);
  expect(cstr("listed, place"), isListed(cstr("/proc/mounts"), cstr("/b tmpfs ro,nosuid,")), 1);
  mount(cstr("a/sub"), cstr("c"), 0, MS_BIND);
  expect(cstr("told, part"), isListed(cstr("/proc/self/mountinfo"), cstr("/a/sub ")), 1);
  expect(cstr("told, place"), isListed(cstr("/proc/self/mountinfo"), cstr("/c rw,")), 1);
  expect(cstr("told, ours"), isListed(cstr("/proc/self/mountinfo"), cstr("/b ro,nosuid,")), 1);
  umount(cstr("b"), 0);
  umount(cstr("c"), 0);
  expect(cstr("not listed"), isListed(cstr("/proc/mounts"), cstr("a\\040name ")), 0);
}

function mount(from: usize, at: usize, kind: usize, flags: u32, given: usize = 0): i32 {
  return call(SystemCall.mount, from, at, kind, flags, given);
}

function umount(at: usize, flags: u32): i32 {
  return call(SystemCall.umount2, at, flags);
}

/** A page of a file, mapped: its address or -errno. */
function map(file: i32, rights: u32): i32 {
  return call(SystemCall.mmap2, 0, 4096, rights, MAP_PRIVATE, file);
}

function setRights(address: i32, rights: u32): i32 {
  return call(SystemCall.mprotect, address, 4096, rights);
}

function open(file: usize, flags: i32, mode: i32 = 0o644): i32 {
  return call(SystemCall.open, file, flags, mode);
}

/** Closes what was opened: 0; an errno stays as it is. */
function closed(file: i32): i32 {
  return file < 0 ? file : call(SystemCall.close, file);
}

function touch(file: usize): void {
  expect(file, closed(open(file, O_CREAT | O_WRONLY)), 0);
}

/** 0 or -errno. */
function exists(file: usize): i32 {
  return call(SystemCall.stat64, file, status);
}

function modeOf(file: usize): i32 {
  const result = exists(file);
  return result !== 0 ? result : load<i32>(status, STAT_MODE);
}

/** Whether the current directory's path ends so: 1 or 0. */
function endsWith(end: usize): i32 {
  return hasEnd(call(SystemCall.getcwd, path, 512) - 1, end);
}

/** Whether that is what the path of an open file ends with: 1 or 0. */
function linkEndsWith(file: i32, end: usize): i32 {
  const link = cstr("/proc/self/fd/00");
  memory.copy(buffer, link, 17);
  let at = buffer + 14;
  if (file >= 10) store<u8>(at++, 0x30 + file / 10);
  store<u8>(at++, 0x30 + (file % 10));
  store<u8>(at, 0);
  return hasEnd(call(SystemCall.readlink, buffer, path, 511), end);
}

/** Whether the `length` bytes at `path` end so. */
function hasEnd(length: i32, end: usize): i32 {
  let size = 0;
  while (load<u8>(end + size) !== 0) size++;
  if (length < size) return 0;
  return memory.compare(path + length - size, end, size) === 0 ? 1 : 0;
}

/** How many names a directory lists, with `.` and `..`. */
function list(directory: usize): i32 {
  const file = open(directory, O_RDONLY | O_DIRECTORY);
  const length = call(SystemCall.getdents64, file, buffer, BUFFER_SIZE);
  call(SystemCall.close, file);
  let count = 0;
  for (let at = 0; at < length; at += load<u16>(buffer + at, 16)) count++;
  return count;
}

/** Whether a file of /proc has that text: 1 or 0. */
function isListed(file: usize, text: usize): i32 {
  const opened = open(file, O_RDONLY);
  let length = 0;
  let count = 1;
  while (count > 0) {
    count = call(SystemCall.read, opened, buffer + length, BUFFER_SIZE - length);
    length += max(count, 0);
  }
  call(SystemCall.close, opened);
  let size = 0;
  while (load<u8>(text + size) !== 0) size++;
  for (let at = 0; at + size <= length; at++) {
    if (memory.compare(buffer + at, text, size) === 0) return 1;
  }
  return 0;
}
