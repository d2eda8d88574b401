// AssemblyScript programs that lean on its library, natively and in Node's WebAssembly.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileSources } from "./assemblyscript/asc-program";
import type { Call } from "./native/native";
import { cannotRun, runNative } from "./native/native";
import { runInNode } from "./native/run-in-node";

const PROGRAM = `
class Point {
  constructor(public x: i32, public y: i32) {}
}

abstract class Shape {
  abstract area(): i32;
}
class Square extends Shape {
  constructor(private side: i32) { super(); }
  area(): i32 { return this.side * this.side; }
}
class Box extends Shape {
  constructor(private width: i32, private height: i32) { super(); }
  area(): i32 { return this.width * this.height; }
}

function random(seed: u32): u32 { return seed * 1664525 + 1013904223; }

export function sortNumbers(count: i32): u32 {
  const numbers = new Array<i32>();
  let seed: u32 = 42;
  for (let i = 0; i < count; i++) {
    seed = random(seed);
    numbers.push(i32(seed >> 3));
  }
  numbers.sort((a, b) => a - b);
  let hash: u32 = 0;
  for (let i = 0; i < count; i++) hash = hash * 31 + numbers[i];
  return hash;
}

export function countWords(rounds: i32): i64 {
  const map = new Map<i32, i64>();
  let seed: u32 = 7;
  for (let i = 0; i < rounds; i++) {
    seed = random(seed);
    const key = i32(seed >> 20);
    map.set(key, (map.has(key) ? map.get(key) : 0) + i64(seed));
  }
  let sum: i64 = map.size;
  const keys = map.keys();
  for (let i = 0; i < keys.length; i++) sum = (sum << 1) ^ map.get(keys[i]) ^ (sum >>> 63);
  return sum;
}

export function joinText(count: i32): i32 {
  let text = "";
  for (let i = 0; i < count; i++) text += i.toString() + (i % 3 == 0 ? "-" : ",");
  const parts = text.split(",");
  let hash = parts.length;
  for (let i = 0; i < text.length; i++) hash = hash * 33 ^ text.charCodeAt(i);
  return hash + text.indexOf("99") + parseNumber(parts[1]);
}

function parseNumber(text: string): i32 {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = value * 10 + text.charCodeAt(i) - 48;
  return value;
}

export function collectGarbage(rounds: i32): i32 {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const points = new Array<Point>();
    for (let j = 0; j < 20; j++) points.push(new Point(i, j));
    for (let j = 0; j < 20; j++) sum += points[j].x * points[j].y;
  }
  return sum;
}

export function dispatch(count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const shape: Shape = i & 1 ? new Square(i) : new Box(i, i + 1);
    sum += shape.area();
  }
  return sum;
}

export function divide(a: u64, b: u64): u64 {
  return a / b * 3 + a % b;
}

export function bytes(count: i32): u32 {
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) data[i] = u8(i * 7);
  data.copyWithin(3, 0, count - 3);
  data.fill(9, 1, 2);
  let crc: u32 = 0xffffffff;
  for (let i = 0; i < count; i++) {
    crc ^= data[i];
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

export function outOfBounds(index: i32): i32 {
  const small = new Array<i32>(3);
  return small[index];
}
`;

const CALLS: readonly Call[] = [
  { name: "sortNumbers", args: [2000n] },
  { name: "countWords", args: [5000n] },
  { name: "joinText", args: [300n] },
  { name: "collectGarbage", args: [3000n] },
  { name: "dispatch", args: [500n] },
  { name: "divide", args: [0xfedcba9876543210n, 0x123456789n] },
  { name: "divide", args: [1n, 0n] },
  { name: "bytes", args: [1000n] },
  { name: "outOfBounds", args: [2n] },
  { name: "outOfBounds", args: [3n] },
  { name: "sortNumbers", args: [100n] },
];

describe("programs that use the library", { skip: cannotRun() }, () => {
  for (const runtime of ["stub", "minimal", "incremental"] as const) {
    it(`compute what Node computes, with the ${runtime} runtime`, () => {
      const { module, wasm } = compileSources(
        { "main.ts": PROGRAM },
        { target: "user", runtime, memoryBase: 0x1000 },
      );
      assert.deepEqual(runNative(module, CALLS), runInNode(wasm, CALLS));
    });
  }
});
