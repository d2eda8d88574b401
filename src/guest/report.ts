// What process 1 of `run --root` leaves in its memory (src/abi/guest-files.ts): the tree before and
// after, and the contents of what may have changed.

import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_PERMISSIONS } from "../abi/files";
import {
  ENTRY_CONTENTS,
  ENTRY_FLAGS,
  ENTRY_GROUP,
  ENTRY_INODE,
  ENTRY_IS_MOUNT,
  ENTRY_IS_TOO_LARGE,
  ENTRY_LENGTH,
  ENTRY_MODE,
  ENTRY_MODIFIED,
  ENTRY_NAME,
  ENTRY_NAME_LENGTH,
  ENTRY_OWNER,
  ENTRY_PARENT,
  ENTRY_SIZE_HIGH,
  ENTRY_SIZE_LOW,
  ENTRY_TEXT_LENGTH,
  FIRST_LISTING,
  REPORT,
  REPORT_BYTES,
  REPORT_ERROR,
  REPORT_FIRST_SIZE,
  REPORT_MAGIC,
  REPORT_SECOND_SIZE,
  SECOND_LISTING,
} from "../abi/guest-files";
import { joinPath } from "./byte-path";
import type { SpaceReader } from "./process-memory";

/** A file of the guest at one moment. */
export interface ListedFile {
  readonly path: string;
  readonly inode: number;
  readonly kind: "file" | "directory" | "link" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  readonly size: number;
  /** Seconds since 1970, with a fraction. */
  readonly modified: number;
  readonly target: string;
  /** Address of the contents; 0: they are what they were. */
  readonly contents: number;
  readonly isMount: boolean;
  readonly isTooLarge: boolean;
}

export interface Report {
  /** errno of the execve that failed, or 0. */
  readonly error: number;
  readonly before: ReadonlyMap<string, ListedFile>;
  readonly after: ReadonlyMap<string, ListedFile>;
}

/** The report; undefined if process 1 did not get so far. */
export async function readReport(space: SpaceReader): Promise<Report | undefined> {
  const bytes = await space.bytes(REPORT, REPORT_BYTES);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0, true) !== REPORT_MAGIC) return undefined;
  const before = await space.bytes(FIRST_LISTING, view.getUint32(REPORT_FIRST_SIZE, true));
  const after = await space.bytes(SECOND_LISTING, view.getUint32(REPORT_SECOND_SIZE, true));
  if (before === undefined || after === undefined) return undefined;
  const error = view.getUint32(REPORT_ERROR, true);
  return { error, before: parseListing(before), after: parseListing(after) };
}

/** The files of a listing by path, directories before what is in them. */
export function parseListing(bytes: Uint8Array): Map<string, ListedFile> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, ListedFile>();
  const paths = new Map<number, string>();
  for (let at = 0; at < bytes.length; ) {
    const word = (offset: number) => view.getUint32(at + offset, true);
    const name = latin1(bytes, at + ENTRY_NAME, word(ENTRY_NAME_LENGTH));
    const path = joinPath(paths.get(word(ENTRY_PARENT)) ?? "", name);
    const text = at + ENTRY_NAME + word(ENTRY_NAME_LENGTH) + 1;
    const mode = word(ENTRY_MODE);
    const flags = word(ENTRY_FLAGS);
    paths.set(at, path);
    files.set(path, {
      path,
      inode: word(ENTRY_INODE),
      kind: kindOf(mode),
      mode: mode & S_PERMISSIONS,
      owner: word(ENTRY_OWNER),
      group: word(ENTRY_GROUP),
      size: word(ENTRY_SIZE_LOW) + word(ENTRY_SIZE_HIGH) * 2 ** 32,
      modified: word(ENTRY_MODIFIED) + word(ENTRY_MODIFIED + 4) / 1e9,
      target: latin1(bytes, text, word(ENTRY_TEXT_LENGTH)),
      contents: word(ENTRY_CONTENTS),
      isMount: (flags & ENTRY_IS_MOUNT) !== 0,
      isTooLarge: (flags & ENTRY_IS_TOO_LARGE) !== 0,
    });
    at += word(ENTRY_LENGTH);
  }
  return files;
}

function kindOf(mode: number): ListedFile["kind"] {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "link";
    default:
      return "other";
  }
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
}
