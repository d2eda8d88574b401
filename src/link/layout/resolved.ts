// A layout with every default filled in: what the passes obey. resolve.ts makes it.
//
// Invariants
//   - Every region that a section names exists, is not reserved, and has the bound that its anchor
//     needs; every name is unique; every alignment is a power of two.
//   - A raised region is anchored at its start, the region below it is not raised itself, and its
//     sections load there.

import type { Machine } from "../../object/object";
import type {
  BeforePaging,
  BootProtocol,
  ClosedGroup,
  EdgeSymbol,
  Permissions,
  Space,
} from "./layout";

export interface ResolvedRegion {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly anchor: "start" | "end";
  /** false: the bound opposite to the anchor is only that of the address space. */
  readonly limited: boolean;
  readonly reserved: boolean;
  /** The region of its LMAs, and how far above them its VMAs are; absent: they are of its own. */
  readonly raised: { readonly from: ResolvedRegion; readonly offset: number } | undefined;
  readonly title: string;
}

export interface ResolvedRule {
  readonly sections: readonly string[];
  readonly objects: readonly string[];
  readonly fixed: boolean | undefined;
  readonly keep: boolean;
  readonly sort: "name" | "priority" | undefined;
}

/** A symbol between the inputs of an output section. */
export interface ResolvedInputSymbol {
  readonly name: string;
  /** How many of the section's rules come before it. */
  readonly after: number;
  readonly align: number;
}

export interface ResolvedSection {
  readonly name: string;
  readonly region: ResolvedRegion;
  readonly load: ResolvedRegion;
  readonly permissions: Permissions;
  readonly rules: readonly ResolvedRule[];
  /** In the order of their addresses. */
  readonly inputSymbols: readonly ResolvedInputSymbol[];
  readonly address: number | undefined;
  readonly end: number | undefined;
  readonly maxSize: number | undefined;
  readonly align: number;
  /** The page that it begins on may have other permissions at its start. */
  readonly sharesPage: boolean;
  readonly pad: number;
  readonly fill: number;
  readonly pack: boolean;
  readonly allocate: boolean;
  /** The ELF file of its own that it goes to; absent: the image. */
  readonly module: string | undefined;
  readonly content: "symbols" | "inputs";
}

/**
 * A symbol that the linker defines: an edge of an output section, of a region, or of the input
 * sections of a name wherever they went (`__init_array_start`); or, of the kind "within", a place
 * among the inputs of an output section, whatever its `edge`; or, of the kind "assigned", whatever
 * an expression of a script says.
 */
export interface LayoutSymbol {
  readonly name: string;
  readonly of: string;
  readonly kind: "section" | "region" | "inputs" | "within" | "assigned";
  readonly edge: EdgeSymbol["edge"];
}

export interface ResolvedLayout {
  readonly machine: Machine;
  readonly name: string;
  readonly entry: string;
  readonly regions: readonly ResolvedRegion[];
  readonly spaces: Readonly<Record<string, Space>>;
  readonly sections: readonly ResolvedSection[];
  /** Left out before any rule is tried. */
  readonly discard: readonly string[];
  /** Left out where no rule takes them. */
  readonly unwanted: readonly string[];
  readonly orphans: "error" | "place";
  readonly gcSections: boolean;
  readonly debug: boolean;
  readonly wholeArchives: readonly string[];
  readonly keep: readonly string[];
  readonly symbols: readonly LayoutSymbol[];
  readonly closed: readonly Required<ClosedGroup>[];
  readonly beforePaging: Required<BeforePaging>;
  readonly boot: readonly BootProtocol[];
  readonly fileAlign: number;
  readonly stackHeader: boolean;
}

/** `.trampoline.text` as part of a symbol's name: `trampoline_text`. */
export function symbolStem(name: string): string {
  return name.replace(/^\./, "").replace(/\W/g, "_");
}
