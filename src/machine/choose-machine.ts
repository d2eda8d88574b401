// Which machine boots a kernel that somebody else made: by what each loader would do with it.
//
//   i386      QEMU's -kernel, if it is installed: kernels expect a BIOS and its tables, which v86
//             does without; else v86, unless code asks for long mode; then GRUB in QEMU
//   x86-64    QEMU's -kernel (a PVH note), or GRUB: v86 has no 64-bit mode
//   bzImage   QEMU's -kernel, whose Linux loader takes it
//
// Limine is not a machine here: a kernel for it alone is booted by none.

import type { LoaderVerdict } from "../link/check/loader-verdict";
import type { MachineName, QemuProgram } from "./machine";

export interface MachineChoice {
  readonly machine: MachineName;
  /** Programs that it needs. */
  readonly programs: readonly string[];
  /** QEMU's program. */
  readonly qemu: QemuProgram;
  readonly grubCommand: "multiboot" | "multiboot2" | undefined;
}

/** What Linux's compressed kernels need. */
export const BZIMAGE_CHOICE: MachineChoice = {
  machine: "qemu",
  programs: ["qemu-system-x86_64"],
  qemu: "qemu-system-x86_64",
  grubCommand: undefined,
};

const GRUB_PROGRAMS = ["grub-mkrescue", "xorriso", "mformat"];

/**
 * The machines that boot a kernel, the best first.
 *
 * @param needsLongMode some of its code is for 64 bits, so v86 does not do
 */
export function machineChoices(
  verdicts: readonly LoaderVerdict[],
  needsLongMode: boolean,
): MachineChoice[] {
  const qemu = needsLongMode ? "qemu-system-x86_64" : "qemu-system-i386";
  const all = verdicts.flatMap((verdict): (MachineChoice & { outcome: string })[] => {
    const { loader, outcome, command } = verdict;
    if (outcome === "refuses" || loader === "limine") return [];
    if (loader === "v86" && needsLongMode) return [];
    const programs = loader === "v86" ? [] : [qemu, ...(loader === "grub" ? GRUB_PROGRAMS : [])];
    return [{ machine: loader, programs, qemu, grubCommand: command, outcome }];
  });
  const order: readonly MachineName[] = ["qemu", "v86", "grub"];
  const rank = ({ machine, outcome }: (typeof all)[number]) =>
    order.indexOf(machine) + (outcome === "loads" ? 0 : order.length);
  return all.sort((a, b) => rank(a) - rank(b));
}

/** `mov $0xc0000080, %ecx`: the number of the EFER register, which turns long mode on. */
const TO_EFER = [0xb9, 0x80, 0x00, 0x00, 0xc0];

/** Whether code of a 32-bit file turns long mode on, or at least NX, which v86 has neither. */
export function asksForEfer(code: readonly Uint8Array[]): boolean {
  return code.some((bytes) => {
    for (let at = bytes.indexOf(0xb9); at >= 0; at = bytes.indexOf(0xb9, at + 1)) {
      if (TO_EFER.every((byte, index) => bytes[at + index] === byte)) return true;
    }
    return false;
  });
}
