// Makes UEFI applications of a kernel: what a disk has as EFI/BOOT/BOOTX64.EFI and BOOTIA32.EFI.

import { PT_LOAD } from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";
import { findMultiboot2 } from "../link/check/boot-protocol";
import { readElf } from "../link/elf/read";
import { writePe } from "../link/pe/write-pe";
import type { FirmwareBits } from "./uefi-code";
import { ENTRY_NAME, type UefiPayload, uefiLoader } from "./uefi-loader";

/** What a disk boots. */
export interface BootFiles {
  /** An ELF file for i386 with a Multiboot 2 header. */
  readonly kernel: Uint8Array;
  readonly module: Uint8Array | undefined;
  readonly commandLine: string;
}

/** The name that firmware looks for on a disk. */
export const APPLICATION_NAMES = { 32: "BOOTIA32.EFI", 64: "BOOTX64.EFI" } as const;

/**
 * The application for firmware of that width.
 *
 * @throws Diagnostic IMG001 if the kernel has no Multiboot 2 header, ELF001 or ELF002 if it is not
 *   an ELF file
 */
export function uefiApplication(files: BootFiles, bits: FirmwareBits): Uint8Array {
  return writePe(uefiLoader(payloadOf(files), bits), bits, ENTRY_NAME);
}

function payloadOf({ kernel, module, commandLine }: BootFiles): UefiPayload {
  const { entry, segments } = readElf(kernel, "the kernel");
  const view = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  if (!findMultiboot2(view)?.found) {
    throw new Diagnostic(
      "IMG001",
      "the kernel has no Multiboot 2 header, by which the image's loader boots it",
      "Give it one; `npx isthmus check KERNEL` says where it must be",
    );
  }
  const loaded = segments.filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0);
  const start = Math.min(...loaded.map(({ loadAddress }) => loadAddress));
  const end = Math.max(...loaded.map(({ loadAddress, memorySize }) => loadAddress + memorySize));
  const image = new Uint8Array(end - start);
  for (const { offset, fileSize, loadAddress } of loaded) {
    image.set(kernel.subarray(offset, offset + fileSize), loadAddress - start);
  }
  return { kernel: image, kernelAddress: start, entry, module, commandLine };
}
