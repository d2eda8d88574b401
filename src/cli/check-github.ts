// The report of `check` as workflow commands, which GitHub Actions shows beside the source lines:
//
//      ::error file=kernel/start.S,line=12,title=LAY012 code that runs before paging …::what
//
// See docs.github.com, "Workflow commands for GitHub Actions".

import type { CheckReport } from "../link/check/check";
import { type FindingGroup, groupFindings } from "../link/check/group-findings";
import { repositoryPath } from "./source-path";

const COMMANDS = { error: "error", warning: "warning", note: "notice" } as const;

/** One line for each kind of finding. */
export function githubCommands({ findings, subject }: CheckReport): string[] {
  return groupFindings(findings).map((group) => commandOf(group, subject.file.name));
}

function commandOf({ first, all }: FindingGroup, file: string): string {
  const { severity, code, title, what, change, place } = first;
  const properties = {
    file: repositoryPath(place?.file ?? file),
    ...(place?.line !== undefined && { line: String(place.line) }),
    ...(place?.column !== undefined && { col: String(place.column) }),
    title: `${code} ${title}`,
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`);
  const more = all.length > 1 ? ` (and ${all.length - 1} more like it)` : "";
  return `::${COMMANDS[severity]} ${list.join(",")}::${data(`${what}${more}\n${change}`)}`;
}

/** A message in which line ends are escaped, as the runner wants it. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
