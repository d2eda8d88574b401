// The check: from a linked file, and what the user knows about it, to a report.
//
// Pure: nothing is read or written. See mistakes.ts for what it looks for, weigh.ts for how much
// each finding weighs, loader-verdict.ts for the loaders, closed-proof.ts for the proof about the
// shared part.

import { type Allowance, allows, parseAllowances } from "./allowance";
import { type ClosedProof, proveSharedClosed } from "./closed-proof";
import { readKernel } from "./flat-image";
import { readLinkedElf } from "./linked-file";
import { judgeProtocols, LOADERS, type Loader, type LoaderVerdict } from "./loader-verdict";
import { type CodedFinding, isAtLeast, SEVERITIES, type Severity } from "./mistake";
import { MISTAKES } from "./mistakes";
import { unused, unusedAllowance } from "./mistakes-request";
import type { SharedPart } from "./shared-part";
import { type CheckOptions, Subject } from "./subject";
import { loadingOf, weigh } from "./weigh";

export interface CheckInput extends Omit<CheckOptions, "modules" | "loaders"> {
  /** ELF files that the boot loader loads beside the kernel. */
  readonly modules?: readonly { readonly bytes: Uint8Array; readonly name: string }[];
  readonly loaders?: readonly Loader[];
  /** Mistakes that are intended here: `CODE[@SYMBOL][=REASON]`, see allowance.ts. */
  readonly allow?: readonly string[];
  /** The least that makes the report not `ok`; default: an error. */
  readonly failOn?: Severity | "never";
}

export interface SharedReport {
  readonly part: SharedPart;
  readonly proof: ClosedProof;
}

export interface AllowedFindings {
  readonly allowance: Allowance;
  readonly findings: readonly CodedFinding[];
}

export interface CheckReport {
  readonly subject: Subject;
  /** What weighs most comes first. */
  readonly findings: readonly CodedFinding[];
  /** What was found and is intended. */
  readonly allowed: readonly AllowedFindings[];
  readonly verdicts: readonly LoaderVerdict[];
  readonly shared: SharedReport | undefined;
  /** Nothing was found that weighs as much as `failOn`. */
  readonly ok: boolean;
}

/**
 * Checks the kernel `bytes`.
 *
 * @param name what the report calls it
 * @throws Diagnostic ELF001, ELF002 if it or a module is not a linked ELF file for a PC; the kernel
 *   may also be a flat image with addresses in its Multiboot header
 */
export function check(bytes: Uint8Array, name: string, input: CheckInput = {}): CheckReport {
  const modules = (input.modules ?? []).map((each) => readLinkedElf(each.bytes, each.name));
  const subject = new Subject(readKernel(bytes, name), { ...input, modules });
  const verdicts = (input.loaders ?? LOADERS).flatMap((loader) =>
    judgeProtocols(loader, subject, input.memory),
  );
  const loading = loadingOf(verdicts, subject.protocols, input.loaders);
  const found = MISTAKES.flatMap((mistake) =>
    mistake.find(subject).map((finding) => weigh(finding, mistake, loading)),
  );
  const allowances = (input.allow ?? []).flatMap(parseAllowances);
  const allowed = allowances.map((allowance) => ({
    allowance,
    findings: found.filter((finding) => allows(allowance, finding)),
  }));
  const notes = allowed
    .filter(({ findings }) => findings.length === 0)
    .map(({ allowance }) => weigh(unused(allowance, name), unusedAllowance, loading));
  const findings = [...found, ...notes]
    .filter((finding) => !allowances.some((allowance) => allows(allowance, finding)))
    .sort((a, b) => rank(b) - rank(a));
  const { failOn = "error" } = input;
  const { shared: part } = subject;
  return {
    subject,
    findings,
    allowed: allowed.filter((each) => each.findings.length > 0),
    verdicts,
    shared: part && { part, proof: proveSharedClosed(subject, part) },
    ok: failOn === "never" || !findings.some(({ severity }) => isAtLeast(severity, failOn)),
  };
}

function rank({ severity }: CodedFinding): number {
  return SEVERITIES.indexOf(severity);
}
