// Parameters and locals of inlined calls in gdb: whatever it shows, at whatever instruction, is
// what the variable has in that call; what is not certain is <optimized out>.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { unlessInstalled } from "../../link/tools";
import { type Debugged, debugged } from "./debugged";

const MAIN = `let sink: u32 = 0;
export function log(a: u32, b: u32): void {
  sink = sink * 31 + a + b;
  if (sink == 12345) log(b, a);
}
function mix(a: u32, b: u32): u32 {
  const sum = a * 3 + b;
  const twice = sum << 1;
  sink ^= twice;
  log(sum, twice);
  return twice + a;
}
function clamp(value: u32, limit: u32): u32 {
  if (value > limit) {
    log(value, limit);
    return limit;
  }
  return value;
}
function outer(seed: u32, rounds: u32): u32 {
  const start = seed ^ 85;
  let total: u32 = 0;
  for (let i: u32 = 0; i < rounds; i++) total += inner(start + i, i);
  return total + start;
}
function inner(x: u32, y: u32): u32 {
  const z = x ^ (y << 4);
  log(z, x);
  return z + y;
}
function counted(n: u32): u32 {
  let result: u32 = 1;
  while (n > 1) result = result * 3 + n--;
  return result;
}
function late(k: u32): u32 {
  log(k, 3);
  const square = k * k;
  log(square, k);
  return square;
}
function rarely(v: u32): u32 {
  let found: u32;
  if (v > 5) {
    found = v * 11;
    log(found, v);
  }
  log(v, 6);
  return v;
}
export function once(p: u32): u32 {
  log(p, 0);
  const r = mix(p + 1, p * 2);
  log(r, 1);
  return r;
}
export function both(p: u32): u32 {
  const a = clamp(p, 10);
  const b = clamp(p * 2, 15);
  log(a, b);
  return a + b;
}
export function looped(n: u32): u32 {
  const r = outer(n, 5);
  log(r, n);
  return r;
}
export function rest(n: u32): u32 {
  const r = counted(n) + late(n + 1) + rarely(n + 2);
  log(r, n);
  return r;
}
export function main(): i32 {
  const sum = once(4) + once(9) + both(3) + both(12) + looped(7) + rest(3) + rest(8);
  return <i32>sum;
}
`;

/** A function that runs now, with what gdb shows of it. */
interface Frame {
  readonly name: string;
  readonly line: number;
  readonly values: ReadonlyMap<string, number>;
}

/** The frames of each stop, the innermost first, from the output of `backtrace full`. */
function framesOf(output: string): Frame[][] {
  return output.split(/^----$/m).map((stop) =>
    stop
      .split(/^#\d+ +(?:0x[0-9a-f]+ in )?/m)
      .slice(1)
      .map((text) => {
        const [, name = "", line = ""] = /^(\w+) \([\s\S]*?\) at main\.ts:(\d+)/.exec(text) ?? [];
        const pairs = [...text.matchAll(/\b(\w+) ?= ?(\d+)\b/g)];
        const values = new Map(pairs.map(([, key = "", value]) => [key, Number(value)]));
        return { name, line: Number(line), values };
      }),
  );
}

type Values = Readonly<Record<string, number>>;

/** What variables are, given the argument of the function that all of them were inlined into. */
const EXPECTED: Readonly<Record<string, (argument: number) => Values>> = {
  mix: (p) => ({ a: p + 1, b: 2 * p, sum: 5 * p + 3, twice: 10 * p + 6 }),
  once: (p) => ({ p, r: 11 * p + 7 }),
  both: (p) => ({ p, a: Math.min(p, 10), b: Math.min(2 * p, 15) }),
  outer: (n) => ({ seed: n, rounds: 5, start: n ^ 85 }),
  rarely: (n) => ({ v: n + 2, found: 11 * (n + 2) }),
  late: (n) => ({ k: n + 1, square: (n + 1) ** 2 }),
};

describe("inlined locals in gdb", { skip: unlessInstalled("gdb") }, () => {
  let program: Debugged;

  before(async () => {
    program = await debugged({ "main.ts": MAIN });
  });
  after(() => program.close());

  /** All stops from the first instruction of `fn` on, in one call of it. */
  function steps(fn: string, call: number, count: number): Frame[][] {
    const skip = call === 0 ? [] : [`ignore 1 ${call}`];
    const step = ["echo ----\\n", "backtrace full", "stepi"];
    const all = [`break ${fn}`, ...skip, "run", ...Array(count).fill(step).flat()];
    const stops = framesOf(program.gdb(...all)).slice(1);
    const end = stops.findIndex((stop) => !stop.some(({ name }) => name === fn));
    assert.notEqual(end, -1, `${fn} did not return`);
    return stops.slice(0, end);
  }

  /** How often each variable was seen, after its values were compared. */
  function check(fn: string, call: number, argument: number, count: number): Map<string, number> {
    const seen = new Map<string, number>();
    for (const stop of steps(fn, call, count)) {
      for (const frame of stop) {
        const expected = EXPECTED[frame.name]?.(argument) ?? {};
        for (const [name, value] of frame.values) {
          const key = `${frame.name}.${name}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          if (name in expected) assert.equal(value, expected[name], `${key} in ${frame.line}`);
        }
        checkInner(frame, argument);
      }
    }
    return seen;
  }

  function checkInner({ name, values }: Frame, argument: number): void {
    if (name !== "inner") return;
    const [x, y, z] = [values.get("x"), values.get("y"), values.get("z")];
    if (x !== undefined && y !== undefined) assert.equal(x - y, argument ^ 85);
    if (z !== undefined && y !== undefined) assert.equal(z, ((argument ^ 85) + y) ^ (y << 4));
  }

  function assertSeen(seen: ReadonlyMap<string, number>, ...keys: string[]): void {
    for (const key of keys) assert(seen.has(key), `${key} among ${[...seen.keys()]}`);
  }

  it("shows what is read in the call, where that is the only one", () => {
    for (const [call, p] of [4, 9].entries()) {
      assertSeen(check("once", call, p, 90), "mix.a", "mix.sum", "mix.twice");
    }
  });

  it("shows no value that may be of another call", () => {
    for (const [call, p] of [3, 12].entries()) {
      const seen = check("both", call, p, 110);
      assertSeen(seen, "both.a");
      assert(!seen.has("clamp.value"), "of which of the two calls?");
    }
  });

  it("shows what changes from round to round as it is in each", () => {
    assertSeen(check("looped", 0, 7, 250), "inner.x", "inner.y", "outer.start");
  });

  it("shows locals from where they are assigned", () => {
    for (const [call, n] of [3, 8].entries()) {
      const seen = check("rest", call, n, 200);
      assertSeen(seen, "late.k", "late.square", "rarely.v");
      if (n + 2 <= 5) assert(!seen.has("rarely.found"), "it is never assigned");
    }
  });
});
