// initramfs.cpio: /bin/NAME, the files of user/root/, and those that user/programs.ts generates.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ArchiveEntry, fileEntry, writeArchive } from "../machine/initramfs";
import { hashOf } from "./content-hash";
import { folderEntries } from "./folder-entries";
import { generatedEntries, generatorHashes } from "./program-list";
import type { Project } from "./project";
import { replaceFile } from "./replace-file";
import { type Stamps, writeStamp } from "./stamp";

const NAME = "initramfs.cpio";
const STAMP = "initramfs";

export function initramfsPath({ output }: Project): string {
  return join(output, NAME);
}

/** The hash of each program's file, by name. */
export type ProgramHashes = Readonly<Record<string, string>>;

/** Whether the file is what these programs and the project's sources make. */
export function isInitramfsCurrent(
  project: Project,
  stamps: Stamps,
  toolchain: string,
  programs: ProgramHashes,
): boolean {
  return stamps.current(STAMP, keyOf(toolchain, programs, rootEntries(project))) !== undefined;
}

/** Packs the file; writes it only if it differs. */
export async function packInitramfs(
  project: Project,
  toolchain: string,
  programs: ProgramHashes,
): Promise<void> {
  const inputs = generatorHashes(project);
  const files = rootEntries(project);
  const binaries = Object.keys(programs).map((name) =>
    fileEntry(`bin/${name}`, readFileSync(join(project.output, "user", name)), 0o755),
  );
  const archive = writeArchive([...binaries, ...files, ...(await generatedEntries(project))]);
  const path = initramfsPath(project);
  if (!existsSync(path) || !readFileSync(path).equals(archive)) replaceFile(path, archive);
  const key = keyOf(toolchain, programs, files);
  writeStamp(project, STAMP, { key, inputs, outputs: [NAME] });
}

function rootEntries({ root }: Project): ArchiveEntry[] {
  return folderEntries(join(root, "user", "root"));
}

function keyOf(toolchain: string, programs: ProgramHashes, files: readonly ArchiveEntry[]): string {
  return hashOf(JSON.stringify([toolchain, programs, hashOf(writeArchive(files))]));
}
