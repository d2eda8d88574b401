// The programs of other people that benchmarks run.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Diagnostic } from "../../src/base/diagnostic";

const PACKAGES: Readonly<Record<string, string>> = {
  gcc: "gcc-multilib",
  clang: "clang",
  "qemu-system-i386": "qemu-system-x86",
};

/** @throws Diagnostic BENCH001 if a program that the benchmark needs is not installed */
export function requireTool(name: string): void {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .some((directory) => directory !== "" && existsSync(join(directory, name)));
  if (found) return;
  throw new Diagnostic(
    "BENCH001",
    `the program ${name} is not on this machine`,
    `Install it, on Debian with \`apt-get install ${PACKAGES[name] ?? name}\`.`,
  );
}
