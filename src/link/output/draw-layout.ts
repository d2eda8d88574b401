// The drawing of a linked layout: each address space and physical memory, side by side. A section
// is loaded at its LMA and seen at its VMA; a section in two spaces is shared.

import { alignUp, hex } from "../../base/align";
import { type Box, type Column, emptyBox, kindOfRights } from "../../draw/columns";
import { drawSvg } from "../../draw/draw-svg";
import { ADDRESS_SPACES } from "../layout/address-space";
import type { Space } from "../layout/layout";
import type { LinkedImage } from "../passes/image";
import type { PlacedSection } from "../passes/model";

const PAGE = 4096;

/** The drawing as SVG text. */
export function drawLayout(image: LinkedImage): string {
  const { name, machine } = image.layout;
  const drawing = { title: name, summary: summary(image), columns: columnsOf(image) };
  return drawSvg(machine === "i386" ? drawing : { ...drawing, addressText: addressText(image) });
}

/** Addresses of the line, as the processor counts them. */
function addressText(image: LinkedImage): (place: number) => string {
  const { back } = ADDRESS_SPACES[image.layout.machine];
  const end = lineEnd(image);
  return (place) => (place === end ? "2^64" : hex(back(Math.round(place))));
}

function summary(image: LinkedImage): string {
  const file = image.segments.reduce((sum, { fileSize }) => sum + fileSize, 0);
  const memory = image.segments.reduce((sum, { memorySize }) => sum + memorySize, 0);
  const entry = `entry ${hex(image.entry)}`;
  const size = `${bytes(file)} loaded, ${bytes(memory)} of memory`;
  return `${entry} · ${size} · ${image.functions.length} functions`;
}

function columnsOf(image: LinkedImage): Column[] {
  const { spaces } = image.layout;
  const all: Record<string, Space> = { [image.layout.name]: { regions: allRegions(image) } };
  const named = Object.entries(Object.keys(spaces).length === 0 ? all : spaces);
  const loaded = onLine(physicalBoxes(image), image);
  const physical: Column = {
    title: "physical memory",
    subtitle: "LMA: where the loader puts it",
    isPhysical: true,
    between: "nothing loaded",
    boxes: loaded,
    top: Math.max(0, ...loaded.map((box) => box.end)),
  };
  const [first, ...others] = named.map(([name, space]) => ({
    title: space.title ?? `${name} space`,
    subtitle: subtitleOf(image, space),
    isPhysical: false,
    between: "nothing",
    boxes: onLine(spaceBoxes(image, space), image),
    top: lineEnd(image),
  }));
  return [...(first ? [first] : []), physical, ...others];
}

/** Boxes whose addresses are places on one line: of x86-64 the upper half is above the lower. */
function onLine(boxes: readonly Box[], { layout }: LinkedImage): Box[] {
  const { along } = ADDRESS_SPACES[layout.machine];
  const placed = boxes.map((box) => {
    return { ...box, start: along(box.start, "start"), end: along(box.end, "end") };
  });
  return placed.sort((a, b) => a.start - b.start || a.end - b.end);
}

function lineEnd({ layout }: LinkedImage): number {
  const { halves, along } = ADDRESS_SPACES[layout.machine];
  return Math.max(...halves.map(({ end }) => along(end, "end")));
}

/** Says where code sees the image and, of a region with an offset, how far above its LMAs. */
function subtitleOf(image: LinkedImage, space: Space): string {
  const offsets = image.layout.regions
    .filter(({ name }) => space.regions.includes(name))
    .flatMap(({ raised }) => (raised ? [`LMA + ${hex(raised.offset)}`] : []));
  if (offsets.length === 0) return "VMA: where code sees it";
  return `VMA: ${[...new Set(offsets)].join(", ")}`;
}

function allRegions(image: LinkedImage): string[] {
  return image.layout.regions.map(({ name }) => name);
}

function physicalBoxes(image: LinkedImage): Box[] {
  const sections = visible(image)
    .filter(({ plan }) => plan.module === undefined)
    .sort((a, b) => a.loadAddress - b.loadAddress);
  return sections.map((section, index) =>
    sectionBox(section, section.loadAddress, sections[index + 1]?.loadAddress, image),
  );
}

function isShared({ layout }: LinkedImage, region: string): boolean {
  return Object.values(layout.spaces).filter(({ regions }) => regions.includes(region)).length > 1;
}

function spaceBoxes(image: LinkedImage, space: Space): Box[] {
  const sections = visible(image)
    .filter((section) => space.regions.includes(section.plan.region.name))
    .sort((a, b) => a.address - b.address);
  const boxes = sections.map((section, index) =>
    sectionBox(section, section.address, sections[index + 1]?.address, image),
  );
  const reserved = image.layout.regions
    .filter((region) => region.reserved && space.regions.includes(region.name))
    .sort((a, b) => a.end - b.end);
  for (const { start: lowest, end, title, limited } of reserved) {
    // What has no start of its own fills the room down to whatever lies below.
    const below = boxes.map((box) => box.end).filter((other) => other < end);
    const start = limited ? lowest : Math.max(lowest, ...below);
    if (start < end) boxes.push(emptyBox(start, end, title));
  }
  return boxes.sort((a, b) => a.start - b.start);
}

function visible(image: LinkedImage): PlacedSection[] {
  return image.sections.filter((section) => section.plan.allocate && section.size > 0);
}

/** A section takes its last page to the end, unless the next section begins there. */
function sectionBox(
  section: PlacedSection,
  start: number,
  next: number | undefined,
  image: LinkedImage,
): Box {
  const pageEnd = alignUp(start + section.size, PAGE);
  const { address, loadAddress, size, inputs } = section;
  const { plan } = section;
  const { permissions, region } = plan;
  const offset = region.raised && hex(region.raised.offset);
  const tip = [
    `${section.name} ${permissions}`,
    `VMA ${range(address, address + size)}`,
    `LMA ${range(loadAddress, loadAddress + size)}`,
    ...(offset === undefined ? [] : [`VMA = LMA + ${offset}`]),
    `${bytes(size)} from ${inputs.length} input sections`,
  ].join("\n");
  return {
    start,
    end: next !== undefined && next >= start ? Math.min(pageEnd, next) : pageEnd,
    label: section.name,
    used: start + size,
    rights: rightsText(permissions),
    bytes: size,
    tip,
    kind: kindOfRights(permissions.includes("w"), permissions.includes("x")),
    shared: isShared(image, region.name),
    frames: plan.module === undefined ? [{ start: loadAddress, end: loadAddress + size }] : [],
  };
}

/** `r-x` for `rx`. */
function rightsText(permissions: string): string {
  return [..."rwx"].map((right) => (permissions.includes(right) ? right : "-")).join("");
}

function range(start: number, end: number): string {
  return `${hex(start)} to ${hex(end)}`;
}

/** `4 KiB`, `61.2 KiB`, `300 B`. */
function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  return `${Math.round((size / 1024) * 10) / 10} KiB`;
}
