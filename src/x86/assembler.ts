// The assembler: i686 assembly written as TypeScript, to an object in memory.
//
// Kernel assembly lives in `*.asm.ts` modules whose default export takes an assembler:
//
//   import type { Assembler } from "./assembler";
//   import { mem, mem32, symbol } from "./operand";
//   import { eax, ecx, edi, edx } from "./registers";
//
//   export default function (a: Assembler): void {
//     a.section(".text");
//     a.function("clear_frames", () => {
//       a.push(edi);
//       a.frame(8, { edi: 8 }); // for unwinding: the CFA is ESP + 8, EDI is saved at CFA - 8
//       a.mov(edi, symbol("frames_start")); // another object's symbol: a relocation
//       a.mov(ecx, mem({ base: edx, index: eax, scale: 4, disp: 8 }));
//       a.jecxz("done"); // a label of this function; jmp and jcc are short or near by distance
//       a.xor(eax, eax);
//       a.repStosd();
//       a.label("done");
//       a.inc(mem32({ symbol: "clear_count" })); // mem32: no register tells the size
//       a.pop(edi);
//       a.frame(4);
//       a.ret();
//     });
//     a.section(".data");
//     a.global("clear_count", "object"); // it ends where the next function or object begins
//     a.long(0);
//   }
//
// Each instruction of src/x86/instructions/ is a method. Macros are TypeScript functions that take
// the assembler; their labels are known by identity: `const end = a.newLabel(); … a.label(end);`.
// The compiler emits through the same class.
//
// Invariants
//   - A label or symbol is placed once; its offset is known only in `finish`, when branches have
//     their lengths.
//   - Everything that the caller does wrong is a Diagnostic with the caller's line.

import { Diagnostic } from "../base/diagnostic";
import type { FrameRule, ObjectFile, SymbolBinding, SymbolType } from "../object/object";
import { checkMemory, chooseForm, NoForm } from "./choose-form";
import { encodeForm } from "./encode";
import type { Form } from "./form";
import { InstructionSet } from "./instruction-methods";
import type { Bits } from "./instructions/row";
import type { Mnemonic } from "./instructions/table";
import type { SymbolDefinition } from "./object-writer";
import { writeObject } from "./object-writer";
import type { CodeTarget, Immediate, Operand, SymbolReference } from "./operand";
import { Label, relative, symbol } from "./operand";
import { Scope } from "./scope";
import type { LabelPlace, SectionBuilder, SectionOptions } from "./section-builder";
import { beginSection, type CacheLineSpan, Marks } from "./section-builder";
import { SourcePlaces } from "./source-place";

export type AssemblyModule = (a: Assembler) => void;

export interface AssemblerOptions {
  /** Record for each instruction the line of the `.asm.ts` module that asked for it. Slow. */
  readonly lines?: boolean;
}

export class Assembler extends InstructionSet {
  readonly #options: AssemblerOptions;
  readonly #sections = new Map<string, SectionBuilder>();
  readonly #places = new Map<Label, LabelPlace>();
  readonly #forwards = new Map<Label, Label>();
  readonly #anonymous = new Set<Label>();
  readonly #definitions: SymbolDefinition[] = [];
  readonly #fileScope = new Scope();
  #scope = this.#fileScope;
  #selected: SectionBuilder | undefined;
  readonly #sources: SourcePlaces;
  #bits: Bits = 32;

  /** @param file what diagnostics and line entries call the source: its path in the project */
  constructor(
    readonly file: string,
    options: AssemblerOptions = {},
  ) {
    super();
    this.#options = options;
    this.#sources = new SourcePlaces(file);
  }

  /**
   * Continues the section of that name, or begins it. Without options `.text*` is executable,
   * `.data*` writable, `.bss*` writable without bytes, `.rodata*` none of these.
   */
  section(name: string, options?: SectionOptions): void {
    const existing = this.#sections.get(name);
    const section = existing ?? beginSection(name, options);
    if (section === undefined) {
      const remedy = `Write a.section("${name}", { execute: true }) or the like.`;
      this.#fail("ASM009", `section ${name} needs flags: its name does not tell them`, remedy);
    }
    if (existing !== undefined && options !== undefined && !existing.hasOptions(options)) {
      this.#fail("ASM008", `section ${name} was begun with other flags`, "Give flags once.");
    }
    this.#sections.set(name, section);
    this.#selected = section;
  }

  /** From here on the processor is in protected mode (32, as at the beginning) or in long mode. */
  bits(bits: Bits): void {
    this.#bits = bits;
  }

  /** Names this place, within the current function or else in the file; or puts a label here. */
  label(label: string | Label): void {
    this.#place(typeof label === "string" ? this.#define(this.#scope, label) : label);
  }

  /** A label that is known by identity, to be placed once with `label`. */
  newLabel(name = ""): Label {
    const label = new Label(name);
    this.#anonymous.add(label);
    return label;
  }

  /** A symbol that other objects see, here; a function or object ends where the next begins. */
  global(name: string, type: SymbolType = "none"): void {
    this.#addSymbol(name, "global", type);
  }

  /** A symbol of this module, here; a function or object ends where the next begins. */
  local(name: string, type: SymbolType = "none"): void {
    this.#addSymbol(name, "local", type);
  }

  /** A function: a symbol whose size is that of `body`, and a scope for the labels in it. */
  function(name: string, body: () => void, binding: SymbolBinding = "global"): void {
    if (this.#scope !== this.#fileScope) {
      this.#fail("ASM010", `function ${name} begins inside another`, "End the other first.");
    }
    const section = this.#current();
    const scope = new Scope();
    this.#scope = scope;
    const end = this.newLabel(name);
    this.#addSymbol(name, binding, "function", end);
    body();
    if (this.#selected !== section) {
      const remedy = `Go back to section ${section.name} before the end.`;
      this.#fail("ASM013", `${name} ends in another section than it began in`, remedy);
    }
    this.#place(end);
    this.#scope = this.#fileScope;
    for (const label of scope.waiting()) this.#forwards.set(label, this.#fileScope.use(label.name));
  }

  /** Another global name for a symbol that this module defines already. */
  alias(name: string, of: string): void {
    const definition = this.#definitions.find((candidate) => candidate.name === of);
    if (definition === undefined) {
      this.#fail(
        "ASM011",
        `${name} is to be an alias of ${of}, which is not defined`,
        "Define it.",
      );
    }
    const label = this.#define(this.#fileScope, name);
    this.#forwards.set(label, definition.label);
    this.#definitions.push({ ...definition, name, binding: "global" });
  }

  /** Moves on to a multiple of `alignment`; code is filled with no-operations, data with zeros. */
  align(alignment: number, fill?: number): void {
    const section = this.#current();
    if (!Number.isInteger(Math.log2(alignment))) {
      this.#fail("ASM012", `alignment ${alignment} is not a power of two`, "Use 1, 2, 4, 8, …");
    }
    section.alignTo(alignment, fill ?? (section.flags.execute ? undefined : 0));
  }

  /** `size` bytes of `fill`. */
  space(size: number, fill = 0): void {
    this.#current().space(size, fill);
  }

  byte(...values: (Immediate | Label)[]): void {
    this.#data(1, values);
  }

  /** 16-bit words. */
  word(...values: (Immediate | Label)[]): void {
    this.#data(2, values);
  }

  /** 32-bit words. */
  long(...values: (Immediate | Label)[]): void {
    this.#data(4, values);
  }

  /** 64-bit words. */
  quad(...values: bigint[]): void {
    for (const value of values) {
      this.long(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
    }
  }

  /** The bytes of a text in UTF-8. */
  ascii(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  /** The bytes of a text in UTF-8, and a NUL. */
  asciz(text: string): void {
    this.ascii(`${text}\0`);
  }

  bytes(bytes: Uint8Array): void {
    this.#progbits().code.append(bytes);
  }

  /**
   * From here on the caller's frame begins at ESP + `cfaOffset`, and `saved` registers are at these
   * distances below it. A function begins with 4: nothing but the return address.
   */
  frame(
    cfaOffset: number,
    saved: Readonly<Record<string, number>> = {},
    rule: FrameRule = {},
  ): void {
    this.#addFrame(cfaOffset, saved, false, rule);
  }

  /** For places in the current section, whose offsets are known once the object is finished. */
  marks(): Marks {
    return new Marks(this.#current());
  }

  /**
   * Lets this section begin where the code between marks is in few lines of the instruction cache.
   * Nothing in the section may be aligned after this.
   */
  fitCacheLines(spans: readonly CacheLineSpan[]): void {
    this.#current().fitCacheLines(spans);
  }

  /** From here on the code comes from this line of source. */
  line(file: string, line: number, column = 0): void {
    const section = this.#current();
    const last = section.lines.at(-1);
    if (last?.line === line && last.column === column && last.file === file) return;
    section.lines.push({ at: section.here, file, line, column });
  }

  /** Assembles one instruction; the methods named by mnemonics call this. */
  override instruction(mnemonic: Mnemonic, operands: readonly (Operand | CodeTarget)[]): void {
    const section = this.#progbits();
    if (this.#options.lines) this.#recordLine();
    const resolved: Operand[] = [];
    for (const operand of operands) resolved.push(this.#resolve(operand));
    const form = chooseForm(mnemonic, resolved, this.#bits);
    if (form instanceof NoForm) this.#fail("ASM001", form.text, form.remedy);
    for (const operand of resolved) this.#checkOperand(operand);
    const short = shortBranch(form, resolved);
    if (short !== undefined) section.branch(short, form, resolved[0] as SymbolReference);
    else encodeForm(section.code, form, resolved, this.#bits);
  }

  /** The finished object. The assembler cannot be used afterwards. */
  finish(): ObjectFile {
    return writeObject({
      file: this.file,
      sections: [...this.#sections.values()],
      definitions: this.#definitions,
      places: this.#places,
      forwards: this.#forwards,
      anonymous: this.#anonymous,
    });
  }

  #addSymbol(name: string, binding: SymbolBinding, type: SymbolType, end?: Label): void {
    if (type === "function") this.#addFrame(4, {}, true);
    const label = this.#define(this.#fileScope, name);
    this.#place(label);
    this.#definitions.push({ name, label, binding, type, end });
  }

  #addFrame(
    cfaOffset: number,
    saved: Readonly<Record<string, number>>,
    implicit: boolean,
    rule: FrameRule = {},
  ): void {
    const section = this.#current();
    section.frames.push({ at: section.here, implicit, cfaOffset, saved, rule });
  }

  #place(label: Label): void {
    if (this.#places.has(label)) {
      this.#fail("ASM003", `label ${label.name} is placed twice`, "Make a new label.");
    }
    const section = this.#current();
    this.#places.set(label, { section, position: section.here });
  }

  #define(scope: Scope, name: string): Label {
    const label = scope.define(name);
    if (label !== undefined) return label;
    return this.#fail("ASM003", `${name} is defined twice`, "Rename one of the two.");
  }

  #data(bytes: 1 | 2 | 4, values: readonly (Immediate | Label)[]): void {
    const { code } = this.#progbits();
    for (const value of values) {
      const resolved = this.#resolve(value);
      if (typeof resolved === "number") {
        this.#checkRange(resolved, bytes);
        code.littleEndian(resolved, bytes);
      } else if (resolved.kind === "symbol") {
        const { target, addend, minus } = resolved;
        const offset = code.length;
        code.references.push({ offset, kind: "absolute", width: bytes, target, addend, minus });
        code.littleEndian(0, bytes);
      }
    }
  }

  #checkRange(value: number, bytes: number): void {
    const limit = 2 ** (8 * bytes);
    if (Number.isInteger(value) && value >= -limit / 2 && value < limit) return;
    const remedy = `Give an integer from ${-limit / 2} to ${limit - 1}.`;
    this.#fail("ASM007", `${value} does not fit ${8 * bytes} bits`, remedy);
  }

  #checkOperand(operand: Operand): void {
    if (typeof operand === "number" || operand.kind !== "memory") return;
    const wrong = checkMemory(operand, this.#bits);
    if (wrong !== undefined) this.#fail("ASM002", wrong.text, wrong.remedy);
  }

  /** The operand with all names turned into labels. */
  #resolve(operand: Operand | CodeTarget): Operand {
    if (typeof operand === "number") return operand;
    if (typeof operand === "string") return symbol(this.#scope.use(operand));
    if (operand instanceof Label) return symbol(operand);
    if (operand.kind === "memory" && typeof operand.symbol === "string") {
      return { ...operand, symbol: this.#scope.use(operand.symbol) };
    }
    if (operand.kind !== "symbol") return operand;
    const { kind, target, addend, minus } = operand;
    return {
      kind,
      target: typeof target === "string" ? this.#scope.use(target) : target,
      addend,
      minus: typeof minus === "string" ? this.#scope.use(minus) : minus,
    };
  }

  #current(): SectionBuilder {
    return (
      this.#selected ??
      this.#fail("ASM014", "there is no section yet", 'Begin with a.section(".text").')
    );
  }

  /** The current section, if it can hold bytes. */
  #progbits(): SectionBuilder {
    const section = this.#current();
    if (!section.nobits) return section;
    const remedy = "Use space() and align() only, or another section.";
    return this.#fail("ASM015", `section ${section.name} cannot hold bytes`, remedy);
  }

  #recordLine(): void {
    const { file, line, column } = this.#sources.caller();
    if (line !== undefined) this.line(file, line, column);
  }

  #fail(code: string, text: string, remedy: string): never {
    throw new Diagnostic(code, text, remedy, this.#sources.caller());
  }
}

const NEAR = relative(0);

/** The short form of a branch to a symbol, if it has both forms. */
function shortBranch(form: Form, operands: readonly Operand[]): Form | undefined {
  const [target] = operands;
  if (form.fields[0]?.relative !== true || typeof target !== "object") return undefined;
  if (target.kind !== "symbol" || target.minus !== undefined) return undefined;
  const short = chooseForm(form.mnemonic, [NEAR]);
  return short instanceof NoForm || short === form ? undefined : short;
}

/**
 * Runs an `.asm.ts` module.
 * @param path the module's path in the project, for diagnostics and line entries
 */
export function assembleModule(
  path: string,
  module: AssemblyModule,
  options: AssemblerOptions = { lines: true },
): ObjectFile {
  const assembler = new Assembler(path, options);
  module(assembler);
  return assembler.finish();
}
