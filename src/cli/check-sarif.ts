// The report of `check` as SARIF 2.1.0, which code-scanning services and editors read.
//
// Each kind of finding is one result, with the number of its places in `occurrenceCount` and those
// after the first under `relatedLocations`. What is allowed is in the log, too, as suppressed.
// See docs.oasis-open.org/sarif/sarif/v2.1.0.

import type { Place } from "../base/diagnostic";
import type { CheckReport } from "../link/check/check";
import { type FindingGroup, groupFindings } from "../link/check/group-findings";
import type { CodedFinding, Mistake } from "../link/check/mistake";
import { MISTAKES } from "../link/check/mistakes";
import { repositoryUri } from "./source-path";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** @param version the package's */
export function sarifLog(report: CheckReport, version: string) {
  const { name } = report.subject.file;
  const suppressed = report.allowed.flatMap(({ allowance, findings }) =>
    groupFindings(findings).map((group) => ({
      ...resultOf(group, name),
      suppressions: [{ kind: "external", justification: allowance.reason ?? "" }],
    })),
  );
  const results = groupFindings(report.findings).map((group) => resultOf(group, name));
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "isthmus check", version, rules: MISTAKES.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        invocations: [{ executionSuccessful: true, exitCode: report.ok ? 0 : 1 }],
        results: [...results, ...suppressed],
      },
    ],
  };
}

function ruleOf({ code, severity, title, why, wrong, right }: Mistake) {
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why}\n\nWrong:\n${wrong}\n\nRight:\n${right}` },
    defaultConfiguration: { level: severity },
  };
}

function resultOf({ first, all }: FindingGroup, file: string) {
  const related = all.slice(1).map((finding, index) => ({
    id: index + 1,
    message: { text: finding.what },
    ...locationOf(finding, file),
  }));
  return {
    ruleId: first.code,
    ruleIndex: MISTAKES.findIndex(({ code }) => code === first.code),
    level: first.severity,
    message: { text: `${first.what}. ${first.change}` },
    locations: [locationOf(first, file)],
    occurrenceCount: all.length,
    ...(related.length > 0 && { relatedLocations: related }),
  };
}

function locationOf({ place, subject }: CodedFinding, file: string) {
  return {
    physicalLocation: physicalLocation(place ?? { file }),
    logicalLocations: [{ name: subject }],
  };
}

function physicalLocation({ file, line, column }: Place) {
  const region = line === undefined ? undefined : { startLine: line, startColumn: column };
  return { artifactLocation: { uri: repositoryUri(file) }, region };
}
