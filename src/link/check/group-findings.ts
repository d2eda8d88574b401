// Findings that are alike, as one with a count.
//
// Two are alike if they have the same code and weight, and the same is to be done about them: their
// remedies differ in names and numbers only.

import type { CodedFinding } from "./mistake";

export interface FindingGroup {
  readonly first: CodedFinding;
  /** All of them, the first included. */
  readonly all: readonly CodedFinding[];
}

/** In the order of their first members. */
export function groupFindings(findings: readonly CodedFinding[]): FindingGroup[] {
  const groups = new Map<string, [CodedFinding, ...CodedFinding[]]>();
  for (const finding of findings) {
    const key = `${finding.code} ${finding.severity} ${shapeOf(finding)}`;
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()].map((all) => ({ first: all[0], all }));
}

/** The remedy without names, numbers and quoted lines. */
function shapeOf({ change, subject, within }: CodedFinding): string {
  const names = [subject, within ?? ""].filter(({ length }) => length > 1);
  const bare = names.reduce((text, name) => text.replaceAll(name, "_"), change);
  return bare
    .replace(/`[^`]*`/g, "`")
    .replace(/0x[0-9a-f]+|\d+/g, "0")
    .replace(/(?<=\s)\.[\w.]+/g, "_");
}
