// A module's functions as text, near to WebAssembly's own: for people who look at a small case.

import type { Code } from "../../../src/compile/wasm/code";
import { BLOCK_EMPTY } from "../../../src/compile/wasm/code";
import { OPCODES, Op, type OpcodeInfo } from "../../../src/compile/wasm/opcodes";
import type {
  FunctionType,
  ValueType,
  WasmFunction,
  WasmModule,
} from "../../../src/compile/wasm/wasm";
import { floatOfBits } from "../random/random";

const NAMES: Readonly<Record<number, string>> = {
  127: "i32",
  126: "i64",
  125: "f32",
  124: "f64",
  112: "funcref",
  111: "externref",
};
const INFO = new Map<number, OpcodeInfo>(OPCODES.map((info) => [info.code, info]));

const typeList = (word: string, types: readonly ValueType[]): string =>
  types.length === 0 ? "" : ` (${word} ${types.map((type) => NAMES[type]).join(" ")})`;

const typeText = ({ params, results }: FunctionType): string =>
  typeList("param", params) + typeList("result", results);

/** All functions that have a body, one instruction a line. */
export function moduleText(module: WasmModule): string {
  return module.functions.map((fn) => functionText(module, fn)).join("");
}

function functionText(module: WasmModule, { name, typeIndex, body }: WasmFunction): string {
  if (!body) return "";
  const { code } = body;
  const lines = [`(func $${name}${typeText(module.types[typeIndex]!)}`];
  if (body.locals.length > 0) lines.push(` ${typeList("local", body.locals)}`);
  let depth = 1;
  for (let i = 0; i < code.length - 1; i++) {
    const op = code.op[i]!;
    if (op === Op.end || op === Op.else) depth--;
    lines.push("  ".repeat(depth) + instructionText(module, code, i));
    if (op === Op.block || op === Op.loop || op === Op.if || op === Op.else) depth++;
  }
  return `${lines.join("\n")})\n`;
}

function instructionText(module: WasmModule, code: Code, index: number): string {
  const { immediate, name = "?" } = INFO.get(code.op[index]!) ?? {};
  const a = code.a[index]!;
  const b = code.b[index]!;
  const wide = (BigInt(b >>> 0) << 32n) | BigInt(a >>> 0);
  switch (immediate) {
    case "index":
    case "indexZero":
    case "i32":
      return `${name} ${a}`;
    case "i64":
      return `${name} ${BigInt.asIntN(64, wide)}`;
    case "f32":
      return `${name} ${floatText("f32", BigInt(a >>> 0))}`;
    case "f64":
      return `${name} ${floatText("f64", wide)}`;
    case "pair":
      return `${name} ${a} ${b}`;
    case "memory":
      return a === 0 ? name : `${name} offset=${a >>> 0}`;
    case "labels":
      return `${name} ${code.targets.slice(a, a + b + 1).join(" ")}`;
    case "block":
      return name + blockText(module, a);
    case "types":
    case "reference":
      return `${name} ${NAMES[a]}`;
    default:
      return name;
  }
}

function blockText(module: WasmModule, type: number): string {
  if (type === BLOCK_EMPTY) return "";
  if (type >= 0) return typeText(module.types[type]!);
  return typeList("result", [(type + 0x80) as ValueType]);
}

/** A number that reads back as the same bits, or the bits themselves. */
function floatText(type: "f32" | "f64", bits: bigint): string {
  const value = floatOfBits(type, bits);
  if (Number.isNaN(value)) return `nan:0x${bits.toString(16)}`;
  return Object.is(value, -0) ? "-0" : String(value);
}
