// Modules of WebAssembly of any size, for measuring the compiler: functions of random statements
// over thirty locals, with arithmetic, memory, conditions, loops and calls.
//
// Equal arguments give equal modules.

import { leb, section, vector, wasm } from "../../test/compile/wasm/wasm-bytes";
import { type GeneratedModule, generatedModule } from "./generated-module";

const I32 = 0x7f;
const I64 = 0x7e;
const LOCALS = 26;
const LONG_LOCALS = 4;
/** The first locals are two parameters. */
const PARAMETERS = 2;

/** Writes the body of one function, statement by statement. */
class BodyWriter {
  readonly bytes: number[] = [];
  operations = 0;
  #state: number;
  readonly #functions: number;

  constructor(seed: number, functions: number) {
    this.#state = seed;
    this.#functions = functions;
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  #op(...bytes: number[]): void {
    this.bytes.push(...bytes);
    this.operations++;
  }

  #get(): void {
    this.#op(0x20, this.#below(LOCALS));
  }

  /** Two operands, then one of add, sub, mul, and, or, xor, shl, shr_s, shr_u. */
  #arithmetic(depth: number): void {
    const operand = () =>
      depth > 0 && this.#below(3) === 0 ? this.#arithmetic(depth - 1) : this.#get();
    operand();
    if (this.#below(3) === 0) this.#op(0x41, this.#below(64));
    else operand();
    this.#op([0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76][this.#below(9)]!);
  }

  #address(): void {
    this.#get();
    this.#op(0x41, 0xfc, 0x1f); // 4092
    this.#op(0x71);
  }

  statement(depth: number): void {
    const kind = this.#below(depth > 0 ? 12 : 8);
    if (kind < 4) {
      this.#arithmetic(2);
      this.#op(0x21, PARAMETERS + this.#below(LOCALS - PARAMETERS));
    } else if (kind === 4) {
      this.#address();
      this.#arithmetic(1);
      this.#op(0x36, 2, ...leb(this.#below(1024)));
    } else if (kind === 5) {
      this.#address();
      this.#op(0x28, 2, ...leb(this.#below(1024)));
      this.#op(0x21, PARAMETERS + this.#below(LOCALS - PARAMETERS));
    } else if (kind === 6) {
      this.#op(0x20, LOCALS + this.#below(LONG_LOCALS));
      this.#get();
      this.#op(0xad); // i64.extend_i32_u
      this.#op(0x7c);
      this.#op(0x21, LOCALS + this.#below(LONG_LOCALS));
    } else if (kind === 7) {
      this.#get();
      this.#arithmetic(0);
      this.#op(0x10, ...leb(this.#below(this.#functions)));
      this.#op(0x21, PARAMETERS + this.#below(LOCALS - PARAMETERS));
    } else if (kind < 11) {
      this.#get();
      this.#get();
      this.#op([0x46, 0x48, 0x49, 0x4a][this.#below(4)]!);
      this.#op(0x04, 0x40);
      this.#statements(1 + this.#below(3), depth - 1);
      if (this.#below(2) === 0) {
        this.#op(0x05);
        this.#statements(1 + this.#below(3), depth - 1);
      }
      this.#op(0x0b);
    } else {
      this.#op(0x03, 0x40);
      this.#statements(2 + this.#below(3), depth - 1);
      this.#get();
      this.#op(0x41, this.#below(64));
      this.#op(0x48);
      this.#op(0x0d, 0);
      this.#op(0x0b);
    }
  }

  #statements(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.statement(depth);
  }

  /** A body of at least so many operations. */
  static write(seed: number, operations: number, functions: number): BodyWriter {
    const writer = new BodyWriter(seed, functions);
    // Nothing is known of any local, or whole parts would turn out never to run.
    for (let local = PARAMETERS; local < LOCALS + LONG_LOCALS; local++) {
      writer.#address();
      writer.#op(local < LOCALS ? 0x28 : 0x29, 2, ...leb(4 * local));
      writer.#op(0x21, local);
    }
    while (writer.operations < operations) writer.statement(3);
    writer.#get();
    writer.#op(0x0b);
    return writer;
  }
}

/** A module of `count` functions that have at least so many operations together. */
export function randomModule(operations: number, count: number): GeneratedModule {
  const bodies = Array.from({ length: count }, (_, i) =>
    BodyWriter.write(i + 1, operations / count, count),
  );
  const locals = [2, ...leb(LOCALS - PARAMETERS), I32, LONG_LOCALS, I64];
  const code = bodies.map(({ bytes }) => [
    ...leb(bytes.length + locals.length),
    ...locals,
    ...bytes,
  ]);
  const bytes = wasm(
    section(1, vector([0x60, 2, I32, I32, 1, I32])),
    section(3, vector(...bodies.map(() => [0]))),
    section(5, vector([0, 1])),
    section(10, vector(...code)),
  );
  const done = bodies.reduce((sum, each) => sum + each.operations, 0);
  return generatedModule(bytes, done);
}
