// The index of a function, as a constant.
//
// `handler.index` is how this house keeps a function in a table or a record, for `call_indirect`.
// To AssemblyScript it is a field of an object in static data, 32 bytes for each function, which
// code loads from memory: no optimiser knows that nothing writes to it. Here the expression is the
// number itself, and there is no object unless the function is used as a value, too.
//
// Invariant: a function has one index, whichever way asks for it first.

import * as assemblyscript from "assemblyscript";

/** Where asc puts the program's functions. */
const DEFAULT_TABLE = "0";
/** The table's entry 0 is no function. */
const FIRST_INDEX = 1;

/** asc's compiler, but for expressions that are the index of a function. */
export class IndexingCompiler extends assemblyscript.Compiler {
  /** Of functions without an object. */
  readonly #indexes = new Map<assemblyscript.Function, number>();

  override compileExpression(
    expression: assemblyscript.Expression,
    type: assemblyscript.Type,
    constraints?: number,
  ): number {
    const index = this.#indexNamedBy(expression);
    const compiled = index === undefined ? expression : constant(index, expression.range);
    return super.compileExpression(compiled, type, constraints);
  }

  /** The object of a function that is used as a value, with the index that it may have already. */
  override ensureRuntimeFunction(
    instance: assemblyscript.Function,
  ): ReturnType<assemblyscript.Compiler["ensureRuntimeFunction"]> {
    const index = this.#indexes.get(instance);
    const isNew = !instance.memorySegment;
    const object = super.ensureRuntimeFunction(instance);
    if (isNew && index !== undefined) {
      this.functionTable.pop();
      this.#fieldOf(instance).setUint32(0, index, true);
    }
    return object;
  }

  /** The index that `expression` asks a function of the program for; undefined: it is another. */
  #indexNamedBy(expression: assemblyscript.Expression): number | undefined {
    if (!(expression instanceof assemblyscript.PropertyAccessExpression)) return undefined;
    if (expression.property.text !== "index") return undefined;
    const { void: none } = assemblyscript.Type;
    const element = this.resolver.lookupExpression(
      expression.expression,
      this.currentFlow,
      none,
      assemblyscript.ReportMode.Swallow,
    );
    if (!(element instanceof assemblyscript.FunctionPrototype)) return undefined;
    if (element.typeParameterNodes?.length) return undefined;
    const instance = this.resolver.resolveFunction(element, null);
    if (!instance || !this.compileFunction(instance)) return undefined;
    if (instance.is(assemblyscript.CommonFlags.ModuleImport)) return undefined;
    return this.#indexOf(instance);
  }

  #indexOf(instance: assemblyscript.Function): number {
    if (instance.memorySegment) return this.#fieldOf(instance).getUint32(0, true);
    const known = this.#indexes.get(instance);
    if (known !== undefined) return known;
    // The table must be there even if asc itself sees no use of it.
    this.module.ensureFunctionTable(DEFAULT_TABLE);
    const index = (this.options.tableBase || FIRST_INDEX) + this.functionTable.length;
    this.functionTable.push(instance);
    this.#indexes.set(instance, index);
    return index;
  }

  /** The field of a function's object that has its index. */
  #fieldOf({ memorySegment }: assemblyscript.Function): DataView {
    if (!memorySegment) throw new Error("a function has no object");
    return new DataView(memorySegment.buffer.buffer, this.program.totalOverhead);
  }
}

/** `<u32>index`, which is the type of the field. */
function constant(index: number, range: assemblyscript.Range): assemblyscript.Expression {
  const { Node } = assemblyscript;
  return Node.createAssertionExpression(
    assemblyscript.AssertionKind.Prefix,
    Node.createIntegerLiteralExpression(i64_new(index, 0), range),
    Node.createNamedType(Node.createSimpleTypeName("u32", range), null, false, range),
    range,
  );
}

/** The compiler's own constructor of 64-bit constants, which it leaves in the global scope. */
declare function i64_new(
  low: number,
  high: number,
): assemblyscript.IntegerLiteralExpression["value"];
