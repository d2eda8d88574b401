// The run of a guest from its start to its end, with our standard input as its serial line's.

import type { Ending, Machine } from "../machine/machine";
import type { ConsoleInput } from "./console-input";

/** Why the run is over: the guest's own end, or ours. */
export type Outcome =
  | Ending
  /** It waits in HLT with interrupts off. */
  | { readonly kind: "halted" }
  | { readonly kind: "timeout" }
  | { readonly kind: "left" };

export interface GuestRun {
  readonly machine: Machine;
  readonly input: ConsoleInput;
  /** The time that it has from the machine's start; undefined: all. */
  readonly seconds: number | undefined;
  /** Called once the machine runs. */
  readonly started?: () => void;
  /** Another reason to end it. */
  readonly halted?: Promise<void>;
}

/** Runs the machine to its end; the caller closes it. */
export async function runGuest(run: GuestRun): Promise<Outcome> {
  const { machine, input, seconds, started, halted } = run;
  let timer: NodeJS.Timeout | undefined;
  try {
    input.connect(machine.serial);
    await machine.start();
    const expired = new Promise<Outcome>((resolve) => {
      if (seconds === undefined) return;
      timer = setTimeout(() => resolve({ kind: "timeout" }), seconds * 1000);
    });
    started?.();
    const left = input.left.then((): Outcome => ({ kind: "left" }));
    const stopped = halted?.then((): Outcome => ({ kind: "halted" }));
    return await Promise.race([machine.ended, left, expired, ...(stopped ? [stopped] : [])]);
  } finally {
    clearTimeout(timer);
    input.close();
  }
}
