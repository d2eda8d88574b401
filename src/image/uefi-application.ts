// Makes UEFI applications of a kernel: what a disk has as EFI/BOOT/BOOTX64.EFI and BOOTIA32.EFI.

import { PT_LOAD } from "../abi/elf";
import { PAGE_SIZE } from "../abi/memory-map";
import { MULTIBOOT2_RELOCATABLE_SIZE, MULTIBOOT2_RELOCATABLE_TAG } from "../abi/multiboot";
import { Diagnostic } from "../base/diagnostic";
import { findMultiboot2 } from "../link/check/boot-protocol";
import { readElf } from "../link/elf/read";
import { writePe } from "../link/pe/write-pe";
import { findHeader, tagsOf } from "../link/prove/multiboot2-header";
import type { FirmwareBits } from "./uefi-code";
import { ENTRY_NAME, type MovableRange, type UefiPayload, uefiLoader } from "./uefi-loader";

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
  const movable = movableRange(view);
  return { kernel: image, kernelAddress: start, entry, movable, module, commandLine };
}

/** Where the kernel's header allows it to be put. */
function movableRange(view: DataView): MovableRange | undefined {
  const header = findHeader(view, 8);
  const tags = header === undefined ? [] : tagsOf(view, header);
  const tag = tags.find(({ type }) => type === MULTIBOOT2_RELOCATABLE_TAG);
  if (tag === undefined || tag.size < MULTIBOOT2_RELOCATABLE_SIZE) return undefined;
  const word = (at: number) => view.getUint32(tag.offset + at, true);
  return { least: word(8), most: word(12), align: Math.max(word(16), PAGE_SIZE) };
}
