// isthmus pack: packs a folder into an archive that a kernel unpacks
//
//   npx isthmus pack DIR -o FILE [--bind HOST:GUEST] [--json]
//
// Writes a cpio archive ("newc", as Linux has it for an initramfs) of all that is in DIR, for
// `isthmus run --initramfs FILE`, for a machine of yours, or for Linux. Modes, owners, times,
// symbolic and hard links, FIFOs and empty folders are kept. What an archive cannot have is named
// and left out: devices, sockets, files that you may not read, other file systems mounted in DIR.
// Nothing is added, and a folder that has not changed gives the same archive again.
//
// `isthmus run --root DIR` packs by itself, and says at the end what the guest has changed.
//
// Options
//   -o, --output FILE  the archive
//   --bind HOST:GUEST  puts the host's file or folder HOST at GUEST; may be repeated
//   --json             prints one JSON document: sizes, counts, what was left out
//
// Example
//   $ npx isthmus pack rootfs -o rootfs.cpio
//   rootfs.cpio: 2015 KiB, 4 files, 7 folders, 2 links; it needs a machine with 13 MiB
//
// Exit status: 0 packed, even if something was left out; 2 the folder cannot be read or the archive
// cannot be written.

import { folderTree } from "../guest/folder-tree";
import { memoryNeed } from "../guest/memory-need";
import { packTree } from "../guest/pack-tree";
import type { FileKind, Tree } from "../guest/tree";
import { type Command, type CommandLine, UsageError } from "./command";
import { replaceFile } from "./replace-file";
import { print, printJson, progress } from "./terminal";

export const command: Command = {
  options: {
    output: { type: "string", short: "o" },
    bind: { type: "string", repeats: true },
    json: { type: "boolean" },
  },
  operands: 1,
  run: pack,
};

async function pack(line: CommandLine): Promise<number> {
  const [folder] = line.operands;
  const output = line.value("output");
  if (folder === undefined) throw new UsageError("name the folder to pack");
  if (output === undefined) throw new UsageError("name the archive: -o FILE");
  const tree = folderTree(folder, line.values("bind"));
  const { archiveBytes, leastMiB } = memoryNeed(tree);
  replaceFile(output, packTree(tree).archive);
  const files = countKinds(tree);
  if (line.flag("json")) {
    printJson({ file: output, bytes: archiveBytes, ...files, leastMiB, leftOut: tree.leftOut });
    return 0;
  }
  for (const { what, reason } of tree.leftOut) progress(`isthmus: ${what} is left out: ${reason}`);
  const size = `${Math.ceil(archiveBytes / 1024)} KiB`;
  const counts = Object.entries(files)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`);
  print(`${output}: ${[size, ...counts].join(", ")}; it needs a machine with ${leastMiB} MiB`);
  return 0;
}

function countKinds(tree: Tree): Record<"files" | "folders" | "links" | "FIFOs", number> {
  const count = (kind: FileKind) => [...tree.files()].filter((file) => file.kind === kind).length;
  return {
    files: count("file"),
    folders: count("directory"),
    links: count("link"),
    FIFOs: count("fifo"),
  };
}
