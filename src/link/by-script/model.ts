// What the passes of a link by script work on: output sections and memory regions on their way to
// addresses.
//
// Addresses are the 64-bit words of the script's expressions until lay-out.ts is done; then each
// output section's `placed` has them as the other passes of the linker count them (`toAddress`).
//
// Invariant: a ScriptOutput's `placed.inputs` are those of its `items`, in the same order.

import type {
  Assertion,
  Assignment,
  DataStatement,
  Expression,
  FillStatement,
  OutputStatement,
} from "../gnu-script/syntax";
import type { ResolvedRegion, ResolvedSection } from "../layout/resolved";
import { type InputSection, PlacedSection } from "../passes/model";

const WORD = 64;

/** What decides how an output section is loaded; each input adds to it. */
export interface OutputFlags {
  alloc: boolean;
  /** The loader fills it from the file. */
  load: boolean;
  /** It has bytes in the file. */
  contents: boolean;
  code: boolean;
  readonly: boolean;
  tls: boolean;
}

export type OutputFlag = keyof OutputFlags;

/** What is in an output section, in the order of its addresses. */
export type Item =
  | { readonly kind: "input"; readonly input: InputSection }
  | DataStatement
  | FillStatement
  | Assignment
  | Assertion;

/** An output section: of the script, or of an orphan's name. */
export class ScriptOutput {
  readonly placed: PlacedSection;
  items: Item[] = [];
  /** Something is in it, or a symbol is defined there. */
  exists = false;
  readonly flags: OutputFlags = {
    ...{ alloc: false, load: false, contents: false },
    ...{ code: false, readonly: false, tls: false },
  };
  hasInput = false;
  /** It is empty and takes no part: lay-out.ts. */
  isStripped = false;
  /** Like `isStripped`, and even its address has no effect. */
  isIgnored = false;
  region: Region;
  loadRegion: Region | undefined;
  segments: readonly string[];
  /** lay-out.ts. */
  address = 0n;
  loadAddress = 0n;
  size = 0n;
  align = 1n;
  /** An address for it was given on the command line (`-Ttext`). */
  givenAddress: Expression | undefined;

  constructor(
    readonly name: string,
    /** Of an orphan: what it would say. */
    readonly statement: OutputStatement,
    regions: { readonly region: Region; readonly loadRegion: Region | undefined },
  ) {
    this.placed = new PlacedSection(planFor(name));
    this.region = regions.region;
    this.loadRegion = regions.loadRegion;
    this.segments = statement.segments;
  }

  get end(): bigint {
    return wrap(this.address + this.size);
  }

  get isInFile(): boolean {
    return this.exists && !this.isStripped;
  }

  /** Its bytes are not in the file: ELF's SHT_NOBITS. */
  get isNoBits(): boolean {
    const { alloc, load, contents } = this.flags;
    return alloc && (!(load || contents) || this.statement.type === "NOLOAD");
  }

  /** Thread-local zeros, which take no addresses. */
  get isThreadZeros(): boolean {
    return this.flags.tls && !this.flags.load;
  }
}

/** A memory region, with what is taken of it. */
export class Region {
  /** Where the next section of it goes. */
  current: bigint;
  /** The last section whose distance from VMA to LMA the next one keeps. */
  last: ScriptOutput | undefined;

  constructor(
    readonly name: string,
    readonly origin: bigint,
    /** Absent: all addresses. */
    readonly length: bigint | undefined,
    readonly attributes: string,
  ) {
    this.current = origin;
  }

  get isDefault(): boolean {
    return this.length === undefined;
  }

  reset(): void {
    this.current = this.origin;
    this.last = undefined;
  }
}

/** A word of 64 bits, as GNU ld computes. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(WORD, value);
}

export function alignTo(value: bigint, alignment: bigint): bigint {
  if (alignment <= 1n) return value;
  return wrap(((value + alignment - 1n) / alignment) * alignment);
}

/** How the linker's other passes count addresses: as a processor of that many bits does. */
export function toAddress(value: bigint, bits: number): number {
  if (bits === WORD) return Number(BigInt.asIntN(WORD, value));
  return Number(BigInt.asUintN(bits, value));
}

const ANYWHERE: ResolvedRegion = {
  name: "memory",
  start: 0,
  end: 2 ** 32,
  anchor: "start",
  limited: false,
  reserved: false,
  raised: undefined,
  title: "memory",
};

/** What the passes that know only layouts need of an output section. */
function planFor(name: string): Draft {
  return {
    name,
    region: ANYWHERE,
    load: ANYWHERE,
    permissions: "r",
    rules: [],
    inputSymbols: [],
    address: undefined,
    end: undefined,
    maxSize: undefined,
    align: 1,
    sharesPage: true,
    pad: 1,
    fill: 0,
    pack: false,
    allocate: true,
    module: undefined,
    content: "inputs",
  };
}

type Draft = { -readonly [Key in keyof ResolvedSection]: ResolvedSection[Key] };

/** Says in the plan of `output` what its flags have become. */
export function settlePlan({ placed, flags }: ScriptOutput): void {
  const plan: Draft = placed.plan;
  plan.allocate = flags.alloc;
  plan.permissions = flags.code ? (flags.readonly ? "rx" : "rwx") : flags.readonly ? "r" : "rw";
}
