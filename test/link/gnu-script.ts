// A layout as a script for GNU ld, for comparisons: what the linker does in passes, a script says
// with cursors, one for each region and kind of address.

import type {
  ResolvedLayout,
  ResolvedRegion,
  ResolvedRule,
  ResolvedSection,
} from "../../src/link/resolve-layout";
import { symbolStem } from "../../src/link/resolve-layout";

const LEFT_OUT = [".note*", ".comment*", ".eh_frame", ".gcc_except_table*", ".llvm*"];
const ARRAYS = /^\.(preinit_array|init_array|fini_array|ctors|dtors)$/;

/** The text of the script. */
export function gnuScript(layout: ResolvedLayout): string {
  return new ScriptWriter(layout).write();
}

class ScriptWriter {
  private readonly sections: readonly ResolvedSection[];
  /** How far each region is taken: the name of a symbol, since GNU ld evaluates AT() at the end. */
  private readonly cursors = new Map<ResolvedRegion, string>();
  private count = 0;

  constructor(private readonly layout: ResolvedLayout) {
    this.sections = layout.sections.filter(({ allocate, module }) => allocate && !module);
  }

  write(): string {
    const { layout, sections } = this;
    const regions = layout.regions.filter(({ reserved }) => !reserved);
    const starts = regions
      .filter(({ anchor }) => anchor === "start")
      .map((region) => this.setCursor(region, String(region.start)));
    return [
      `ENTRY(${layout.entry})`,
      `PHDRS {${sections.map((_, index) => ` p${index} PT_LOAD;`).join("")} }`,
      "SECTIONS {",
      ...starts,
      ...sections.flatMap((section, index) => this.section(section, index)),
      `  /DISCARD/ : { *(${[...layout.discard, ...LEFT_OUT].join(" ")}) }`,
      "}",
      ...regions
        .filter(({ anchor }) => anchor === "start")
        .map((region) => `PROVIDE(${symbolStem(region.name)}_end = ${this.cursor(region)});`),
      "",
    ].join("\n");
  }

  private cursor(region: ResolvedRegion): string {
    return this.cursors.get(region) ?? "0";
  }

  private setCursor(region: ResolvedRegion, value: string): string {
    this.count += 1;
    const name = `cursor_${this.count}`;
    this.cursors.set(region, name);
    return `  ${name} = ${value};`;
  }

  private section(section: ResolvedSection, index: number): string[] {
    const { name, region, load, align, pad, fill } = section;
    const vma = section.address ?? this.address(section);
    const lma = load === region ? `ADDR(${name})` : `ALIGN(${this.cursor(load)}, ${align})`;
    const word = (fill * 0x01010101) >>> 0;
    const stem = symbolStem(name);
    const lines = [
      `  ${name} ${vma} : AT(${lma}) {`,
      ...section.rules.flatMap((rule) => ruleLines(rule)),
      ...(pad > 1 ? [`    . = ALIGN(${pad});`] : []),
      `  } :p${index} =0x${word.toString(16)}`,
      `  PROVIDE(${stem}_start = ADDR(${name}));`,
      `  PROVIDE(${stem}_end = ADDR(${name}) + SIZEOF(${name}));`,
      `  PROVIDE(${stem}_size = SIZEOF(${name}));`,
      `  PROVIDE(${stem}_load = LOADADDR(${name}));`,
    ];
    if (region.anchor === "start") lines.push(this.advance(region, `ADDR(${name})`, name));
    if (load !== region) lines.push(this.advance(load, `LOADADDR(${name})`, name));
    return lines;
  }

  /** An empty section takes no room. */
  private advance(region: ResolvedRegion, start: string, section: string): string {
    const behind = `${start} + SIZEOF(${section})`;
    return this.setCursor(region, `SIZEOF(${section}) > 0 ? ${behind} : ${this.cursor(region)}`);
  }

  /** Behind what lies before it, or, in a region anchored at its end, before what follows. */
  private address({ name, region, align }: ResolvedSection): string {
    if (region.anchor === "start") return `ALIGN(${this.cursor(region)}, ${align})`;
    const from = this.sections.findIndex((section) => section.name === name);
    const following = this.sections.slice(from).filter((other) => other.region === region);
    const sizes = following.map((other) => ` - ALIGN(SIZEOF(${other.name}), ${align})`);
    return `${region.end}${sizes.join("")}`;
  }
}

function ruleLines(rule: ResolvedRule): string[] {
  const objects = rule.objects.map((object) => object.replace(/\((.*)\)$/, ":$1"));
  const statement = (patterns: string) =>
    objects.map((object) => {
      const text = `${object}(${patterns})`;
      return `    ${rule.keep ? `KEEP(${text})` : text}`;
    });
  const [first = ""] = rule.sections;
  const array = ARRAYS.exec(first)?.[1];
  if (array !== undefined) {
    return [
      `    PROVIDE(__${array}_start = .);`,
      ...statement(`SORT_BY_INIT_PRIORITY(.${array}.*)`),
      ...statement(first),
      `    PROVIDE(__${array}_end = .);`,
    ];
  }
  const patterns = rule.sections.map((pattern) =>
    rule.sort === "name" ? `SORT_BY_NAME(${pattern})` : pattern,
  );
  const lines = statement(patterns.join(" "));
  if (!/^[A-Za-z_]\w*$/.test(first) || first === "COMMON") return lines;
  return [`    PROVIDE(__start_${first} = .);`, ...lines, `    PROVIDE(__stop_${first} = .);`];
}
