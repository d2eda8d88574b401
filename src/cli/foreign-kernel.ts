// `run --kernel FILE` with a kernel that is not ours: what it is, what is wrong with it, and which
// machine boots it. Nothing is started here.

import { Diagnostic } from "../base/diagnostic";
import { type CheckReport, check } from "../link/check/check";
import { isBzImage } from "../link/check/file-format";
import { readKernel } from "../link/check/flat-image";
import { judgeProtocols, LOADERS, type LoaderVerdict } from "../link/check/loader-verdict";
import { Subject } from "../link/check/subject";
import {
  asksForEfer,
  BZIMAGE_CHOICE,
  type MachineChoice,
  machineChoices,
} from "../machine/choose-machine";
import type { MachineName } from "../machine/machine";
import { findProgram, packageOf } from "../machine/programs";

export interface ForeignKernel {
  readonly choice: MachineChoice;
  /** Undefined for a bzImage, which is not checked. */
  readonly report: CheckReport | undefined;
}

/** What the user asks for. */
export interface ForeignRequest {
  readonly memoryMiB: number;
  readonly machine: MachineName | undefined;
}

/** Symbols that only our own kernel has together. */
const OWN_SYMBOLS = ["kernelMain", "trampoline_text_start", "trampoline_data_start"];

/**
 * Examines the kernel `bytes`; undefined if it is one of ours, which needs no examination.
 *
 * @throws Diagnostic ELF001, ELF002 if it is not a kernel, MACH009 if no machine here boots it,
 *   MACH004 if the one that does is not installed
 */
export async function examineKernel(
  bytes: Uint8Array,
  name: string,
  { memoryMiB, machine }: ForeignRequest,
): Promise<ForeignKernel | undefined> {
  if (isBzImage(bytes)) {
    return { choice: await firstInstalled([BZIMAGE_CHOICE]), report: undefined };
  }
  const subject = new Subject(readKernel(bytes, name));
  if (OWN_SYMBOLS.every((own) => subject.symbolNamed(own) !== undefined)) return undefined;
  const memory = BigInt(memoryMiB) << 20n;
  const verdicts = LOADERS.flatMap((loader) => judgeProtocols(loader, subject, memory));
  const choices = choicesFor(subject, verdicts);
  if (choices.length === 0) throw nowhere(name, verdicts);
  const wanted = machine === undefined ? choices : [asked(machine, choices, subject)];
  const choice = await firstInstalled(wanted);
  return { choice, report: check(bytes, name, { memory, loaders: [choice.machine] }) };
}

function choicesFor(subject: Subject, verdicts: readonly LoaderVerdict[]): MachineChoice[] {
  if (subject.file.bits === 64) return machineChoices(verdicts, true);
  const code = subject.sections.filter(({ execute }) => execute).map(({ bytes }) => bytes);
  const plain = machineChoices(verdicts, false);
  // Where there is nothing else, v86 may do: a kernel that asks for NX can often go without.
  return asksForEfer(code) ? [...machineChoices(verdicts, true), ...plain] : plain;
}

/** The machine that was asked for, whatever its loader says: `check` says that. */
function asked(
  machine: MachineName,
  choices: readonly MachineChoice[],
  { file }: Subject,
): MachineChoice {
  const found = choices.find((choice) => choice.machine === machine);
  if (found) return found;
  const qemu = file.bits === 64 ? "qemu-system-x86_64" : "qemu-system-i386";
  return { machine, programs: machine === "v86" ? [] : [qemu], qemu, grubCommand: undefined };
}

/** The first of the `choices` whose programs are there. */
async function firstInstalled(choices: readonly MachineChoice[]): Promise<MachineChoice> {
  const missing: Diagnostic[] = [];
  for (const choice of choices) {
    const paths = await Promise.all(choice.programs.map(findProgram));
    const lacking = choice.programs.filter((_, index) => paths[index] === undefined);
    if (lacking.length === 0) return choice;
    missing.push(notInstalled(choice, lacking));
  }
  throw missing[0] ?? new Error("there is no choice of a machine");
}

function notInstalled({ machine, qemu }: MachineChoice, missing: readonly string[]): Diagnostic {
  const who = machine === "grub" ? "GRUB in QEMU" : "QEMU";
  const what = qemu === "qemu-system-x86_64" ? "this kernel, for x86-64," : "this kernel";
  const verb = missing.length === 1 ? "is" : "are";
  const packages = [...new Set(missing.map(packageOf))].join(" ");
  return new Diagnostic(
    "MACH004",
    `${what} needs ${who}: ${missing.join(" and ")} ${verb} not installed`,
    `Install it, on Debian with \`apt-get install ${packages}\``,
  );
}

function nowhere(name: string, verdicts: readonly LoaderVerdict[]): Diagnostic {
  const reasons = verdicts.map(({ loader, reasons: why }) => `${loader}: ${why.join("; ")}`);
  return new Diagnostic(
    "MACH009",
    `no machine here boots ${name} (${reasons.join(". ")})`,
    `Give it a boot protocol that one of them takes; \`npx isthmus check ${name}\` says more.`,
    { file: name },
  );
}
