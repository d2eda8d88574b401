// A tree of files in Node: a tmpfs, mounted in a small machine's memory, with what the tests of
// kernel/file ask of it.

import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/abi/files";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

export const FILE = S_IFREG | 0o644;
export const DIRECTORY = S_IFDIR | 0o755;
export const LINK = S_IFLNK | 0o777;

const SOURCE = `
  ${BOOT_PAGES}
  import * as entries from "./kernel/file/directory-entry";
  import { FileContext, createFileContext } from "./kernel/file/file-context";
  import * as contents from "./kernel/file/contents";
  import * as inodes from "./kernel/file/inode";
  import * as mounts from "./kernel/file/mount";
  import * as views from "./kernel/file/view";
  import * as names from "./kernel/file/names";
  import * as paths from "./kernel/file/path";
  import * as texts from "./kernel/file/path-text";
  import * as permission from "./kernel/file/permission";
  import * as special from "./kernel/file/special-files";
  import { startDirectories } from "./kernel/filesystem/tmpfs/directory";
  import { startRegularFiles } from "./kernel/filesystem/tmpfs/regular-file";
  import { createTmpfs } from "./kernel/filesystem/tmpfs/tmpfs";
  import { allocateFrame, freeFrameCount as freeFrames } from "./kernel/memory/frames";
  import { free } from "./kernel/memory/heap";
  import {
    ALL_CAPABILITIES, createGroupList, currentCredentials,
  } from "./kernel/thread/credentials";

  function entryAt(at: usize): entries.DirectoryEntry {
    return changetype<entries.DirectoryEntry>(at);
  }
  function inodeOf(at: usize): inodes.Inode { return entryAt(at).inode; }

  export function freeCount(): u32 { return freeFrames(); }
  export function takeFrames(left: u32): void { while (freeFrames() > left) allocateFrame(); }
  export function startTree(frames: u32): usize {
    start(frames);
    entries.startDirectoryEntries();
    startRegularFiles();
    startDirectories();
    mounts.mount(createTmpfs(0o755)!, null);
    return changetype<usize>(entries.rootDirectory());
  }
  export function bucketCount(): u32 { return entries.bucketCount(); }
  export function startEntries(): bool { return entries.startDirectoryEntries(); }
  export function actAs(user: u32, group: u32): void {
    const who = currentCredentials();
    who.fileUser = user;
    who.fileGroup = group;
    who.user = 0;
    who.group = 0;
    who.ineffective = user === 0 ? 0 : ALL_CAPABILITIES;
  }
  export function actReallyAs(user: u32, group: u32): void {
    currentCredentials().user = user;
    currentCredentials().group = group;
  }

  export function make(at: usize, name: usize, length: u32, mode: u32, device: u32): usize {
    const made = names.makeFile(entryAt(at), name, length, mode, device);
    if (made < 0xfffff001) entryAt(made).release();
    return made;
  }
  export function makeLink(at: usize, name: usize, length: u32, text: usize): usize {
    return make(at, name, length, ${LINK}, <u32>text);
  }
  export function makeUnnamed(at: usize, mode: u32): usize {
    return names.makeUnnamed(entryAt(at), mode);
  }
  export function forgetCreate(at: usize): void { inodeOf(at).fileSystem.create = 0; }
  export function mayGetName(at: usize): bool { return inodeOf(at).mayGetName; }
  export function addLink(at: usize, name: usize, length: u32, to: usize): i32 {
    return names.addLink(entryAt(at), name, length, inodeOf(to));
  }
  export function removeFile(at: usize): i32 { return names.removeFile(entryAt(at)); }
  export function removeDirectory(at: usize): i32 { return names.removeDirectory(entryAt(at)); }
  export function moveName(at: usize, to: usize, name: usize, length: u32, target: usize): i32 {
    const replaced = changetype<entries.DirectoryEntry | null>(target);
    return names.moveName(entryAt(at), entryAt(to), name, length, replaced);
  }
  export function exchange(one: usize, other: usize): i32 {
    return names.exchangeNames(entryAt(one), entryAt(other));
  }
  export function newEntry(parent: usize, inode: usize, name: usize, length: u32): usize {
    const directory = changetype<entries.DirectoryEntry | null>(parent);
    return changetype<usize>(
      entries.createEntry(directory, changetype<inodes.Inode>(inode), name, length),
    );
  }
  export function newInode(mode: u32): usize {
    return changetype<usize>(inodes.createInode(inodeOf(<usize>rootEntry()).fileSystem, mode));
  }
  function rootEntry(): usize { return changetype<usize>(entries.rootDirectory()); }
  export function linkEntry(at: usize, child: usize): void { entryAt(at).link(entryAt(child)); }
  export function unlinkEntry(at: usize): void { entryAt(at).unlink(); }
  export function rename(at: usize, name: usize, length: u32): bool {
    return entryAt(at).setName(name, length);
  }
  export function retain(at: usize): void { entryAt(at).retain(); }
  export function release(at: usize): void { entryAt(at).release(); }
  export function find(at: usize, name: usize, length: u32): usize {
    return changetype<usize>(entryAt(at).find(name, length));
  }
  export function firstChild(at: usize): usize {
    return changetype<usize>(entryAt(at).firstChild);
  }
  export function lastChild(at: usize): usize { return changetype<usize>(entryAt(at).lastChild); }
  export function next(at: usize): usize { return changetype<usize>(entryAt(at).next); }
  export function previous(at: usize): usize { return changetype<usize>(entryAt(at).previous); }
  export function parent(at: usize): usize { return changetype<usize>(entryAt(at).parent); }
  export function nameOf(at: usize): usize { return entryAt(at).name; }
  export function position(at: usize): u32 { return entryAt(at).position; }
  export function isLinked(at: usize): bool { return entryAt(at).isLinked; }
  export function isRoot(at: usize): bool { return entryAt(at).isRoot; }
  export function entryReferences(at: usize): u32 { return entryAt(at).references; }
  export function version(): u32 { return entries.namesVersion; }

  export function inode(at: usize): usize { return changetype<usize>(inodeOf(at)); }
  export function links(at: usize): u32 { return inodeOf(at).links; }
  export function mode(at: usize): u32 { return inodeOf(at).mode; }
  export function setMode(at: usize, mode: u32): void { inodeOf(at).mode = mode; }
  export function owner(at: usize): u32 { return inodeOf(at).owner; }
  export function group(at: usize): u32 { return inodeOf(at).group; }
  export function setOwner(at: usize, owner: u32, group: u32): void {
    inodeOf(at).owner = owner;
    inodeOf(at).group = group;
  }
  export function number(at: usize): u32 { return inodeOf(at).number; }
  export function references(at: usize): u32 { return inodeOf(at).references; }
  export function device(at: usize): u32 { return inodeOf(at).device; }
  export function operations(at: usize): usize { return changetype<usize>(inodeOf(at).operations); }
  export function data(at: usize): usize { return inodeOf(at).data; }
  export function size(at: usize): u32 { return <u32>inodeOf(at).size; }
  export function kinds(at: usize): u32 {
    const it = inodeOf(at);
    return (it.isDirectory ? 1 : 0) | (it.isRegular ? 2 : 0) | (it.isLink ? 4 : 0) |
      (it.isDevice ? 8 : 0) | (it.isFifo ? 16 : 0) | (it.isSocket ? 32 : 0);
  }
  export function inodeCount(at: usize): u32 { return inodeOf(at).fileSystem.inodes; }
  export function setWritable(at: usize, writable: bool): void {
    inodeOf(at).fileSystem.isReadOnly = !writable;
  }
  export function setText(at: usize, text: usize, length: u32): bool {
    return inodes.setLinkText(inodeOf(at), text, length);
  }
  export function releaseInode(inode: usize): void { changetype<inodes.Inode>(inode).release(); }

  export function fill(at: usize, from: usize, size: u32): bool {
    return contents.fillContents(inodeOf(at), from, size);
  }
  export function readContents(at: usize, position: u32, to: usize, size: u32): u32 {
    return contents.readContents(inodeOf(at), position, to, size);
  }
  export function copyContents(at: usize): usize { return contents.copyContents(inodeOf(at)); }
  export function freeCopy(at: usize): void { free(at); }
  export function grow(at: usize, size: u32): void { inodeOf(at).object!.size = size; }
  export function growFar(at: usize): void { inodeOf(at).object!.size = (64 << 20) + 1; }

  export function mountTmpfs(at: usize): usize {
    const root = createTmpfs(0o755)!;
    return mounts.mount(root, entryAt(at)) ? changetype<usize>(root) : 0;
  }
  /** A tmpfs that goes with its last view. */
  export function mountTemporary(at: usize): usize {
    const root = createTmpfs(0o755)!;
    return mountView(changetype<usize>(root), at);
  }
  export function newView(at: usize): usize {
    return changetype<usize>(views.createView(entryAt(at)));
  }
  export function mountView(at: usize, point: usize): usize {
    const view = newView(at);
    return mounts.mount(entryAt(view), entryAt(point)) ? view : 0;
  }
  export function viewBelow(at: usize, real: usize): usize {
    return views.viewBelow(entryAt(at), entryAt(real));
  }
  export function isWithin(at: usize, entry: usize): bool {
    return views.isWithin(entryAt(at), entryAt(entry));
  }
  export function real(at: usize): usize { return changetype<usize>(entryAt(at).real); }
  export function unmount(at: usize, isLazy: bool): i32 {
    return mounts.unmount(mounts.mountOf(entryAt(at))!, isLazy);
  }
  export function protect(at: usize, flags: u32, isWhole: bool): i32 {
    return mounts.protect(mounts.mountOf(entryAt(at))!, flags, isWhole);
  }
  export function moveMount(at: usize, point: usize): i32 {
    return mounts.moveMount(mounts.mountOf(entryAt(at))!, entryAt(point));
  }
  export function noteSeen(at: usize): void { mounts.noteSeen(at === 0 ? null : entryAt(at)); }
  export function restrictions(): u32 { return mounts.restrictions; }
  export function seenIn(): usize { return changetype<usize>(mounts.seenIn); }
  export function mountOf(at: usize): usize {
    return changetype<usize>(mounts.mountOf(entryAt(at)));
  }
  export function rootOf(at: usize): usize { return changetype<usize>(entryAt(at).root); }
  export function mountFlags(at: usize): u32 { return mounts.mountFlags(entryAt(at)); }
  export function countWriter(at: usize, change: u32): void {
    mounts.countWriter(entryAt(at), change);
  }
  export function mountCount(): u32 {
    let count: u32 = 0;
    for (let mount = mounts.firstMount(); mount !== null; mount = mount!.next) count++;
    return count;
  }
  export function sourceOf(at: usize): usize { return mounts.mountOf(entryAt(at))!.source; }
  export function mountFrom(at: usize, point: usize, source: usize): void {
    mounts.mount(entryAt(at), entryAt(point), source);
  }
  export function liveFrames(): u32 { return freeFrames(); }
  export function topOf(at: usize): usize { return changetype<usize>(mounts.topOf(entryAt(at))); }
  export function parentOf(at: usize, limit: usize): usize {
    return changetype<usize>(mounts.parentOf(entryAt(at), entryAt(limit)));
  }
  export function mountDevices(): u32 {
    let sum: u32 = 0;
    let mount = mounts.firstMount();
    while (mount !== null) {
      sum = sum * 10 + mount.fileSystem.device;
      mount = mount.next;
    }
    return sum;
  }

  export function resolve(root: usize, base: usize, path: usize, end: u32): usize {
    return paths.resolvePath(entryAt(root), entryAt(base), path, <paths.PathEnd>end);
  }
  export function missingIn(): usize { return changetype<usize>(paths.missingIn); }
  export function lastName(): usize { return paths.lastName; }
  export function lastLength(): u32 { return paths.lastLength; }
  export function lastHasSlash(): bool { return paths.lastHasSlash; }
  export function isDots(name: usize, length: u32): bool { return paths.isDots(name, length); }
  function lookUp(directory: entries.DirectoryEntry, name: usize, length: u32): usize {
    if (length !== 4) return -2;
    const known = directory.find(name, length);
    if (known !== null) {
      known.retain();
      return changetype<usize>(known);
    }
    const mode: u32 = load<u8>(name) === 0x64 ? ${S_IFDIR} : ${S_IFREG}; // d…
    const inode = inodes.createInode(directory.inode.fileSystem, mode)!;
    const entry = entries.createEntry(directory, inode, name, length)!;
    directory.link(entry);
    return changetype<usize>(entry);
  }
  export function makeDynamic(at: usize): void { inodeOf(at).fileSystem.lookup = lookUp.index; }
  let magicTarget: usize = 0;
  function follow(_entry: entries.DirectoryEntry): usize {
    if (magicTarget === 0) return -2;
    entryAt(magicTarget).retain();
    return magicTarget;
  }
  const magic = changetype<inodes.FileOperations>(
    memory.data(offsetof<inodes.FileOperations>(), 8),
  );
  export function makeMagic(at: usize, target: usize): void {
    magic.follow = follow.index;
    magicTarget = target;
    inodeOf(at).operations = magic;
  }

  export function pathText(at: usize, root: usize): usize {
    return texts.pathText(entryAt(at), entryAt(root));
  }
  export function pathLength(): u32 { return texts.pathLength; }
  export function isReachable(): bool { return texts.isReachable; }
  export function isRemoved(at: usize): bool { return entryAt(at).isRemoved; }

  export function accessRefusal(at: usize, wanted: u32): i32 {
    return permission.accessRefusal(inodeOf(at), wanted);
  }
  export function realAccessRefusal(at: usize, wanted: u32): i32 {
    return permission.realAccessRefusal(inodeOf(at), wanted);
  }
  export function dropSetIds(at: usize): void { permission.dropSetIds(inodeOf(at)); }
  export function joinGroup(group: u32): void {
    const list = createGroupList(1)!;
    list.put(0, group);
    currentCredentials().setGroups(list);
  }
  export function ownsFile(at: usize): bool { return permission.ownsFile(inodeOf(at)); }

  export function register(type: u32, device: u32, operations: usize, data: usize): void {
    special.registerSpecialFile(
      type, device, changetype<inodes.FileOperations>(operations), data,
    );
  }

  function contextAt(at: usize): FileContext { return changetype<FileContext>(at); }
  export function newContext(root: usize, directory: usize): usize {
    return changetype<usize>(createFileContext(entryAt(root), entryAt(directory)));
  }
  export function copyContext(at: usize): usize {
    return changetype<usize>(contextAt(at).duplicate());
  }
  export function contextRoot(at: usize): usize { return changetype<usize>(contextAt(at).root); }
  export function contextDirectory(at: usize): usize {
    return changetype<usize>(contextAt(at).directory);
  }
  export function umask(at: usize): u32 { return contextAt(at).umask; }
  export function setUmask(at: usize, umask: u32): void { contextAt(at).umask = umask; }
  export function setContextRoot(at: usize, entry: usize): void {
    contextAt(at).setRoot(entryAt(entry));
  }
  export function setContextDirectory(at: usize, entry: usize): void {
    contextAt(at).setDirectory(entryAt(entry));
  }
  export function retainContext(at: usize): void { contextAt(at).retain(); }
  export function releaseContext(at: usize): void { contextAt(at).release(); }
`;

const FRAMES = 256;
/** Room for texts before the next start. */
const TEXT_ROOM = 60000;

/** A started tree; entries and inodes are addresses, errors negative numbers. */
export interface Tree {
  readonly machine: Machine;
  readonly root: number;
  /** Calls an export; texts are given as their address. The result is a signed number. */
  call(name: string, ...values: (number | string)[]): number;
  /** Calls an export with a name, which it gets as address and length. */
  named(name: string, at: number, text: string, ...values: number[]): number;
  /** A new file in a directory: its entry. */
  make(at: number, name: string, mode?: number, device?: number): number;
  /** A new symbolic link. */
  link(at: number, name: string, text: string): number;
  /** The names in a directory, in order, as both directions of the list give them. */
  names(at: number): string[];
}

/**
 * A function that starts a tree of nothing but a root directory, in a machine of so many frames.
 * Each test file compiles its own, for the mutation run changes sources between two imports.
 */
export function compileTree(): (frames?: number) => Tree {
  const startMachine = machineFor(SOURCE);
  return (frames = FRAMES) => startTree(startMachine(), frames);
}

function startTree(machine: Machine, frames: number): Tree {
  const root = machine.address("startTree", frames);
  let texts = machine.part.area;
  const place = (text: string) => {
    if (texts + text.length > machine.part.area + TEXT_ROOM) texts = machine.part.area;
    machine.part.write(texts, `${text}\0`);
    const at = texts;
    texts += text.length + 1;
    return at;
  };
  const addressOr = (value: number) => (value < 0 && value > -4096 ? value : value >>> 0);
  const tree: Tree = {
    machine,
    root,
    call: (name, ...values) =>
      addressOr(
        machine.call(
          name,
          ...values.map((each) => (typeof each === "string" ? place(each) : each)),
        ),
      ),
    // A name does not end where its length says: a NUL must not be needed.
    named: (name, at, text, ...values) =>
      tree.call(name, at, place(`${text}!`), text.length, ...values),
    make: (at, name, mode = FILE, device = 0) => tree.named("make", at, name, mode, device),
    link: (at, name, text) => tree.named("makeLink", at, name, place(text)),
    names(at) {
      const found: number[] = [];
      for (let child = tree.call("firstChild", at); child !== 0; child = tree.call("next", child))
        found.push(child);
      const back: number[] = [];
      for (
        let child = tree.call("lastChild", at);
        child !== 0;
        child = tree.call("previous", child)
      )
        back.push(child);
      if (back.reverse().join() !== found.join()) throw new Error("the list differs backwards");
      return found.map((child) => machine.part.text(tree.call("nameOf", child)));
    },
  };
  return tree;
}

/** Frames lost by mounts at `point` of trees that go with their last view. */
export function framesLostByMounts(tree: Tree, point: number): number {
  const unmount = (root: number) => {
    tree.call("retain", root);
    if (tree.call("unmount", root, 0) !== 0) throw new Error("the mount is used");
    tree.call("release", root);
  };
  tree.link(tree.root, "to", "there");
  const before = tree.call("liveFrames");
  // Enough of the smallest record that could be lost to take a frame.
  for (let i = 0; i < 70; i++) {
    const other = tree.make(tree.root, "other", DIRECTORY);
    const shown = tree.call("mountTemporary", other);
    const deep = tree.make(tree.call("real", shown), "deep", DIRECTORY);
    for (let each = 0; each < 20; each++) tree.make(deep, `file${each}`);
    tree.link(deep, "link", "x".repeat(900));
    const held = tree.call("resolve", tree.root, shown, "deep/file3", 0);
    tree.call("removeFile", tree.named("find", deep, "file3"));
    tree.call("release", held);
    const second = tree.call("mountView", deep, point);
    unmount(shown);
    if (tree.named("find", tree.call("real", second), "file7") === 0) throw new Error("it is gone");
    unmount(second);
    tree.call("removeDirectory", other);
  }
  return before - tree.call("liveFrames");
}
