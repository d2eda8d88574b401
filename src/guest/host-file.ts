// Files of a guest as files of the host: contents, a link's target, attributes.

import { chmodSync, lchownSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostPath } from "./byte-path";
import type { ListedFile } from "./report";

export interface Attributes {
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  /** Seconds; absent: it stays. */
  readonly modified?: number;
}

export function attributesOf({ mode, owner, group }: ListedFile): Attributes {
  return { mode, owner, group };
}

export function fileAttributes(file: ListedFile): Attributes {
  return { ...attributesOf(file), modified: file.modified };
}

/** Makes the host's file `path`, which is not there yet: a regular file or a symbolic link. */
export function writeHostFile(path: string, file: ListedFile, contents: Uint8Array): void {
  const isLink = file.kind === "link";
  if (isLink) symlinkSync(hostPath(file.target), hostPath(path));
  else writeFileSync(hostPath(path), contents, { mode: 0o600 });
  setAttributes(path, fileAttributes(file), isLink);
}

/** Only the superuser gives files away; others become the owners of all that they save. */
export function setAttributes(path: string, attributes: Attributes, isLink: boolean): void {
  const { mode, owner, group, modified } = attributes;
  if (process.getuid?.() === 0) lchownSync(hostPath(path), owner, group);
  if (isLink) return;
  chmodSync(hostPath(path), mode);
  if (modified !== undefined) utimesSync(hostPath(path), modified, modified);
}
