// Looks at a guest that tells us nothing: several times a second, at its registers and its screen.
//
// What was seen last is kept, because some ends, such as QEMU's exit device, leave no machine that
// could be looked at.

import { isStopped } from "../inspect/machine-end";
import type { Machine, Registers } from "../machine/machine";
import { writeText } from "./replace-file";

const INTERVAL_MS = 250;

export interface LastLook {
  readonly registers: Registers | undefined;
  /** Without blank lines at its end. */
  readonly screen: readonly string[];
}

export class GuestWatch {
  /** Resolves once the processor waits in HLT with interrupts off. */
  readonly halted: Promise<void>;
  #haltedNow: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #registers: Registers | undefined;
  #screen: readonly string[] = [];
  #written: string | undefined;

  /** @param screenPath where the screen's text goes whenever it has changed */
  constructor(
    readonly machine: Machine,
    readonly screenPath: string | undefined,
  ) {
    this.halted = new Promise((resolve) => {
      this.#haltedNow = resolve;
    });
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#tick(), INTERVAL_MS);
  }

  /** Looks once more, if there is still a machine; then never again. */
  async end(): Promise<LastLook> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#look();
    return { registers: this.#registers, screen: this.#screen };
  }

  async #tick(): Promise<void> {
    const before = this.#registers;
    await this.#look();
    const now = this.#registers;
    // Twice at one place: the first time it may have been about to wake up.
    const isSame = before !== undefined && now !== undefined && before.eip === now.eip;
    if (isSame && isStopped(before) && isStopped(now)) this.#haltedNow();
    else if (!this.#ended) this.start();
  }

  async #look(): Promise<void> {
    try {
      this.#registers = await this.machine.glance();
      this.#screen = withoutBlankEnd(await this.machine.screen());
    } catch {
      return; // The machine is gone: what was seen last stays.
    }
    this.#writeScreen();
  }

  #writeScreen(): void {
    if (this.screenPath === undefined || this.screenPath === "-") return;
    const text = screenText(this.#screen);
    if (text === this.#written) return;
    writeText(this.screenPath, text);
    this.#written = text;
  }
}

export function screenText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  return lines.filter((_, index) => lines.slice(index).some((line) => line !== ""));
}
