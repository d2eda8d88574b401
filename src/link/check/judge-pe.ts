// What UEFI's firmware will do with a PE file: load it, or refuse it, and why.
//
// The rules are those of EDK II's loader (MdePkg, BasePeCoff.c; MdeModulePkg, DxeMain/Image), which
// OVMF and most PCs have; they were tried with files made by hand. Firmware that enforces NX minds
// a section that is both writable and executable, others do not: that is a note.

import { hex } from "../../base/address";

const MZ = 0x5a4d;
const PE_SIGNATURE = 0x4550;
const PE_AT = 0x3c;
const COFF_SIZE = 24;
const SECTION_HEADER_SIZE = 40;
const RELOCATIONS_STRIPPED = 1;
const EFI_APPLICATION = 10;
const [EXECUTE, WRITE] = [0x2000_0000, 0x8000_0000];

const MACHINES: Readonly<Record<number, { name: string; loader: UefiLoader; magic: number }>> = {
  332: { name: "i386", loader: "uefi32", magic: 0x10b },
  34404: { name: "x86-64", loader: "uefi64", magic: 0x20b },
};

/** Firmware by the width of its code. */
export type UefiLoader = "uefi32" | "uefi64";

export interface PeReport {
  /** `i386`, `x86-64`, or the number of another machine. */
  readonly machine: string;
  /** Which firmware it is for; undefined: none of a PC. */
  readonly loader: UefiLoader | undefined;
  readonly outcome: "loads" | "refuses";
  /** Why it is refused. */
  readonly reasons: readonly string[];
  /** What some firmware minds. */
  readonly notes: readonly string[];
}

interface PeHeaders {
  readonly view: DataView;
  readonly coff: number;
  readonly optional: number;
  readonly sections: readonly PeSection[];
}

interface PeSection {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly offset: number;
  readonly fileSize: number;
  readonly flags: number;
}

/** Whether the bytes are a PE file, of whatever kind. */
export function isPe(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return half(view, 0) === MZ && word(view, word(view, PE_AT)) === PE_SIGNATURE;
}

/** @param bytes a PE file */
export function judgePe(bytes: Uint8Array): PeReport {
  const headers = readHeaders(bytes);
  const number = half(headers.view, headers.coff);
  const machine = MACHINES[number];
  const reasons = [
    ...(machine ? [] : [`it is for machine ${hex(BigInt(number))}, not for a PC`]),
    ...headerReasons(headers, machine?.magic),
    ...sectionReasons(headers),
  ];
  return {
    machine: machine?.name ?? hex(BigInt(number)),
    loader: machine?.loader,
    outcome: reasons.length === 0 ? "loads" : "refuses",
    reasons,
    notes: headers.sections
      .filter(({ flags }) => (flags & EXECUTE) !== 0 && (flags & WRITE) !== 0)
      .map(({ name }) => `section ${name} is writable and executable: firmware may forbid that`),
  };
}

function readHeaders(bytes: Uint8Array): PeHeaders {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const coff = word(view, PE_AT) + 4;
  const optional = coff + COFF_SIZE - 4;
  const table = optional + half(view, coff + 16);
  const sections = Array.from({ length: half(view, coff + 2) }, (_, index) => {
    const at = table + index * SECTION_HEADER_SIZE;
    const name = new TextDecoder("latin1").decode(bytes.subarray(at, at + 8));
    return {
      name: name.replace(/\0+$/, ""),
      size: word(view, at + 8),
      address: word(view, at + 12),
      fileSize: word(view, at + 16),
      offset: word(view, at + 20),
      flags: word(view, at + 36),
    };
  });
  return { view, coff, optional, sections };
}

function headerReasons({ view, coff, optional }: PeHeaders, magic: number | undefined): string[] {
  const found = half(view, optional);
  const subsystem = half(view, optional + 68);
  const [sectionAlignment, fileAlignment] = [word(view, optional + 32), word(view, optional + 36)];
  const isStripped = (half(view, coff + 18) & RELOCATIONS_STRIPPED) !== 0;
  const base = word(view, optional + (found === 0x20b ? 24 : 28));
  return [
    ...(magic !== undefined && found !== magic
      ? [`its optional header is ${hex(BigInt(found))}, and the machine's is ${hex(BigInt(magic))}`]
      : []),
    ...(subsystem === EFI_APPLICATION
      ? []
      : [`its subsystem is ${subsystem}, and that of a UEFI application is ${EFI_APPLICATION}`]),
    ...(sectionAlignment < fileAlignment
      ? ["sections are aligned to less in memory than in the file"]
      : []),
    ...(isStripped && base === 0
      ? ["it says that it has no relocations, and is to be loaded at 0"]
      : []),
  ];
}

function sectionReasons({ view, optional, sections }: PeHeaders): string[] {
  const entry = word(view, optional + 16);
  const imageSize = word(view, optional + 56);
  const isCode = sections.some(({ address, size, fileSize, flags }) => {
    const end = address + Math.max(size, fileSize);
    return (flags & EXECUTE) !== 0 && entry >= address && entry < end;
  });
  return [
    ...(sections.length === 0 ? ["it has no section"] : []),
    ...(sections.length > 0 && !isCode
      ? [`its entry point, ${hex(BigInt(entry))}, is not in a section that can be executed`]
      : []),
    ...sections
      .filter(({ offset, fileSize }) => fileSize > 0 && offset + fileSize > view.byteLength)
      .map(({ name }) => `section ${name} reaches beyond the end of the file`),
    ...sections
      .filter(({ address, size }) => address + size > imageSize)
      .map(({ name }) => `section ${name} reaches beyond the image's size`),
  ];
}

/** 16 bits at `offset`; 0 beyond the end. */
function half(view: DataView, offset: number): number {
  return offset + 2 <= view.byteLength ? view.getUint16(offset, true) : 0;
}

/** 32 bits at `offset`; 0 beyond the end. */
function word(view: DataView, offset: number): number {
  return offset + 4 <= view.byteLength ? view.getUint32(offset, true) : 0;
}
