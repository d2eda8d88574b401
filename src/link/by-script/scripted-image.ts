// What a link by script is given, and what it makes.

import type { Script } from "../gnu-script/syntax";
import type { Archive } from "../input/archive";
import type { LinkedImage } from "../passes/image";
import type { OrderedInput } from "../passes/pull-members";
import type { Value } from "./evaluate";
import type { Region, ScriptOutput } from "./model";
import type { FilePlan } from "./segments";

/** What the command line of a linker says besides files and script. */
export interface ScriptOptions {
  /** `-e`; absent: the script's ENTRY, or `start`. */
  readonly entry: string | undefined;
  /** `-u`: names that are wanted from archives. */
  readonly undefinedNames: readonly string[];
  /** Archives of which all members are taken. */
  readonly wholeArchives: ReadonlySet<Archive>;
  /** `-Ttext=`, `--section-start`: addresses by section. */
  readonly sectionStarts: ReadonlyMap<string, bigint>;
  /** `-Ttext-segment=` and what SEGMENT_START asks for. */
  readonly segmentStarts: ReadonlyMap<string, bigint>;
  readonly gcSections: boolean;
  /** --eh-frame-hdr. */
  readonly hasUnwindIndex: boolean;
  /** -N, -n, or neither. */
  readonly magic: "omagic" | "nmagic" | "paged";
  readonly separatesCode: boolean;
  readonly isRelro: boolean;
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  /** -z execstack or noexecstack; absent: as the objects say. */
  readonly isStackExecutable: boolean | undefined;
}

export const DEFAULT_OPTIONS: ScriptOptions = {
  entry: undefined,
  undefinedNames: [],
  wholeArchives: new Set(),
  sectionStarts: new Map(),
  segmentStarts: new Map(),
  gcSections: false,
  hasUnwindIndex: false,
  magic: "paged",
  separatesCode: true,
  isRelro: true,
  maxPageSize: 4096,
  commonPageSize: 4096,
  isStackExecutable: undefined,
};

export interface LinkByScript {
  readonly inputs: readonly OrderedInput[];
  readonly script: Script;
  readonly options: ScriptOptions;
  /** The base name of the file that is made. */
  readonly name: string;
}

/** A linked image whose sections, segments and symbols are as a script has them. */
export interface ScriptedImage extends LinkedImage {
  /** Every output section of the script, also those that are empty. */
  readonly outputs: readonly ScriptOutput[];
  readonly file: FilePlan;
  readonly memory: readonly Region[];
  /** What the script assigned, by name. */
  readonly scriptValues: ReadonlyMap<string, Value>;
}
