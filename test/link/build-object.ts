// Builds ObjectFiles by hand, as small as a test needs them.

import type {
  LineEntry,
  ObjectFile,
  ObjectSymbol,
  Relocation,
  RelocationKind,
  RelocationWidth,
  Section,
} from "../../src/object/object";

interface Ref {
  readonly at: number;
  readonly to: string;
  /** Default: absolute, a word. */
  readonly kind?: RelocationKind;
  readonly width?: RelocationWidth;
  readonly addend?: number;
}

export interface SectionSpec {
  readonly bytes?: ArrayLike<number>;
  /** Zeros instead of bytes: how many. */
  readonly zeros?: number;
  readonly align?: number;
  readonly address?: number;
  readonly refs?: readonly Ref[];
  readonly lines?: readonly LineEntry[];
  readonly frame?: Section["frame"];
  /** name: offset of a global symbol, or the whole symbol but its name and section. */
  readonly symbols?: Readonly<Record<string, number | Partial<ObjectSymbol>>>;
  readonly alloc?: boolean;
}

/** An object with these sections, keyed by name; `#2` and the like after a name is cut off. */
export function objectFile(name: string, specs: Record<string, SectionSpec>): ObjectFile {
  const symbols: ObjectSymbol[] = [];
  const entries = Object.entries(specs);
  for (const [section, [, spec]] of entries.entries()) {
    for (const [symbol, value] of Object.entries(spec.symbols ?? {})) {
      const fields = typeof value === "number" ? { offset: value } : value;
      const base = { binding: "global", type: "function", section, offset: 0, size: 0 } as const;
      symbols.push({ ...base, ...fields, name: symbol });
    }
  }
  const indexOf = (target: string) => {
    const known = symbols.findIndex((symbol) => symbol.name === target);
    if (known >= 0) return known;
    symbols.push({ name: target, binding: "global", type: "none", offset: 0, size: 0 });
    return symbols.length - 1;
  };
  const sections = entries.map(([key, spec]): Section => {
    const sectionName = key.replace(/#.*$/, "");
    const bytes = Uint8Array.from(spec.bytes ?? []);
    const relocations = (spec.refs ?? []).map(
      ({ at, to, kind = "absolute", width = 4, addend = 0 }): Relocation => ({
        offset: at,
        kind,
        width,
        symbol: indexOf(to),
        addend,
      }),
    );
    return {
      name: sectionName,
      type: spec.zeros === undefined ? "progbits" : "nobits",
      flags: {
        alloc: spec.alloc ?? true,
        write: /data|bss/.test(sectionName),
        execute: /text|boot/.test(sectionName),
        ...(/^\.t(data|bss)/.test(sectionName) ? { tls: true } : {}),
      },
      align: spec.align ?? 1,
      size: spec.zeros ?? bytes.length,
      bytes,
      ...(spec.address === undefined ? {} : { address: spec.address }),
      relocations,
      lines: spec.lines ?? [],
      ...(spec.frame ? { frame: spec.frame } : {}),
    };
  });
  return { name, sections, symbols };
}

/** `count` bytes of `nop`. */
export function nops(count: number): Uint8Array {
  return new Uint8Array(count).fill(0x90);
}
