// How much each finding weighs: its row's severity, or less where the row says when.

import type { Protocols } from "./boot-protocol";
import type { LoaderVerdict } from "./loader-verdict";
import type { CodedFinding, Finding, Mistake } from "./mistake";

/** What is known of how the kernel is loaded. */
export interface Loading {
  /** The loaders that it is for load it, or, if none is named, at least one does. */
  readonly isLoaded: boolean;
  /** The same, but something of the image may be lost. */
  readonly isTaken: boolean;
  /** It speaks a boot protocol that `check` knows. */
  readonly hasProtocol: boolean;
}

/** @param asked the loaders that the kernel is said to be for, if any */
export function loadingOf(
  verdicts: readonly LoaderVerdict[],
  protocols: Protocols,
  asked: readonly string[] | undefined,
): Loading {
  const { multiboot, multiboot2, limine, pvh } = protocols;
  const isTrueOf = (isGood: (verdict: LoaderVerdict) => boolean) => {
    const good = verdicts.filter(isGood).map(({ loader }): string => loader);
    return asked ? asked.every((name) => good.includes(name)) : good.length > 0;
  };
  return {
    isLoaded: isTrueOf(({ outcome }) => outcome === "loads"),
    isTaken: isTrueOf(({ outcome }) => outcome !== "refuses"),
    hasProtocol: Boolean(multiboot || multiboot2 || limine || pvh),
  };
}

/** `finding` of the row `mistake`, with what it weighs. */
export function weigh(finding: Finding, mistake: Mistake, loading: Loading): CodedFinding {
  const { code, title } = mistake;
  const declared = finding.severity ?? mistake.severity;
  const severity = declared === "error" && isExcused(mistake, loading) ? "warning" : declared;
  return { ...finding, code, title, severity };
}

function isExcused({ loading }: Mistake, { isLoaded, isTaken, hasProtocol }: Loading): boolean {
  if (loading === undefined) return false;
  if (loading === "protocol") return isTaken || !hasProtocol;
  return isLoaded || (loading === "image" && !hasProtocol);
}
