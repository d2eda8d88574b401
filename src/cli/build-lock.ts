// Allows one build at a time in an output directory, as tests and terminals may start several.
//
// The lock is a directory, because making one is atomic everywhere; it holds the number of the
// process that made it, so that a lock whose owner died is taken over.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { progress } from "./terminal";

const RETRY_MS = 50;
/** After this time the user wants to know what is going on. */
const PATIENCE_MS = 500;
/** A lock gets its owner's number within moments, unless the owner died in between. */
const UNSIGNED_MAX_MS = 10_000;

/** Runs `work` while no other process does with the same directory. */
export async function withBuildLock<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, ".lock");
  for (let tries = 1; !tryLock(lock); tries++) {
    if (tries * RETRY_MS === PATIENCE_MS) progress("waiting for another build to end");
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(lock, "owner"), String(process.pid));
  return true;
}

function isAbandoned(lock: string): boolean {
  let owner: number;
  try {
    owner = Number(readFileSync(join(lock, "owner"), "utf8"));
  } catch {
    return isOld(lock);
  }
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function isOld(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > UNSIGNED_MAX_MS;
  } catch {
    return false; // it has just gone
  }
}
