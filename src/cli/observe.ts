// Boots a machine and looks at it at chosen moments: what `audit` and `map` share.

import { VECTOR_SYSTEM_CALL } from "../abi/descriptors";
import { FRAME_SIZE, FRAME_VECTOR } from "../abi/trap-frame";
import { Diagnostic } from "../base/diagnostic";
import { type ElfImage, readElfImage } from "../inspect/elf-image";
import { findSpaces, isInspectable, type ProcessSpace, type Spaces } from "../inspect/spaces";
import { readLinear } from "../inspect/walk";
import { readArchive } from "../machine/initramfs";
import type { Ending, Machine, Registers, Snapshot } from "../machine/machine";
import { openMachine } from "../machine/open-machine";
import type { BootSettings } from "./boot-settings";

/** How deep a kernel stack may be: an ESP this far below a stack's end is on another one. */
const KERNEL_STACK_MAX = 0x4000;

/** A machine under observation. `close` it, whatever happens. */
export class Observation {
  readonly machine: Machine;
  /** The kernel's file. */
  readonly image: ElfImage;
  /** Files of user programs by name. */
  readonly programs: ReadonlyMap<string, ElfImage>;
  ending: Ending | undefined;

  constructor(settings: BootSettings) {
    this.machine = openMachine(settings.machine, settings.options);
    this.image = readElfImage(settings.options.kernel, settings.kernelPath);
    this.programs = programImages(settings.options.initramfs);
    void this.machine.ended.then((ending) => {
      this.ending = ending;
    });
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
  systemCall<Result>(look: Look<Result>, timeoutMs: number): Promise<Result | undefined> {
    const isKernel = ({ cpl, halted }: Registers) => cpl === 0 && !halted;
    return this.#find(isKernel, isInSystemCall, look, timeoutMs);
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

  /** Any moment; undefined if the kernel is not far enough to be looked at. */
  now<Result>(look: Look<Result>): Promise<Result | undefined> {
    return this.machine.inspect((snapshot) => {
      const spaces = this.#spacesOf(snapshot);
      return spaces && look(spaces);
    });
  }

  #find<Result>(
    condition: (registers: Registers) => boolean,
    accept: (spaces: Spaces) => boolean,
    look: Look<Result>,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    const inspect = (snapshot: Snapshot) => {
      const spaces = this.#spacesOf(snapshot);
      return spaces && accept(spaces) ? look(spaces) : undefined;
    };
    return this.machine.inspectWhen(condition, inspect, timeoutMs);
  }

  #spacesOf(snapshot: Snapshot): Spaces | undefined {
    return isInspectable(snapshot, this.image) ? findSpaces(snapshot, this.image) : undefined;
  }
}

/** Looks at the spaces of a machine that stands still; they are valid during the call only. */
export type Look<Result> = (spaces: Spaces) => Result;

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

/** The programs of an initramfs, by the last part of their paths; other files are left out. */
function programImages(initramfs: Uint8Array | undefined): Map<string, ElfImage> {
  const images = new Map<string, ElfImage>();
  for (const { name, kind, data } of initramfs ? readArchive(initramfs) : []) {
    if (kind !== "file") continue;
    try {
      images.set(name.slice(name.lastIndexOf("/") + 1), readElfImage(data, name));
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
    }
  }
  return images;
}
