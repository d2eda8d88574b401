// Runs a kernel that is not ours: `check` speaks first, then the machine boots it, and the end says
// where it stood and why.

import { describeCode, instructionPointer } from "../inspect/machine-end";
import type { Subject } from "../link/check/subject";
import type { BootOptions, QemuOptions } from "../machine/machine";
import { openMachine } from "../machine/open-machine";
import { printFindings, summaryOf } from "./check-text";
import type { ConsoleInput } from "./console-input";
import type { ForeignKernel } from "./foreign-kernel";
import { type Outcome, runGuest } from "./guest-run";
import { GuestWatch, type LastLook, screenText } from "./guest-watch";
import type { SerialOutput } from "./serial-output";
import { progress } from "./terminal";

const STATUS_UNUSABLE = 2;
const STATUS_TIMEOUT = 124;
const STATUS_DIED = 125;
const STATUS_LEFT = 130;

const MACHINES = { v86: "v86", qemu: "QEMU", grub: "QEMU, by GRUB" } as const;

export interface ForeignRun {
  readonly path: string;
  readonly options: BootOptions;
  readonly qemu: QemuOptions;
  readonly input: ConsoleInput;
  readonly output: SerialOutput;
  readonly seconds: number | undefined;
  /** Where the screen's text goes; `-`: the standard output, at the end. */
  readonly screen: string | undefined;
  /** Starts it whatever `check` says. */
  readonly force: boolean;
  /** GDB has the machine: nothing else stops it. */
  readonly isDebugged: boolean;
  /** Called once the machine runs. */
  readonly announce: () => void;
}

/** Returns the exit status. */
export async function runForeign(kernel: ForeignKernel, run: ForeignRun): Promise<number> {
  const { choice, report } = kernel;
  if (report) printFindings(report, false, progress);
  if (report && !report.ok && !run.force) {
    progress(`isthmus: ${run.path} was not started: ${summaryOf(report.findings)}`);
    progress("isthmus: --force starts it all the same");
    return STATUS_UNUSABLE;
  }
  const machine = openMachine(
    choice.machine,
    { ...run.options, ...(choice.grubCommand && { grubCommand: choice.grubCommand }) },
    { ...run.qemu, program: choice.qemu },
  );
  progress(`isthmus: booting ${run.path} in ${MACHINES[choice.machine]}`);
  run.output.connect(machine.serial);
  const watch = new GuestWatch(machine, run.screen);
  try {
    const outcome = await runGuest({
      machine,
      input: run.input,
      seconds: run.seconds,
      halted: watch.halted,
      started: () => {
        run.announce();
        if (!run.isDebugged) watch.start();
      },
    });
    const look = await watch.end();
    const text = machine.serial.text();
    const isCut = outcome.kind !== "exit" && text !== "" && !text.endsWith("\n");
    if (isCut) process.stdout.write("\n");
    showScreen(look, run.screen, text === "");
    const place = placeText(outcome, look, report?.subject);
    progress(`isthmus: ${endingText(outcome, run.seconds)}${place}`);
    return statusOf(outcome);
  } finally {
    await machine.close();
  }
}

/** What is on the screen, if it was asked for or is all that the kernel has said. */
function showScreen({ screen }: LastLook, path: string | undefined, isSilent: boolean): void {
  const isWanted = path === "-" || (path === undefined && isSilent);
  if (!isWanted || screen.length === 0) return;
  if (path === undefined) progress("isthmus: nothing came over the serial line; on the screen is:");
  process.stdout.write(screenText(screen));
}

function endingText(outcome: Outcome, seconds: number | undefined): string {
  switch (outcome.kind) {
    case "exit":
      return `the kernel reported the exit status ${outcome.status}`;
    case "device":
      return `the kernel wrote ${outcome.value} to the exit device`;
    case "off":
      return "the kernel switched the machine off";
    case "halted":
      return "the processor has halted with interrupts off";
    case "panic":
      return `the kernel panicked: ${outcome.text}`;
    case "crash":
      return `the machine died: ${outcome.text}`;
    case "timeout":
      return `timed out after ${seconds} s, as --timeout asked`;
    default:
      return "left";
  }
}

/** `; EIP is 0x00101234 (kernel_main+0x12, kernel.c:31)`. */
function placeText(
  outcome: Outcome,
  { registers }: LastLook,
  subject: Subject | undefined,
): string {
  // QEMU is gone by then, and what was seen last was before.
  if (!registers || outcome.kind === "closed") return "";
  const name = registers.rip === undefined ? "EIP" : "RIP";
  const when = outcome.kind === "device" ? " was last seen at" : " is";
  return `; ${name}${when} ${describeCode(instructionPointer(registers), subject)}`;
}

function statusOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "exit":
      return outcome.status;
    case "device":
      // As QEMU ends with it, so that scripts made for QEMU understand it.
      return (outcome.value * 2 + 1) & 0xff;
    case "off":
    case "halted":
      return 0;
    case "panic":
    case "crash":
      return STATUS_DIED;
    case "timeout":
      return STATUS_TIMEOUT;
    default:
      return STATUS_LEFT;
  }
}
