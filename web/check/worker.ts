// Looks at files of other people's, in a thread of its own: a file that was made to be slow to read
// must not stop the page.

import { Diagnostic, Diagnostics, formatPlace } from "../../src/base/diagnostic";
import { judgeFiles, layoutAmong } from "./own-files";
import type { CheckAnswer, CheckRequest, PlainDiagnostic } from "./protocol";

interface Port {
  postMessage(message: CheckAnswer): void;
  addEventListener(name: "message", listener: (event: { data: CheckRequest }) => void): void;
}

const port = globalThis as unknown as Port;

port.addEventListener("message", ({ data }) => port.postMessage(answer(data)));

function answer(request: CheckRequest): CheckAnswer {
  try {
    return judgeFiles(request);
  } catch (error) {
    return { kind: "refusal", layout: layoutAmong(request.files), diagnostics: plain(error) };
  }
}

function plain(error: unknown): PlainDiagnostic[] {
  if (error instanceof Diagnostics) return error.list.flatMap(plain);
  if (error instanceof Diagnostic) {
    const { code, message, remedy, place } = error;
    return [{ code, text: message, remedy, place: place && formatPlace(place) }];
  }
  const text = error instanceof Error ? error.message : String(error);
  const remedy = "This is a bug: please report it";
  return [{ code: undefined, text, remedy, place: undefined }];
}
