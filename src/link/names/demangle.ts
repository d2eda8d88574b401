// C++ names as people write them: `_ZN3VecIiE2atEi` is `Vec<int>::at(int)`.
//
// A recursive descent over the Itanium C++ ABI's grammar (5.1), as far as kernels use it: nested
// and local names, templates, operators, constructors, function and pointer types, substitutions.
// What it does not know (expressions, lambdas' types, decltype) leaves the name as it is: a message
// with a mangled name is better than one with a wrong name. Rust's names: demangle-rust.ts.
//
// Invariants
//   - Never throws outward, never recurses deeper than DEPTH, and its result has at most LENGTH
//     characters, whatever the name.

import { demangleRust } from "./demangle-rust";

const DEPTH = 64;
const LENGTH = 1000;

/** How messages show a symbol's name: quoted, and for C++ and Rust followed by the mangled name. */
export function displayName(name: string): string {
  const readable = demangle(name);
  return readable === undefined ? `"${name}"` : `"${readable}" (${name})`;
}

/** The name that a person reads: the C++ or Rust one, or else the symbol's. */
export function readableName(name: string): string {
  return demangle(name) ?? name;
}

/** The C++ or Rust name that `name` stands for; undefined if none that is known. */
export function demangle(name: string): string | undefined {
  const rust = demangleRust(name);
  if (rust !== undefined || !name.startsWith("_Z")) return rust;
  try {
    return new Demangler(name).run();
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

/** The name is damaged, or has what the demangler does not know. */
class Unknown extends Error {}

const BUILTIN: Readonly<Record<string, string>> = {
  v: "void",
  w: "wchar_t",
  b: "bool",
  c: "char",
  a: "signed char",
  h: "unsigned char",
  s: "short",
  t: "unsigned short",
  i: "int",
  j: "unsigned int",
  l: "long",
  m: "unsigned long",
  x: "long long",
  y: "unsigned long long",
  n: "__int128",
  o: "unsigned __int128",
  f: "float",
  d: "double",
  e: "long double",
  z: "...",
};

const WIDE: Readonly<Record<string, string>> = {
  Ds: "char16_t",
  Di: "char32_t",
  Du: "char8_t",
  Dn: "decltype(nullptr)",
  Da: "auto",
};

const STANDARD: Readonly<Record<string, string>> = {
  St: "std",
  Sa: "std::allocator",
  Sb: "std::basic_string",
  Ss: "std::string",
  Si: "std::istream",
  So: "std::ostream",
  Sd: "std::iostream",
};

const OPERATORS: Readonly<Record<string, string>> = {
  nw: " new",
  na: " new[]",
  dl: " delete",
  da: " delete[]",
  ps: "+",
  ng: "-",
  ad: "&",
  de: "*",
  co: "~",
  pl: "+",
  mi: "-",
  ml: "*",
  dv: "/",
  rm: "%",
  an: "&",
  or: "|",
  eo: "^",
  aS: "=",
  pL: "+=",
  mI: "-=",
  mL: "*=",
  dV: "/=",
  rM: "%=",
  aN: "&=",
  oR: "|=",
  eO: "^=",
  ls: "<<",
  rs: ">>",
  lS: "<<=",
  rS: ">>=",
  eq: "==",
  ne: "!=",
  lt: "<",
  gt: ">",
  le: "<=",
  ge: ">=",
  nt: "!",
  aa: "&&",
  oo: "||",
  pp: "++",
  mm: "--",
  cm: ",",
  pm: "->*",
  pt: "->",
  cl: "()",
  ix: "[]",
};

const SPECIAL: Readonly<Record<string, string>> = {
  TV: "vtable for ",
  TT: "VTT for ",
  TI: "typeinfo for ",
  TS: "typeinfo name for ",
  GV: "guard variable for ",
};

/** A name, and what in it decides whether a function's return type is mangled as well. */
interface Name {
  readonly text: string;
  readonly isTemplate: boolean;
  /** Constructors and the like never have a return type. */
  readonly returnsNothing: boolean;
  /** `const` and the like after a member function's parameters. */
  readonly suffix: string;
}

class Demangler {
  #at = 2;
  #depth = 0;
  readonly #substitutions: string[] = [];
  #templateArguments: readonly string[] = [];

  readonly #mangled: string;

  constructor(mangled: string) {
    this.#mangled = mangled;
  }

  run(): string {
    const text = this.#encoding();
    const rest = this.#mangled.slice(this.#at);
    // GCC's copies of functions: `.part.0`, `.constprop.1`, `.cold`.
    if (rest !== "" && !/^\.[a-z]/.test(rest)) throw new Unknown();
    return rest === "" ? text : `${text} [${rest.slice(1)}]`;
  }

  #peek(text: string): boolean {
    return this.#mangled.startsWith(text, this.#at);
  }

  #accept(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw new Unknown();
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const [found] = expression.exec(this.#mangled) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Runs one rule of the grammar, not too deep, and gives back not too much. */
  #rule<Result>(parse: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > DEPTH) throw new Unknown();
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  #bounded(text: string): string {
    if (text.length > LENGTH) throw new Unknown();
    return text;
  }

  #substitutable(text: string): string {
    this.#substitutions.push(this.#bounded(text));
    return text;
  }

  #encoding(): string {
    return this.#rule(() => {
      for (const [code, text] of Object.entries(SPECIAL)) {
        if (!this.#accept(code)) continue;
        return text + (code === "GV" ? this.#name().text : this.#type());
      }
      const { text, isTemplate, returnsNothing, suffix } = this.#name();
      if (this.#at >= this.#mangled.length || this.#peek("E") || this.#peek(".")) return text;
      const result = isTemplate && !returnsNothing ? `${this.#type()} ` : "";
      return this.#bounded(`${result}${text}(${this.#parameters()})${suffix}`);
    });
  }

  #parameters(): string {
    const types: string[] = [];
    while (this.#at < this.#mangled.length && !this.#peek("E") && !this.#peek(".")) {
      types.push(this.#type());
    }
    return types.length === 1 && types[0] === "void" ? "" : types.join(", ");
  }

  #name(): Name {
    return this.#rule(() => {
      if (this.#accept("N")) return this.#nestedName();
      if (this.#accept("Z")) return this.#localName();
      const isStandard = this.#accept("St");
      if (!isStandard && this.#peek("S")) {
        const text = this.#substitution();
        if (!this.#peek("I")) throw new Unknown();
        return plainName(text + this.#arguments(), true);
      }
      const own = this.#unqualified("");
      const text = isStandard ? `std::${own.text}` : own.text;
      if (!this.#peek("I")) return { ...own, text };
      this.#substitutable(text);
      return { ...own, text: text + this.#arguments(), isTemplate: true };
    });
  }

  #nestedName(): Name {
    const qualifiers = this.#match(/[rVK]*/y) ?? "";
    const reference = this.#match(/[RO]/y);
    let text = "";
    let last = "";
    let isTemplate = false;
    let returnsNothing = false;
    while (!this.#accept("E")) {
      isTemplate = false;
      if (this.#peek("S") && !this.#peek("St")) {
        text = this.#substitution();
        last = text.slice(text.lastIndexOf(":") + 1);
        continue;
      }
      if (this.#accept("St")) {
        text = "std";
        continue;
      }
      if (this.#peek("I")) {
        text += this.#arguments();
        isTemplate = true;
      } else if (this.#peek("T")) {
        text = this.#templateParameter();
      } else {
        const part = this.#unqualified(last);
        last = part.text;
        returnsNothing = part.returnsNothing;
        text = text === "" ? last : `${text}::${last}`;
      }
      // The whole name is not a prefix of another one.
      if (!this.#peek("E")) this.#substitutable(text);
    }
    const suffix =
      (qualifiers.includes("K") ? " const" : "") +
      (qualifiers.includes("V") ? " volatile" : "") +
      (reference === "R" ? " &" : reference === "O" ? " &&" : "");
    return { text, isTemplate, returnsNothing, suffix };
  }

  #localName(): Name {
    const outer = this.#encoding();
    this.#expect("E");
    if (this.#accept("s")) {
      this.#match(/_\d+_?|_/y);
      return plainName(`${outer}::string literal`);
    }
    const inner = this.#name();
    this.#match(/__\d+_|_\d/y);
    return { ...inner, text: `${outer}::${inner.text}` };
  }

  /** @param owner the class, whose name constructors take */
  #unqualified(owner: string): Name {
    this.#accept("L");
    const length = this.#match(/\d+/y);
    if (length !== undefined) {
      const start = this.#at;
      this.#at += Number(length);
      if (this.#at > this.#mangled.length) throw new Unknown();
      const text = this.#mangled.slice(start, this.#at);
      return plainName(/^_GLOBAL__N/.test(text) ? "(anonymous namespace)" : this.#tagged(text));
    }
    const structor = this.#match(/C[1-5]|D[0-5]/y);
    if (structor !== undefined) {
      const own = owner.replace(/<.*/, "");
      const text = structor.startsWith("D") ? `~${own}` : own;
      return { ...plainName(text), returnsNothing: true };
    }
    if (this.#accept("cv")) {
      return { ...plainName(`operator ${this.#type()}`), returnsNothing: true };
    }
    if (this.#accept("li")) return plainName(`operator"" ${this.#unqualified("").text}`);
    const operator = OPERATORS[this.#mangled.slice(this.#at, this.#at + 2)];
    if (operator === undefined) throw new Unknown();
    this.#at += 2;
    return plainName(`operator${operator}`);
  }

  #tagged(text: string): string {
    return this.#accept("B") ? `${text}[abi:${this.#unqualified("").text}]` : text;
  }

  #substitution(): string {
    const standard = STANDARD[this.#mangled.slice(this.#at, this.#at + 2)];
    if (standard !== undefined) {
      this.#at += 2;
      return standard;
    }
    this.#expect("S");
    const digits = this.#match(/[0-9A-Z]*/y) ?? "";
    this.#expect("_");
    const found = this.#substitutions[digits === "" ? 0 : Number.parseInt(digits, 36) + 1];
    if (found === undefined) throw new Unknown();
    return found;
  }

  #templateParameter(): string {
    this.#expect("T");
    const digits = this.#match(/\d*/y) ?? "";
    this.#expect("_");
    const found = this.#templateArguments[digits === "" ? 0 : Number(digits) + 1];
    if (found === undefined) throw new Unknown();
    return found;
  }

  #arguments(): string {
    return this.#rule(() => {
      this.#expect("I");
      const list: string[] = [];
      while (!this.#accept("E")) list.push(this.#argument());
      this.#templateArguments = list;
      return this.#bounded(`<${list.filter((text) => text !== "").join(", ")}>`);
    });
  }

  /** A pack is one argument: its elements with commas, or nothing. */
  #argument(): string {
    if (this.#accept("J")) {
      const pack: string[] = [];
      while (!this.#accept("E")) pack.push(this.#argument());
      return this.#bounded(pack.join(", "));
    }
    if (!this.#accept("L")) return this.#type();
    if (this.#accept("_Z")) {
      const text = this.#encoding();
      this.#expect("E");
      return `&${text}`;
    }
    const type = this.#type();
    const digits = this.#match(/n?\d+/y);
    if (digits === undefined) throw new Unknown();
    this.#expect("E");
    const value = digits.replace("n", "-");
    if (type === "bool") return value === "0" ? "false" : "true";
    return type === "int" ? value : `(${type})${value}`;
  }

  #type(): string {
    return this.#rule(() => {
      const letter = this.#mangled[this.#at] ?? "";
      const builtin = BUILTIN[letter];
      if (builtin !== undefined) {
        this.#at += 1;
        return builtin;
      }
      const wide = WIDE[this.#mangled.slice(this.#at, this.#at + 2)];
      if (wide !== undefined) {
        this.#at += 2;
        return wide;
      }
      return this.#compoundType(letter);
    });
  }

  #compoundType(letter: string): string {
    if (this.#accept("Dp")) return this.#substitutable(this.#type());
    switch (letter) {
      case "P":
        return this.#pointer("*");
      case "R":
        return this.#pointer("&");
      case "O":
        return this.#pointer("&&");
      case "K":
      case "V": {
        this.#at += 1;
        const inner = this.#type();
        return this.#substitutable(`${inner} ${letter === "K" ? "const" : "volatile"}`);
      }
      case "F": {
        this.#at += 1;
        this.#accept("Y");
        const result = this.#type();
        const text = `${result} (${this.#parameters()})`;
        this.#expect("E");
        return this.#substitutable(text);
      }
      case "A": {
        this.#at += 1;
        const size = this.#match(/\d*/y) ?? "";
        this.#expect("_");
        return this.#substitutable(`${this.#type()} [${size}]`);
      }
      case "T": {
        const text = this.#substitutable(this.#templateParameter());
        return this.#peek("I") ? this.#substitutable(text + this.#arguments()) : text;
      }
      case "S": {
        if (this.#peek("St")) return this.#substitutable(this.#name().text);
        const text = this.#substitution();
        return this.#peek("I") ? this.#substitutable(text + this.#arguments()) : text;
      }
      default:
        if (letter !== "N" && letter !== "Z" && !/\d/.test(letter)) throw new Unknown();
        return this.#substitutable(this.#name().text);
    }
  }

  /** The star of a pointer to a function or an array belongs inside. */
  #pointer(mark: string): string {
    this.#at += 1;
    const inner = this.#type();
    const open = /^(.*?) (\([^*&].*\)|\(\)|\[\d*\])$/.exec(inner);
    const gap = open?.[2]?.startsWith("[") ? " " : "";
    const text = open ? `${open[1]} (${mark})${gap}${open[2]}` : inner + mark;
    return this.#substitutable(text);
  }
}

function plainName(text: string, isTemplate = false): Name {
  return { text, isTemplate, returnsNothing: false, suffix: "" };
}
