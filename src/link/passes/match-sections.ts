// Pass: each input section goes to the output section whose first rule matches it, in the layout's
// order. What no rule takes is, in this order,
//
//   - left out if it is empty, not loaded, or of a kind that kernels rarely want (notes, comments);
//   - placed where the layout allows it (`orphans: "place"`): at the end of the last output section
//     that fits and loads where it lies, or at its region's offset;
//   - an error: silently placed orphans are how a descriptor table ends up past the kernel's end.
//
// A section without SHF_ALLOC is loaded if a rule of a loaded section names it, as GNU ld does,
// with a warning: `.section .multiboot` without "a" is a common slip. A glob does not name what
// tools leave in objects (debug sections, notes, comments).
//
// Debug sections make output sections of their own, which are in the file only.

import type { Reporter } from "../../base/reporter";
import { type Matcher as GlobMatcher, matcherOfAny, matchesAny } from "../layout/glob";
import type { ResolvedLayout, ResolvedRule, ResolvedSection } from "../layout/resolved";
import { type InputSection, PlacedSection } from "./model";

const DEBUG = /^\.debug_/;
/** Link-time code and attributes. */
const OF_TOOLS = /^\.(z?debug_|gnu[._]|gdb_|rustc|symver)/;

/** The output sections of the layout, still empty. */
export function outputsOf(layout: ResolvedLayout): PlacedSection[] {
  return layout.sections.map((plan) => new PlacedSection(plan));
}

/**
 * Sets `output` and `rule` of every input that is to be in the image, and adds the input to the
 * output. Debug sections are added to `outputs`.
 */
export function matchSections(
  inputs: readonly InputSection[],
  outputs: PlacedSection[],
  layout: ResolvedLayout,
  report: Reporter,
): void {
  const debug = new Map<string, PlacedSection>();
  const matcher = new Matcher(outputs, layout.unwanted, report);
  for (const input of inputs) {
    const { name, flags } = input.section;
    if (input.discarded || matchesAny(name, layout.discard)) continue;
    if (matcher.claim(input)) continue;
    if (!flags.alloc && DEBUG.test(name)) {
      if (layout.debug && input.section.type === "progbits") addDebug(input, debug, layout);
    } else if (!matchesAny(name, layout.unwanted)) {
      placeOrphan(input, outputs, layout, report);
    }
  }
  for (const output of outputs) inRuleOrder(output);
  outputs.push(...debug.values());
}

/** Finds the rule for a section. */
class Matcher {
  readonly #loaded: readonly RuleMatcher[];
  readonly #unloaded: readonly RuleMatcher[];
  /** Globs over what is left out where no rule takes it. */
  readonly #unwanted: readonly string[];
  readonly #report: Reporter;
  /** Names of sections without SHF_ALLOC that are loaded. */
  readonly #warned = new Set<string>();

  constructor(outputs: readonly PlacedSection[], unwanted: readonly string[], report: Reporter) {
    const matchers = outputs.flatMap(ruleMatchers);
    this.#loaded = matchers.filter(({ output }) => output.plan.allocate);
    this.#unloaded = matchers.filter(({ output }) => !output.plan.allocate);
    this.#unwanted = unwanted;
    this.#report = report;
  }

  claim(input: InputSection): boolean {
    if (input.section.flags.alloc) return this.#claimFor(this.#loaded, input);
    return this.#claimFor(this.#unloaded, input) || this.#claimUnflagged(input);
  }

  #claimFor(matchers: readonly RuleMatcher[], input: InputSection): boolean {
    for (const matcher of matchers) {
      if (!matches(input, matcher)) continue;
      assign(input, matcher.output, matcher.rule);
      return true;
    }
    return false;
  }

  #claimUnflagged(input: InputSection): boolean {
    const { name, size } = input.section;
    if (size === 0) return false;
    const isOfTools = OF_TOOLS.test(name) || matchesAny(name, this.#unwanted);
    const named = isOfTools
      ? this.#loaded.filter(({ output }) => names(output, name))
      : this.#loaded;
    if (!this.#claimFor(named, input)) return false;
    this.#warn(input);
    return true;
  }

  #warn({ section, object, output }: InputSection): void {
    const { name } = section;
    if (this.#warned.has(name)) return;
    this.#warned.add(name);
    const flags = output?.plan.permissions.includes("w") ? "aw" : "a";
    const what = `section ${name} of ${object.name} has no "a" flag`;
    const home = `It is loaded with ${output?.name}, as the layout says`;
    const remedy = `${home}; other tools may leave it out.`;
    const place = { file: object.name };
    this.#report.warning("LINK028", `${what}: write .section ${name}, "${flags}"`, remedy, place);
  }
}

/** Whether a rule of `output` has `name` in so many words. */
function names({ plan }: PlacedSection, name: string): boolean {
  return plan.rules.some(({ sections }) => sections.includes(name));
}

function assign(input: InputSection, output: PlacedSection, rule: ResolvedRule | undefined): void {
  input.output = output;
  input.rule = rule;
  output.inputs.push(input);
}

/** A rule whose patterns are compiled: sections come by the hundred thousand. */
interface RuleMatcher {
  readonly output: PlacedSection;
  readonly rule: ResolvedRule;
  readonly matchesSection: GlobMatcher;
  readonly matchesObject: GlobMatcher;
}

function ruleMatchers(output: PlacedSection): RuleMatcher[] {
  return output.plan.rules.map((rule) => {
    const matchesSection = matcherOfAny(rule.sections);
    return { output, rule, matchesSection, matchesObject: matcherOfAny(rule.objects) };
  });
}

function matches({ section, object }: InputSection, matcher: RuleMatcher): boolean {
  const { fixed } = matcher.rule;
  if (!matcher.matchesSection(section.name)) return false;
  if (fixed !== undefined && fixed !== (section.address !== undefined)) return false;
  return matcher.matchesObject(object.name);
}

/**
 * Sections are laid out in the order of the rules, and within a rule in the order of the objects.
 */
function inRuleOrder(output: PlacedSection): void {
  const ranks = new Map(output.plan.rules.map((rule, index) => [rule, index]));
  const rank = ({ rule }: InputSection) => (rule ? ranks.get(rule) : undefined) ?? Infinity;
  if (output.plan.rules.length < 2 && output.plan.rules[0]?.sort === undefined) return;
  if (isInOrder(output.inputs, rank) && output.plan.rules.every(({ sort }) => !sort)) return;
  output.inputs.sort((a, b) => {
    const first = rank(a);
    const second = rank(b);
    if (first !== second) return first - second;
    if (a.rule?.sort === "priority") return priorityOf(a) - priorityOf(b);
    if (a.rule?.sort !== "name") return 0;
    return a.section.name < b.section.name ? -1 : Number(a.section.name > b.section.name);
  });
}

function isInOrder<Value>(values: readonly Value[], rank: (value: Value) => number): boolean {
  let last = -Infinity;
  for (const value of values) {
    const own = rank(value);
    if (own < last) return false;
    last = own;
  }
  return true;
}

/** Of `.init_array.N`, N; of `.ctors.N`, which counts down, 65535 - N; without a number, last. */
function priorityOf({ section }: InputSection): number {
  const [, kind, digits] = /^\.(\w+)\.(\d+)$/.exec(section.name) ?? [];
  if (digits === undefined) return Infinity;
  return kind === "ctors" || kind === "dtors" ? 65535 - Number(digits) : Number(digits);
}

/** Debug sections of one name follow each other unchanged. */
function addDebug(
  input: InputSection,
  debug: Map<string, PlacedSection>,
  layout: ResolvedLayout,
): void {
  const { name } = input.section;
  const [region] = layout.regions;
  if (!region) return;
  const output = debug.get(name) ?? new PlacedSection(debugPlan(name, region));
  debug.set(name, output);
  assign(input, output, undefined);
}

function debugPlan(name: string, region: ResolvedLayout["regions"][number]): ResolvedSection {
  return {
    name,
    region,
    load: region,
    permissions: "r",
    rules: [],
    inputSymbols: [],
    address: undefined,
    end: undefined,
    maxSize: undefined,
    align: 1,
    sharesPage: false,
    pad: 1,
    fill: 0,
    pack: false,
    allocate: false,
    module: undefined,
    content: "inputs",
  };
}

/** Nothing is lost with a section that is empty or not loaded: assemblers emit both unasked. */
function placeOrphan(
  input: InputSection,
  outputs: readonly PlacedSection[],
  layout: ResolvedLayout,
  report: Reporter,
): void {
  const { section, object } = input;
  if (section.size === 0 || !section.flags.alloc) return;
  if (section.flags.tls) {
    reportThreadLocal(input, report);
    return;
  }
  const output = layout.orphans === "place" ? homeOf(input, outputs, layout) : undefined;
  if (output) {
    assign(input, output, undefined);
    return;
  }
  input.orphan = true;
  const fixed = section.address === undefined ? "" : " (whose address is fixed)";
  report.error(
    "LINK005",
    `no output section of the layout takes section ${section.name}${fixed} of ${object.name}`,
    `Add "${section.name}" to the \`inputs\` of an output section, or to \`discard\`.`,
    { file: object.name },
  );
}

/** They are no orphans of the other data: their sections make a block of their own. */
function reportThreadLocal(input: InputSection, report: Reporter): void {
  input.orphan = true;
  const { section, object } = input;
  const what = `section ${section.name} of ${object.name} has thread-local variables`;
  const remedy = 'Add ".tdata" and ".tbss" to `sections`, and copy them for each thread.';
  const text = `${what}, which no output section takes`;
  report.error("LINK029", text, remedy, { file: object.name });
}

/** The last output section with the orphan's permissions, or else with more. */
function homeOf(
  { section }: InputSection,
  outputs: readonly PlacedSection[],
  layout: ResolvedLayout,
): PlacedSection | undefined {
  const closed = new Set(layout.closed.flatMap((group) => group.sections));
  const open = outputs.filter(
    ({ plan }) =>
      plan.allocate &&
      plan.content === "inputs" &&
      (plan.load === plan.region || plan.region.raised !== undefined) &&
      plan.module === undefined &&
      !closed.has(plan.name),
  );
  const { write, execute } = section.flags;
  const wanted = execute ? (write ? ["rwx"] : ["rx", "rwx"]) : write ? ["rw", "rwx"] : ["r"];
  const zeros = section.type === "nobits";
  for (const permissions of [...wanted, "rw", "rx", "rwx"]) {
    const fitting = open.filter(({ plan }) => plan.permissions === permissions);
    const same = fitting.filter(({ name }) => name.startsWith(".bss") === zeros);
    const home = same.at(-1) ?? fitting.at(-1);
    if (home) return home;
  }
  return undefined;
}
