// A traced system call as lines of text.
//
//   getppid by crossing (pid 1) on v86
//
//   system_call_entry:
//     ; kernel/machine/i686/trampoline.asm.ts:161
//     user    ffffd800  push   0x0                                   esp=fffff1e8
//     …
//     user    ffffd813  mov    cr3,eax                               cr3=00148000
//     ------  CR3 = 00148000: the kernel's space
//
// The word before an address is the space whose CR3 is loaded when the instruction begins.

import { countText } from "../base/count-text";
import { formatPlace } from "../base/diagnostic";
import type { CallTrace, NotedRegister, Step, TraceEnd } from "./call-trace";

/** Emphasises a piece of text, where that is seen. */
export type Emphasis = (text: string, how: "bold" | "cyan" | "dim") => string;

const TEXT_WIDTH = 42;
const SELECTORS: ReadonlySet<string> = new Set(["cs", "ss", "ds", "es", "fs", "gs"]);

const END_TEXTS: Readonly<Record<TraceEnd, string>> = {
  returned: "back in the program",
  count: "stopped here: --count N asks for more",
  waits: "the processor waits: the call sleeps",
  "other process": "the kernel went on with another process",
  ended: "the run is over",
};

export function traceLines(trace: CallTrace, emphasis: Emphasis): string[] {
  const { call, process, machine, steps, end, result } = trace;
  const title = `${call.name} by ${process.name} (pid ${process.pid}) on ${machine}`;
  const loads = steps.filter(({ changed }) => changed.cr3 !== undefined).length;
  const loadText = countText(loads, "change of CR3", "changes of CR3");
  const answer = result === undefined ? "" : `, result ${result}`;
  return [
    emphasis(title, "bold"),
    ...steps.flatMap((step, index) => stepLines(step, steps[index - 1], trace, emphasis)),
    "",
    `${steps.length} instructions, ${loadText}${answer}; ${END_TEXTS[end]}`,
  ];
}

function stepLines(
  step: Step,
  before: Step | undefined,
  { steps }: CallTrace,
  emphasis: Emphasis,
): string[] {
  const lines: string[] = [];
  const inside = functionOf(step);
  const isElsewhere = !before || inside !== functionOf(before);
  if (isElsewhere) lines.push("", `${inside}:`);
  const place = placeOf(step);
  if (place && (isElsewhere || place !== placeOf(before))) {
    lines.push(emphasis(`  ; ${place}`, "dim"));
  }
  const address = step.address.toString(16).padStart(8, "0");
  const text = (step.text ?? "(not an instruction that we know)").padEnd(TEXT_WIDTH);
  const changes = Object.entries(step.changed).map(([name, value]) => registerText(name, value));
  lines.push(`  ${step.space.padEnd(6)}  ${address}  ${text}  ${changes.join(" ")}`.trimEnd());
  const loaded = step.changed.cr3;
  if (loaded !== undefined) {
    const isKernel = loaded !== steps[0]?.cr3;
    const whose = isKernel ? "the kernel's space" : "the program's space";
    lines.push(emphasis(`  ------  CR3 = ${registerValue("cr3", loaded)}: ${whose}`, "cyan"));
  }
  return lines;
}

function placeOf({ place }: Step): string | undefined {
  return place && formatPlace(place);
}

function functionOf({ symbol }: Step): string {
  return symbol?.replace(/\+0x[0-9a-f]+$/, "") ?? "?";
}

function registerText(name: string, value: number): string {
  return `${name}=${registerValue(name as NotedRegister, value)}`;
}

function registerValue(name: NotedRegister, value: number): string {
  return value.toString(16).padStart(SELECTORS.has(name) ? 4 : 8, "0");
}
