// The firmware of a QEMU PC: SeaBIOS, which QEMU brings, or OVMF, which is UEFI and a package of
// its own, for 32-bit or 64-bit machines.
//
// OVMF is two files: code, and a store of variables that it writes to. Each machine gets a copy of
// the store, so that no run sees what another has left there.

import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import type { Board, Firmware, QemuOptions, QemuProgram } from "./machine";

/** Code and variables, as distributions install them. */
type FirmwareFiles = readonly [code: string, variables: string];

/** Where Homebrew's QEMU brings them along. */
const BREW = "/opt/homebrew/share/qemu";

const UEFI_FILES: Readonly<Record<"uefi32" | "uefi64", readonly FirmwareFiles[]>> = {
  uefi32: [
    ["/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF32_VARS_4M.fd"],
    ["/usr/share/edk2/ovmf-ia32/OVMF_CODE.fd", "/usr/share/edk2/ovmf-ia32/OVMF_VARS.fd"],
    ["/usr/share/edk2/ia32/OVMF_CODE.4m.fd", "/usr/share/edk2/ia32/OVMF_VARS.4m.fd"],
    ["/usr/share/edk2-ovmf/ia32/OVMF_CODE.fd", "/usr/share/edk2-ovmf/ia32/OVMF_VARS.fd"],
    [`${BREW}/edk2-i386-code.fd`, `${BREW}/edk2-i386-vars.fd`],
  ],
  uefi64: [
    ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"],
    ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
    ["/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"],
    ["/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"],
    ["/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"],
    [`${BREW}/edk2-x86_64-code.fd`, `${BREW}/edk2-i386-vars.fd`],
  ],
};

const PACKAGES = { uefi32: "ovmf-ia32", uefi64: "ovmf" } as const;

/** The files of a UEFI firmware on this computer; undefined if it is not installed. */
export function findFirmware(firmware: "uefi32" | "uefi64"): FirmwareFiles | undefined {
  return UEFI_FILES[firmware].find((files) => files.every((path) => existsSync(path)));
}

/**
 * QEMU's parameters for the firmware; its variables are written to `directory`.
 *
 * @throws Diagnostic MACH010 if it is not installed
 */
export async function firmwareParameters(
  firmware: Firmware,
  directory: string,
): Promise<readonly string[]> {
  if (firmware === "bios") return [];
  const files = findFirmware(firmware);
  if (files === undefined) {
    throw new Diagnostic(
      "MACH010",
      `there is no UEFI firmware for ${firmware === "uefi32" ? "32" : "64"}-bit machines here`,
      `Install it, on Debian with \`apt-get install ${PACKAGES[firmware]}\``,
    );
  }
  const [code, variables] = files;
  const copy = join(directory, "variables.fd");
  await copyFile(variables, copy);
  return [
    ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...["-drive", `if=pflash,unit=1,format=raw,file=${copy}`],
  ];
}

/** Debian's 32-bit firmware is made for q35 alone. */
export function boardOf({ board, firmware = "bios" }: QemuOptions): Board {
  return board ?? (firmware === "bios" ? "pc" : "q35");
}

/** The processors of QEMU's program for i386 have addresses of 36 bits, for devices as for RAM. */
const I386_MEMORY_MIB = 61440;

/** QEMU's program: 64-bit firmware needs a 64-bit processor, and much memory its addresses. */
export function qemuProgram({ program, firmware }: QemuOptions, memoryMiB: number): QemuProgram {
  const isLarge = firmware === "uefi64" || memoryMiB > I386_MEMORY_MIB;
  return isLarge ? "qemu-system-x86_64" : (program ?? "qemu-system-i386");
}
