// The mistake that the tags of a Multiboot 2 header are not where loaders look for them.

import type { Multiboot2Header } from "./boot-protocol";
import type { HeaderTag } from "./header-tags";
import type { Mistake } from "./mistake";

const TAG_ALIGN = 8;

export const strayTags: Mistake = {
  code: "LAY028",
  severity: "error",
  loading: "header",
  title: "the tags of the Multiboot 2 header do not end with the header",
  why:
    "GRUB goes from tag to tag: each begins at the next multiple of 8 bytes, and only an end tag " +
    "stops it. It does not look at the header's length. After a framebuffer tag, which has 20 " +
    "bytes, a tag without .align 8 before it is read from the middle, and so is what follows: " +
    '"unsupported tag: 0x8", a setting that was never asked for, or a hang.',
  wrong: ".short 5, 0\n.long 20, 1024, 768, 32\n.short 0, 0\n.long 8",
  right: ".align 8\n.short 5, 0\n.long 20, 1024, 768, 32\n.align 8\n.short 0, 0\n.long 8",
  find({ protocols, file }) {
    const { multiboot2 } = protocols;
    if (!multiboot2 || multiboot2.tagsEnd === "whole") return [];
    const padded = multiboot2.tags.find((tag) => isUnpadded(tag, multiboot2));
    return [
      {
        what: whatIsWrong(multiboot2, padded),
        change: padded
          ? "Write `.align 8` before each tag, the end tag too."
          : "Write `.short 0, 0` and `.long 8` after the last tag, and nothing after that.",
        subject: "Multiboot 2 header",
        place: { file: file.name },
      },
    ];
  },
};

function whatIsWrong(header: Multiboot2Header, padded: HeaderTag | undefined): string {
  const endless = header.tagsEnd === "endless" ? header.tags.at(-1) : undefined;
  if (padded) {
    const start = padded.offset - header.offset;
    const next = start + Math.ceil(padded.size / TAG_ALIGN) * TAG_ALIGN;
    return (
      `the tag of type ${padded.type} at offset ${start} of the Multiboot 2 header has ` +
      `${padded.size} bytes, so loaders look for the next one at offset ${next}, but the tags ` +
      "do not lie there"
    );
  }
  if (endless) {
    const start = endless.offset - header.offset;
    return `the tag at offset ${start} of the Multiboot 2 header has a size of 0: GRUB hangs there`;
  }
  if (header.tagsEnd === "early") {
    return "an end tag comes before the end of the Multiboot 2 header: loaders see no tag after it";
  }
  return "the Multiboot 2 header has no end tag: GRUB reads on past its end";
}

/** A tag within the header whose size is not a multiple of 8. */
function isUnpadded({ offset, size }: HeaderTag, header: Multiboot2Header): boolean {
  return offset + size < header.offset + header.length && size % TAG_ALIGN !== 0;
}
