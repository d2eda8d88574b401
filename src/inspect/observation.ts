// Looks at a running machine at chosen moments: in user mode, in a system call, after an exit.
//
// It works in Node and in a page alike: the machine, and the files that it boots, are handed in.

import { VECTOR_SYSTEM_CALL } from "../abi/descriptors";
import { FRAME_SIZE, FRAME_VECTOR } from "../abi/trap-frame";
import type { Ending, Machine, Registers, Snapshot } from "../machine/machine";
import type { BootedFiles } from "./booted-files";
import { findSpaces, isInspectable, type ProcessSpace, type Spaces } from "./spaces";
import { readLinear } from "./walk";

/**
 * v86 stops where its slices end, which may be in user mode for seconds. So a machine that can step
 * goes on by so many instructions, so many times, until the moment has come.
 */
const STRIDE = 997;
const STRIDES_MAX = 4000;
/** How deep a kernel stack can be: an ESP further below a stack's end is on another one. */
const KERNEL_STACK_MAX = 0x4000;

/** Looks at the spaces of a machine that is stopped; they are valid only during the call. */
export type Look<Result> = (spaces: Spaces) => Result;

/** A machine under observation. Always `close` it. */
export class Observation {
  readonly machine: Machine;
  readonly files: BootedFiles;
  #ending: Ending | undefined;

  /** @param machine not started yet */
  constructor(machine: Machine, files: BootedFiles) {
    this.machine = machine;
    this.files = files;
    void machine.ended.then((ending) => {
      this.#ending = ending;
    });
  }

  /** How the run ended, once it has. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  start(): Promise<void> {
    return this.machine.start();
  }

  close(): Promise<void> {
    return this.machine.close();
  }

  /** A moment at which a program runs in ring 3. */
  userMode<Result>(look: Look<Result>, timeoutMs: number): Promise<Result | undefined> {
    return this.#find(
      ({ cpl }) => cpl === 3,
      () => true,
      look,
      timeoutMs,
    );
  }

  /** A moment at which the kernel works for a process that executed `int 0x80`. */
  async systemCall<Result>(look: Look<Result>, timeoutMs: number): Promise<Result | undefined> {
    const isKernel = ({ cpl, halted }: Registers) => cpl === 0 && !halted;
    const found = await this.#stepTo(isKernel, isInSystemCall, look);
    return found ?? this.#find(isKernel, isInSystemCall, look, timeoutMs);
  }

  /** A moment at which one of the processes `pids` is gone. */
  afterExit<Result>(
    pids: ReadonlySet<number>,
    look: Look<Result>,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    const isGone = ({ processes }: Spaces) => {
      const alive = new Set(processes.map(({ pid }) => pid));
      return [...pids].some((pid) => !alive.has(pid));
    };
    return this.#find(() => true, isGone, look, timeoutMs);
  }

  /** The present moment; undefined if the kernel has not set up its spaces yet. */
  now<Result>(look: Look<Result>): Promise<Result | undefined> {
    return this.machine.inspect((snapshot) => {
      const spaces = this.#spacesOf(snapshot);
      return spaces && look(spaces);
    });
  }

  /** Steps until there is such a moment; undefined if the machine cannot step, or none came. */
  async #stepTo<Result>(
    condition: (registers: Registers) => boolean,
    accept: (spaces: Spaces) => boolean,
    look: Look<Result>,
  ): Promise<Result | undefined> {
    const { machine } = this;
    if (machine.capabilities.singleStep !== true) return undefined;
    const inspect = this.#lookIf(accept, look);
    await machine.stop();
    let result: Result | undefined;
    for (let stride = 0; stride < STRIDES_MAX && result === undefined && !this.#ending; stride++) {
      await machine.step(STRIDE);
      result = await machine.inspect((snapshot) =>
        condition(snapshot.registers) ? inspect(snapshot) : undefined,
      );
    }
    if (!this.#ending) await machine.resume();
    return result;
  }

  #find<Result>(
    condition: (registers: Registers) => boolean,
    accept: (spaces: Spaces) => boolean,
    look: Look<Result>,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    return this.machine.inspectWhen(condition, this.#lookIf(accept, look), timeoutMs);
  }

  /** Looks at a moment whose spaces are accepted. */
  #lookIf<Result>(accept: (spaces: Spaces) => boolean, look: Look<Result>) {
    return (snapshot: Snapshot): Result | undefined => {
      const spaces = this.#spacesOf(snapshot);
      return spaces && accept(spaces) ? look(spaces) : undefined;
    };
  }

  #spacesOf(snapshot: Snapshot): Spaces | undefined {
    return isInspectable(snapshot, this.files.image)
      ? findSpaces(snapshot, this.files.image)
      : undefined;
  }
}

function isInSystemCall(spaces: Spaces): boolean {
  const process = spaces.processes.find(({ current }) => current);
  return (
    process !== undefined &&
    isOnStackOf(spaces, process) &&
    lastVector(spaces, process) === VECTOR_SYSTEM_CALL
  );
}

function isOnStackOf({ snapshot }: Spaces, { stackTop }: ProcessSpace): boolean {
  const { esp } = snapshot.registers;
  return esp < stackTop && esp >= stackTop - KERNEL_STACK_MAX;
}

/** The vector in the trap frame at the end of a process's kernel stack. */
function lastVector({ snapshot, kernel }: Spaces, { stackTop }: ProcessSpace): number | undefined {
  const word = readLinear(snapshot.memory, kernel, stackTop - FRAME_SIZE + FRAME_VECTOR);
  return word === undefined ? undefined : word & 0xff;
}
