// Says which machines a test can use here: a missing program is a reason to skip, but not in CI,
// where everything is installed and a silent skip would hide a broken test.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findFirmware } from "../../src/machine/firmware";
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

/** The same for one program. */
export function programSkipReason(program: string): string | false {
  if (process.env.CI === "true" || isInstalled(program)) return false;
  return `${program} is not installed`;
}

/** The same for a QEMU with UEFI, booted by GRUB. */
export function firmwareSkipReason(firmware: "uefi32" | "uefi64"): string | false {
  if (process.env.CI === "true") return false;
  if (!findFirmware(firmware)) return `there is no firmware for ${firmware}`;
  const files = firmware === "uefi32" ? "i386-efi" : "x86_64-efi";
  if (!existsSync(`/usr/lib/grub/${files}`)) return `GRUB's files for ${files} not installed`;
  return skipReason("grub");
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
