// What a GNU ld script says, as a tree. parse-script.ts makes it; src/link/by-script/ obeys it.
//
// Numbers are the 64-bit words that GNU ld computes with, on every machine. INCLUDE is resolved:
// its file's statements stand in its place.

import type { Place } from "../../base/diagnostic";

export type UnaryOperator = "-" | "!" | "~";
export type BinaryOperator =
  | ("+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "|" | "^" | "&&" | "||")
  | ("==" | "!=" | "<" | "<=" | ">" | ">=");

/** A function of one or two expressions. */
export type ValueFunction =
  | ("ABSOLUTE" | "ALIGN" | "BLOCK" | "NEXT" | "MAX" | "MIN" | "LOG2CEIL")
  | ("DATA_SEGMENT_ALIGN" | "DATA_SEGMENT_RELRO_END" | "DATA_SEGMENT_END");
/** A function of the name of an output section, a symbol, a memory region or a constant. */
export type NameFunction =
  | ("ADDR" | "LOADADDR" | "SIZEOF" | "ALIGNOF")
  | ("DEFINED" | "ORIGIN" | "LENGTH" | "CONSTANT");

export type Expression = ExpressionKind & { readonly place: Place };
type ExpressionKind =
  /** `hex`: its digits, if it was written in hexadecimal: fills count them. */
  | { readonly kind: "number"; readonly value: bigint; readonly hex?: string }
  /** A symbol, or `.`. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "conditional";
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | {
      readonly kind: "call";
      readonly function: ValueFunction;
      readonly arguments: readonly Expression[];
    }
  | { readonly kind: "of"; readonly function: NameFunction; readonly name: string }
  | { readonly kind: "segment-start"; readonly segment: string; readonly otherwise: Expression }
  | { readonly kind: "headers-size" }
  | { readonly kind: "assert"; readonly condition: Expression; readonly message: string };

/** `name = value`, whose operators (`+=`) are spelled out in the value. */
export interface Assignment {
  readonly kind: "assignment";
  readonly place: Place;
  /** `.` is the location counter. */
  readonly name: string;
  readonly value: Expression;
  /** Only if something refers to the name and nothing else defines it. */
  readonly provided: boolean;
  readonly hidden: boolean;
}

export interface Assertion {
  readonly kind: "assertion";
  readonly place: Place;
  readonly condition: Expression;
  readonly message: string;
}

/** What the inputs of one pattern are ordered by; the second decides where the first is equal. */
export type SortKey = "name" | "alignment" | "init-priority";

/** A pattern over the names of input sections. */
export interface SectionPattern {
  readonly glob: string;
  /** Globs over file names, as `EXCLUDE_FILE` has them. */
  readonly excluded: readonly string[];
  readonly sort: readonly SortKey[];
}

/** `KEEP (file (.text .text.*))`: a line of an output section that takes inputs. */
export interface InputStatement {
  readonly kind: "input";
  readonly place: Place;
  /** A glob over file names, or `archive:member`. */
  readonly file: string;
  readonly excluded: readonly string[];
  readonly sortsFiles: boolean;
  /** Absent: all sections of the file. */
  readonly sections: readonly SectionPattern[] | undefined;
  readonly keep: boolean;
}

export interface DataStatement {
  readonly kind: "data";
  readonly place: Place;
  /** Bytes. */
  readonly width: 1 | 2 | 4 | 8;
  readonly value: Expression;
}

export interface FillStatement {
  readonly kind: "fill";
  readonly place: Place;
  readonly value: Expression;
}

export type ContentStatement =
  | InputStatement
  | DataStatement
  | FillStatement
  | Assignment
  | Assertion;

/** A word in parentheses after the address. */
export type OutputType = "NOLOAD" | "COPY" | "INFO" | "DSECT" | "OVERLAY" | "READONLY";
export type Constraint = "ONLY_IF_RO" | "ONLY_IF_RW";

/** `.text ADDRESS : AT (LOAD) { … } >REGION AT>REGION :SEGMENT =FILL`. */
export interface OutputStatement {
  readonly kind: "output";
  readonly place: Place;
  readonly name: string;
  readonly address: Expression | undefined;
  readonly type: OutputType | undefined;
  readonly loadAddress: Expression | undefined;
  readonly align: Expression | undefined;
  readonly alignWithInput: boolean;
  readonly subAlign: Expression | undefined;
  readonly constraint: Constraint | undefined;
  readonly content: readonly ContentStatement[];
  readonly region: string | undefined;
  readonly loadRegion: string | undefined;
  /** Empty: as the section before. */
  readonly segments: readonly string[];
  readonly fill: Expression | undefined;
}

/** What has an effect where it stands. */
export type Statement = Assignment | Assertion | OutputStatement;

/** A row of MEMORY. */
export interface MemoryRegion {
  readonly place: Place;
  readonly name: string;
  /** `rwx!a`, as written; empty: sections must ask for the region. */
  readonly attributes: string;
  readonly origin: Expression;
  readonly length: Expression;
}

/** A row of PHDRS. */
export interface SegmentCommand {
  readonly place: Place;
  readonly name: string;
  readonly type: Expression;
  readonly hasFileHeader: boolean;
  readonly hasProgramHeaders: boolean;
  readonly loadAddress: Expression | undefined;
  readonly flags: Expression | undefined;
}

/** A file that INPUT, GROUP or STARTUP names. */
export interface NamedFile {
  readonly place: Place;
  /** As written; `-lNAME` is a library. */
  readonly name: string;
}

/** `INPUT (…)`, or `GROUP (…)`, whose archives are searched again until nothing is wanted. */
export interface FileList {
  readonly isGroup: boolean;
  readonly files: readonly NamedFile[];
}

export interface Script {
  readonly file: string;
  readonly entry: string | undefined;
  /** The default format of OUTPUT_FORMAT. */
  readonly format: string | undefined;
  readonly architecture: string | undefined;
  /** OUTPUT's. */
  readonly output: string | undefined;
  readonly startup: NamedFile | undefined;
  readonly inputs: readonly FileList[];
  readonly searchFolders: readonly string[];
  /** EXTERN's. */
  readonly undefinedNames: readonly string[];
  readonly regions: readonly MemoryRegion[];
  /** REGION_ALIAS: the region's name by the alias. */
  readonly regionAliases: ReadonlyMap<string, string>;
  /** Absent: the linker decides. */
  readonly segments: readonly SegmentCommand[] | undefined;
  readonly statements: readonly Statement[];
}
