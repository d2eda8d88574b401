// Pass: each input section goes to the output section whose first rule matches it, in the layout's
// order. A section that no rule wants is an error: silently placed orphans are how a descriptor
// table ends up behind the kernel's end.

import { matchesAny } from "./glob";
import { type InputSection, PlacedSection } from "./model";
import type { Reporter } from "./reporter";
import type { ResolvedLayout, ResolvedRule } from "./resolve-layout";

/** Sets `output` and `rule` of every input that is to be in the image; returns the outputs. */
export function matchSections(
  inputs: readonly InputSection[],
  layout: ResolvedLayout,
  report: Reporter,
): PlacedSection[] {
  const outputs = layout.sections.map((plan) => new PlacedSection(plan));
  for (const input of inputs) {
    if (matchesAny(input.section.name, layout.discard)) continue;
    if (!claim(input, outputs)) reportOrphan(input, report);
  }
  for (const output of outputs) inRuleOrder(output);
  return outputs;
}

function claim(input: InputSection, outputs: readonly PlacedSection[]): boolean {
  for (const output of outputs) {
    if (output.plan.allocate !== input.section.flags.alloc) continue;
    const rule = output.plan.rules.find((candidate) => matches(input, candidate));
    if (!rule) continue;
    input.output = output;
    input.rule = rule;
    output.inputs.push(input);
    return true;
  }
  return false;
}

function matches({ section, object }: InputSection, rule: ResolvedRule): boolean {
  if (rule.fixed !== undefined && rule.fixed !== (section.address !== undefined)) return false;
  return matchesAny(section.name, rule.sections) && matchesAny(object.name, rule.objects);
}

/** Rules are in the order in which their sections shall lie; within a rule, objects are. */
function inRuleOrder(output: PlacedSection): void {
  const rank = ({ rule }: InputSection) => (rule ? output.plan.rules.indexOf(rule) : -1);
  output.inputs.sort((a, b) => {
    const byRule = rank(a) - rank(b);
    if (byRule !== 0 || a.rule?.sort !== "name") return byRule;
    return a.section.name < b.section.name ? -1 : Number(a.section.name > b.section.name);
  });
}

/** An empty section or one that is not loaded is no loss: assemblers emit both unasked. */
function reportOrphan(input: InputSection, report: Reporter): void {
  const { section, object } = input;
  if (section.size === 0 || !section.flags.alloc) return;
  const fixed = section.address === undefined ? "" : " (whose address is fixed)";
  report.error(
    "LINK005",
    `no output section of the layout takes section ${section.name}${fixed} of ${object.name}`,
    `Add "${section.name}" to the \`inputs\` of an output section, or to \`discard\`.`,
    { file: object.name },
  );
}
