// The colours of drawings, for light pages and dark ones, as a style sheet inside the picture.
//
// The hues are those of Okabe and Ito, which people with any colour vision can tell apart; even so,
// no colour is the only sign of anything: what a box is, its label and rights say, too. A picture
// follows the reader's preference (`auto`), or is of one theme for those that cannot, such as
// converters to PNG.
//
// The rules apply below the class `spaces`, so that a page can hold a drawing among other things.

import type { Kind } from "./columns";

export type Theme = "auto" | "light" | "dark";

/** What the classes of a drawing are, besides a strip and a tint for each kind. */
interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly rule: string;
  /** Outlines and ribbons of what is shared. */
  readonly shared: string;
  readonly accent: string;
  /** How much of a kind's hue tints its boxes. */
  readonly tint: number;
}

const HUES: Readonly<Record<Exclude<Kind, "empty">, string>> = {
  code: "#0072b2",
  readOnly: "#56b4e9",
  data: "#e69f00",
  stack: "#cc79a7",
  tables: "#009e73",
  mixed: "#7a828c",
  free: "#c3ccd5",
};

const LIGHT: Colours = {
  paper: "#ffffff",
  ink: "#1b1f24",
  faint: "#57606a",
  rule: "#7d8590",
  shared: "#111111",
  accent: "#c2410c",
  tint: 0.22,
};

const DARK: Colours = {
  paper: "#0d1117",
  ink: "#e6edf3",
  faint: "#9aa4af",
  rule: "#6e7681",
  shared: "#ffffff",
  accent: "#ff8a4c",
  tint: 0.34,
};

/** The style sheet of a theme. */
export function styleSheet(theme: Theme): string {
  if (theme === "light") return rules(LIGHT);
  if (theme === "dark") return rules(DARK);
  return `${rules(LIGHT)}\n@media (prefers-color-scheme: dark) {\n${rules(DARK)}\n}`;
}

function rules({ paper, ink, faint, rule, shared, accent, tint }: Colours): string {
  const hues = Object.entries(HUES).flatMap(([kind, hue]) => [
    `.spaces .${kind} { fill: ${hue}; }`,
    `.spaces .${kind}.tint { fill-opacity: ${kind === "free" ? tint / 2 : tint}; }`,
    `.spaces .${kind}.band { fill-opacity: ${tint}; stroke: ${hue}; }`,
  ]);
  return [
    ".spaces path { fill: none; }",
    `.spaces .paper { fill: ${paper}; }`,
    `.spaces .ink { fill: ${ink}; }`,
    `.spaces .faint { fill: ${faint}; }`,
    `.spaces .accent { fill: ${accent}; }`,
    `.spaces .hollow { fill: ${paper}; stroke: ${accent}; }`,
    `.spaces .rule { fill: none; stroke: ${rule}; }`,
    `.spaces .halo { stroke: ${paper}; stroke-width: 4; paint-order: stroke; }`,
    `.spaces .nothing { fill: none; stroke: ${rule}; stroke-dasharray: 4 3; }`,
    `.spaces .same { fill: none; stroke: ${shared}; stroke-width: 2.5; }`,
    `.spaces .sharedMark { fill: ${shared}; }`,
    ...hues,
    `.spaces .shared.band { fill: ${shared}; fill-opacity: 0.12; stroke: ${shared}; }`,
    `.spaces .identity.band { fill: ${rule}; fill-opacity: 0.12; stroke: ${rule}; }`,
  ].join("\n");
}
