// Audits a machine from its start to the end of its program, at several moments.
//
//   in user mode, in a system call, at random moments, after an exit, at the end of the run
//
// A moment that does not come in time is reported as missed.
//
// v86 by itself stops at the same few instructions again and again, where its slices end. So a
// machine that can step goes on from there by a random number of instructions, one by one; the seed
// of these numbers is in the report.

import { type AuditInput, audit, joinAudits, type LawResult } from "./audit";
import type { AuditReport, Moment } from "./audit-report";
import type { Judgement } from "./judgement";
import type { Look, Observation } from "./observation";
import { Random } from "./random";
import { sharedPages } from "./shared-pages";
import { everySpace, processTitle, type Spaces } from "./spaces";
import { mappedBytes } from "./walk";

const PAGE = 4096;
/** How long to wait for each of the moments. */
const MOMENT_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 600_000;
const RANDOM_STOP_MAX_MS = 60;
/** Some 15 ms of v86, and several system calls of most programs. */
const RANDOM_STEPS_MAX = 20_000;

/** What was seen at one moment. */
interface Sight extends Omit<Moment, "name"> {
  readonly pids: readonly number[];
  readonly laws: readonly LawResult[];
  readonly shared: AuditReport["shared"];
  readonly spaces: AuditReport["spaces"];
}

/**
 * Starts the machine and audits it until the end of its program.
 *
 * @param stops how many random moments to look at
 * @param seed of the random numbers
 * @param userPointers the judgement on law 6 (law-of-pointers.ts)
 * @returns undefined if no process was ever seen, so that there was nothing to judge
 */
export async function auditMachine(
  observation: Observation,
  stops: number,
  seed: number,
  userPointers: Judgement,
): Promise<AuditReport | undefined> {
  await observation.start();
  const run = new AuditedRun(observation, seed, userPointers);
  await run.lookAtAll(stops);
  return run.report();
}

class AuditedRun {
  readonly #observation: Observation;
  readonly #seed: number;
  readonly #random: Random;
  readonly #userPointers: Judgement;
  readonly #sights: [name: string, Sight][] = [];
  readonly #missed: string[] = [];

  constructor(observation: Observation, seed: number, userPointers: Judgement) {
    this.#observation = observation;
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#userPointers = userPointers;
  }

  async lookAtAll(stops: number): Promise<void> {
    const observation = this.#observation;
    const look = (spaces: Spaces) => this.#see(spaces);
    this.#note("user mode", await observation.userMode(look, MOMENT_TIMEOUT_MS));
    this.#note("system call", await observation.systemCall(look, MOMENT_TIMEOUT_MS));
    for (let stop = 1; stop <= stops && !observation.ending; stop++) {
      await within(this.#random.below(RANDOM_STOP_MAX_MS), undefined);
      this.#note(`random stop ${stop}`, await this.#atRandomInstruction(look));
    }
    const pids = new Set(this.#sights.flatMap(([, sight]) => sight.pids));
    this.#note("after an exit", await observation.afterExit(pids, look, MOMENT_TIMEOUT_MS));
    await within(END_TIMEOUT_MS, observation.machine.ended);
    this.#note("end of the run", observation.ending && (await observation.now(look)));
  }

  async #atRandomInstruction<Result>(look: Look<Result>): Promise<Result | undefined> {
    const { machine } = this.#observation;
    if (machine.capabilities.singleStep !== true) return this.#observation.now(look);
    await machine.stop();
    await machine.step(this.#random.below(RANDOM_STEPS_MAX));
    const result = await this.#observation.now(look);
    await machine.resume();
    return result;
  }

  report(): AuditReport | undefined {
    // How the run ended counts even if the kernel never got as far as setting up spaces.
    const withoutSpaces = this.#audit(undefined);
    const laws = joinAudits([withoutSpaces, ...this.#sights.map(([, sight]) => sight.laws)]);
    const sawUser = this.#sights.some(([, { pids }]) => pids.length > 0);
    const ok = laws.every(({ verdict }) => verdict !== "broken");
    if (!sawUser && ok) return undefined;
    const [busiest] = this.#sights
      .map(([, sight]) => sight)
      .sort((a, b) => b.pids.length - a.pids.length);
    const shared = busiest?.shared ?? [];
    return {
      ok,
      machine: this.#observation.machine.name,
      seed: this.#seed,
      sharedBytes: shared.length * PAGE,
      shared,
      laws,
      spaces: busiest?.spaces ?? [],
      moments: this.#sights.map(([name, { cpl, eip, processes }]) => {
        return { name, cpl, eip, processes };
      }),
      missed: this.#missed,
    };
  }

  #note(name: string, sight: Sight | undefined): void {
    if (sight) this.#sights.push([name, sight]);
    else this.#missed.push(name);
  }

  #see(spaces: Spaces): Sight {
    const { registers } = spaces.snapshot;
    return {
      cpl: registers.cpl,
      eip: registers.eip,
      pids: spaces.processes.map(({ pid }) => pid),
      processes: spaces.processes.map(processTitle),
      laws: this.#audit(spaces),
      shared: sharedPages(spaces),
      spaces: everySpace(spaces).map(([name, space]) => ({
        name,
        cr3: space.cr3,
        mappedBytes: mappedBytes(space),
      })),
    };
  }

  #audit(spaces: AuditInput["spaces"]): LawResult[] {
    const { files, ending } = this.#observation;
    return audit({ spaces, files, userPointers: this.#userPointers, ending });
  }
}

/** Waits for `event`, or else for that long. */
async function within(milliseconds: number, event: Promise<unknown> | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race(event ? [event, timeout] : [timeout]);
  clearTimeout(timer);
}
