// Allows one build at a time in an output directory, as tests and terminals may start several.
//
//   .lock/owner      which process has it: process-identity.ts
//   .lock/takeover   which process removes it, as its owner has ended
//
// The lock is a directory that appears with its owner's file in it, as one that was made elsewhere
// is renamed: that is atomic, and fails if there is one. To be removed it is renamed again, as it
// must never be seen without that file. It is removed by its owner, or by the one
// process that could make the file `takeover` in this very directory and then found the owner to
// have ended: two that wait cannot remove each other's lock. Where the owner's number means nothing
// here (another container, another host), a lock counts as left when it has not been touched for
// LEFT_MS; owners touch it all the time.

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasEnded, ownIdentity } from "../machine/process-identity";
import { progress } from "./terminal";

const RETRY_MS = 50;
/** After this time the user wants to know what is going on. */
const PATIENCE_MS = 500;
const TOUCH_MS = 2_000;
const LEFT_MS = 30_000;

/** Runs `work` while no other process does with the same directory. */
export async function withBuildLock<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, ".lock");
  for (let tries = 1; !tryLock(lock); tries++) {
    if (tries * RETRY_MS === PATIENCE_MS) progress("isthmus: waiting for another build to end");
    await sleep(RETRY_MS);
  }
  removeLeftovers(directory);
  const release = () => removeLock(lock);
  const touching = setInterval(() => touch(lock), TOUCH_MS).unref();
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    clearInterval(touching);
    release();
  }
}

let count = 0;

/** A name beside the lock that no other process uses. */
function nameBeside(lock: string): string {
  return `${lock}.${process.pid}.${++count}`;
}

function removeLock(lock: string): void {
  const moved = nameBeside(lock);
  try {
    renameSync(lock, moved);
  } catch {
    return; // The build directory was removed meanwhile.
  }
  rmSync(moved, { recursive: true, force: true });
}

/** Removes what processes that were killed while they made or removed a lock have left. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (name.startsWith(".lock.") && hasEnded(readText(join(path, "owner"))) === true) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

/** Takes the lock if it is free; if its owner has ended, makes it free for the next try. */
export function tryLock(lock: string): boolean {
  const made = nameBeside(lock);
  try {
    mkdirSync(made);
    writeFileSync(join(made, "owner"), ownIdentity());
    if (renamed(made, lock)) return true;
  } catch (error) {
    throw aboutFolder(error, dirname(lock));
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  if (isLeft(lock)) takeOver(lock);
  return false;
}

/** False: there is a lock. */
function renamed(made: string, lock: string): boolean {
  try {
    renameSync(made, lock);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EEXIST", "ENOTEMPTY", "EPERM"].includes(code)) return false;
    throw error;
  }
}

/** The same refusal, about the folder: nobody knows the lock's passing names. */
function aboutFolder(error: unknown, folder: string): unknown {
  return error instanceof Error ? Object.assign(error, { path: folder }) : error;
}

/** Removes a lock that was left, unless it is another one by now or another process does. */
export function takeOver(lock: string): void {
  const takeover = join(lock, "takeover");
  try {
    writeFileSync(takeover, ownIdentity(), { flag: "wx" });
  } catch {
    // Another process removes it, or did. One that ended meanwhile must not keep it for ever.
    if (hasEnded(readText(takeover)) === true) rmSync(takeover, { force: true });
    return;
  }
  if (isLeft(lock)) removeLock(lock);
  else rmSync(takeover, { force: true });
}

function isLeft(lock: string): boolean {
  return hasEnded(readText(join(lock, "owner"))) ?? isUntouched(join(lock, "owner"), lock);
}

/** Whether the file, or without one the lock itself, has not been touched for long. */
function isUntouched(file: string, lock: string): boolean {
  const stats =
    statSync(file, { throwIfNoEntry: false }) ?? statSync(lock, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > LEFT_MS;
}

function touch(lock: string): void {
  try {
    const now = new Date();
    utimesSync(join(lock, "owner"), now, now);
  } catch {
    // The build directory was removed meanwhile; the build will say so.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
