// Pass: what no statement of the script names gets an output section of its own name, after one
// that is like it: code after .text, constants after .rodata, and so on, as GNU ld has it. It goes
// before an assignment to the location counter that belongs to the next output section.
//
// Input sections of one name share one output section; where the script has one of that name, they
// go to its end.

import type { OutputStatement, Statement } from "../gnu-script/syntax";
import type { InputSection } from "../passes/model";
import { addInput, inputFlags } from "./flags";
import type { OutputFlag, OutputFlags, ScriptOutput } from "./model";

/** The statements of a script with the output sections that they make. */
export type PlacedStatement =
  | Exclude<Statement, OutputStatement>
  | { readonly kind: "output"; readonly output: ScriptOutput };

type Kind = "text" | "rodata" | "tdata" | "data" | "bss" | "note" | "unloaded";
/** The output section that each kind follows, if the script has one of that name. */
const LIKE: Readonly<Record<Kind, string | undefined>> = {
  text: ".text",
  rodata: ".rodata",
  tdata: ".tdata",
  data: ".data",
  bss: ".bss",
  note: ".interp",
  unloaded: ".comment",
};

/** Makes an output section. @param near what it takes regions and segments from */
export type MakeOrphan = (
  name: string,
  statement: OutputStatement,
  near: ScriptOutput | undefined,
) => ScriptOutput;

/** The linker's own note goes before everything else. */
const BUILD_ID = ".note.gnu.build-id";

/** Where the orphans of a kind go. */
interface Home {
  after: ScriptOutput | undefined;
  /** The last of the kind that was placed here. */
  last: PlacedStatement | undefined;
}

export class OrphanPlacer {
  readonly #statements: PlacedStatement[];
  readonly #make: MakeOrphan;
  readonly #homes = new Map<Kind, Home>();

  constructor(statements: PlacedStatement[], make: MakeOrphan) {
    this.#statements = statements;
    this.#make = make;
  }

  /** @param isWritten whether another input of its name can be written to */
  place(input: InputSection, isWritten: boolean): void {
    const { name } = input.section;
    const flags = inputFlags(input);
    if (isWritten) flags.readonly = false;
    const same = this.#outputs().filter((output) => output.name === name);
    const existing = same.find(
      (output) => output.exists && (hasNoFlags(output.flags) || isLoadedAlike(output, flags)),
    );
    const home = existing ?? same.find((output) => !output.exists) ?? this.#insert(name, flags);
    addInput(home, input);
  }

  /** Common symbols that no statement names go to .bss, or to where others of them went. */
  placeCommon(input: InputSection, home: ScriptOutput | undefined): void {
    const bss = home ?? this.#outputs().find(({ name }) => name === ".bss");
    addInput(bss ?? this.#insert(".bss", inputFlags(input)), input);
  }

  #outputs(): ScriptOutput[] {
    return this.#statements.flatMap((each) => (each.kind === "output" ? [each.output] : []));
  }

  #insert(name: string, flags: OutputFlags): ScriptOutput {
    const kind = kindOf(name, flags);
    const home = kind && this.#homeOf(kind, name, flags);
    const after = home?.after;
    const output = this.#make(name, statementOf(name, flags), flags.alloc ? after : undefined);
    const statement: PlacedStatement = { kind: "output", output };
    if (!home) this.#statements.push(statement);
    else {
      const at = home.last ? this.#statements.indexOf(home.last) + 1 : this.#placeAfter(after);
      this.#statements.splice(at, 0, statement);
      home.last = statement;
    }
    return output;
  }

  #homeOf(kind: Kind, name: string, flags: OutputFlags): Home {
    const old = this.#homes.get(kind);
    if (old) return old;
    const outputs = this.#outputs();
    const named = outputs.find((output) => output.name === LIKE[kind]);
    const like = name === BUILD_ID ? undefined : mostLike(outputs, flags);
    const home: Home = { after: named ?? like, last: undefined };
    this.#homes.set(kind, home);
    return home;
  }

  /** After `after` and the assignments that follow it. */
  #placeAfter(after: ScriptOutput | undefined): number {
    const start = this.#statements.findIndex((each) => "output" in each && each.output === after);
    let ignoresFirst = after === undefined;
    let counterAt: number | undefined;
    for (let at = start + 1; at < this.#statements.length; at++) {
      const statement = this.#statements[at];
      if (statement?.kind === "assignment" && counterAt === undefined && statement.name === ".") {
        if (!ignoresFirst) counterAt = at;
        ignoresFirst = false;
      } else if (statement?.kind === "output") {
        const { exists, flags, hasInput } = statement.output;
        const decides = !exists || !hasInput || flags.alloc;
        return counterAt !== undefined && decides ? counterAt : at;
      }
    }
    return this.#statements.length;
  }
}

/** What an orphan's output section would be in the script. What is not loaded is at 0. */
function statementOf(name: string, { alloc }: OutputFlags): OutputStatement {
  const place = { file: "(orphan)" };
  const nothing = { type: undefined, loadAddress: undefined, align: undefined };
  const none = { subAlign: undefined, constraint: undefined, region: undefined, fill: undefined };
  return {
    kind: "output",
    place,
    name,
    address: alloc ? undefined : { kind: "number", value: 0n, place },
    ...nothing,
    ...none,
    alignWithInput: false,
    content: [],
    loadRegion: undefined,
    segments: [],
  };
}

function kindOf(name: string, flags: OutputFlags): Kind | undefined {
  const isDebug = /^\.(debug|zdebug|line|stab|gdb_index|gnu\.linkonce\.wi\.)/.test(name);
  if (!flags.alloc) return isDebug ? undefined : "unloaded";
  if (flags.load && name.startsWith(".note")) return "note";
  if (!flags.load && !flags.contents && !flags.tls) return "bss";
  if (flags.tls) return "tdata";
  if (!flags.readonly) return "data";
  return flags.code ? "text" : "rodata";
}

function hasNoFlags(flags: OutputFlags): boolean {
  return Object.values(flags).every((flag) => !flag);
}

function isLoadedAlike({ flags }: ScriptOutput, other: OutputFlags): boolean {
  return flags.alloc === other.alloc && flags.load === other.load;
}

const ALL_FLAGS: readonly OutputFlag[] = [
  ...(["contents", "alloc", "load", "readonly", "code", "tls"] as const),
];

/** The last output section with the same flags, or else with those that matter most. */
function mostLike(outputs: readonly ScriptOutput[], flags: OutputFlags): ScriptOutput | undefined {
  const last = (same: readonly OutputFlag[]) =>
    outputs.filter((output) => same.every((flag) => output.flags[flag] === flags[flag])).at(-1);
  const exact = last(ALL_FLAGS);
  if (exact) return exact;
  if (!flags.alloc) return outputs.at(-1);
  if (flags.code) return last(["contents", "alloc", "load", "code", "tls"]);
  if (flags.readonly) return last(["contents", "alloc", "load", "readonly"]);
  if (flags.tls) return lastThreadLocal(outputs);
  if (flags.contents) return last(["contents", "alloc", "load", "tls"]);
  return last(["alloc"]);
}

/** .tdata goes after .data, .tbss after .tdata. */
function lastThreadLocal(outputs: readonly ScriptOutput[]): ScriptOutput | undefined {
  return (
    outputs.filter(({ flags }) => flags.tls && flags.alloc).at(-1) ??
    outputs.filter(({ flags }) => flags.alloc && flags.load && !flags.readonly).at(-1)
  );
}
