// Kernels that are not ELF files: flat images whose Multiboot header says where they go (flag 16,
// or the address tags of Multiboot 2). GRUB, QEMU and v86 load them by these numbers alone.
//
// To the rest of `check` such a file is one segment and one section, without symbols.

import { ELF_MAGIC, ET_EXEC, PT_LOAD } from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import { isArchive } from "../input/archive";
import { findMultiboot, findMultiboot2, MULTIBOOT_ADDRESSES } from "./boot-protocol";
import { formatOf } from "./file-format";
import { headerAddresses } from "./header-addresses";
import { TAG, tagOf } from "./header-tags";
import { type FileSection, type FileSegment, type LinkedFile, readLinkedElf } from "./linked-file";

const SHT_PROGBITS = 1;
const PAGE = 4096n;

/**
 * Reads a kernel: an ELF file, or a flat image with addresses in its header.
 *
 * @throws Diagnostic ELF001 (neither) or ELF002 (malformed)
 */
export function readKernel(bytes: Uint8Array, name: string): LinkedFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = bytes.length >= 4 && view.getUint32(0, true) === ELF_MAGIC;
  if (isElf || isArchive(bytes) || formatOf(bytes)) return readLinkedElf(bytes, name);
  const multiboot = findMultiboot(view);
  const multiboot2 = findMultiboot2(view);
  if (!multiboot?.found && !multiboot2?.found) return readLinkedElf(bytes, name);
  const byFlag = multiboot?.found && (multiboot.flags & MULTIBOOT_ADDRESSES) !== 0;
  const byTag = multiboot2?.found && tagOf(multiboot2, TAG.address) !== undefined;
  if (!byFlag && !byTag) {
    throw new Diagnostic(
      "ELF001",
      `${name} is a flat image whose Multiboot header does not say where to load it`,
      "Set bit 16 of its flags, and add the five addresses; or give an ELF file.",
      { file: name },
    );
  }
  const file = { ...NOTHING, name, bytes };
  const protocols = { ...NO_PROTOCOLS, multiboot, multiboot2 };
  const addresses = headerAddresses({ file, protocols }, byFlag ? 1 : 2);
  if ("wrong" in addresses) {
    const remedy = "Make the load address and the header's own address fit the file.";
    throw new Diagnostic("ELF001", `${name} is a flat image: ${addresses.wrong}`, remedy, {
      file: name,
    });
  }
  const { start, end, dataEnd, offset, entry } = addresses;
  const fileSize = Math.max(0, Math.min(Number(dataEnd - start), bytes.length - Number(offset)));
  const segment = { ...SEGMENT, offset: Number(offset), address: start, loadAddress: start };
  return {
    ...file,
    entry,
    segments: [{ ...segment, fileSize, memorySize: end - start }],
    sections: [
      {
        ...SECTION,
        address: start,
        size: BigInt(fileSize),
        offset: Number(offset),
        bytes: bytes.subarray(Number(offset), Number(offset) + fileSize),
      },
    ],
  };
}

const NOTHING: Omit<LinkedFile, "name" | "bytes"> = {
  isFlat: true,
  bits: 32,
  type: ET_EXEC,
  entry: 0n,
  headersEnd: 0,
  segments: [],
  sections: [],
  symbols: [],
  relocations: [],
  damage: [],
};

const NO_PROTOCOLS = { limine: false, pvh: false, pvhEntry: undefined, tornNote: undefined };

/** A flat image has no permissions; these are code's, which no rule minds. */
const SEGMENT: Omit<FileSegment, "fileSize" | "memorySize"> = {
  index: 0,
  type: PT_LOAD,
  offset: 0,
  address: 0n,
  loadAddress: 0n,
  align: PAGE,
  read: true,
  write: false,
  execute: true,
};

const SECTION: Omit<FileSection, "address" | "size" | "bytes"> = {
  index: 0,
  name: "image",
  type: SHT_PROGBITS,
  offset: 0,
  link: 0,
  info: 0,
  entrySize: 0,
  alloc: true,
  write: false,
  execute: true,
  nobits: false,
};
