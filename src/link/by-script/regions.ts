// The memory regions of a script, by name and alias.

import { Diagnostic, type Place } from "../../base/diagnostic";
import type { Expression, OutputStatement, Script } from "../gnu-script/syntax";
import { type Context, evaluateAddress, type Names, type Value } from "./evaluate";
import { Region, type ScriptOutput } from "./model";

export class Regions {
  readonly all: readonly Region[];
  /** Of sections that name none. */
  readonly default = new Region("*default*", 0n, undefined, "");
  readonly #byName: ReadonlyMap<string, Region>;

  /** @throws Diagnostic SCRIPT004, SCRIPT005 about what the script's MEMORY says */
  constructor(script: Script, constant: (name: string) => bigint | undefined) {
    const byName = new Map<string, Region>();
    const numbers = numbersOf(script, constant, byName);
    this.all = script.regions.map(({ name, attributes, origin, length, place }) => {
      if (byName.has(name)) {
        const text = `memory region ${name} is declared twice`;
        throw new Diagnostic("SCRIPT004", text, "Rename one of them.", place);
      }
      const region = new Region(name, numbers(origin), numbers(length), attributes);
      byName.set(name, region);
      return region;
    });
    for (const [alias, name] of script.regionAliases) {
      const region = byName.get(name);
      if (region) byName.set(alias, region);
    }
    this.#byName = byName;
  }

  get(name: string): Region | undefined {
    return this.#byName.get(name);
  }

  /** Where a section goes that `statement` makes. */
  of({ region, loadRegion, address, place }: OutputStatement) {
    const load = loadRegion === undefined ? undefined : this.#named(loadRegion, place);
    // A section that only says where it is loaded lies there, too.
    const own = load && address === undefined ? load : this.default;
    return { region: region === undefined ? own : this.#named(region, place), loadRegion: load };
  }

  #named(name: string, place: Place): Region {
    if (name === "*default*") return this.default;
    const region = this.#byName.get(name);
    if (region) return region;
    const text = `there is no memory region ${name}`;
    throw new Diagnostic("SCRIPT004", text, "Declare it in MEMORY.", place);
  }
}

/** Evaluates what is written in MEMORY, which comes before all addresses. */
function numbersOf(
  { statements }: Script,
  constant: (name: string) => bigint | undefined,
  regions: ReadonlyMap<string, Region>,
): (expression: Expression) => bigint {
  const symbol = (name: string): Value | undefined => {
    const assigned = statements.filter((each) => each.kind === "assignment");
    const value = assigned.find((each) => each.name === name)?.value;
    const address = value && evaluateAddress(value, { ...context, isFinal: false });
    return address === undefined ? undefined : { value: address, of: "absolute" };
  };
  const names: Names = {
    symbol,
    isDefined: (name) => symbol(name) !== undefined,
    output: (): ScriptOutput | undefined => undefined,
    region: (name) => regions.get(name),
    constant,
    segmentStart: () => undefined,
    headersSize: () => 0n,
  };
  const nowhere = { inside: undefined, dot: undefined, dataSegment: undefined };
  const context: Context = { names, ...nowhere, isFinal: true };
  return (expression) => {
    const value = evaluateAddress(expression, context);
    if (value !== undefined) return value;
    const text = "a memory region depends on something that is not known";
    const remedy = "Use numbers, and symbols that the script assigns numbers to.";
    throw new Diagnostic("SCRIPT005", text, remedy, expression.place);
  };
}
