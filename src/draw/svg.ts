// Drawings of address spaces: the few shapes they are made of, and their colours, as SVG text.
//
// The output is a function of the input alone: numbers have at most two decimals, so that drawings
// can be compared as text. Every text is escaped here. A drawing has a background of its own, so it
// reads alike on light and dark pages; it needs no font, script or style sheet from outside.

/** The colours of every drawing. Only what is shared is saturated. */
export const PALETTE = {
  paper: "#ffffff",
  ink: "#1f2933",
  faint: "#66727f",
  rule: "#c3ccd5",
  gap: "#f5f7f9",
  guard: "#e4e9ee",
  code: "#cfe3f7",
  readOnly: "#dcefdc",
  data: "#fbecc8",
  mixed: "#eae4f2",
  free: "#ffffff",
  user: "#f7d9cf",
  shared: "#7a2ea0",
  sharedPaper: "#ecd9f7",
} as const;

/** The colour for memory with these permissions. */
export function colourOfRights(isWritable: boolean, isExecutable: boolean): string {
  if (isWritable) return isExecutable ? PALETTE.mixed : PALETTE.data;
  return isExecutable ? PALETTE.code : PALETTE.readOnly;
}

export const SANS = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif";
export const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** Attribute values; `undefined` leaves the attribute out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

export interface TextStyle {
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly fill?: string;
  readonly mono?: boolean;
  readonly bold?: boolean;
}

/** Collects shapes in drawing order. Coordinates are pixels from the top left corner. */
export class Svg {
  readonly #shapes: string[] = [];

  /** @param title what a screen reader reads out and a viewer shows as the picture's name */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly title: string,
  ) {}

  /** A rectangle; `tip` appears while the pointer rests on it. */
  rect(x: number, y: number, width: number, height: number, style: Attributes, tip?: string): void {
    this.#shape(
      "rect",
      { x, y, width, height, ...style },
      tip && element("title", {}, escapeXml(tip)),
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, style: Attributes): void {
    this.#shape("line", { x1, y1, x2, y2, ...style });
  }

  /** A path in SVG's own syntax, as `pathData` makes it. */
  path(d: string, style: Attributes): void {
    this.#shape("path", { d, fill: "none", ...style });
  }

  /** Text whose baseline is at `y`. */
  text(x: number, y: number, content: string, style: TextStyle = {}): void {
    const { size = 12, anchor, fill = PALETTE.ink, mono, bold } = style;
    const attributes = {
      x,
      y,
      "font-size": size,
      "text-anchor": anchor === "start" ? undefined : anchor,
      fill,
      "font-family": mono ? MONO : undefined,
      "font-weight": bold ? 600 : undefined,
    };
    this.#shape("text", attributes, escapeXml(content));
  }

  toString(): string {
    const { width, height } = this;
    const attributes = {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${format(width)} ${format(height)}`,
      width,
      height,
      "font-family": SANS,
      role: "img",
    };
    const paper = element("rect", { width, height, rx: 8, fill: PALETTE.paper });
    const content = [element("title", {}, escapeXml(this.title)), HATCH, paper, ...this.#shapes];
    return `${element("svg", attributes, `\n${content.join("\n")}\n`)}\n`;
  }

  #shape(name: string, attributes: Attributes, content?: string): void {
    this.#shapes.push(element(name, attributes, content));
  }
}

/** The fill for what must stay empty: diagonal lines. */
export const HATCH_FILL = "url(#hatch)";

const HATCH = [
  '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"',
  ` patternTransform="rotate(45)"><rect width="6" height="6" fill="${PALETTE.guard}"/>`,
  `<line y2="6" stroke="${PALETTE.rule}" stroke-width="2"/></pattern></defs>`,
].join("");

/** Joins commands and numbers into a path: `pathData("M", 0, 1.25, "L", 3, 4)`. */
export function pathData(...parts: readonly (string | number)[]): string {
  return parts.map((part) => (typeof part === "number" ? format(part) : part)).join(" ");
}

function element(name: string, attributes: Attributes, content?: string): string {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === "number" ? format(value) : escapeXml(value)}"`,
    )
    .join("");
  return content ? `<${name}${text}>${content}</${name}>` : `<${name}${text}/>`;
}

function format(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escapeXml(text: string | number | undefined): string {
  return String(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
