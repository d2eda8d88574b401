// What the options of GNU ld's command line amount to, and the files among them in their order.

import { Diagnostic } from "../base/diagnostic";
import { DEFAULT_OPTIONS, type ScriptOptions } from "../link/by-script/scripted-image";
import { parseScript } from "../link/gnu-script/parse-script";
import type { Assignment } from "../link/gnu-script/syntax";
import type { Machine } from "../object/object";
import type { LdWord } from "./ld-options";

/** A file of the command line, or the edge of a group. */
export type LdFile =
  | {
      readonly kind: "file" | "library" | "binary";
      readonly name: string;
      /** All members of an archive are taken. */
      readonly isWhole: boolean;
    }
  | { readonly kind: "group" | "group-end" };

export interface LdSettings {
  readonly files: readonly LdFile[];
  readonly folders: readonly string[];
  readonly script: string | undefined;
  readonly output: string | undefined;
  readonly map: string | undefined;
  /** -m; absent: that of the first object. */
  readonly machine: Machine | undefined;
  readonly format: "elf" | "binary";
  readonly strip: "none" | "debug" | "all";
  readonly discardsLocals: boolean;
  readonly buildId: string | undefined;
  readonly isRelocatable: boolean;
  readonly printsMemory: boolean;
  readonly printsDropped: boolean;
  readonly warnings: "shown" | "fatal" | "hidden";
  readonly sysroot: string;
  /** --defsym, as statements at the end of the script. */
  readonly defsyms: readonly Assignment[];
  readonly options: ScriptOptions;
  /** Something else than a link is asked for. */
  readonly asks: "version" | "emulations" | "verbose" | "help" | undefined;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type Draft = Mutable<Omit<LdSettings, "options" | "files" | "folders" | "defsyms">> & {
  files: LdFile[];
  folders: string[];
  defsyms: Assignment[];
  options: Mutable<ScriptOptions> & {
    undefinedNames: string[];
    sectionStarts: Map<string, bigint>;
    segmentStarts: Map<string, bigint>;
  };
  isWhole: boolean;
  isBinary: boolean;
  /** What --pop-state restores. */
  readonly states: boolean[];
};

/** What -m may name. */
export const EMULATIONS: Readonly<Record<string, Machine>> = {
  elf_i386: "i386",
  elf_x86_64: "x86-64",
};
const FORMATS: Readonly<Record<string, Machine>> = {
  "elf32-i386": "i386",
  "elf64-x86-64": "x86-64",
};

/** @throws Diagnostics CLI031, CLI032 */
export function ldSettings(words: readonly LdWord[]): LdSettings {
  const draft = emptyDraft();
  for (const { name, value } of words) {
    const apply = ACTIONS[name];
    if (!apply) throw new Error(`option ${name} has no action`);
    apply(draft, value);
  }
  return draft;
}

function emptyDraft(): Draft {
  return {
    files: [],
    folders: [],
    script: undefined,
    output: undefined,
    map: undefined,
    machine: undefined,
    format: "elf",
    strip: "none",
    discardsLocals: false,
    buildId: undefined,
    isRelocatable: false,
    printsMemory: false,
    printsDropped: false,
    warnings: "shown",
    sysroot: "",
    defsyms: [],
    options: {
      ...DEFAULT_OPTIONS,
      undefinedNames: [],
      sectionStarts: new Map(),
      segmentStarts: new Map(),
    },
    asks: undefined,
    isWhole: false,
    isBinary: false,
    states: [],
  };
}

type Action = (draft: Draft, value: string) => void;

const ACTIONS: Readonly<Record<string, Action>> = {
  file: (draft, name) => {
    draft.files.push({ kind: draft.isBinary ? "binary" : "file", name, isWhole: draft.isWhole });
  },
  library: (draft, name) => {
    draft.files.push({ kind: "library", name, isWhole: draft.isWhole });
  },
  "library-path": (draft, value) => draft.folders.push(value),
  script: (draft, value) => {
    if (draft.script !== undefined) {
      throw notSupported("a second -T", "Include one script in the other: INCLUDE file");
    }
    draft.script = value;
  },
  m: (draft, value) => {
    const machine = Object.hasOwn(EMULATIONS, value) ? EMULATIONS[value] : undefined;
    if (machine === undefined) {
      const known = Object.keys(EMULATIONS).join(" or ");
      throw notSupported(`-m ${value}`, `Link for a machine that is: ${known}`);
    }
    draft.machine = machine;
  },
  output: (draft, value) => {
    draft.output = value;
  },
  relocatable: (draft) => {
    draft.isRelocatable = true;
  },
  "gc-sections": (draft) => {
    draft.options.gcSections = true;
  },
  "no-gc-sections": (draft) => {
    draft.options.gcSections = false;
  },
  "print-gc-sections": (draft) => {
    draft.printsDropped = true;
  },
  map: (draft, value) => {
    draft.map = value;
  },
  "print-map": (draft) => {
    draft.map = "-";
  },
  z: (draft, value) => applyKeyword(draft, value),
  entry: (draft, value) => {
    draft.options.entry = value;
  },
  undefined: (draft, value) => draft.options.undefinedNames.push(value),
  "start-group": (draft) => draft.files.push({ kind: "group" }),
  "end-group": (draft) => draft.files.push({ kind: "group-end" }),
  nmagic: (draft) => {
    draft.options.magic = "nmagic";
  },
  omagic: (draft) => {
    draft.options.magic = "omagic";
  },
  "no-omagic": (draft) => {
    draft.options.magic = "paged";
  },
  "section-start-text": (draft, value) => setSection(draft, ".text", value),
  "section-start-data": (draft, value) => setSection(draft, ".data", value),
  "section-start-bss": (draft, value) => setSection(draft, ".bss", value),
  "section-start": (draft, value) => {
    const [, name, address] = /^([^=]+)=(.+)$/s.exec(value) ?? [];
    if (name === undefined || address === undefined) {
      throw malformed(`--section-start ${value}`, "--section-start SECTION=ADDRESS");
    }
    setSection(draft, name, address);
  },
  "segment-start-text": (draft, value) => setSegment(draft, "text-segment", value),
  "segment-start-rodata": (draft, value) => setSegment(draft, "rodata-segment", value),
  "segment-start-ldata": (draft, value) => setSegment(draft, "ldata-segment", value),
  "build-id": (draft, value) => {
    draft.buildId = value === "none" ? undefined : value || "sha1";
  },
  "eh-frame-hdr": (draft) => {
    draft.options.hasUnwindIndex = true;
  },
  "no-eh-frame-hdr": (draft) => {
    draft.options.hasUnwindIndex = false;
  },
  "strip-all": (draft) => {
    draft.strip = "all";
  },
  "strip-debug": (draft) => {
    draft.strip = "debug";
  },
  "discard-all": (draft) => {
    draft.discardsLocals = true;
  },
  defsym: (draft, value) => {
    const { statements } = parseScript(`${value};`, "--defsym", () => undefined);
    const [only, ...others] = statements;
    if (only?.kind !== "assignment" || others.length > 0 || only.name === ".") {
      throw malformed(`--defsym=${value}`, "one name and its value: --defsym=NAME=EXPRESSION");
    }
    draft.defsyms.push(only);
  },
  oformat: (draft, value) => {
    if (value === "binary") draft.format = "binary";
    else if (Object.hasOwn(FORMATS, value)) draft.format = "elf";
    else throw notSupported(`--oformat ${value}`, "Use that of the objects, or objcopy.");
  },
  format: (draft, value) => {
    if (value === "binary") draft.isBinary = true;
    else if (Object.hasOwn(FORMATS, value) || value === "default") draft.isBinary = false;
    else throw notSupported(`-b ${value}`, "Use binary or default.");
  },
  nostdlib: () => {
    // There are no folders but those of -L.
  },
  "whole-archive": (draft) => {
    draft.isWhole = true;
  },
  "no-whole-archive": (draft) => {
    draft.isWhole = false;
  },
  "push-state": (draft) => {
    draft.states.push(draft.isWhole);
  },
  "pop-state": (draft) => {
    draft.isWhole = draft.states.pop() ?? false;
  },
  "print-memory-usage": (draft) => {
    draft.printsMemory = true;
  },
  "fatal-warnings": (draft) => {
    draft.warnings = "fatal";
  },
  "no-fatal-warnings": (draft) => {
    draft.warnings = "shown";
  },
  "no-warnings": (draft) => {
    draft.warnings = "hidden";
  },
  sysroot: (draft, value) => {
    draft.sysroot = value;
  },
  "orphan-handling": (_, value) => {
    if (value === "place") return;
    throw notSupported(`--orphan-handling=${value}`, "Use place, and look at the map: -Map");
  },
  version: (draft) => {
    draft.asks = "version";
  },
  emulations: (draft) => {
    draft.asks = "emulations";
  },
  verbose: (draft) => {
    draft.asks ??= "verbose";
  },
  help: (draft) => {
    draft.asks = "help";
  },
};

/** Keywords of -z that concern shared libraries, or what is so anyway. */
const KEYWORDS_WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...["now", "lazy", "defs", "undefs", "text", "notext", "textoff", "origin", "initfirst"],
  ...["combreloc", "nocombreloc", "nodelete", "nodlopen", "nodump", "nodefaultlib", "interpose"],
  ...["global", "loadfltr", "nocopyreloc", "dynamic-undefined-weak", "nodynamic-undefined-weak"],
  ...["extern-protected-data", "noextern-protected-data", "nostart-stop-gc"],
  ...["keep-text-section-prefix", "nokeep-text-section-prefix", "nosectionheader-relro"],
]);

function applyKeyword(draft: Draft, keyword: string): void {
  const { options } = draft;
  const [, name = keyword, size] = /^([^=]+)=(.+)$/s.exec(keyword) ?? [];
  switch (name) {
    case "max-page-size":
      options.maxPageSize = pageSizeOf(keyword, size);
      options.commonPageSize = Math.min(options.commonPageSize, options.maxPageSize);
      return;
    case "common-page-size":
      options.commonPageSize = pageSizeOf(keyword, size);
      return;
    case "execstack":
      options.isStackExecutable = true;
      return;
    case "noexecstack":
      options.isStackExecutable = false;
      return;
    case "relro":
      options.isRelro = true;
      return;
    case "norelro":
      options.isRelro = false;
      return;
    case "separate-code":
      options.separatesCode = true;
      return;
    case "noseparate-code":
      options.separatesCode = false;
      return;
    default:
      if (KEYWORDS_WITHOUT_EFFECT.has(name)) return;
      throw notSupported(`-z ${keyword}`, "Link without it.");
  }
}

/** An address of the command line: hexadecimal, with or without 0x. */
function setSection({ options }: Draft, name: string, value: string): void {
  options.sectionStarts.set(name, hexOf(value));
}

function setSegment({ options }: Draft, name: string, value: string): void {
  options.segmentStarts.set(name, hexOf(value));
}

function hexOf(text: string): bigint {
  if (/^(0[xX])?[0-9A-Fa-f]+$/.test(text)) return BigInt(text.replace(/^(0[xX])?/, "0x"));
  throw malformed(`the address ${text}`, "a number in hexadecimal, with or without 0x");
}

/** The largest page of x86-64. */
const LARGEST_PAGE = 2 ** 30;

function pageSizeOf(keyword: string, text = ""): number {
  const size = /^(0[xX][0-9A-Fa-f]+|\d+)$/.test(text) ? Number(text) : 0;
  if (size > 0 && size <= LARGEST_PAGE && Number.isInteger(Math.log2(size))) return size;
  throw malformed(`-z ${keyword}`, "a power of two up to 0x40000000, in hexadecimal after 0x");
}

function notSupported(what: string, remedy: string): Diagnostic {
  return new Diagnostic("CLI031", `${what} is not supported`, remedy);
}

function malformed(what: string, wanted: string): Diagnostic {
  return new Diagnostic("CLI032", `${what} cannot be understood`, `Write ${wanted}`);
}
