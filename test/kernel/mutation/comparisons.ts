// The comparisons of an AssemblyScript source, and the source with one of them reversed.
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
    const start = node.operatorToken.getStart(file);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const text = node.getText(file).replace(/\s+/g, " ");
    found.push({ line, text, opposite, start, end: node.operatorToken.end });
  };
  visit(file);
  return found.sort((a, b) => a.start - b.start);
}

/** The source with this comparison of it reversed. */
export function reverse(source: string, { start, end, opposite }: Comparison): string {
  return source.slice(0, start) + opposite + source.slice(end);
}

/** The source with a call of `step` at the start of each round of each loop; lines stay. */
export function countRounds(source: string, step: string): string {
  const file = parse(source);
  const insertions: [at: number, text: string][] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isIterationStatement(node, false)) return;
    insertions.push([node.statement.getStart(file), `{ ${step}(); `], [node.statement.end, " }"]);
  };
  visit(file);
  insertions.sort(([a], [b]) => b - a);
  return insertions.reduce((text, [at, part]) => text.slice(0, at) + part + text.slice(at), source);
}

function isCompileTimeCheck(node: ts.Node): boolean {
  if (!ts.isIfStatement(node) || !ts.isExpressionStatement(node.thenStatement)) return false;
  const { expression } = node.thenStatement;
  return ts.isCallExpression(expression) && expression.expression.getText() === "ERROR";
}

function parse(source: string): ts.SourceFile {
  return ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
}
