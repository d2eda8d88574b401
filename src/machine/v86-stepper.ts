// How far v86 runs in a call of its `main_loop`: freely, a block, or one instruction.
//
// v86 asks for the time at the beginning of a call and leaves it a millisecond later. While
// stepping, it is told at the beginning that it is the dawn of time, so that it always leaves after
// the one block or instruction that the patch (v86-patch.ts) lets it run. Compiled code would run
// on beyond that: it is dropped, and none is made.
//
// Invariant: in a single step time stands still for the guest, so that no timer interrupts what is
// looked at. A halted processor is the exception: it would never wake.

import { LIMIT_CELL, SHIPPED_LIMIT, STEP_CELL } from "./v86-patch";

/** What the stepper uses of v86's processor. */
export interface SteppedCpu {
  readonly in_hlt: Uint8Array;
  readonly instruction_pointer: Int32Array;
  main_loop(): number;
  jit_clear_cache(): void;
  set_jit_config(setting: number, value: number): void;
}

export type Stride = "free" | "block" | "instruction";

type Import = (...values: number[]) => unknown;

const JIT_DISABLED = 0;

export class V86Stepper {
  readonly #microtick: () => number;
  readonly #runHardwareTimers: Import;
  #memory: WebAssembly.Memory | undefined;
  #stride: Stride = "free";
  #isAtBeginning = false;
  /** The guest's time, while it stands still. */
  #frozenAt: number | undefined;
  /** What the processor's counter of time is ahead of the devices', in milliseconds. */
  #ahead = 0;

  /** @param environment what v86's WebAssembly imports */
  constructor(environment: Readonly<Record<string, Import>>) {
    const { microtick, run_hardware_timers: timers } = environment;
    if (!microtick || !timers) throw new Error("v86 imports neither its clock nor its timers");
    this.#microtick = microtick as () => number;
    this.#runHardwareTimers = timers;
  }

  /** v86's import of that name. */
  readonly microtick = (): number => {
    if (this.#isAtBeginning) {
      this.#isAtBeginning = false;
      return Number.NEGATIVE_INFINITY;
    }
    return (this.#frozenAt ?? this.#microtick()) + this.#ahead;
  };

  /** From now on the processor's counter of time is so many milliseconds further than it was. */
  skipTime(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** v86's import of that name: lets the devices know the time; when they want to know it next. */
  runHardwareTimers(acpi: number, now: number): unknown {
    if (this.#stride === "free") return this.#runHardwareTimers(acpi, now - this.#ahead);
    return this.#frozenAt === undefined ? this.#runHardwareTimers(acpi, this.#microtick()) : 0;
  }

  /** Tells the memory of the patched WebAssembly, before its first instruction runs. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#setCells("free");
  }

  /** One call of `main_loop`, which runs a block or an instruction. */
  advance(cpu: SteppedCpu, stride: "block" | "instruction", timePasses: boolean): void {
    this.#setStride(cpu, stride);
    const isFrozen = !timePasses && cpu.in_hlt[0] === 0;
    this.#frozenAt = isFrozen ? this.#microtick() : undefined;
    this.#isAtBeginning = true;
    try {
      cpu.main_loop();
    } finally {
      this.#isAtBeginning = false;
      this.#frozenAt = undefined;
    }
  }

  /** As v86 runs by itself. */
  release(cpu: SteppedCpu): void {
    this.#setStride(cpu, "free");
  }

  #setStride(cpu: SteppedCpu, stride: Stride): void {
    if (stride === this.#stride) return;
    if (this.#stride === "free") {
      cpu.jit_clear_cache();
      cpu.set_jit_config(JIT_DISABLED, 1);
    } else if (stride === "free") cpu.set_jit_config(JIT_DISABLED, 0);
    this.#setCells(stride);
    this.#stride = stride;
  }

  #setCells(stride: Stride): void {
    if (!this.#memory) throw new Error("v86 has not been instantiated");
    const cells = new DataView(this.#memory.buffer);
    cells.setUint8(STEP_CELL, stride === "instruction" ? 1 : 0);
    cells.setUint32(LIMIT_CELL, stride === "free" ? SHIPPED_LIMIT : 1, true);
  }
}
