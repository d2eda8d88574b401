// The check: from a linked file, and what the user knows about it, to a report.
//
// Pure: nothing is read or written. See mistakes.ts for what it looks for, loader-verdict.ts for
// the loaders, closed-proof.ts for the proof about the shared part.

import { type ClosedProof, proveSharedClosed } from "./closed-proof";
import { readKernel } from "./flat-image";
import { readLinkedElf } from "./linked-file";
import { judgeProtocols, LOADERS, type Loader, type LoaderVerdict } from "./loader-verdict";
import type { CodedFinding } from "./mistake";
import { MISTAKES } from "./mistakes";
import type { SharedPart } from "./shared-part";
import { type CheckOptions, Subject } from "./subject";

export interface CheckInput extends Omit<CheckOptions, "modules"> {
  /** ELF files that the boot loader loads beside the kernel. */
  readonly modules?: readonly { readonly bytes: Uint8Array; readonly name: string }[];
  readonly loaders?: readonly Loader[];
  /** Codes of mistakes that are intended here. */
  readonly allow?: readonly string[];
  /** Bytes of RAM that loaders may use. */
  readonly memory?: bigint;
}

export interface SharedReport {
  readonly part: SharedPart;
  readonly proof: ClosedProof;
}

export interface CheckReport {
  readonly subject: Subject;
  readonly findings: readonly CodedFinding[];
  readonly verdicts: readonly LoaderVerdict[];
  readonly shared: SharedReport | undefined;
  /** No mistake was found, and every requested loader loads all of it. */
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
  const allowed = (input.allow ?? []).map((code) => code.toUpperCase());
  const findings = MISTAKES.filter(({ code }) => !allowed.includes(code)).flatMap((mistake) =>
    mistake
      .find(subject)
      .map((finding) => ({ ...finding, code: mistake.code, title: mistake.title })),
  );
  const verdicts = (input.loaders ?? LOADERS).flatMap((loader) =>
    judgeProtocols(loader, subject, input.memory),
  );
  const { shared: part } = subject;
  // One command of a loader that loads it is enough.
  const loadedBy = (asked: Loader) => {
    return verdicts.some(({ loader, outcome }) => loader === asked && outcome === "loads");
  };
  return {
    subject,
    findings,
    verdicts,
    shared: part && { part, proof: proveSharedClosed(subject, part) },
    ok: findings.length === 0 && (input.loaders ?? []).every(loadedBy),
  };
}
