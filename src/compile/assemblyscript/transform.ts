// What our sources add to AssemblyScript, and what of AssemblyScript they must not use.
//
// `cstr("text")` becomes the address of the text's UTF-8 bytes and a NUL in static data. A function
// that begins with the directive `"inline";` is inlined wherever it is called, as if it had asc's
// decorator, which TypeScript knows for methods alone. The bans
// here are those that only the syntax or the classes show; what a program ends up doing (floats,
// allocations, initialisers) shows in its code: `bare-metal.ts`.
//
// Each ban was measured with the pinned compiler:
//   - A method that overrides another in an @unmanaged hierarchy is called through the object's
//     header, which such an object does not have: the call reads what lies before the object.
//   - A field declared `field!: T` of a reference type is compared with null, and `abort` called,
//     at each read, even without assertions.
//   - `throw` is a call of `abort`, which says nothing about the kernel.

import * as assemblyscript from "assemblyscript";
import { Diagnostic } from "../../base/diagnostic";
import { placeOf } from "./asc-reporter";
import type { Environment } from "./environment";

/** Under this name `memory` is known to every source, whatever a source itself calls `memory`. */
export const MEMORY_ALIAS = "~memory";

const INLINE = "inline";

/**
 * Rewrites `cstr` and `"inline"` in the program's own sources, and finds what their syntax must
 * not have. To be called when all sources are parsed and the program is not yet initialised.
 */
export function transformSources(
  program: assemblyscript.Program,
  target: Environment,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const source of program.sources) {
    if (source.isLibrary || source.normalizedPath.startsWith("~lib/")) continue;
    visit(source, (node, replace) => {
      if (node instanceof assemblyscript.FunctionDeclaration) obeyDirective(node);
      if (isCstr(node)) replace(cstr(node, found));
      else if (target === "kernel" && node instanceof assemblyscript.ThrowStatement)
        found.push(thrown(node));
    });
  }
  return found;
}

type Visitor = (node: assemblyscript.Node, replace: (by: assemblyscript.Node) => void) => void;

/** Calls `visitor` for every node below `parent`, outer ones first. */
function visit(parent: assemblyscript.Node, visitor: Visitor): void {
  const fields = parent as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(fields)) {
    if (value instanceof assemblyscript.Node) {
      visitor(value, (by) => {
        fields[key] = by;
      });
      visit(value, visitor);
    } else if (Array.isArray(value)) {
      visitAll(value, visitor);
    }
  }
}

function visitAll(list: unknown[], visitor: Visitor): void {
  for (const [index, value] of list.entries()) {
    if (!(value instanceof assemblyscript.Node)) continue;
    visitor(value, (by) => {
      list[index] = by;
    });
    visit(value, visitor);
  }
}

/** Takes the directive out of a function's body and puts the decorator before the function. */
function obeyDirective(declaration: assemblyscript.FunctionDeclaration): void {
  const { body, range } = declaration;
  if (!(body instanceof assemblyscript.BlockStatement)) return;
  const [first] = body.statements;
  if (!(first instanceof assemblyscript.ExpressionStatement)) return;
  const { expression } = first;
  if (!(expression instanceof assemblyscript.StringLiteralExpression)) return;
  if (expression.value !== INLINE) return;
  body.statements.shift();
  const name = assemblyscript.Node.createIdentifierExpression(INLINE, range);
  const decorator = assemblyscript.Node.createDecorator(name, null, range);
  declaration.decorators = [...(declaration.decorators ?? []), decorator];
}

function isCstr(node: assemblyscript.Node): node is assemblyscript.CallExpression {
  if (!(node instanceof assemblyscript.CallExpression)) return false;
  const { expression } = node;
  return expression instanceof assemblyscript.IdentifierExpression && expression.text === "cstr";
}

/** The call that replaces `cstr(...)`; a wrong one stays and is reported. */
function cstr(call: assemblyscript.CallExpression, found: Diagnostic[]): assemblyscript.Node {
  const [argument, ...rest] = call.args;
  if (rest.length > 0 || !(argument instanceof assemblyscript.StringLiteralExpression)) {
    found.push(
      new Diagnostic(
        "BARE001",
        "cstr takes one string literal, because it makes static data",
        "Write the text between quotes.",
        placeOf(call.range),
      ),
    );
    return call;
  }
  return staticBytes(new TextEncoder().encode(`${argument.value}\0`), call.range);
}

/** `memory.data<u8>([...])`: the address of these bytes in static data. */
function staticBytes(bytes: Uint8Array, range: assemblyscript.Range): assemblyscript.Node {
  const { Node } = assemblyscript;
  const identifier = (name: string) => Node.createIdentifierExpression(name, range);
  const items = [...bytes].map((byte) =>
    Node.createIntegerLiteralExpression(i64_new(byte, 0), range),
  );
  return Node.createCallExpression(
    Node.createPropertyAccessExpression(identifier(MEMORY_ALIAS), identifier("data"), range),
    [Node.createNamedType(Node.createSimpleTypeName("u8", range), null, false, range)],
    [Node.createArrayLiteralExpression(items, range)],
    range,
  );
}

/** The compiler's own constructor of 64-bit constants, which it leaves in the global scope. */
declare function i64_new(
  low: number,
  high: number,
): assemblyscript.IntegerLiteralExpression["value"];

function thrown(node: assemblyscript.Node): Diagnostic {
  return new Diagnostic(
    "BARE002",
    "the kernel cannot throw: nothing would catch it",
    "Return an error number, or panic.",
    placeOf(node.range),
  );
}

/**
 * Finds what the program's classes must not have.
 * To be called when the program is compiled: only then are its classes resolved.
 */
export function checkClasses(program: assemblyscript.Program, target: Environment): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const element of program.elementsByDeclaration.values()) {
    if (!(element instanceof assemblyscript.ClassPrototype)) continue;
    if (element.declaration.range.source.isLibrary) continue;
    found.push(...overrides(element));
    if (target === "kernel") found.push(...checkedFields(element));
  }
  return found;
}

function overrides(derived: assemblyscript.ClassPrototype): Diagnostic[] {
  const unmanaged = (derived.decoratorFlags & assemblyscript.DecoratorFlags.Unmanaged) !== 0;
  if (!unmanaged || !derived.instanceMembers) return [];
  return [...derived.instanceMembers.values()].flatMap((member) => {
    const base = overridden(derived, member);
    if (base === undefined) return [];
    return new Diagnostic(
      "BARE003",
      `${derived.name}.${member.name} overrides a method of ${base.name}, and objects of an ` +
        "unmanaged class do not know their class",
      "Give the method another name, or keep a function's index in a field and call that.",
      placeOf(member.identifierNode.range),
    );
  });
}

function overridden(
  derived: assemblyscript.ClassPrototype,
  member: assemblyscript.DeclaredElement,
): assemblyscript.ClassPrototype | undefined {
  if (member.is(assemblyscript.CommonFlags.Constructor)) return undefined;
  for (let base = derived.basePrototype; base; base = base.basePrototype) {
    if (base.instanceMembers?.has(member.name)) return base;
  }
  return undefined;
}

function checkedFields(prototype: assemblyscript.ClassPrototype): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const instance of prototype.instances?.values() ?? []) {
    for (const member of instance.members?.values() ?? []) {
      if (!(member instanceof assemblyscript.PropertyPrototype)) continue;
      const field = member.instance;
      if (field && isChecked(field)) found.set(field.name, checkedField(field));
    }
  }
  return [...found.values()];
}

function isChecked(field: assemblyscript.Property): boolean {
  const asserted = field.isField && field.is(assemblyscript.CommonFlags.DefinitelyAssigned);
  return asserted && field.type.isReference && !field.type.isNullableReference;
}

function checkedField(field: assemblyscript.Property): Diagnostic {
  const type = field.type.classReference?.name ?? field.type.toString();
  return new Diagnostic(
    "BARE004",
    `each read of ${field.name} would be compared with null, because it is declared with !`,
    `Initialise it: = changetype<${type}>(0), or make it nullable.`,
    placeOf(field.identifierNode.range),
  );
}
