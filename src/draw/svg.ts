// The few shapes that drawings are made of, as SVG text.
//
// The output is a function of the input alone: numbers have at most two decimals, so that drawings
// can be compared as text. Every text is escaped here. A drawing has a background of its own, so it
// reads alike on any page; it needs no font, script or style sheet from outside.

/** Where text begins, ends, or has its middle. */
export type Anchor = "start" | "middle" | "end";

/** Attribute values; `undefined` leaves the attribute out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

export interface TextStyle {
  readonly size?: number;
  readonly anchor?: Anchor;
  /** The class that colours it; default `ink`. */
  readonly class?: string;
  readonly mono?: boolean;
  readonly bold?: boolean;
}

const SANS = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** Pixels for a text of that many characters, of size 1; fonts differ, so with some to spare. */
const SANS_ADVANCE = 0.58;
const MONO_ADVANCE = 0.61;

/** How wide a text will be at most, more or less. */
export function textWidth(content: string, size: number, isMono = false): number {
  return content.length * size * (isMono ? MONO_ADVANCE : SANS_ADVANCE);
}

/** Collects shapes in drawing order. Coordinates are pixels from the top left corner. */
export class Svg {
  #shapes: string[] = [];

  /**
   * @param title what a screen reader reads out and a viewer shows as the picture's name
   * @param style the style sheet, for shapes below the class `spaces`
   * @param role `img`; `group` if a reader can go into it
   */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly title: string,
    readonly style: string,
    readonly role: "img" | "group" = "img",
  ) {}

  /** A group of what `draw` adds. */
  group(attributes: Attributes, draw: () => void): void {
    const outside = this.#shapes;
    this.#shapes = [];
    draw();
    const inside = this.#shapes;
    this.#shapes = outside;
    this.#shape("g", attributes, inside.join("\n"));
  }

  /** A rectangle; `tip` appears while the pointer rests on it. */
  rect(x: number, y: number, width: number, height: number, style: Attributes, tip?: string): void {
    const shape = { x, y, width, height, ...style };
    this.#shape("rect", shape, tip && element("title", {}, escapeXml(tip)));
  }

  line(x1: number, y1: number, x2: number, y2: number, style: Attributes): void {
    this.#shape("line", { x1, y1, x2, y2, ...style });
  }

  /** A path in SVG's own syntax, as `pathData` makes it. */
  path(d: string, style: Attributes): void {
    this.#shape("path", { d, ...style });
  }

  /** Text whose baseline is at `y`. */
  text(x: number, y: number, content: string, style: TextStyle = {}): void {
    const { size = 12, anchor, mono, bold } = style;
    const attributes = {
      x,
      y,
      "font-size": size,
      "text-anchor": anchor === "start" ? undefined : anchor,
      class: style.class ?? "ink",
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
      class: "spaces",
      "font-family": SANS,
      role: this.role,
      "aria-label": this.role === "group" ? this.title : undefined,
    };
    const style = element("style", {}, `\n${this.style}\n`);
    const paper = element("rect", { width, height, rx: 8, class: "paper" });
    const title = this.role === "img" ? [element("title", {}, escapeXml(this.title))] : [];
    const content = [...title, style, paper, ...this.#shapes];
    return `${element("svg", attributes, `\n${content.join("\n")}\n`)}\n`;
  }

  #shape(name: string, attributes: Attributes, content?: string): void {
    this.#shapes.push(element(name, attributes, content));
  }
}

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

/** The text as it stands in an element or between an attribute's quotes. */
export function escapeXml(text: string | number | undefined): string {
  return String(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
