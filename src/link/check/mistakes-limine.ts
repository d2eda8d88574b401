// Mistakes about segments that Limine loads.

import { compare, hex } from "../../base/address";
import { HIGHER_HALF, isRelocatedByLimine, limineSpan, uncountedByLimine } from "./judge-limine";
import type { Finding, Mistake } from "./mistake";
import { meeting } from "./mistakes-segments";
import { describeSegment, type Subject } from "./subject";

/** An image whose holes are larger than its content is not meant to be one piece of memory. */
const SPARSE_SPAN = 64n << 20n;

export const limineSegments: Mistake = {
  code: "LAY022",
  severity: "error",
  loading: "image",
  title: "segments that Limine refuses",
  why:
    "Limine maps a kernel by its program headers, at 0xffffffff80000000 and above: a lower one " +
    "ends in a panic, and a page with two permissions cannot be mapped. FILEHDR and PHDRS in a " +
    "segment need `. = BASE + SIZEOF_HEADERS`, or GNU ld puts the segment a page below the " +
    "base. And it takes one piece of memory from the lowest to the highest VMA, whatever the " +
    "LMAs: a trampoline at the end of the address space, far from the kernel, wants 2 GiB, and " +
    "one that ends at 2^64 gets nothing at all. Load such a trampoline as a module, or map it " +
    "yourself.",
  wrong: "PHDRS { text PT_LOAD FILEHDR PHDRS; }\nSECTIONS { . = 0xffffffff80000000; … }",
  right:
    "PHDRS { text PT_LOAD FLAGS(5); }\nSECTIONS { . = 0xffffffff80000000; … . = ALIGN(4096); … }",
  limits: "The rules are those of Limine's source; no test here boots it.",
  find(subject) {
    const { protocols, file } = subject;
    if (!protocols.limine || file.bits === 32) return [];
    return [...lowerHalf(subject), ...sharedPages(subject), ...farSegments(subject)];
  },
};

function lowerHalf(subject: Subject): Finding[] {
  if (isRelocatedByLimine(subject)) return [];
  return subject.loads
    .filter(({ address }) => address < HIGHER_HALF)
    .map((segment) => ({
      what: `segment ${segment.index} is linked at ${hex(segment.address)}, in the lower half`,
      change: `Write \`. = 0xffffffff80000000;\` (+ SIZEOF_HEADERS with FILEHDR and PHDRS).`,
      subject: `segment ${segment.index}`,
      place: { file: subject.file.name },
    }));
}

function sharedPages(subject: Subject): Finding[] {
  const sorted = [...subject.loads].sort((a, b) => compare(a.address, b.address));
  return sorted.flatMap((upper, index) => {
    const lower = sorted[index - 1];
    return lower ? meeting(lower, upper, subject) : [];
  });
}

function farSegments(subject: Subject): Finding[] {
  const { loads, file } = subject;
  const uncounted = uncountedByLimine(subject);
  const bytes = loads.reduce((sum, { memorySize }) => sum + memorySize, 0n);
  const span = limineSpan(subject);
  const isSparse = span > SPARSE_SPAN && span > 8n * bytes && lowerHalf(subject).length === 0;
  const last = [...loads].sort((a, b) => compare(a.address, b.address)).at(-1);
  const what = uncounted
    ? `${describeSegment(uncounted, subject)} ends at 2^64, which Limine takes for 0: it asks ` +
      "for no memory for it, and writes it over what lies past the kernel"
    : isSparse && last
      ? `${describeSegment(last, subject)} at ${hex(last.address)} is so far from the others ` +
        `that Limine asks for ${span} bytes in one piece, for an image of ${bytes}`
      : undefined;
  if (what === undefined) return [];
  return [
    {
      what,
      change: "Load it as a Limine module, or keep its bytes beside .rodata, and map it yourself.",
      subject: `segment ${(uncounted ?? last)?.index}`,
      place: { file: file.name },
    },
  ];
}
