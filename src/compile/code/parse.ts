// Reads the text form of machine code before it is encoded back; print.ts describes it.

import type { Condition } from "../../x86/instructions/condition";
import { table } from "../../x86/instructions/table";
import type { MemorySize, Scale } from "../../x86/operand";
import { type DumpLine, dumpFunctions } from "../ir/dump-reader";
import type { ValueType } from "../ir/ir";
import {
  floatRegister,
  immediate,
  isFloatRegister,
  isTransfer,
  MachineBlock,
  MachineFunction,
  type MachineInstruction,
  type MachineLoop,
  type MachineMnemonic,
  type MachineOperand,
  type MemoryOperand,
  memory,
  register,
  type Size,
  type Slot,
} from "./code";
import { SIZE_SUFFIX, SIZE_WORDS } from "./print";
import type { Target } from "./target";

/**
 * All functions of a dump, in order.
 *
 * @param target whose registers the text names
 * @param file what messages call the text
 * @throws Diagnostic DUMP001 with the line
 */
export function parseMachine(text: string, target: Target, file = "dump"): MachineFunction[] {
  return dumpFunctions(text, file, "machine").map(([head, ...lines]) =>
    new MachineParser(head, lines, target).run(),
  );
}

const OWN_MNEMONICS = new Set([
  "moves",
  "jump",
  "branch",
  "tail_call",
  "push_argument",
  "drop_arguments",
  "may_throw",
  "open_frame",
  "trap_if",
  "probe",
]);
const TARGET = /^b\d+$/;
const LOOP = /^b\d+\/\d+$/;

type MutableParts = { -readonly [Key in keyof MemoryOperand]?: MemoryOperand[Key] };

class MachineParser {
  readonly #lines: readonly DumpLine[];
  readonly #target: Target;
  readonly #fn: MachineFunction;
  readonly #blocks = new Map<string, MachineBlock>();
  readonly #loops = new Map<string, MachineLoop>();
  #block: MachineBlock | undefined;

  constructor(head: DumpLine, lines: readonly DumpLine[], target: Target) {
    this.#lines = lines;
    this.#target = target;
    head.take();
    this.#fn = new MachineFunction(head.name(), target);
    const limit = keyword(head, "registers");
    this.#fn.outgoingWords = keyword(head, "outgoing");
    const slots = keyword(head, "slots");
    while (this.#fn.localSlots < slots) this.#fn.newSlot();
    const bytes = this.#registers(head, "bytes");
    const types = new Map<number, ValueType>();
    for (const type of ["f32", "f64"] as const) {
      for (const register of this.#registers(head, type)) types.set(register, type);
    }
    if (!head.atEnd) head.fail(`${head.peek} is not expected here`);
    for (let number = this.#fn.registerLimit; number < limit; number++) {
      this.#fn.newRegister(types.get(number));
    }
    for (const register of bytes) this.#fn.restrictToBytes(register);
  }

  run(): MachineFunction {
    for (const line of this.#lines) {
      if (line.isIndented) this.#instruction(line);
      else if (line.takeIf("table")) this.#jumpTable(line);
      else if (line.takeIf("bytes")) this.#byteTable(line);
      else this.#startBlock(line);
    }
    return this.#fn;
  }

  #blockNamed(line: DumpLine, name: string): MachineBlock {
    if (!TARGET.test(name)) line.fail(`${name} is not a block`);
    const found = this.#blocks.get(name) ?? new MachineBlock(Number(name.slice(1)));
    this.#blocks.set(name, found);
    return found;
  }

  #targets(line: DumpLine): MachineBlock[] {
    return line.takeWhile(TARGET).map((name) => this.#blockNamed(line, name));
  }

  #startBlock(line: DumpLine): void {
    const block = this.#blockNamed(line, line.take().replace(/:$/, ""));
    if (this.#fn.blocks.includes(block)) line.fail(`b${block.id} is there twice`);
    if (line.takeIf("from")) block.predecessors = this.#targets(line);
    if (line.takeIf("to")) block.successors = this.#targets(line);
    if (!line.takeIf("frequency")) line.fail("a block has a frequency");
    block.frequency = Number(line.take());
    if (line.takeIf("loops")) {
      block.loops = line.takeWhile(LOOP).map((word) => this.#loop(line, word));
    }
    if (!line.atEnd || Number.isNaN(block.frequency)) line.fail("this is not a block");
    this.#fn.blocks.push(block);
    this.#block = block;
  }

  /** `b3/2`: the loop of that header, at that depth. */
  #loop(line: DumpLine, word: string): MachineLoop {
    const [header = "", depth] = word.split("/");
    const found = this.#loops.get(word) ?? {
      header: this.#blockNamed(line, header),
      depth: Number(depth),
    };
    this.#loops.set(word, found);
    return found;
  }

  #tableName(line: DumpLine): string {
    const word = line.take();
    if (!word.endsWith(":")) line.fail("a table has a name and a colon");
    return line.name(word.slice(0, -1));
  }

  #jumpTable(line: DumpLine): void {
    this.#fn.jumpTables.push({ symbol: this.#tableName(line), targets: this.#targets(line) });
  }

  #byteTable(line: DumpLine): void {
    const symbol = this.#tableName(line);
    const pairs = line.take().match(/[0-9a-f]{2}/g) ?? [];
    const bytes = Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
    this.#fn.byteTables.push({ symbol, bytes });
  }

  #instruction(line: DumpLine): void {
    const block = this.#block ?? line.fail("there is not a block yet");
    const mnemonic = mnemonicOf(line, line.name());
    const isConditional = mnemonic === "branch" || mnemonic === "trap_if";
    const condition = isConditional ? (line.take() as Condition) : undefined;
    const operands: MachineOperand[] = [];
    while (!line.atEnd && !/^(reads|writes|b\d+)$/.test(line.peek ?? "")) {
      operands.push(this.#operand(line, takeOperand(line)));
    }
    if (isTransfer(mnemonic)) block.successors = this.#targets(line);
    const instruction: MachineInstruction = {
      mnemonic,
      operands,
      reads: this.#registers(line, "reads"),
      writes: this.#registers(line, "writes"),
      condition,
      position: 0,
      virtual: undefined,
    };
    if (!line.atEnd) line.fail(`${line.peek} is not expected here`);
    block.instructions.push(instruction);
  }

  // --- operands ---

  /** The registers after a word, if it is there. */
  #registers(line: DumpLine, word: string): number[] {
    if (!line.takeIf(word)) return [];
    const numbers: number[] = [];
    while (line.peek !== undefined && this.#registerNumber(line.peek) !== undefined) {
      numbers.push(this.#register(line, line.take()));
    }
    return numbers;
  }

  #registerNumber(name: string): number | undefined {
    const physical = this.#target.registers.names.indexOf(name);
    if (physical >= 0) return physical;
    return /^r\d+$/.test(name) ? Number(name.slice(1)) : undefined;
  }

  #register(line: DumpLine, name: string): number {
    return this.#registerNumber(name) ?? line.fail(`${name} is not a register`);
  }

  #operand(line: DumpLine, word: string): MachineOperand {
    if (word.endsWith("]")) return this.#memory(line, word);
    if (word.startsWith("&")) {
      const { name, addend } = line.symbol(word);
      return immediate(addend, name);
    }
    if (/^-?\d/.test(word)) return immediate(line.integer(word));
    const control = /^cr([0234])$/.exec(word);
    if (control) return { kind: "control", number: Number(control[1]) as 0 | 2 | 3 | 4 };
    if (word === "fs" || word === "gs") return { kind: "segment", name: word };
    const whole = this.#registerNumber(word);
    if (whole !== undefined) return isFloatRegister(whole) ? floatRegister(whole) : register(whole);
    const part = this.#registerNumber(word.slice(0, -1));
    const size = Object.entries(SIZE_SUFFIX).find(([, suffix]) => suffix === word.at(-1))?.[0];
    if (part === undefined || size === undefined) return line.fail(`${word} is not an operand`);
    return register(part, Number(size) as Size);
  }

  #memory(line: DumpLine, word: string): MachineOperand {
    const [, sizeWord, own, inner = ""] =
      /^([a-z]*?)(own)?\[(.*)\]$/.exec(word) ?? line.fail(`${word}: what?`);
    const size = Object.entries(SIZE_WORDS).find(([, name]) => name === sizeWord)?.[0];
    const parts: MutableParts = { isOwn: own !== undefined };
    const terms = inner.match(/&"(?:[^"\\]|\\.)*"|[^+]+/g) ?? [];
    for (const term of terms) {
      const slot = /^(incoming|outgoing|local) (\d+)$/.exec(term);
      const [name = "", scale] = term.split("*");
      if (slot) parts.slot = { kind: slot[1] as Slot["kind"], index: Number(slot[2]) };
      else if (term.startsWith("&")) parts.symbol = line.symbol(term).name;
      else if (/^-?\d+$/.test(term)) parts.displacement = Number(term);
      else if (scale === undefined) parts.base = this.#register(line, name);
      else {
        parts.index = this.#register(line, name);
        parts.scale = Number(scale) as Scale;
      }
    }
    return memory(parts, size === undefined ? undefined : (Number(size) as MemorySize));
  }
}

function keyword(line: DumpLine, word: string): number {
  if (!line.takeIf(word)) line.fail(`${word} is missing`);
  return line.integer();
}

function mnemonicOf(line: DumpLine, name: string): MachineMnemonic {
  if (OWN_MNEMONICS.has(name) || Object.hasOwn(table, name)) {
    return name as MachineMnemonic;
  }
  return line.fail(`there is no instruction ${name}`);
}

/** A word, or several where a memory operand names a place in the frame: `dword[local 2]`. */
function takeOperand(line: DumpLine): string {
  let word = line.take();
  while (word.includes("[") && !word.endsWith("]")) word += ` ${line.take()}`;
  return word;
}
