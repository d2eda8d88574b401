// Futex wait and wake, with the timer at each instruction of them.
//
// `relay` (user/relay.ts) has two threads that hand a word to each other. The tests count the
// instructions of a round, of both threads and of the kernel, and have the timer interrupt one
// round at its instruction 0, the next at its instruction 1, …: each time a third thread takes the
// processor there, or a signal comes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readElfImage } from "../../../src/inspect/elf-image";
import type { V86Machine } from "../../../src/machine/v86";
import { NativePrograms } from "../../user/native-program";
import { addressOf, withMachine } from "../booted-kernel";
import { SKIPPED_MS } from "../skipped-period";

/** So many rounds after the last interruption the program ends. */
const QUIET = 100;
const RUNS = 1000;
const ROUND_LIMIT = 20_000;
/** A round that takes more slices of v86 stands still: both threads wait. */
const MOST_SLICES = 1000;
const TIMER_LINE = 0;

/** An instruction of a round: so many after the n-th system call, 0: the start of the round. */
interface Place {
  readonly call: number;
  readonly instruction: number;
}

describe("futexes between two threads", () => {
  const programs = new NativePrograms();
  let roundBegins = 0;
  let interruptionComes = 0;

  before(async () => {
    await programs.build("relay");
    const image = readElfImage(readFileSync(join(programs.folder, "relay")), "relay");
    roundBegins = addressOf(image, "roundBegins");
    interruptionComes = addressOf(image, "interruptionComes");
  });
  after(() => programs.remove());

  /** Runs to an address of the program. */
  async function runTo(machine: V86Machine, address: number): Promise<void> {
    let slices = 0;
    do {
      const isThere = await machine.runTo(address, () => ++slices > MOST_SLICES);
      assert.ok(isThere, `the program stands still or has ended: ${machine.serial.text()}`);
    } while ((await machine.registers()).cpl !== 3);
  }

  /** Walks from one beginning of a round to the next. */
  async function placesOfRound(machine: V86Machine, systemCall: number): Promise<Place[]> {
    const places: Place[] = [];
    let call = 0;
    let instruction = 0;
    for (;;) {
      places.push({ call, instruction });
      assert.ok(places.length < ROUND_LIMIT, "a round does not come to an end");
      await machine.step();
      const { eip, cpl } = await machine.registers();
      if (eip === roundBegins && cpl === 3) return places;
      instruction++;
      if (eip !== systemCall) continue;
      call++;
      instruction = 0;
    }
  }

  /** Has the timer interrupt at each of the places, a round each: how many those are. */
  async function interrupt(
    machine: V86Machine,
    systemCall: number,
    choose: (places: readonly Place[]) => readonly Place[],
  ): Promise<number> {
    await machine.stop();
    await runTo(machine, roundBegins);
    await runTo(machine, roundBegins);
    const places = choose(await placesOfRound(machine, systemCall));
    for (const { call, instruction } of places) {
      await runTo(machine, roundBegins);
      for (let i = 0; i < call; i++) await machine.runTo(systemCall);
      await machine.step(instruction);
      machine.skipTime(SKIPPED_MS);
      machine.raiseInterrupt(TIMER_LINE);
      await runTo(machine, interruptionComes);
    }
    await machine.resume();
    return places.length;
  }

  async function check(
    words: readonly string[],
    choose: (places: readonly Place[]) => readonly Place[],
  ): Promise<void> {
    const program = ["relay", String(QUIET), ...words];
    const request = { program, files: [programs.entry("relay")], memoryMiB: 16 };
    await withMachine("v86", request, async (machine, { kernel }) => {
      const entry = addressOf(kernel, "system_call_entry");
      const runs = await interrupt(machine as V86Machine, entry, choose);
      assert.ok(runs >= RUNS, `${runs} runs`);
      assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
      assert.match(machine.serial.text(), new RegExp(`^${runs} interruptions, 0 mistakes`));
    });
  }

  it("pass the timer at each instruction, when it gives another thread the processor", () =>
    check([], (places) => places));

  // A wait that a signal interrupts looks at the word again: this finds less, and is done less.
  it("pass the timer at a thousand instructions, when it brings a signal", () =>
    check(["alarm"], (places) =>
      places.filter((_, i) => i % Math.floor(places.length / RUNS) === 0),
    ));
});
