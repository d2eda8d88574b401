// abuse [--list] [--no-frames] [NAME...]: attacks the kernel in every way a program can.
//
// Each case runs in a process of its own. Afterwards the kernel must be alive, the process must
// have ended as the case says, and as many frames must be free as before. A case that seems to lose
// frames runs again: what the kernel keeps for next time is not lost, what it loses every time is.

import { argument, equals, refuse, wantsHelp } from "../runtime/arguments";
import { print, printDecimal, printLine } from "../runtime/output";
import { waitpid } from "../runtime/system-calls";
import { freeBytes, updateInformation } from "../runtime/system-information";
import { fromC } from "../runtime/text";
import { AbuseCase, FLOATING_POINT, IRET_CHECKS, NO_EXECUTE, SINGLE_STEP } from "./case";
import { fileCases } from "./file-cases";
import { floatingPointCases, isFloatRegisterCheck } from "./floating-point-cases";
import { hasFloatingPoint, hasNoExecute, hasSingleStep } from "./machine";
import { machineCases } from "./machine-cases";
import { call_code, float_registers_are_clear } from "./machine-code";
import { mappingCases } from "./mapping-cases";
import { memoryCases } from "./memory-cases";
import { isIn, printStatus, statusOf } from "./outcome";
import { pointerCases } from "./pointer-cases";
import { processCases } from "./process-cases";
import { signalCases } from "./signal-cases";
import { terminalCases } from "./terminal-cases";
import { threadCases } from "./thread-cases";

export { runThread } from "./thread-cases";

const USAGE = `usage: abuse [--list] [--no-frames] [NAME...]
Attacks the kernel in every way known to it; fails if one works.
  --list       only the names of the cases
  --no-frames  does not compare the number of free frames (for other kernels)`;
const DASH: u8 = 0x2d;
const FRAME_SHIFT: u64 = 12;

let countsFrames: bool = true;
let passed: u32 = 0;
let failed: u32 = 0;
let skipped: u32 = 0;

/** The case that runs; its process inherits it. */
let running: AbuseCase | null = null;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (isFloatRegisterCheck(argc, argv)) return float_registers_are_clear() ? 0 : 1;
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const cases = machineCases()
    .concat(memoryCases())
    .concat(mappingCases())
    .concat(pointerCases())
    .concat(processCases())
    .concat(floatingPointCases())
    .concat(signalCases())
    .concat(fileCases())
    .concat(terminalCases())
    .concat(threadCases());
  let first = 1;
  for (; first < argc && load<u8>(argument(argv, first)) === DASH; first++) {
    const option = argument(argv, first);
    if (equals(option, "--list")) return list(cases);
    if (!equals(option, "--no-frames")) return refuse(argv, first, USAGE);
    countsFrames = false;
  }
  for (let i = first; i < argc; i++) {
    if (!runNamed(cases, fromC(argument(argv, i)))) return refuse(argv, i, USAGE);
  }
  for (let i = 0; i < cases.length && first >= argc; i++) attempt(cases[i]);
  return summarise();
}

function list(cases: AbuseCase[]): i32 {
  for (let i = 0; i < cases.length; i++) printLine(cases[i].name);
  return 0;
}

function runNamed(cases: AbuseCase[], name: string): bool {
  for (let i = 0; i < cases.length; i++) {
    if (cases[i].name !== name) continue;
    attempt(cases[i]);
    return true;
  }
  return false;
}

function summarise(): i32 {
  printDecimal(passed);
  print(" passed, ");
  printDecimal(failed);
  print(" failed");
  if (skipped !== 0) {
    print(", ");
    printDecimal(skipped);
    print(" skipped");
  }
  printLine("");
  return failed === 0 ? 0 : 1;
}

/** Runs a case and prints the result. */
function attempt(each: AbuseCase): void {
  const lacking = missing(each.needs);
  if (lacking.length !== 0) {
    skipped++;
    printLine(`skip ${each.name}: this machine has no ${lacking}`);
    return;
  }
  const before = freeFrames();
  const status = runOnce(each);
  const lost = before - freeFrames();
  if (!isIn(each.outcomes, status)) {
    print(`FAIL ${each.name}: `);
    printStatus(status);
    printLine("");
    failed++;
  } else if (lost > 0 && losesAgain(each)) {
    print(`FAIL ${each.name}: frames lost: `);
    printDecimal(lost);
    printLine("");
    failed++;
  } else {
    printLine(`ok ${each.name}`);
    passed++;
  }
}

function missing(needs: u32): string {
  if (needs === SINGLE_STEP && !hasSingleStep()) return "single step";
  // v86 has neither, and this one cannot be tried out.
  if (needs === IRET_CHECKS && !hasSingleStep()) return "checks of iret";
  if (needs === FLOATING_POINT && !hasFloatingPoint()) return "SSE2";
  if (needs === NO_EXECUTE && !hasNoExecute()) return "NX";
  return "";
}

function losesAgain(each: AbuseCase): bool {
  const before = freeFrames();
  runOnce(each);
  return freeFrames() < before;
}

function runOnce(each: AbuseCase): i32 {
  running = each;
  const status = statusOf(perform, 0);
  // Process 1 gets the children that a case leaves behind.
  while (waitpid(-1, 0, 0) > 0);
  return status;
}

/** In the case's process. */
function perform(_argument: u32): i32 {
  const each = running;
  if (each === null) return 1;
  if (each.code !== 0) return call_code(each.code);
  const run = each.run;
  return run() === 0 ? 0 : 1;
}

function freeFrames(): i32 {
  if (!countsFrames) return 0;
  updateInformation();
  return <i32>(freeBytes() >> FRAME_SHIFT);
}
