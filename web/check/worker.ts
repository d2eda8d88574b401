// Looks at kernels of other people's, in a thread of its own: a file that was made to be slow to
// read must not stop the page.

import { Diagnostic } from "../../src/base/diagnostic";
import { drawSvg } from "../../src/draw/draw-svg";
import { fileColumns } from "../../src/inspect/file-columns";
import { check } from "../../src/link/check/check";
import { groupFindings } from "../../src/link/check/group-findings";
import type { CheckAnswer, CheckRequest } from "./protocol";

interface Port {
  postMessage(message: CheckAnswer): void;
  addEventListener(name: "message", listener: (event: { data: CheckRequest }) => void): void;
}

const port = globalThis as unknown as Port;

port.addEventListener("message", ({ data }) => port.postMessage(answer(data)));

function answer({ name, bytes, isDark }: CheckRequest): CheckAnswer {
  try {
    const { findings, verdicts, subject } = check(bytes, name);
    const theme = isDark ? "dark" : "light";
    const summary = "where it is loaded, and where its code sees it";
    return {
      kind: "report",
      findings: groupFindings(findings).map(({ first, all }) => ({
        code: first.code,
        severity: first.severity,
        what: first.what,
        change: first.change,
        more: all.length - 1,
      })),
      verdicts: verdicts.map(({ loader, outcome, reasons }) => ({ loader, outcome, reasons })),
      picture: drawSvg({ title: name, summary, theme, ...fileColumns(subject) }),
    };
  } catch (error) {
    if (error instanceof Diagnostic) {
      return { kind: "refusal", code: error.code, text: error.message, remedy: error.remedy };
    }
    const text = error instanceof Error ? error.message : String(error);
    return { kind: "refusal", code: undefined, text, remedy: "This is a bug: please report it" };
  }
}
