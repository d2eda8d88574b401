// Where a stopped machine is: the instruction that comes next, its source line, the space it is in.

import { hex } from "../../src/base/align";
import type { BootedFiles } from "../../src/inspect/booted-files";
import { CodeFile } from "../../src/inspect/code-file";
import { kernelRanges, userRanges } from "../../src/inspect/named-range";
import { pagingMode } from "../../src/inspect/paging-format";
import { resolve, translate } from "../../src/inspect/resolve";
import { findSpaces, processTitle } from "../../src/inspect/spaces";
import type { Registers, Snapshot } from "../../src/machine/machine";
import { decode } from "../../src/x86/decode";
import { print } from "../../src/x86/print";
import type { Stop } from "./protocol";

const LONGEST_INSTRUCTION = 15;
const SHOWN = [
  ...["eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags"],
  ...["cs", "ss", "ds", "cr2", "cr3"],
] as const satisfies readonly (keyof Registers)[];

export class StopViewer {
  readonly #files: BootedFiles;
  readonly #kernel: CodeFile;
  readonly #programs = new Map<string, CodeFile | undefined>();
  readonly #readProgram: (name: string) => Promise<Uint8Array | undefined>;

  constructor(
    files: BootedFiles,
    kernel: Uint8Array,
    readProgram: (name: string) => Promise<Uint8Array | undefined>,
  ) {
    this.#files = files;
    this.#kernel = new CodeFile(kernel, "kernel.elf");
    this.#readProgram = readProgram;
  }

  /** The files of these programs, so that `see` can name their lines. */
  async learn(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.#programs.has(name)) continue;
      const bytes = await this.#readProgram(name);
      this.#programs.set(name, bytes && new CodeFile(bytes, name));
    }
  }

  /** The names of the programs that run. */
  programNames(snapshot: Snapshot): string[] {
    return findSpaces(snapshot, this.#files.image).processes.map(({ name }) => name);
  }

  see(snapshot: Snapshot): Stop {
    const { registers, memory } = snapshot;
    const spaces = findSpaces(snapshot, this.#files.image);
    const process = spaces.processes.find(({ space }) => space.cr3 === registers.cr3);
    const isUser = registers.cpl === 3;
    const code = isUser && process ? this.#programs.get(process.name) : this.#kernel;
    const symbolAt = (target: number) => code?.symbolAt(target);
    const symbol = symbolAt(registers.eip);
    const instruction = decode(codeAt(snapshot));
    const space = process?.space ?? spaces.kernel;
    const ranges = process ? userRanges(this.#files, process, spaces) : kernelRanges(this.#files);
    const stack = resolve(memory, space, registers.esp, ranges);
    const place = code?.placeAt(registers.eip);
    return {
      address: registers.eip,
      space: process ? "user" : "kernel",
      spaceTitle: process ? processTitle(process) : "kernel space",
      ring: registers.cpl,
      text: instruction && print(instruction, { address: registers.eip, symbolAt }),
      symbol: symbol && `${symbol.name}${symbol.offset ? `+0x${symbol.offset.toString(16)}` : ""}`,
      place,
      registers: Object.fromEntries(SHOWN.map((name) => [name, registers[name]])),
      stack: [stack.symbol, stack.region ?? hex(registers.esp)].filter(Boolean).join(", "),
      halted: registers.halted,
    };
  }
}

/** The bytes of the next instruction, as far as they are mapped. */
function codeAt({ registers, memory }: Snapshot): Uint8Array {
  const root = { cr3: registers.cr3, mode: pagingMode(registers) };
  const bytes: number[] = [];
  for (let index = 0; index < LONGEST_INSTRUCTION; index++) {
    const pa = translate(memory, root, registers.eip + index);
    const byte = pa === undefined ? undefined : memory.bytes[pa];
    if (byte === undefined) break;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
