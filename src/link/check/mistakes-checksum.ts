// The mistake that the words of a boot header do not add up.

import { hex } from "../../base/address";
import { type BrokenHeader, brokenHeaders } from "./broken-header";
import type { Finding, Mistake } from "./mistake";
import type { Subject } from "./subject";

const NAMES = {
  1: { header: "Multiboot", words: "magic + flags + checksum" },
  2: { header: "Multiboot 2", words: "magic + architecture + length + checksum" },
} as const;

export const wrongChecksum: Mistake = {
  code: "LAY029",
  severity: "error",
  loading: "header",
  title: "the words of the Multiboot header do not add up to 0",
  why:
    "A loader takes the magic number for a header only if the words from it to the checksum add " +
    'up to 0, modulo 2^32. If they do not, it says "no multiboot header found", as if there were ' +
    "none. The flags were changed and the checksum was not, a word was left out, or the length " +
    "was counted without a tag.",
  wrong: ".long 0x1badb002, -(0x1badb002)               // no flags",
  right: ".set FLAGS, 3\n.long 0x1badb002, FLAGS, -(0x1badb002 + FLAGS)",
  limits: "A kernel with Limine requests or a PVH note may hold the number for other reasons.",
  find(subject) {
    const { file, protocols } = subject;
    if (protocols.limine || protocols.pvh) return [];
    return brokenHeaders(file.bytes, protocols).map((header) => findingOf(header, subject));
  },
};

function findingOf({ version, offset, words, checksum }: BrokenHeader, subject: Subject): Finding {
  const { header, words: summed } = NAMES[version];
  const address = subject.addressOfByte(offset);
  const where = address === undefined ? `offset ${offset} of the file` : hex(address);
  return {
    what: `a ${header} magic at ${where}, but ${summed} is not 0: no loader takes it for a header`,
    change: changeFor(words, checksum),
    subject: `${header} header`,
    place: address === undefined ? { file: subject.file.name } : subject.placeOf(address),
  };
}

function changeFor(words: readonly number[], checksum: number): string {
  const right = BigInt.asUintN(32, -words.reduce((sum, word) => sum + BigInt(word), 0n));
  if (right === 0n) return "Write the word that is missing before the checksum: the flags, or 0.";
  const before = words.map((word) => hex(BigInt(word))).join(", ");
  return `Write ${hex(right)} in place of ${hex(BigInt(checksum))} if ${before} is right.`;
}
