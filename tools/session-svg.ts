// A terminal session as a picture that plays: each line appears when it did, faster than it was.
//
// Where animations are not shown (a converter to PNG, a reader who wants less motion), all of it is
// there at once.

import { escapeXml } from "../src/draw/svg";

const COLUMNS_MIN = 72;
const CHARACTER = 8.05;
const LINE = 19;
const MARGIN = 18;
const BAR = 34;
const SIZE = 13.4;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** A line, and when it appears, in seconds from the start. */
export interface SessionLine {
  readonly text: string;
  /** Who wrote it: what a person typed stands out, and so do comments on it. */
  readonly kind: "typed" | "output" | "comment";
  readonly at: number;
}

/** The picture as SVG text; `title` is in the bar of the window. */
export function sessionSvg(title: string, lines: readonly SessionLine[]): string {
  const columns = Math.max(COLUMNS_MIN, ...lines.map(({ text }) => text.length));
  const width = round(2 * MARGIN + columns * CHARACTER);
  const height = BAR + MARGIN + lines.length * LINE + MARGIN / 2;
  const texts = lines.map(({ text, kind, at }, index) => {
    const y = BAR + MARGIN + 8 + index * LINE;
    // Blanks count, and not every viewer knows `white-space`.
    const shown = escapeXml(text).replaceAll(" ", "\u00a0");
    const delay = `animation-delay: ${round(at)}s`;
    const place = `x="${MARGIN}" y="${y}" xml:space="preserve"`;
    return `<text ${place} class="line ${kind}" style="${delay}">${shown}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}"`,
    `  height="${height}" font-family="${escapeXml(FONT)}" font-size="${SIZE}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>\n${STYLE}\n</style>`,
    `<rect width="${width}" height="${height}" rx="9" class="window"/>`,
    `<path d="M0 ${BAR} H${width}" class="edge"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (colour, index) => `<circle cx="${20 + index * 20}" cy="17" r="6" fill="${colour}"/>`,
    ),
    `<text x="${width / 2}" y="22" class="title">${escapeXml(title)}</text>`,
    ...texts,
    "</svg>\n",
  ].join("\n");
}

const STYLE = [
  ".window { fill: #0d1117; stroke: #30363d; }",
  ".edge { stroke: #30363d; }",
  ".title { fill: #8b949e; text-anchor: middle; font-size: 12px; }",
  ".line { fill: #c9d1d9; white-space: pre; animation: appear 0.1s both; }",
  ".typed { fill: #7ee787; font-weight: 600; }",
  ".comment { fill: #8b949e; font-style: italic; }",
  "@keyframes appear { from { opacity: 0; } to { opacity: 1; } }",
  "@media (prefers-reduced-motion: reduce) { .line { animation: none; } }",
].join("\n");

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
