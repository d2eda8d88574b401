// A module of TypeScript as JavaScript: its types are blanked out, so that each character that is
// left stays at its place. The assembler reads from the call stack which line asked for an
// instruction, and the lines and columns in an object are to be those of `isthmus build`.
//
//   import { eax } from "./registers";             const { eax } = __import("./registers");
//   export const SIZE: number = 4;                        const SIZE         = 4;
//   export default function (a: Assembler): void   m.default    = function (a           )       {
//                                                  m.SIZE = SIZE;   … at the very end
//
// What would need more than blanks (enumerations, name spaces, parameter properties, decorators) is
// refused: assembly and layouts do without.

import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/javascript";
import { Diagnostic } from "../../src/base/diagnostic";

const PARSER = parser.configure({ dialect: "ts" });
/** What such a module's code calls its exports, and the function that imports. */
export const EXPORTS = "m";
export const IMPORT = "__import";
/** As long as `export default`, so that what follows does not move. */
const EXPORT_DEFAULT = "export default";
const ASSIGN_DEFAULT = `${EXPORTS}.default`.padEnd(EXPORT_DEFAULT.length - 1).concat("=");

/** Nodes that are types only, wherever they are. */
const TYPES = new Set([
  ...["InterfaceDeclaration", "TypeAliasDeclaration", "AmbientDeclaration"],
  ...["AmbientFunctionDeclaration", "TypeAnnotation", "TypePredicate", "TypeParamList"],
  ...["TypeArgList", "Privacy", "readonly", "abstract", "override", "Optional"],
]);
/** Nodes that do something at run time that JavaScript has no words for. */
const REFUSED = new Map([
  ["EnumDeclaration", "an enumeration"],
  ["NamespaceDeclaration", "a name space"],
  ["Decorator", "a decorator"],
  ["ImportMeta", "import.meta"],
  ["DynamicImport", "an import while it runs"],
]);

/** @throws Diagnostic WEB004 for what cannot be evaluated, with its place */
export function eraseTypes(path: string, source: string): string {
  return new Eraser(path, source).result();
}

class Eraser {
  readonly #path: string;
  readonly #source: string;
  readonly #tree: Tree;
  readonly #characters: string[];
  readonly #end: string[] = [];

  constructor(path: string, source: string) {
    this.#path = path;
    this.#source = source;
    this.#tree = PARSER.parse(source);
    this.#characters = source.split("");
  }

  result(): string {
    this.#tree.iterate({ enter: ({ node }) => this.#visit(node) });
    return `${this.#characters.join("")}\n${this.#end.join("\n")}`;
  }

  /** Whether to look into the node. */
  #visit(node: SyntaxNode): boolean {
    const { name } = node;
    if (node.type.isError && this.#isDefinite(node)) {
      this.#blank(node.from, node.to);
      return false;
    }
    const refused = node.type.isError ? "something that is no TypeScript" : REFUSED.get(name);
    if (refused !== undefined) throw this.#refusal(refused, node.from);
    if (name === "Privacy" && node.parent?.name === "ParamList") {
      throw this.#refusal("a parameter that becomes a property", node.from);
    }
    if (name === "ImportDeclaration") {
      this.#replace(node, this.#importOf(node));
      return false;
    }
    if (name === "ExportDeclaration") return this.#visitExport(node);
    if (TYPES.has(name)) {
      this.#blank(node.from, node.to);
      return false;
    }
    if (name === "BinaryExpression") this.#eraseAssertion(node);
    else if (name === "PostfixExpression") this.#eraseMark(node);
    return true;
  }

  /** `value as Type` and `value satisfies Type`. */
  #eraseAssertion(node: SyntaxNode): void {
    const sign = node.getChild("as") ?? node.getChild("satisfies");
    if (sign) this.#blank(sign.from, node.to);
  }

  /** The `!` of `let value!: Type`, which the parser does not know. */
  #isDefinite(node: SyntaxNode): boolean {
    return this.#text(node) === "!" && node.parent?.name === "VariableDeclaration";
  }

  /** The `!` of `value!`. */
  #eraseMark(node: SyntaxNode): void {
    for (const sign of node.getChildren("LogicOp")) {
      if (this.#text(sign) === "!") this.#blank(sign.from, sign.to);
    }
  }

  /** An import as a declaration of constants, as many lines long. */
  #importOf(node: SyntaxNode): string {
    const from = node.getChild("String");
    if (!from) throw this.#refusal("an import without a module", node.from);
    const call = `${IMPORT}(${this.#text(from)})`;
    const names = this.#importedNames(node);
    if (node.getChild("type") || names === undefined) return "";
    const star = node.getChild("Star");
    if (star) return `const ${this.#text(star.parent?.getChild("VariableDefinition"))} = ${call};`;
    return `const { ${names.join(", ")} } = ${call};`;
  }

  /** `eax`, `default: name`, `from: to`; undefined if the import is of types only. */
  #importedNames(node: SyntaxNode): string[] | undefined {
    const group = node.getChild("ImportGroup");
    const names: string[] = [];
    const whole = node.getChild("VariableDefinition");
    if (whole && !node.getChild("Star")) names.push(`default: ${this.#text(whole)}`);
    for (const [name, alias] of this.#namesOf(group)) {
      names.push(alias === undefined ? name : `${name}: ${alias}`);
    }
    return group && names.length === 0 ? undefined : names;
  }

  #visitExport(node: SyntaxNode): boolean {
    const keyword = node.getChild("export") ?? node;
    const from = node.getChild("String");
    const group = node.getChild("ExportGroup");
    if (node.getChild("type") || node.getChild("TypeAliasDeclaration")) {
      this.#blank(node.from, node.to);
      return false;
    }
    if (from || group) {
      this.#exportNames(from, group);
      this.#blank(node.from, node.to);
      return false;
    }
    const isDefault = node.getChild("default");
    const declared = node.lastChild?.name === ";" ? node.lastChild.prevSibling : node.lastChild;
    const name = declared?.getChild("VariableDefinition");
    if (isDefault && !(name && declared?.name.endsWith("Declaration"))) {
      const to = isDefault.to;
      const gap = to - keyword.from - EXPORT_DEFAULT.length;
      this.#put(keyword.from, ASSIGN_DEFAULT + " ".repeat(Math.max(0, gap)));
      if (declared?.name.endsWith("Declaration")) this.#append(declared.to, ";");
      return true;
    }
    this.#blank(keyword.from, isDefault?.to ?? keyword.to);
    const names = declared?.getChildren("VariableDefinition") ?? [];
    for (const each of names) {
      const text = this.#text(each);
      this.#end.push(`${EXPORTS}.${isDefault ? "default" : text} = ${text};`);
    }
    return true;
  }

  #exportNames(from: SyntaxNode | null, group: SyntaxNode | null): void {
    const module = from && `${IMPORT}(${this.#text(from)})`;
    if (!group) this.#end.push(`Object.assign(${EXPORTS}, ${module});`);
    for (const [name, alias = name] of this.#namesOf(group)) {
      this.#end.push(`${EXPORTS}.${alias} = ${module ? `${module}.` : ""}${name};`);
    }
  }

  /** The names in braces that are no types, each with what it is called instead. */
  #namesOf(group: SyntaxNode | null): [name: string, alias: string | undefined][] {
    const text = this.#text(group).slice(1, -1);
    const words = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").split(",");
    return words
      .map((word) => word.trim())
      .filter((word) => word !== "" && !/^type\s/.test(word))
      .map((word) => {
        const [name = "", alias] = word.split(/\s+as\s+/);
        return [name, alias];
      });
  }

  #text(node: SyntaxNode | null | undefined): string {
    return node ? this.#source.slice(node.from, node.to) : "";
  }

  #blank(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      if (this.#source[at] !== "\n") this.#characters[at] = " ";
    }
  }

  /** Puts text in place of a node, which keeps its lines. */
  #replace(node: SyntaxNode, text: string): void {
    this.#blank(node.from, node.to);
    this.#characters[node.from] = text;
  }

  /** Overwrites what is at a place. */
  #put(at: number, text: string): void {
    for (const [index, character] of [...text].entries()) this.#characters[at + index] = character;
  }

  #append(at: number, text: string): void {
    this.#characters[at - 1] += text;
  }

  #refusal(what: string, at: number): Diagnostic {
    const before = this.#source.slice(0, at).split("\n");
    const place = {
      file: this.#path,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    };
    return new Diagnostic(
      "WEB004",
      `this has ${what}`,
      "Write plain TypeScript there, or build in a clone: `npx isthmus build`",
      place,
    );
  }
}
