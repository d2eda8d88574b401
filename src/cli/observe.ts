// Boots a machine and looks at it at chosen moments: what `audit` and `map` share.

import { setTimeout as sleep } from "node:timers/promises";
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
const LOOK_AGAIN_MS = 5;

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

  userMode(timeoutMs: number): Promise<Spaces | undefined> {
    return this.find(
      (registers) => registers.cpl === 3,
      () => true,
      timeoutMs,
    );
  }

  /** A moment at which the kernel works for a process that executed `int 0x80`. */
  systemCall(timeoutMs: number): Promise<Spaces | undefined> {
    return this.find(
      (registers) => registers.cpl === 0 && !registers.halted,
      isInSystemCall,
      timeoutMs,
    );
  }

  /** A moment after the end of a process that was there in `before`. */
  afterExit(before: Spaces, timeoutMs: number): Promise<Spaces | undefined> {
    const known = before.processes.map(({ pid }) => pid);
    const isGone = ({ processes }: Spaces) =>
      known.some((pid) => processes.every((process) => process.pid !== pid));
    return this.find(() => true, isGone, timeoutMs);
  }

  /** Any moment. */
  async now(): Promise<Spaces | undefined> {
    return this.spacesOf(await this.machine.snapshot());
  }

  private spacesOf(snapshot: Snapshot): Spaces | undefined {
    return isInspectable(snapshot, this.image) ? findSpaces(snapshot, this.image) : undefined;
  }

  /** Looks until registers and spaces satisfy the conditions; undefined when time is over. */
  private async find(
    condition: (registers: Registers) => boolean,
    accept: (spaces: Spaces) => boolean,
    timeoutMs: number,
  ): Promise<Spaces | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline && !this.ending) {
      const left = deadline - Date.now();
      const snapshot: Snapshot | undefined = await this.machine.snapshotWhen(condition, left);
      const spaces = snapshot && this.spacesOf(snapshot);
      if (spaces && accept(spaces)) return spaces;
      await sleep(LOOK_AGAIN_MS);
    }
    return undefined;
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
