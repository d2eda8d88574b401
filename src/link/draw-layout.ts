// The drawing of a linked layout: physical memory and each address space, side by side.
//
//    physical            kernel                user
//   |         |      |  trampoline |===|  trampoline |     shared: the same pages at the same place
//   |         |    /-|             |   |             |
//   |  image  |---/  |             |   |             |     loaded at its LMA, seen at its VMA
//   |         |      |    image    |   |   program   |
//
// All columns have one axis (folded-axis.ts), so what has the same address lies at the same height.

import { ADDRESS_SPACE_END, alignUp, hex } from "../base/align";
import { HATCH_FILL, PALETTE, pathData, Svg } from "../base/svg";
import { FoldedAxis, PIXELS_PER_PAGE } from "./folded-axis";
import type { LinkedImage } from "./image";
import type { Space } from "./layout";
import type { PlacedSection } from "./model";

const PAGE = 4096;
const MARGIN = 24;
const TOP = 92;
const COLUMN = 190;
const GAP = 152;
const SMALLEST_LABEL = 11;

interface Box {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly tip: string;
  readonly fill: string;
  readonly content: boolean;
  readonly shared: boolean;
  readonly section: PlacedSection | undefined;
}

interface Column {
  readonly title: string;
  readonly subtitle: string;
  readonly boxes: readonly Box[];
  /** How far up the column is drawn. */
  readonly top: number;
  readonly x: number;
}

/** The drawing as SVG text. */
export function drawLayout(image: LinkedImage): string {
  const columns = columnsOf(image);
  const axis = new FoldedAxis(columns.flatMap((column) => column.boxes));
  const width = MARGIN + 76 + columns.length * COLUMN + (columns.length - 1) * GAP + MARGIN;
  const svg = new Svg(width, TOP + axis.height + 76, `Layout of ${image.layout.name}`);
  svg.text(MARGIN, 30, image.layout.name, { size: 17, bold: true });
  svg.text(MARGIN, 48, summary(image), { size: 11, fill: PALETTE.faint });
  drawBands(columns, axis, svg);
  for (const column of columns) drawColumn(column, axis, svg);
  drawFolds(axis, width, svg);
  drawLegend(TOP + axis.height + 34, svg);
  return svg.toString();
}

function summary(image: LinkedImage): string {
  const file = image.segments.reduce((sum, { fileSize }) => sum + fileSize, 0);
  const memory = image.segments.reduce((sum, { memorySize }) => sum + memorySize, 0);
  const entry = `entry ${hex(image.entry)}`;
  return `${entry} · ${bytes(file)} loaded, ${bytes(memory)} of memory · ${image.functions.length} functions`;
}

function columnsOf(image: LinkedImage): Column[] {
  const { spaces } = image.layout;
  const all: Record<string, Space> = { [image.layout.name]: { regions: allRegions(image) } };
  const named = Object.entries(Object.keys(spaces).length === 0 ? all : spaces);
  const loaded = physicalBoxes(image);
  const physical = {
    title: "physical",
    subtitle: "LMA: where the loader puts it",
    top: Math.max(0, ...loaded.map((box) => box.end)),
  };
  const x = (index: number) => MARGIN + 76 + index * (COLUMN + GAP);
  const columns: Column[] = [{ ...physical, boxes: loaded, x: x(0) }];
  for (const [name, space] of named) {
    columns.push({
      title: space.title ?? `${name} space`,
      subtitle: "VMA: where code sees it",
      boxes: spaceBoxes(image, space),
      top: ADDRESS_SPACE_END,
      x: x(columns.length),
    });
  }
  return columns;
}

function allRegions(image: LinkedImage): string[] {
  return image.layout.regions.map(({ name }) => name);
}

function physicalBoxes(image: LinkedImage): Box[] {
  const sections = visible(image).sort((a, b) => a.loadAddress - b.loadAddress);
  return sections.map((section, index) =>
    sectionBox(section, section.loadAddress, sections[index + 1]?.loadAddress, false),
  );
}

function spaceBoxes(image: LinkedImage, space: Space): Box[] {
  const isShared = (region: string) =>
    Object.values(image.layout.spaces).filter(({ regions }) => regions.includes(region)).length > 1;
  const sections = visible(image)
    .filter((section) => space.regions.includes(section.plan.region.name))
    .sort((a, b) => a.address - b.address);
  const boxes = sections.map((section, index) =>
    sectionBox(
      section,
      section.address,
      sections[index + 1]?.address,
      isShared(section.plan.region.name),
    ),
  );
  const reserved = image.layout.regions
    .filter((region) => region.reserved && space.regions.includes(region.name))
    .sort((a, b) => a.end - b.end);
  for (const { start: lowest, end, title, limited } of reserved) {
    // What has no start of its own fills the room down to whatever lies below.
    const below = boxes.map((box) => box.end).filter((other) => other < end);
    const start = limited ? lowest : Math.max(lowest, ...below);
    const guard = /guard/i.test(title);
    const fill = guard ? HATCH_FILL : PALETTE.gap;
    const tip = `${title}\n${range(start, end)}`;
    const common = { content: false, shared: false, section: undefined };
    boxes.push({ start, end, label: title, tip, fill, ...common });
  }
  return boxes;
}

function visible(image: LinkedImage): PlacedSection[] {
  return image.sections.filter((section) => section.plan.allocate && section.size > 0);
}

/** A section takes its last page to the end, unless the next section begins there. */
function sectionBox(
  section: PlacedSection,
  start: number,
  next: number | undefined,
  shared: boolean,
): Box {
  const pageEnd = Math.min(alignUp(start + section.size, PAGE), ADDRESS_SPACE_END);
  const { address, loadAddress, size, plan, inputs } = section;
  const tip = [
    `${section.name} ${plan.permissions}`,
    `VMA ${range(address, address + size)}`,
    `LMA ${range(loadAddress, loadAddress + size)}`,
    `${bytes(size)} from ${inputs.length} input sections`,
  ].join("\n");
  return {
    start,
    end: next !== undefined && next >= start ? Math.min(pageEnd, next) : pageEnd,
    label: section.name,
    tip,
    fill: fillOf(section),
    content: true,
    shared,
    section,
  };
}

function fillOf({ plan: { permissions } }: PlacedSection): string {
  if (permissions === "rwx") return PALETTE.mixed;
  if (permissions === "rx") return PALETTE.code;
  return permissions === "rw" ? PALETTE.data : PALETTE.readOnly;
}

function drawColumn(column: Column, axis: FoldedAxis, svg: Svg): void {
  const { x, title, subtitle, boxes } = column;
  svg.text(x, TOP - 22, title, { size: 13, bold: true });
  svg.text(x, TOP - 8, subtitle, { size: 10, fill: PALETTE.faint });
  const top = axis.y(column.top);
  const frame = { fill: PALETTE.free, stroke: PALETTE.rule };
  svg.rect(x, TOP + top, COLUMN, axis.height - top, frame);
  for (const box of boxes) drawBox(box, x, axis, svg);
  drawAddresses(column, axis, svg);
}

function drawBox(box: Box, x: number, axis: FoldedAxis, svg: Svg): void {
  const top = TOP + axis.y(box.end);
  const height = axis.y(box.start) - axis.y(box.end);
  const stroke = box.shared ? PALETTE.shared : box.content ? PALETTE.faint : PALETTE.rule;
  const style = { fill: box.fill, stroke, "stroke-width": box.shared ? 1.5 : 0.75 };
  svg.rect(x, top, COLUMN, height, style, box.tip);
  if (height < SMALLEST_LABEL) return;
  // In a box with a fold in its middle, the label stays clear of the zigzag.
  const middle = height > 2 * PIXELS_PER_PAGE ? top + 14 : top + height / 2 + 4;
  const fill = box.content ? PALETTE.ink : PALETTE.faint;
  svg.text(x + 8, middle, box.label, { size: 11, fill, mono: box.content });
  if (!box.section) return;
  const { plan, size } = box.section;
  const note = `${plan.permissions}  ${bytes(size)}`;
  svg.text(x + COLUMN - 8, middle, note, { size: 10, anchor: "end", fill: PALETTE.faint });
}

/** The boundaries of the column's boxes, as many as fit. */
function drawAddresses(column: Column, axis: FoldedAxis, svg: Svg): void {
  const content = new Set(
    column.boxes.filter((box) => box.content).flatMap(({ start, end }) => [start, end]),
  );
  const others = new Set(column.boxes.flatMap(({ start, end }) => [start, end]));
  const taken: number[] = [];
  for (const address of [...content, ...others]) {
    const y = TOP + axis.y(address);
    if (taken.some((other) => Math.abs(other - y) < SMALLEST_LABEL)) continue;
    taken.push(y);
    const label = address === ADDRESS_SPACE_END ? "4 GiB" : hex(address);
    const style = { size: 9.5, anchor: "end", fill: PALETTE.faint, mono: true } as const;
    svg.line(column.x - 4, y, column.x, y, { stroke: PALETTE.faint, "stroke-width": 0.75 });
    svg.text(column.x - 7, y + 3.2, label, style);
  }
}

/** From each load image to where it is seen, and between the columns that share pages. */
function drawBands(columns: readonly Column[], axis: FoldedAxis, svg: Svg): void {
  for (const [index, right] of columns.entries()) {
    const left = columns[index - 1];
    if (!left) continue;
    for (const box of right.boxes) {
      const twin = left.boxes.find(
        (other) => other.section !== undefined && other.section === box.section,
      );
      if (!twin) continue;
      const moved = twin.start !== box.start;
      const fill = moved || box.shared ? PALETTE.sharedPaper : PALETTE.gap;
      drawBand(left.x + COLUMN, twin, right.x, box, fill, axis, svg);
    }
    labelBands(left, right, axis, svg);
  }
}

/** Says once for each pair of columns what a level band means. */
function labelBands(left: Column, right: Column, axis: FoldedAxis, svg: Svg): void {
  const level = right.boxes.filter((box) =>
    left.boxes.some((other) => other.section === box.section && other.start === box.start),
  );
  const sections = level.filter((box) => box.section !== undefined);
  const [first] = sections;
  if (!first) return;
  const y = (axis.y(Math.max(...sections.map((box) => box.end))) + axis.y(first.start)) / 2;
  const label = first.shared ? "the same pages" : "VMA = LMA";
  const fill = first.shared ? PALETTE.shared : PALETTE.faint;
  svg.text(left.x + COLUMN + 8, TOP + y + 3, label, { size: 9.5, fill });
}

function drawBand(
  fromX: number,
  from: Box,
  toX: number,
  to: Box,
  fill: string,
  axis: FoldedAxis,
  svg: Svg,
): void {
  const y = (address: number) => TOP + axis.y(address);
  const half = (fromX + toX) / 2;
  const curve = (x: number, start: number, end: number, toward: number) =>
    ["C", half, start, half, end, x, toward] as const;
  const path = pathData(
    "M",
    fromX,
    y(from.end),
    ...curve(toX, y(from.end), y(to.end), y(to.end)),
    "L",
    toX,
    y(to.start),
    ...curve(fromX, y(to.start), y(from.start), y(from.start)),
    "Z",
  );
  svg.path(path, { fill, stroke: "none", "fill-opacity": 0.65 });
}

/** A torn strip across the drawing wherever the axis is folded. */
function drawFolds(axis: FoldedAxis, width: number, svg: Svg): void {
  const tooth = 7;
  for (const fold of axis.folds) {
    const y = TOP + fold;
    const points = Array.from({ length: Math.ceil(width / tooth) + 1 }, (_, index) => ({
      x: index * tooth,
      y: y + (index % 2 === 0 ? -3 : 3),
    }));
    const zigzag = (shift: number) =>
      points.flatMap(({ x, y: py }, index) => [index === 0 ? "M" : "L", x, py + shift]);
    svg.path(pathData(...zigzag(0)), { stroke: PALETTE.paper, "stroke-width": 6 });
    for (const shift of [-3, 3]) {
      svg.path(pathData(...zigzag(shift)), { stroke: PALETTE.rule, "stroke-width": 0.75 });
    }
  }
}

function drawLegend(y: number, svg: Svg): void {
  const entries: [string, string, string][] = [
    [PALETTE.code, PALETTE.faint, "code, r-x"],
    [PALETTE.readOnly, PALETTE.faint, "read only, r--"],
    [PALETTE.data, PALETTE.faint, "data, rw-"],
    [PALETTE.sharedPaper, PALETTE.shared, "shared, or loaded elsewhere"],
    [HATCH_FILL, PALETTE.rule, "never mapped"],
  ];
  let x = MARGIN;
  for (const [fill, stroke, label] of entries) {
    svg.rect(x, y - 10, 14, 12, { fill, stroke, "stroke-width": 0.75 });
    svg.text(x + 20, y, label, { size: 11, fill: PALETTE.faint });
    x += 42 + label.length * 6.2;
  }
  const scale = "One page is 18 pixels high; torn strips leave out what has nothing new.";
  svg.text(MARGIN, y + 20, scale, { size: 10, fill: PALETTE.faint });
}

function range(start: number, end: number): string {
  return `${hex(start)} to ${hex(end)}`;
}

/** `4 KiB`, `61.2 KiB`, `300 B`. */
function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  return `${Math.round((size / 1024) * 10) / 10} KiB`;
}
