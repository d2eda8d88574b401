// Says which machines a test can use here: a missing program is a reason to skip, but not in CI,
// where everything is installed and a silent skip would hide a broken test.

import { execFileSync } from "node:child_process";
import type { MachineName } from "../../src/machine/machine";

const NEEDS: Readonly<Record<MachineName, readonly string[]>> = {
  v86: [],
  qemu: ["qemu-system-i386"],
  grub: ["qemu-system-i386", "grub-mkrescue", "xorriso", "mformat"],
};

/** `false`, or the reason to skip: the value of node:test's option `skip`. */
export function skipReason(machine: MachineName): string | false {
  const missing = NEEDS[machine].filter((program) => !isInstalled(program));
  if (missing.length === 0 || process.env.CI === "true") return false;
  return `${missing.join(" and ")} not installed`;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
