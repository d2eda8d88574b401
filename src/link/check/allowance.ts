// Mistakes that are made on purpose, and why: `LAY016`, `LAY012@early_print=runs from ROM`.

import type { CodedFinding } from "./mistake";

export interface Allowance {
  readonly code: string;
  /** The symbol, section or function that it is restricted to. */
  readonly symbol: string | undefined;
  readonly reason: string | undefined;
}

/** A comma before something that begins as an allowance does: reasons may hold other commas. */
const SEPARATOR = /,(?=\s*[A-Za-z]+\d+\s*(?:[@=,]|$))/;

/** Reads `CODE[@SYMBOL][=REASON]`, several separated by commas. */
export function parseAllowances(text: string): Allowance[] {
  return text.split(SEPARATOR).map((word) => {
    const [, head = "", reason] = /^([^=]*)(?:=(.*))?$/s.exec(word.trim()) ?? [];
    const [code = "", ...symbol] = head.split("@");
    return {
      code: code.trim().toUpperCase(),
      symbol: symbol.length > 0 ? symbol.join("@").trim() : undefined,
      reason: reason?.trim() || undefined,
    };
  });
}

/** `LAY012@early_print`. */
export function allowanceText({ code, symbol }: Allowance): string {
  return symbol === undefined ? code : `${code}@${symbol}`;
}

export function allows({ code, symbol }: Allowance, finding: CodedFinding): boolean {
  if (code !== finding.code) return false;
  if (symbol === undefined) return true;
  const names = [finding.subject, finding.within].map((name) => name?.replace(/\+0x.*$/, ""));
  return names.includes(symbol) || finding.subject === symbol;
}
