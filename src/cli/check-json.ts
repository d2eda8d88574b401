// The report of `check` as plain values, for `--format json`.

import { hex } from "../base/address";
import { allowanceText } from "../link/check/allowance";
import type { AllowedFindings, CheckReport, SharedReport } from "../link/check/check";
import { type FindingGroup, groupFindings } from "../link/check/group-findings";
import type { ModuleFile } from "../link/check/module-file";
import { permissionText } from "../link/check/subject";

export function plainReport({ ok, findings, allowed, verdicts, shared, subject }: CheckReport) {
  return {
    ok,
    file: subject.file.name,
    bits: subject.file.bits,
    findings: groupFindings(findings).map(plainGroup),
    allowed: allowed.map(plainAllowed),
    verdicts: verdicts.map(({ span, entry, ...rest }) => ({
      ...rest,
      span: span && { start: hex(span.start), end: hex(span.end) },
      entry: entry === undefined ? undefined : hex(entry),
    })),
    shared: shared && plainShared(shared),
    modules: subject.modules.map(plainModule),
    damage: subject.file.damage,
  };
}

function plainGroup({ first, all }: FindingGroup) {
  return {
    ...first,
    count: all.length,
    places: all.map(({ what, subject, within, place }) => ({ what, subject, within, place })),
  };
}

function plainAllowed({ allowance, findings }: AllowedFindings) {
  return {
    allow: allowanceText(allowance),
    reason: allowance.reason,
    count: findings.length,
    places: findings.map(({ what, subject, place }) => ({ what, subject, place })),
  };
}

function plainModule({ file, parts }: ModuleFile) {
  return {
    file: file.name,
    bytes: file.bytes.length,
    parts: parts.map(({ segment, names, mustCopy }) => ({
      sections: names,
      vma: hex(segment.address),
      offset: segment.offset,
      size: Number(segment.memorySize),
      permissions: permissionText(segment),
      mustCopy,
    })),
  };
}

function plainShared({ part, proof }: SharedReport) {
  const { method, leaving, allowed, unproven } = proof;
  return {
    how: part.how,
    start: hex(part.start),
    end: hex(part.end),
    slack: Number(part.slack),
    sections: part.sections.map(({ name }) => name),
    method,
    proven: leaving.length === 0 && unproven.length === 0,
    leaving: leaving.map(({ from, to, symbol, object }) => ({
      from: hex(from),
      to: hex(to),
      symbol,
      object,
    })),
    allowed,
    unproven,
  };
}
