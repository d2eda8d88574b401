// Finds the external programs that some machines need, and says which Debian package has them.

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Diagnostic } from "../base/diagnostic";

const PACKAGES: Readonly<Record<string, string>> = {
  "qemu-system-i386": "qemu-system-x86",
  "qemu-system-x86_64": "qemu-system-x86",
  "grub-mkrescue": "grub-common grub-pc-bin",
  xorriso: "xorriso",
  mformat: "mtools",
};

/** The program's path, found in PATH; undefined if it is not there. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, process.platform === "win32" ? `${name}.exe` : name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (directory !== "" && found) return path;
  }
  return undefined;
}

/** The Debian packages that have the program. */
export function packageOf(name: string): string {
  return PACKAGES[name] ?? name;
}

/** @throws Diagnostic MACH004 naming the package that has the program */
export async function requireProgram(name: string): Promise<string> {
  const path = await findProgram(name);
  if (path) return path;
  throw new Diagnostic(
    "MACH004",
    `the program ${name} is not installed`,
    `Install it, on Debian with \`apt-get install ${packageOf(name)}\`, or use \`--machine v86\``,
  );
}
