// Parameters and locals in gdb: whatever it shows, at whatever instruction, is what the variable
// has in the source there; what is not known is <optimized out>.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { unlessInstalled } from "../../link/tools";
import { type Debugged, debugged } from "./debugged";

const MAIN = `let sink: u32 = 0;
export function log(a: u32, b: u32): void {
  sink = sink * 31 + a + b;
  if (sink == 12345) log(b, a);
}
export function work(n: u32, base: u32): u32 {
  let total: u32 = base;
  for (let i: u32 = 0; i < n; i++) {
    const square = i * i;
    total += square;
    log(total, i);
    if (square > 10) total ^= 1;
  }
  const result = total * 3;
  log(result, n);
  return result;
}
export function late(n: u32): u32 {
  let i = n;
  i++;
  log(n, 7);
  let many = n * 5;
  log(n, i);
  for (let i: u32 = 0; i < 3; i++) many += i * n;
  return many + i;
}
export function crowded(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32): u32 {
  const ab = a * b, bc = b * c, cd = c * d, de = d * e, ef = e * f, fa = f * a;
  log(ab, bc);
  log(cd, de);
  log(ef, fa);
  return (ab ^ bc) + (cd ^ de) + (ef ^ fa) + a + b + c + d + e + f;
}
export function wide(a: i64, b: i32): i64 {
  let x: i64 = a * b;
  log(<u32>x, b);
  x += a;
  log(<u32>x, b);
  return x ^ b;
}
export function choose(a: u32, y: u32): u32 {
  let x: u32 = 0;
  if (a > 5) x = y;
  if (x) log(x, 1);
  log(a, y);
  return a + y;
}
export function mean(a: f64, b: f32, n: i32): f64 {
  let sum = a;
  for (let i = 0; i < n; i++) {
    sum += <f64>b * i;
    log(i, <u32>sum);
  }
  return sum / n;
}
export function chain(n: u32): u32 {
  log(n, 2);
  return n > 1000 ? n : chain(n * 3);
}
export function handsOn(n: u32): u32 {
  const kept = n * 7;
  log(n, kept);
  log(kept, n);
  return chain(kept + n);
}
export function main(): i32 {
  const w = work(6, 100) + late(5) + choose(3, 9) + choose(8, 9) + <u32>mean(1.5, 0.25, 3);
  const x = crowded(3, 5, 7, 11, 13, 17) + handsOn(5) + handsOn(6);
  return <i32>(w + x) + <i32>wide(0x123456789a, -3);
}
`;

type Values = Readonly<Record<string, number | bigint>>;

/** What the variables of `work` may be while a line runs, as the source says. */
function possible(): Map<number, Map<string, Set<string>>> {
  const lines = new Map<number, Map<string, Set<string>>>();
  const at = (line: number, values: Values) => {
    const byName = lines.get(line) ?? new Map<string, Set<string>>();
    lines.set(line, byName);
    for (const [name, value] of Object.entries(values)) {
      byName.set(name, (byName.get(name) ?? new Set()).add(String(value)));
    }
  };
  const [n, base] = [6, 100];
  let total = base;
  at(6, { n, base });
  at(7, { n, base, total });
  at(8, { n, base, total, i: 0 });
  for (let i = 0; i < n; i++) {
    at(8, { n, base, total, i });
    const square = i * i;
    at(9, { n, base, total, i, square });
    at(10, { n, base, total, i, square });
    total += square;
    at(10, { total });
    at(11, { n, base, total, i, square });
    at(12, { n, base, total, i, square });
    if (square > 10) total ^= 1;
    at(12, { total });
    // `square` is out of scope by then, and still there.
    at(8, { total, i: i + 1, square });
  }
  const result = total * 3;
  at(14, { n, base, total, i: n, result });
  at(15, { n, base, total, i: n, result });
  at(16, { n, base, total, i: n, result });
  return lines;
}

describe("locals in gdb", { skip: unlessInstalled("gdb") }, () => {
  let program: Debugged;

  before(async () => {
    program = await debugged({ "main.ts": MAIN });
  });
  after(() => program.close());

  /** The variables of `fn` at each of its calls of `log`. */
  function atCalls(fn: string): Map<string, string>[] {
    const look = ["up", "info args", "info locals", "continue"];
    const commands = ["break log", `break ${fn}`, "run", ...Array(40).fill(look).flat()];
    const output = program.gdb(...commands);
    const stops = output.split(/^Breakpoint \d+, /m);
    return stops
      .filter((text) => text.startsWith("log ") && text.includes(` in ${fn} (`))
      .map((text) => {
        const pairs = [...text.matchAll(/^(\w+) = (.*)$/gm)].map((each) => each.slice(1, 3));
        return new Map(pairs as [string, string][]);
      });
  }

  function assertShown(shown: Map<string, string> | undefined, values: Values): void {
    for (const [name, value] of Object.entries(values)) {
      assert.equal(shown?.get(name), String(value), name);
    }
  }

  it("shows them up the stack, where they survive the call", () => {
    const calls = atCalls("work");
    assert.equal(calls.length, 7);
    for (const [i, total] of [100, 101, 105, 114, 130, 156].entries()) {
      assertShown(calls[i], { n: 6, i, square: i * i, total });
    }
    assertShown(calls[6], { result: 471 });
    assert.equal(calls[6]?.get("square"), "<optimized out>", "it is out of scope");
  });

  it("shows those that are in memory", () => {
    const [first, second, third] = atCalls("crowded");
    assertShown(first, { a: 3, b: 5, c: 7, d: 11, e: 13, f: 17, ab: 15, bc: 35 });
    assertShown(second, { a: 3, ab: 15, bc: 35, cd: 77, de: 143 });
    assertShown(third, { a: 3, ab: 15, bc: 35, cd: 77, de: 143, ef: 221, fa: 51 });
    // The optimiser computes it after the first call only.
    assert.match(first?.get("cd") ?? "", /^(77|<optimized out>)$/);
  });

  it("shows both words of 64 bits", () => {
    const a = 0x123456789an;
    const [first, second] = atCalls("wide");
    assertShown(first, { a, b: -3 });
    assertShown(second, { x: -3n * a + a });
  });

  it("shows floating-point numbers", () => {
    const calls = atCalls("mean");
    for (const [i, sum] of [1.5, 1.75, 2.25].entries()) assertShown(calls[i], { n: 3, i, sum });
    const entry = program.gdb("break mean", "run", "info args");
    assert.match(entry, /^a = 1\.5\nb = 0\.25\nn = 3$/m);
  });

  it("hides what differs by the path that was taken", () => {
    const x = atCalls("choose").map((call) => call.get("x"));
    assert.equal(x.length, 3);
    assert.match(x[0] ?? "", /^(0|<optimized out>)$/);
    assert.match(x[1] ?? "", /^(9|<optimized out>)$/);
    assert.match(x[2] ?? "", /^(9|<optimized out>)$/);
  });

  it("hides what the optimiser has not assigned yet", () => {
    const [first, second] = atCalls("late");
    for (const call of [first, second]) {
      assertShown(call, { n: 5 });
      assert.match(call?.get("i") ?? "", /^(6|<optimized out>)$/);
    }
    assert.match(second?.get("many") ?? "", /^(25|<optimized out>)$/);
  });

  it("hides what is gone when a function ends with a jump to another", () => {
    const step = ["frame", "info args", "info locals", "stepi"];
    const commands = ["break handsOn", "run", "delete", ...Array(60).fill(step).flat()];
    const stops = program.gdb(...commands).split(/^#0 /m);
    const own = stops.filter((stop) => /^.*\bhandsOn \(/.test(stop));
    assert(own.length > 8, `${own.length} instructions`);
    let known = 0;
    for (const stop of own) {
      for (const [, name = "", value = ""] of stop.matchAll(/^(\w+) = (\d+)$/gm)) {
        known++;
        assert.equal(Number(value), name === "n" ? 5 : 35, name);
      }
    }
    assert(known > 8, `${known} values`);
  });

  it("is right at every instruction", () => {
    const lines = possible();
    const step = ["frame", "info args", "info locals", "stepi"];
    const commands = ["break work", "run", "delete", ...Array(150).fill(step).flat()];
    const stops = program.gdb(...commands).split(/^#0 /m);
    const seen = new Set<number>();
    let known = 0;
    for (const stop of stops) {
      const line = Number(/^.*\bwork \(.* at main\.ts:(\d+)/.exec(stop)?.[1]);
      if (Number.isNaN(line)) continue;
      seen.add(line);
      for (const [, name = "", value = ""] of stop.matchAll(/^(\w+) = (.*)$/gm)) {
        if (value === "<optimized out>") continue;
        known++;
        const allowed = lines.get(line)?.get(name);
        assert(allowed?.has(value), `${name} = ${value} in line ${line}`);
      }
    }
    assert(seen.size >= 6, `lines ${[...seen]}`);
    assert(known > 200, `${known} values`);
  });
});
