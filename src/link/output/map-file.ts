// The map of a link: where everything went, to be read or compared with `diff`.
//
//   VMA      LMA      size     what
//   00100000 00100000       37 .boot                         r-x
//   00100000 00100000       37   .boot                       kernel/machine/i686/boot.asm.ts

import type { LinkedImage } from "../passes/image";
import type { PlacedSection } from "../passes/model";
import type { RegionUse } from "../passes/place";

/** The text of the map; lines end with `\n`. */
export function mapFile(image: LinkedImage): string {
  return [
    `Image ${image.layout.name}: entry ${digits(image.entry)} <${image.layout.entry}>`,
    "",
    "Regions",
    "start    end      size     name",
    ...image.regions.map(regionLine),
    "",
    "Sections and their inputs",
    "VMA      LMA      size     what",
    ...image.sections.flatMap(sectionLines),
    "",
    "Left out: nothing refers to them",
    ...image.dropped.map(
      ({ section, object }) =>
        `${" ".repeat(18)}${count(section.size)}   ${section.name.padEnd(40)} ${object.name}`,
    ),
    "",
  ].join("\n");
}

function regionLine({ region, start, end }: RegionUse): string {
  const anchor = region.anchor === "end" ? ", parked at its end" : "";
  const range = `${digits(start)} ${digits(end)} ${count(end - start)}`;
  return `${range} ${region.name} (${region.title}${anchor})`;
}

function sectionLines(section: PlacedSection): string[] {
  const { plan, address, loadAddress, contentSize, size } = section;
  const permissions = ["r", "w", "x"].map((p) => (plan.permissions.includes(p) ? p : "-")).join("");
  const name = section.name.padEnd(42);
  const head = plan.allocate
    ? `${digits(address)} ${digits(loadAddress)} ${count(size)} ${name} ${permissions}` +
      fileOf(plan)
    : `${" ".repeat(17)} ${count(size)} ${name} in the file only`;
  const lines = [head];
  let end = 0;
  for (const input of section.inputs) {
    if (input.offset > end) lines.push(fillLine(section, end, input.offset));
    end = Math.max(end, input.offset + input.size);
    const addresses = `${digits(input.address)} ${digits(input.loadAddress)}`;
    const range = `${addresses} ${count(input.size)}`;
    lines.push(`${range}   ${input.section.name.padEnd(40)} ${input.object.name}`);
  }
  if (size > contentSize) lines.push(fillLine(section, contentSize, size));
  return lines;
}

/** Where a module is loaded is known only at boot: what the map calls its LMA is its VMA. */
function fileOf({ module }: PlacedSection["plan"]): string {
  return module === undefined ? "" : `, in ${module}.elf`;
}

function fillLine({ address, loadAddress }: PlacedSection, from: number, to: number): string {
  return `${digits(address + from)} ${digits(loadAddress + from)} ${count(to - from)}   (fill)`;
}

/** Eight digits; an end at 4 GiB has nine, so it is written as the number that it becomes. */
function digits(value: number): string {
  return (value % 2 ** 32).toString(16).padStart(8, "0");
}

function count(value: number): string {
  return String(value).padStart(8);
}
