// Where builds of this installation's own kernel go when they are needed: never below the
// installation, which may belong to root or be used by several people, but to the user's cache.
//
//   $XDG_CACHE_HOME/isthmus/NAME    where that is set; on Windows, %LOCALAPPDATA%\isthmus\NAME
//   ~/.cache/isthmus/NAME           on macOS, ~/Library/Caches/isthmus/NAME
//   /tmp/isthmus-UID/NAME           where neither can be written, as for users without a home
//
// NAME stands for the installation's path, so that two versions beside each other do not build over
// each other all the time. The folder in /tmp is used only if it is this user's alone: anyone could
// have made one of that name.

import { accessSync, constants, lstatSync, mkdirSync, type Stats } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, posix, win32 } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { systemReason } from "../base/system-error";
import { hashOf } from "./content-hash";
import { progress } from "./terminal";

const NAME_LENGTH = 16;
const WRITABLE_BY_OTHERS = 0o022;

/** What decides where the cache is. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly temporary: string;
  /** What tells this user from others. */
  readonly user: string;
}

export interface CacheFolder {
  readonly path: string;
  /** Why it is not where one would look for it. */
  readonly complaint?: string;
  /** False: this user can write neither there nor anywhere else. */
  readonly isUsable: boolean;
}

/** The folders to consider, best first. The last one is shared with other users. */
export function cacheCandidates(around: Surroundings): string[] {
  const { join, isAbsolute } = around.platform === "win32" ? win32 : posix;
  const { XDG_CACHE_HOME: named, LOCALAPPDATA: local } = around.environment;
  // The specification says that relative paths are invalid and to be ignored.
  const chosen = named && isAbsolute(named) ? [named] : [];
  const usual: Partial<Record<NodeJS.Platform, string>> = {
    win32: local || join(around.home, "AppData", "Local"),
    darwin: join(around.home, "Library", "Caches"),
  };
  const own = around.home ? [usual[around.platform] ?? join(around.home, ".cache")] : [];
  return [
    ...[...chosen, ...own].map((folder) => join(folder, "isthmus")),
    join(around.temporary, `isthmus-${around.user}`),
  ];
}

/** The cache of the installation at `installation`. It need not exist. */
export function cacheFolder(installation: string, around = surroundings()): CacheFolder {
  const { join } = around.platform === "win32" ? win32 : posix;
  const candidates = cacheCandidates(around);
  const shared = candidates.at(-1);
  const refusals: string[] = [];
  let folder = "";
  for (folder of candidates) {
    const refusal = whyUnusable(folder, folder === shared);
    if (refusal === undefined) break;
    refusals.push(`${folder} cannot be used: ${refusal}`);
  }
  const path = join(folder, hashOf(installation).slice(0, NAME_LENGTH));
  const isUsable = refusals.length < candidates.length;
  const complaint = refusals.join("; ");
  return { path, isUsable, ...(complaint && { complaint }) };
}

/**
 * Makes the cache's folder, for this user alone, and says if it is not where it should be.
 *
 * @throws Diagnostic CLI012 if there is no place for it
 */
export function makeCacheFolder({ path, complaint, isUsable }: CacheFolder): void {
  if (!isUsable) {
    throw new Diagnostic(
      "CLI012",
      `there is no folder for what is built: ${complaint}`,
      "Set XDG_CACHE_HOME to a folder that you can write.",
    );
  }
  if (complaint !== undefined) progress(`isthmus: ${complaint}; so this builds in ${path}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

function surroundings(): Surroundings {
  return {
    platform: process.platform,
    environment: process.env,
    home: homeOrNone(),
    temporary: tmpdir(),
    user: String(process.getuid?.() ?? userInfo().username),
  };
}

/** "" for a user who is in no list of users and has no HOME. */
function homeOrNone(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}

function whyUnusable(folder: string, isShared: boolean): string | undefined {
  try {
    const stats = statsOf(folder);
    if (isShared && stats !== undefined) {
      const isOurs = stats.isDirectory() && stats.uid === (process.getuid?.() ?? stats.uid);
      if (!isOurs || (stats.mode & WRITABLE_BY_OTHERS) !== 0) return "it is not this user's alone";
    }
    accessSync(nearestExisting(folder), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return systemReason(error) ?? String(error);
  }
}

/** The folder itself if it is there, or the one in which it, or what leads to it, is to be made. */
function nearestExisting(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (statsOf(folder) !== undefined || folder === dirname(folder)) return folder;
  }
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
