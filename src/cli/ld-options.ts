// GNU ld's command line. Every option is in one of these tables: what we do, what changes nothing
// in a static image, and what we do not do, with what to do instead. An option in none of them is
// an error, so that nothing is ever ignored.
//
// As in GNU ld, long options may have one dash or two, and a value with `=` or as the next word; of
// one letter, the value may follow directly.

import { Diagnostic } from "../base/diagnostic";
import { nearestName } from "../base/nearest-name";

/** An option of the command line, or a file, in the order of the words. */
export interface LdWord {
  /** The option's long name, without dashes; `file` for a word that is none. */
  readonly name: string;
  readonly value: string;
}

/** By name: whether a value follows (`=VALUE` or the next word), may (`=VALUE`), or does not. */
type Values = "value" | "optional" | "none";

/** What is done: the long name that the option stands for, and its value. */
const KNOWN: Readonly<Record<string, readonly [name: string, values: Values]>> = {
  T: ["script", "value"],
  script: ["script", "value"],
  dT: ["script", "value"],
  "default-script": ["script", "value"],
  m: ["m", "value"],
  o: ["output", "value"],
  output: ["output", "value"],
  L: ["library-path", "value"],
  "library-path": ["library-path", "value"],
  l: ["library", "value"],
  library: ["library", "value"],
  r: ["relocatable", "none"],
  i: ["relocatable", "none"],
  relocatable: ["relocatable", "none"],
  "gc-sections": ["gc-sections", "none"],
  "no-gc-sections": ["no-gc-sections", "none"],
  "print-gc-sections": ["print-gc-sections", "none"],
  Map: ["map", "value"],
  M: ["print-map", "none"],
  "print-map": ["print-map", "none"],
  z: ["z", "value"],
  e: ["entry", "value"],
  entry: ["entry", "value"],
  u: ["undefined", "value"],
  undefined: ["undefined", "value"],
  "start-group": ["start-group", "none"],
  "(": ["start-group", "none"],
  "end-group": ["end-group", "none"],
  ")": ["end-group", "none"],
  n: ["nmagic", "none"],
  nmagic: ["nmagic", "none"],
  N: ["omagic", "none"],
  omagic: ["omagic", "none"],
  "no-omagic": ["no-omagic", "none"],
  Ttext: ["section-start-text", "value"],
  Tdata: ["section-start-data", "value"],
  Tbss: ["section-start-bss", "value"],
  "Ttext-segment": ["segment-start-text", "value"],
  "Trodata-segment": ["segment-start-rodata", "value"],
  "Tldata-segment": ["segment-start-ldata", "value"],
  "section-start": ["section-start", "value"],
  "image-base": ["segment-start-text", "value"],
  "build-id": ["build-id", "optional"],
  s: ["strip-all", "none"],
  "strip-all": ["strip-all", "none"],
  S: ["strip-debug", "none"],
  "strip-debug": ["strip-debug", "none"],
  x: ["discard-all", "none"],
  "discard-all": ["discard-all", "none"],
  defsym: ["defsym", "value"],
  oformat: ["oformat", "value"],
  b: ["format", "value"],
  format: ["format", "value"],
  nostdlib: ["nostdlib", "none"],
  "whole-archive": ["whole-archive", "none"],
  "no-whole-archive": ["no-whole-archive", "none"],
  "push-state": ["push-state", "none"],
  "pop-state": ["pop-state", "none"],
  "print-memory-usage": ["print-memory-usage", "none"],
  "fatal-warnings": ["fatal-warnings", "none"],
  "no-fatal-warnings": ["no-fatal-warnings", "none"],
  "no-warnings": ["no-warnings", "none"],
  w: ["no-warnings", "none"],
  sysroot: ["sysroot", "value"],
  "orphan-handling": ["orphan-handling", "value"],
  "eh-frame-hdr": ["eh-frame-hdr", "none"],
  "no-eh-frame-hdr": ["no-eh-frame-hdr", "none"],
  v: ["version", "none"],
  V: ["emulations", "none"],
  version: ["version", "none"],
  verbose: ["verbose", "none"],
  help: ["help", "none"],
};

/** What makes no difference to a static image; the value says whether one follows. */
const WITHOUT_EFFECT: Readonly<Record<string, Values>> = {
  // Shared libraries are never linked.
  static: "none",
  Bstatic: "none",
  dn: "none",
  non_shared: "none",
  Bdynamic: "none",
  dy: "none",
  call_shared: "none",
  "as-needed": "none",
  "no-as-needed": "none",
  "add-needed": "none",
  "no-add-needed": "none",
  "copy-dt-needed-entries": "none",
  "no-copy-dt-needed-entries": "none",
  "dynamic-linker": "value",
  I: "value",
  "no-dynamic-linker": "none",
  "no-pie": "none",
  "no-export-dynamic": "none",
  "enable-new-dtags": "none",
  "disable-new-dtags": "none",
  "hash-style": "value",
  Bsymbolic: "none",
  "Bsymbolic-functions": "none",
  rpath: "value",
  "rpath-link": "value",
  "no-undefined": "none",
  "no-allow-shlib-undefined": "none",
  "allow-shlib-undefined": "none",
  "as-needed-libs": "none",
  // Link-time optimisation: objects that need it are refused by name.
  plugin: "value",
  "plugin-opt": "value",
  "no-plugin": "none",
  // Diagnostics that we do not have, or always give.
  "warn-common": "none",
  "warn-constructors": "none",
  "warn-multiple-gp": "none",
  "warn-once": "none",
  "warn-section-align": "none",
  "warn-textrel": "none",
  "warn-alternate-em": "none",
  "warn-execstack": "none",
  "no-warn-execstack": "none",
  "warn-rwx-segments": "none",
  "no-warn-rwx-segments": "none",
  "no-warn-mismatch": "none",
  "no-warn-search-mismatch": "none",
  "error-unresolved-symbols": "none",
  "no-print-gc-sections": "none",
  demangle: "optional",
  "no-demangle": "none",
  "color-diagnostics": "optional",
  "check-sections": "none",
  // How the work is done.
  "no-keep-memory": "none",
  "reduce-memory-overheads": "none",
  "no-map-whole-files": "none",
  "no-as-needed-libs": "none",
  "no-strip-discarded": "none",
  "no-define-common": "none",
  d: "none",
  dc: "none",
  dp: "none",
  X: "none",
  "discard-locals": "none",
  "discard-none": "none",
  EL: "none",
  g: "none",
  O: "optional",
  Qy: "none",
  "no-ld-generated-unwind-info": "none",
  "ld-generated-unwind-info": "none",
};

/** What we do not do, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  shared: "A kernel is a static image: link without it.",
  Bshareable: "A kernel is a static image: link without it.",
  pie: "Link without it (gcc -no-pie): the image has fixed addresses.",
  "pic-executable": "Link without it (gcc -no-pie): the image has fixed addresses.",
  "static-pie": "Link without it (gcc -static): the image has fixed addresses.",
  E: "Remove it: a static image exports nothing.",
  "export-dynamic": "Remove it: a static image exports nothing.",
  q: "Link twice instead: with -r, and then without.",
  "emit-relocs": "Link twice instead: with -r, and then without.",
  R: "Give addresses with --defsym, or in the script: name = address;",
  "just-symbols": "Give addresses with --defsym, or in the script: name = address;",
  wrap: "Rename the function in the source, or with objcopy --redefine-sym.",
  "version-script": "Remove it: symbol versions are for shared libraries.",
  "dynamic-list": "Remove it: a static image exports nothing.",
  soname: "Remove it: a static image is no shared library.",
  h: "Remove it: a static image is no shared library.",
  "retain-symbols-file": "Use objcopy --keep-symbols on the finished file.",
  "sort-section": "Write SORT_BY_NAME or SORT_BY_ALIGNMENT into the script.",
  "sort-common": "Compile with -fno-common, and sort in the script.",
  unique: "Name the sections in the script.",
  "allow-multiple-definition": "Rename one of the definitions, or make it weak.",
  "noinhibit-exec": "Correct the errors: half an image is not written.",
  "warn-unresolved-symbols": "Define the symbols, or declare them weak.",
  "unresolved-symbols": "Define the symbols, or declare them weak.",
  EB: "The machine is little-endian.",
  relax: "Remove it: what can be made shorter is.",
  "no-relax": "Compile without -fpic: then there is nothing to relax.",
  "no-check-sections": "Correct sections that overlap.",
  "dependency-file": "Let the compiler write dependencies: gcc -MMD.",
  cref: "Use -Map and nm.",
  t: "Use -Map: it names every object.",
  trace: "Use -Map: it names every object.",
  y: "Use nm -A on the objects.",
  "trace-symbol": "Use nm -A on the objects.",
  init: "Name the function in the script.",
  fini: "Name the function in the script.",
  "split-by-file": "Link without it.",
  "split-by-reloc": "Link without it.",
  "require-defined": "Use -u, and check with nm.",
  "compress-debug-sections": "Use objcopy --compress-debug-sections on the finished file.",
  "emit-relocations": "Link twice instead: with -r, and then without.",
  "enable-non-contiguous-regions": "Say in the script what goes where.",
  stats: "Remove it.",
};

/** One-letter options whose value may follow without a blank. */
const ATTACHED = /^-([TmoLlzeubIOyRh])(.+)$/s;

/** Files of words that name each other for ever stop here. */
const DEEPEST_FILE = 10;

/**
 * The words of a command line, response files (`@FILE`) replaced by their words.
 *
 * @throws Diagnostic CLI032 where the files name each other
 */
export function expandResponseFiles(
  words: readonly string[],
  read: (path: string) => string,
  depth = 0,
): string[] {
  return words.flatMap((word) => {
    if (!word.startsWith("@") || word === "@") return [word];
    if (depth === DEEPEST_FILE) {
      const text = `${word} is nested more than ${DEEPEST_FILE} deep`;
      throw new Diagnostic("CLI032", text, "Do the files name each other?");
    }
    return expandResponseFiles(splitWords(read(word.slice(1))), read, depth + 1);
  });
}

/** Words with blanks between them; quotation marks and backslashes keep blanks. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g)) {
    words.push(word.replace(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, unquote));
  }
  return words;
}

function unquote(_: string, escaped?: string, double?: string, single?: string): string {
  return escaped ?? double?.replace(/\\([\s\S])/g, "$1") ?? single ?? "";
}

/** @throws Diagnostics CLI031 (not supported), CLI032 (unknown, or without its value) */
export function parseLdWords(words: readonly string[]): LdWord[] {
  const parsed: LdWord[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") {
      parsed.push({ name: "file", value: word });
      continue;
    }
    const { name, value } = splitOption(word);
    const refusal = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (refusal !== undefined) throw unsupported(word, refusal);
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    const values =
      known?.[1] ?? (Object.hasOwn(WITHOUT_EFFECT, name) ? WITHOUT_EFFECT[name] : undefined);
    if (values === undefined) throw unknown(word, name);
    let given = value;
    if (values === "value" && given === undefined) {
      at += 1;
      given = words[at];
      if (given === undefined) throw withoutValue(word);
    }
    if (known) parsed.push({ name: known[0], value: given ?? "" });
  }
  return parsed;
}

/** `--name=value`, `-name value`, `-nVALUE`. */
function splitOption(word: string): { name: string; value: string | undefined } {
  const [, long = "", value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (isOption(long)) return { name: long, value };
  const [, letter, rest] = ATTACHED.exec(word) ?? [];
  if (letter !== undefined) return { name: letter, value: rest };
  return { name: long, value };
}

function isOption(name: string): boolean {
  return [KNOWN, WITHOUT_EFFECT, REFUSED].some((table) => Object.hasOwn(table, name));
}

function unsupported(word: string, remedy: string): Diagnostic {
  return new Diagnostic("CLI031", `${word} is not supported`, remedy);
}

function unknown(word: string, name: string): Diagnostic {
  const names = [...Object.keys(KNOWN), ...Object.keys(WITHOUT_EFFECT)];
  const near = nearestName(
    name,
    names.filter((each) => each.length > 1),
  );
  const remedy = near ? `Did you mean --${near}?` : "Compare it with isthmus-ld --help.";
  return new Diagnostic("CLI032", `there is no option ${word}`, remedy);
}

function withoutValue(word: string): Diagnostic {
  return new Diagnostic("CLI032", `${word} needs a value`, `Give one: ${word} VALUE`);
}
