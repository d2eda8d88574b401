// The comparisons of an AssemblyScript source, and the source with one of them reversed, or with
// each of them reversible while it runs.
//
// What the compiler itself decides, `if (offsetof<T>() !== SIZE) ERROR(...)`, is left out: no test
// can run the other case.

import ts from "typescript";

const REVERSED: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.LessThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, ">"],
]);

export interface Comparison {
  readonly line: number;
  /** As the source has it: `at < end`. */
  readonly text: string;
  /** The operator that says the opposite, and where the source has its own. */
  readonly opposite: string;
  readonly operator: Span;
  /** All of it: `at < end`. */
  readonly whole: Span;
  /** If one side is `null`: what the compiler knows of a reference afterwards hangs on it. */
  readonly isWithNull: boolean;
}

/** Where a piece of the source is. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** In the order of the source. */
export function comparisonsOf(source: string): Comparison[] {
  const file = parse(source);
  const found: Comparison[] = [];
  const visit = (node: ts.Node): void => {
    if (isCompileTimeCheck(node)) return;
    ts.forEachChild(node, visit);
    if (!ts.isBinaryExpression(node)) return;
    const opposite = REVERSED.get(node.operatorToken.kind);
    if (opposite === undefined) return;
    const span = (part: ts.Node) => ({ start: part.getStart(file), end: part.end });
    const operator = span(node.operatorToken);
    const line = file.getLineAndCharacterOfPosition(operator.start).line + 1;
    const text = node.getText(file).replace(/\s+/g, " ");
    const isWithNull = [node.left, node.right].some(
      ({ kind }) => kind === ts.SyntaxKind.NullKeyword,
    );
    found.push({ line, text, opposite, operator, whole: span(node), isWithNull });
  };
  visit(file);
  return found.sort((a, b) => a.operator.start - b.operator.start);
}

/** The source with this comparison of it reversed. */
export function reverse(source: string, { operator, opposite }: Comparison): string {
  return source.slice(0, operator.start) + opposite + source.slice(operator.end);
}

/**
 * The source in which comparison `n` of these says the opposite while `test(n)` is true; lines
 * stay. It is compiled once for all of them.
 */
export function makeReversible(
  source: string,
  comparisons: readonly Comparison[],
  test: string,
): string {
  const insertions = comparisons.flatMap(({ whole }, n): Insertion[] => [
    [whole.start, "(("],
    [whole.end, `) !== ${test}(${n}))`],
  ]);
  return insert(source, insertions);
}

/** The source with a call of `step` at the start of each round of each loop; lines stay. */
export function countRounds(source: string, step: string): string {
  const file = parse(source);
  const insertions: Insertion[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isIterationStatement(node, false)) return;
    insertions.push([node.statement.getStart(file), `{ ${step}(); `], [node.statement.end, " }"]);
  };
  visit(file);
  return insert(source, insertions);
}

type Insertion = readonly [at: number, text: string];

function insert(source: string, insertions: readonly Insertion[]): string {
  const fromTheEnd = [...insertions].sort(([a], [b]) => b - a);
  return fromTheEnd.reduce((text, [at, part]) => text.slice(0, at) + part + text.slice(at), source);
}

function isCompileTimeCheck(node: ts.Node): boolean {
  if (!ts.isIfStatement(node) || !ts.isExpressionStatement(node.thenStatement)) return false;
  const { expression } = node.thenStatement;
  return ts.isCallExpression(expression) && expression.expression.getText() === "ERROR";
}

function parse(source: string): ts.SourceFile {
  return ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
}
