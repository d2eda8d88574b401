// What AssemblyScript knows of a program, kept as plain data for debug information: classes
// with the offsets of their fields, enumerations, globals, functions and the types of their locals.
//
// Things are matched by the names that asc gives them in the module: a function
// `kernel/process/process/Process#setName`, a local `pid`, or `pid|7` if another one has its name.
//
// Invariants
//   - It is read when the program has been compiled: only then are all types resolved.
//   - People see the name that is in the source: `Process.setName`.

import * as assemblyscript from "assemblyscript";
import type { DebugType, DeclarationPlace, StructureMember } from "../../object/debug-info";
import { Op } from "../wasm/opcodes";
import type { WasmModule } from "../wasm/wasm";
import type { SourceMap } from "./source-map";

export interface LocalFact {
  readonly name: string;
  readonly type: number;
  readonly isParameter: boolean;
}

export interface FunctionFact {
  readonly name: string;
  /** Where its declaration begins and ends. Instances of a generic function have one. */
  readonly place: DeclarationPlace & { readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
  readonly result?: number;
  /** By the module's name of the local. */
  readonly locals: ReadonlyMap<string, LocalFact>;
}

export interface GlobalFact {
  readonly name: string;
  readonly type: number;
  readonly place: DeclarationPlace;
  /** The words of a constant integer, the low one first. */
  readonly constant?: Words;
}

/** The module before it was optimised: it has all calls and all assignments, in order. */
export interface OriginalModule {
  readonly module: WasmModule;
  readonly sourceMap: SourceMap;
}

export interface SourceFacts {
  readonly original: OriginalModule;
  readonly types: readonly DebugType[];
  /** By the module's names. */
  readonly globals: ReadonlyMap<string, GlobalFact>;
  readonly functions: ReadonlyMap<string, FunctionFact>;
}

/** Reads all of that from a program that has been compiled, to this module. */
export function collectSourceFacts(
  program: assemblyscript.Program,
  original: OriginalModule,
): SourceFacts {
  const constants = constantsOf(original.module);
  const types = new TypeCollector(constants);
  const globals = new Map<string, GlobalFact>();
  const functions = new Map<string, FunctionFact>();
  for (const element of program.elementsByName.values()) {
    if (element instanceof assemblyscript.Global && isDescribed(element)) {
      globals.set(element.internalName, globalFact(element, constants, types));
    }
    if (element instanceof assemblyscript.Enum) types.enumeration(element);
  }
  for (const element of program.instancesByName.values()) {
    if (element instanceof assemblyscript.Function && element.prototype.bodyNode) {
      functions.set(element.internalName, functionFact(element, types));
    } else if (element instanceof assemblyscript.Class && !element.isDeclaredInLibrary) {
      types.structure(element);
    }
  }
  return { original, types: types.finish(), globals, functions };
}

type Words = readonly [number, number];

/** The globals that never change, by name. */
function constantsOf({ functions, globals }: WasmModule): ReadonlyMap<string, Words> {
  const changed = new Set<number>();
  for (const { body } of functions) {
    if (!body) continue;
    const { op, a, length } = body.code;
    for (let i = 0; i < length; i++) if (op[i] === Op["global.set"]) changed.add(a[i]!);
  }
  const constants = new Map<string, Words>();
  for (const [index, { name, init }] of globals.entries()) {
    const isInteger = init?.op === Op["i32.const"] || init?.op === Op["i64.const"];
    if (isInteger && !changed.has(index)) constants.set(name, [init.a, init.b]);
  }
  return constants;
}

function isDescribed(global: assemblyscript.Global): boolean {
  return global.is(assemblyscript.CommonFlags.Compiled) && hasDebugType(global.type);
}

function globalFact(
  global: assemblyscript.Global,
  constants: ReadonlyMap<string, Words>,
  types: TypeCollector,
): GlobalFact {
  const { internalName, constantIntegerValue: value } = global;
  const isInlined = global.constantValueKind === assemblyscript.ConstantValueKind.Integer;
  const words = isInlined ? ([i64_low(value), i64_high(value)] as const) : undefined;
  const constant = words ?? constants.get(internalName);
  return {
    name: titleOf(global),
    type: types.declared(global.type, global.typeNode, global),
    place: placeOf(global.declaration.range),
    ...(constant ? { constant } : {}),
  };
}

function functionFact(fn: assemblyscript.Function, types: TypeCollector): FunctionFact {
  const { declaration, functionTypeNode } = fn.prototype;
  const { range } = declaration;
  const { returnType, thisType } = fn.signature;
  const own = thisType ? 1 : 0;
  const parameters = fn.signature.parameterTypes.length + own;
  const locals = new Map<string, LocalFact>();
  for (const [index, local] of fn.localsByIndex.entries()) {
    // As asc names them in the module; temporaries have numbers for names.
    const unique = locals.has(local.name) ? `${local.name}|${index}` : local.name;
    if (!hasDebugType(local.type) || /^\d/.test(local.name)) continue;
    const isParameter = index < parameters;
    const node = isParameter ? functionTypeNode.parameters[index - own]?.type : local.typeNode;
    const type = types.declared(local.type, node ?? null, fn);
    locals.set(unique, { name: local.name, type, isParameter });
  }
  const hasResult = returnType !== assemblyscript.Type.void && hasDebugType(returnType);
  return {
    name: titleOf(fn),
    place: placeOf(range),
    end: { line: range.source.lineAt(range.end), column: range.source.columnAt() },
    ...(hasResult ? { result: types.declared(returnType, functionTypeNode.returnType, fn) } : {}),
    locals,
  };
}

function placeOf({ source, start }: assemblyscript.Range) {
  const line = source.lineAt(start);
  return { file: source.normalizedPath, line, column: source.columnAt() };
}

/** `Process.setName` of `kernel/process/process/Process#setName`, `Process.frame` of a getter. */
function titleOf({ internalName }: assemblyscript.Element): string {
  const generic = internalName.indexOf("<");
  const head = generic < 0 ? internalName : internalName.slice(0, generic);
  const tail = generic < 0 ? "" : internalName.slice(generic);
  const name = head.slice(head.lastIndexOf("/") + 1);
  return (name + tail.replaceAll(/[\w~/.-]*\//g, "")).replace(/[#.](?:get:|set:)?/, ".");
}

// --- types ---

/** Vectors, void and references of WebAssembly's own are not described. */
function hasDebugType(type: assemblyscript.Type): boolean {
  return type.isNumericValue || type.isInternalReference;
}

const STRING = "~lib/string/String";

class TypeCollector {
  readonly #constants: ReadonlyMap<string, Words>;
  readonly #types: DebugType[] = [];
  readonly #numbers = new Map<assemblyscript.Element | string, number>();

  constructor(constants: ReadonlyMap<string, Words>) {
    this.#constants = constants;
  }

  finish(): readonly DebugType[] {
    return this.#types;
  }

  /** The index of a type that `node` names: the compiler knows enumerations as integers only. */
  declared(
    type: assemblyscript.Type,
    node: assemblyscript.TypeNode | null,
    scope: assemblyscript.Element,
  ): number {
    const enumeration = node && enumerationNamed(node, scope);
    return (enumeration && this.enumeration(enumeration)) ?? this.of(type);
  }

  /** The index of a type; what refers to an object is a pointer to its structure. */
  of(type: assemblyscript.Type): number {
    const structure = type.classReference;
    if (structure) return this.#pointer(this.structure(structure));
    if (type.signatureReference) return this.#base("function", 4, "unsigned");
    if (type.isBooleanValue) return this.#base("bool", 1, "boolean");
    const encoding = type.isFloatValue
      ? "float"
      : type.isSignedIntegerValue
        ? "signed"
        : "unsigned";
    return this.#base(type.toString(), type.byteSize, encoding);
  }

  structure(element: assemblyscript.Class): number {
    const known = this.#numbers.get(element);
    if (known !== undefined) return known;
    const place = placeOf(element.prototype.declaration.range);
    if (element.internalName === STRING) {
      return this.#add(element, { kind: "string", name: titleOf(element), place });
    }
    const members: StructureMember[] = [];
    const number = this.#add(element, {
      kind: "structure",
      name: titleOf(element),
      size: element.nextMemoryOffset,
      place,
      members,
    });
    for (const member of element.members?.values() ?? []) {
      const field = member instanceof assemblyscript.PropertyPrototype ? member.instance : null;
      if (!field?.isField || !hasDebugType(field.type)) continue;
      const { line } = placeOf(field.identifierNode.range);
      const offset = field.memoryOffset;
      const type = this.declared(field.type, field.typeNode, element);
      members.push({ name: field.name, type, offset, line });
    }
    members.sort((a, b) => a.offset - b.offset);
    return number;
  }

  /** Undefined: none of its values is constant. */
  enumeration(element: assemblyscript.Enum): number | undefined {
    const known = this.#numbers.get(element);
    if (known !== undefined) return known;
    const values: { name: string; value: number }[] = [];
    for (const member of element.members?.values() ?? []) {
      const words = this.#constants.get(member.internalName);
      if (words) values.push({ name: `${element.name}.${member.name}`, value: words[0] });
    }
    if (values.length === 0) return undefined;
    const base = this.#base("i32", 4, "signed");
    const place = placeOf(element.declaration.range);
    return this.#add(element, { kind: "enumeration", name: element.name, base, place, values });
  }

  #pointer(to: number): number {
    return this.#numbers.get(`*${to}`) ?? this.#add(`*${to}`, { kind: "pointer", to });
  }

  #base(name: string, size: number, encoding: "signed" | "unsigned" | "boolean" | "float") {
    return this.#numbers.get(name) ?? this.#add(name, { kind: "base", name, size, encoding });
  }

  #add(key: assemblyscript.Element | string, type: DebugType): number {
    const number = this.#types.push(type) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}

/** The enumeration that a type's name means where it stands. */
function enumerationNamed(
  node: assemblyscript.TypeNode,
  scope: assemblyscript.Element,
): assemblyscript.Enum | undefined {
  if (!(node instanceof assemblyscript.NamedTypeNode)) return undefined;
  let element = scope.lookup(node.name.identifier.text, true);
  for (let part = node.name.next; element && part; part = part.next) {
    element = element.getMember(part.identifier.text);
  }
  return element instanceof assemblyscript.Enum ? element : undefined;
}

/** The words of the compiler's own 64-bit numbers; it leaves these in the global scope. */
declare function i64_low(value: assemblyscript.Global["constantIntegerValue"]): number;
declare function i64_high(value: assemblyscript.Global["constantIntegerValue"]): number;
