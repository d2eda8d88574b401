// Follows one system call of a program, from its int 0x80 to its next instruction in user mode, one
// instruction after the other.
//
//   boot, to exit_iret: the kernel is about to run a program for the first time
//   one instruction at a time while in user mode, until int 0x80 with the number that is looked for
//   the same through the kernel, and each step is noted
//
// Which space an address means is told by CR3: a process's own, or else the kernel's.

import { SystemCall } from "../abi/linux/i386";
import { Diagnostic, type Place } from "../base/diagnostic";
import type { Machine, MachineName, Registers } from "../machine/machine";
import type { CodeFile } from "./code-file";
import { symbolAddress } from "./elf-image";
import { findSpaces } from "./spaces";

/** Where the kernel leaves for user mode, and nowhere else. */
const WAY_OUT = "exit_iret";
const VECTOR_SYSTEM_CALL = 0x80;

/** The registers whose changes are noted, in the order of a line. */
const NOTED = [
  ...["eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eflags"],
  ...["cs", "ss", "ds", "es", "fs", "gs", "cr2", "cr3"],
] as const satisfies readonly (keyof Registers)[];

export type NotedRegister = (typeof NOTED)[number];

/** One instruction that was executed. */
export interface Step {
  readonly address: number;
  /** The space whose directory was loaded before the instruction, and its CR3. */
  readonly space: "kernel" | "user";
  readonly cr3: number;
  /** Undefined if the file has no instruction there that our decoder knows. */
  readonly text: string | undefined;
  /** `system_call_entry+0x2`. */
  readonly symbol: string | undefined;
  readonly place: Place | undefined;
  /** The registers that the instruction changed, with their new values; EIP is left out. */
  readonly changed: Partial<Readonly<Record<NotedRegister, number>>>;
}

/** Why the list of steps ends. */
export type TraceEnd =
  /** The program is about to execute its next instruction. */
  | "returned"
  /** As many were executed as were asked for. */
  | "count"
  /** The processor waits: the call sleeps, and nothing else can run. */
  | "waits"
  /** The kernel went on with another process. */
  | "other process"
  /** The run is over. */
  | "ended";

export interface CallTrace {
  readonly machine: MachineName;
  readonly process: { readonly pid: number; readonly name: string };
  readonly call: { readonly number: number; readonly name: string };
  readonly steps: readonly Step[];
  readonly end: TraceEnd;
  /** EAX after the return, as a signed number. */
  readonly result: number | undefined;
}

/** What the tracer knows of the guest's files. */
export interface TracedFiles {
  readonly kernel: CodeFile;
  /** The file of the program of that name; undefined if there is none. */
  program(name: string): CodeFile | undefined;
}

/** What to look for. */
export interface TraceRequest {
  /** The call's number; undefined: any. */
  readonly number: number | undefined;
  /** The most instructions to note. */
  readonly count: number;
}

/**
 * Traces the first call of that number that any process makes.
 *
 * @param machine stopped, before or after its boot; it can single-step
 * @returns undefined if the run ends without such a call
 * @throws Diagnostic INSP005 if the kernel does not name its way out, INSP006 if a program's file
 *   is not known
 */
export async function traceCall(
  machine: Machine,
  files: TracedFiles,
  request: TraceRequest,
): Promise<CallTrace | undefined> {
  return new CallTracer(machine, files).trace(request);
}

interface Caller {
  readonly cr3: number;
  readonly pid: number;
  readonly name: string;
  readonly code: CodeFile;
}

class CallTracer {
  readonly #machine: Machine;
  readonly #files: TracedFiles;
  readonly #wayOut: number;

  constructor(machine: Machine, files: TracedFiles) {
    this.#machine = machine;
    this.#files = files;
    const wayOut = symbolAddress(files.kernel.image, WAY_OUT);
    if (wayOut === undefined) throw noWayOut(files.kernel.image.name);
    this.#wayOut = wayOut;
  }

  async trace({ number, count }: TraceRequest): Promise<CallTrace | undefined> {
    let caller: Caller | undefined;
    for (;;) {
      const registers = await this.#toUserMode();
      if (!registers) return undefined;
      if (caller?.cr3 !== registers.cr3) caller = await this.#callerOf();
      if (isCall(caller, registers) && (number ?? registers.eax) === registers.eax) {
        return this.#follow(caller, registers, count);
      }
      if ((await this.#machine.step()) === 0) return undefined;
      // What `execve` leaves has the CR3 of another program.
      if ((await this.#machine.registers()).cpl !== 3) caller = undefined;
    }
  }

  /** The registers at the next instruction in user mode, which may be this one. */
  async #toUserMode(): Promise<Registers | undefined> {
    for (;;) {
      const registers = await this.#machine.registers();
      if (registers.cpl === 3) return registers;
      const isThere = registers.eip === this.#wayOut;
      if (!isThere && !(await this.#machine.runTo(this.#wayOut))) return undefined;
      if ((await this.#machine.step()) === 0) return undefined;
    }
  }

  async #callerOf(): Promise<Caller> {
    const process = await this.#machine.inspect((snapshot) => {
      const spaces = findSpaces(snapshot, this.#files.kernel.image);
      const { cr3 } = snapshot.registers;
      return spaces.processes.find(({ space }) => space.cr3 === cr3);
    });
    const name = process?.name ?? "?";
    const code = this.#files.program(name);
    if (!process || !code) throw unknownProgram(name);
    return { cr3: process.space.cr3, pid: process.pid, name, code };
  }

  async #follow(caller: Caller, first: Registers, count: number): Promise<CallTrace> {
    const steps: Step[] = [];
    let before = first;
    let end: TraceEnd = "count";
    while (steps.length < count) {
      if ((await this.#machine.step()) === 0) {
        end = "ended";
        break;
      }
      const after = await this.#machine.registers();
      steps.push(this.#note(caller, before, after));
      before = after;
      const over = endAt(caller, after);
      if (over) {
        end = over;
        break;
      }
    }
    const number = first.eax;
    return {
      machine: this.#machine.name,
      process: { pid: caller.pid, name: caller.name },
      call: { number, name: SystemCall[number] ?? `syscall_${number}` },
      steps,
      end,
      result: end === "returned" ? before.eax | 0 : undefined,
    };
  }

  #note(caller: Caller, before: Registers, after: Registers): Step {
    const address = before.eip;
    const isUser = before.cpl === 3;
    const code = isUser ? caller.code : this.#files.kernel;
    const symbol = code.symbolAt(address);
    return {
      address,
      // Only a process's directory differs from the kernel's, and only in the trampoline.
      space: before.cr3 === caller.cr3 ? "user" : "kernel",
      cr3: before.cr3,
      text: code.textAt(address),
      symbol: symbol && symbolText(symbol.name, symbol.offset),
      place: code.placeAt(address),
      changed: Object.fromEntries(
        NOTED.filter((name) => before[name] !== after[name]).map((name) => [name, after[name]]),
      ),
    };
  }
}

function isCall({ code }: Caller, { eip }: Registers): boolean {
  const instruction = code.instructionAt(eip);
  return instruction?.form.mnemonic === "int" && instruction.operands[0] === VECTOR_SYSTEM_CALL;
}

function endAt(caller: Caller, { cpl, cr3, halted }: Registers): TraceEnd | undefined {
  if (halted) return "waits";
  if (cpl !== 3) return undefined;
  return cr3 === caller.cr3 ? "returned" : "other process";
}

function symbolText(name: string, offset: number): string {
  return offset === 0 ? name : `${name}+0x${offset.toString(16)}`;
}

function noWayOut(name: string): Diagnostic {
  return new Diagnostic(
    "INSP005",
    `${name} has no symbol ${WAY_OUT}, so its way to user mode is not known`,
    `Give the iret to user mode the global symbol ${WAY_OUT}, and do not strip the kernel`,
  );
}

function unknownProgram(name: string): Diagnostic {
  return new Diagnostic(
    "INSP006",
    `the process ${name} runs a program that is not in the initramfs`,
    "Give the initramfs that the kernel booted with",
  );
}
