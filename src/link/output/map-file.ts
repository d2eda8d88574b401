// The map of a link: where everything went, to be read or compared with `diff`.
//
//   VMA      LMA      size     what
//   00100000 00100000       37 .boot                         r-x
//   00100000 00100000       37   .boot                       kernel/machine/i686/boot.asm.ts

import { ADDRESS_SPACES } from "../layout/address-space";
import type { LinkedImage } from "../passes/image";
import type { PlacedSection } from "../passes/model";
import type { RegionUse } from "../passes/place";

/** The text of the map; lines end with `\n`. */
export function mapFile(image: LinkedImage): string {
  return new MapWriter(image).write();
}

class MapWriter {
  readonly #image: LinkedImage;
  /** An end at the end of the address space is written as the number that it becomes. */
  readonly #digits: (address: number) => string;
  readonly #width: number;

  constructor(image: LinkedImage) {
    this.#image = image;
    this.#digits = ADDRESS_SPACES[image.layout.machine].digits;
    this.#width = this.#digits(0).length;
  }

  write(): string {
    const { layout, entry, regions, sections, dropped } = this.#image;
    const columns = (first: string, second: string) =>
      `${first.padEnd(this.#width)} ${second.padEnd(this.#width)}`;
    return [
      `Image ${layout.name}: entry ${this.#digits(entry)} <${layout.entry}>`,
      "",
      "Regions",
      `${columns("start", "end")} size     name`,
      ...regions.map((region) => this.#regionLine(region)),
      "",
      "Sections and their inputs",
      `${columns("VMA", "LMA")} size     what`,
      ...sections.flatMap((section) => this.#sectionLines(section)),
      "",
      "Left out: nothing refers to them",
      ...dropped.map(
        ({ section, object }) =>
          `${columns("", "")} ${count(section.size)}   ${section.name.padEnd(40)} ${object.name}`,
      ),
      "",
    ].join("\n");
  }

  #regionLine({ region, start, end }: RegionUse): string {
    const anchor = region.anchor === "end" ? ", parked at its end" : "";
    const range = `${this.#digits(start)} ${this.#digits(end)} ${count(end - start)}`;
    return `${range} ${region.name} (${region.title}${anchor})`;
  }

  #sectionLines(section: PlacedSection): string[] {
    const { plan, address, loadAddress, contentSize, size } = section;
    const letters = ["r", "w", "x"].map((p) => (plan.permissions.includes(p) ? p : "-"));
    const name = section.name.padEnd(42);
    const head = plan.allocate
      ? `${this.#digits(address)} ${this.#digits(loadAddress)} ${count(size)} ${name} ` +
        letters.join("") +
        fileOf(plan)
      : `${" ".repeat(2 * this.#width + 1)} ${count(size)} ${name} in the file only`;
    const lines = [head];
    let end = 0;
    for (const input of section.inputs) {
      if (input.offset > end) lines.push(this.#fillLine(section, end, input.offset));
      end = Math.max(end, input.offset + input.size);
      const addresses = `${this.#digits(input.address)} ${this.#digits(input.loadAddress)}`;
      const range = `${addresses} ${count(input.size)}`;
      lines.push(`${range}   ${input.section.name.padEnd(40)} ${input.object.name}`);
    }
    if (size > contentSize) lines.push(this.#fillLine(section, contentSize, size));
    return lines;
  }

  #fillLine({ address, loadAddress }: PlacedSection, from: number, to: number): string {
    const addresses = `${this.#digits(address + from)} ${this.#digits(loadAddress + from)}`;
    return `${addresses} ${count(to - from)}   (fill)`;
  }
}

/** Where a module is loaded is known only at boot: what the map calls its LMA is its VMA. */
function fileOf({ module }: PlacedSection["plan"]): string {
  return module === undefined ? "" : `, in ${module}.elf`;
}

function count(value: number): string {
  return String(value).padStart(8);
}
