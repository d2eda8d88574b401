// A process of the hunt: damages files number FROM to TO and reports after each how it went. It is
// started with a memory limit; its parent watches the time.
//
//   worker.ts DIRECTORY SEED FROM TO
//
// It leaves by itself once the parent has its last report: a channel that is closed earlier loses
// what it has not yet sent.

import { Random } from "./damage";
import { readTargets } from "./targets";

/** One damaged file. */
export interface Attempt {
  readonly number: number;
  readonly target: string;
  /** Of processor time. */
  readonly milliseconds: number;
  /** The most memory that the process ever had, and what its buffers hold now. */
  readonly bytes: number;
  readonly said?: string;
  /** An exception that is not a Diagnostic: a bug. */
  readonly crash?: string;
}

const [directory = "", seed = "0", from = "0", to = "0"] = process.argv.slice(2);
const targets = readTargets(directory);

for (let number = Number(from); number < Number(to); number++) {
  const target = targets[number % targets.length];
  if (!target) break;
  process.send?.(number);
  const start = process.cpuUsage();
  let result: Pick<Attempt, "said" | "crash"> = {};
  try {
    const said = target.attempt(new Random(Number(seed) + number));
    if (said !== undefined) result = { said };
  } catch (error) {
    result = { crash: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000;
  const resident = process.resourceUsage().maxRSS * 1024;
  const bytes = Math.max(resident, process.memoryUsage().external);
  process.send?.({ number, target: target.name, milliseconds, bytes, ...result } satisfies Attempt);
}
process.send?.(Number(to), () => process.disconnect());
