// Rust names as people write them, of both schemes:
//
//   v0      _RNvMCs1_4ringNtB2_4Ring7advance                    <ring::Ring>::advance
//   legacy  _ZN4ring4Ring7advance17h0123456789abcdefE           ring::Ring::advance
//
// Hashes and disambiguators are left out. v0 is a grammar with references back into the name (RFC
// 2603 and "v0 Symbol Format" in the rustc book); legacy is C++'s nested name with escapes and a
// hash. What is not known here (names in Punycode, structured constants) leaves the name as it is.
//
// Invariants
//   - Never throws outward, takes at most STEPS steps, never recurses deeper than DEPTH, and its
//     result has at most LENGTH characters, whatever the name.

const DEPTH = 100;
const STEPS = 5000;
const LENGTH = 1000;

/** The name is damaged, or has what is not known here. */
class Unknown extends Error {}

/**
 * The Rust name that `name` stands for; undefined if it is not one, or has what is not known here.
 */
export function demangleRust(name: string): string | undefined {
  const legacy = /^_ZN(.*)17h[0-9a-f]{16}E(?:\.|$)/.exec(name);
  if (legacy) return demangleLegacy(legacy[1] ?? "");
  if (!/^_R[A-Z]/.test(name)) return undefined;
  try {
    return new V0Demangler(name).run();
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/** @param path lengths and parts, without the hash */
function demangleLegacy(path: string): string | undefined {
  const parts: string[] = [];
  for (let at = 0; at < path.length; ) {
    const digits = /^[1-9]\d*/.exec(path.slice(at, at + 6))?.[0];
    const start = at + (digits?.length ?? 0);
    at = start + Number(digits);
    if (digits === undefined || at > path.length) return undefined;
    parts.push(readable(path.slice(start, at)));
  }
  const text = parts.join("::");
  return parts.length === 0 || text.length > LENGTH ? undefined : text;
}

function readable(part: string): string {
  return part
    .replace(/^_\$/, "$")
    .replace(/\.\./g, "::")
    .replace(/\$(?:u([0-9a-f]{1,6})|([A-Z]{1,2}))\$/g, (whole, code, word) => {
      const point = Number.parseInt(code ?? "", 16);
      if (point >= 0x20 && point <= 0x10ffff) return String.fromCodePoint(point);
      return ESCAPES[word ?? ""] ?? whole;
    });
}

const BASIC: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};

/** A recursive descent: each rule returns the text of what it reads. */
class V0Demangler {
  /** After `_R`, from where references count. */
  #at = 0;
  #depth = 0;
  #steps = 0;
  /** Lifetimes that the enclosing binders introduced. */
  #bound = 0;
  readonly #text: string;

  constructor(name: string) {
    this.#text = name.slice(2);
  }

  run(): string {
    const path = this.#path(true);
    // The crate that instantiated a generic function, and what LLVM appends.
    if (this.#at < this.#text.length && !/[.$]/.test(this.#peek())) this.#path(false);
    if (this.#at < this.#text.length && !/[.$]/.test(this.#peek())) throw new Unknown();
    return path;
  }

  /** @param isValue a function or the like: its arguments are written `::<…>` */
  #path(isValue: boolean): string {
    return this.#rule(() => {
      const tag = this.#next();
      switch (tag) {
        case "C":
          this.#disambiguator();
          return this.#identifier();
        case "M":
          this.#implementationPath();
          return `<${this.#type()}>`;
        case "X": {
          this.#implementationPath();
          const type = this.#type();
          return `<${type} as ${this.#path(false)}>`;
        }
        case "Y": {
          const type = this.#type();
          return `<${type} as ${this.#path(false)}>`;
        }
        case "N":
          return this.#nested(isValue);
        case "I": {
          const path = this.#path(isValue);
          return `${path}${isValue ? "::" : ""}<${this.#list(() => this.#argument()).join(", ")}>`;
        }
        case "B":
          return this.#reference(() => this.#path(isValue));
        default:
          throw new Unknown();
      }
    });
  }

  #nested(isValue: boolean): string {
    const space = this.#next();
    const path = this.#path(isValue);
    const number = this.#disambiguator();
    const name = this.#identifier();
    if (/[a-z]/.test(space)) return name === "" ? path : `${path}::${name}`;
    const kind = space === "C" ? "closure" : space === "S" ? "shim" : space;
    return `${path}::{${kind}${name === "" ? "" : `:${name}`}#${number}}`;
  }

  /** Where an `impl` stands, which is not shown. */
  #implementationPath(): void {
    this.#disambiguator();
    this.#path(false);
  }

  #argument(): string {
    if (this.#accept("L")) return this.#lifetime();
    return this.#accept("K") ? this.#constant() : this.#type();
  }

  #type(): string {
    return this.#rule(() => {
      const tag = this.#next();
      const basic = BASIC[tag];
      if (basic !== undefined) return basic;
      switch (tag) {
        case "A": {
          const type = this.#type();
          return `[${type}; ${this.#constant()}]`;
        }
        case "S":
          return `[${this.#type()}]`;
        case "T": {
          const types = this.#list(() => this.#type());
          return `(${types.join(", ")}${types.length === 1 ? "," : ""})`;
        }
        case "R":
        case "Q": {
          const lifetime = this.#accept("L") ? this.#lifetime() : "'_";
          const shown = lifetime === "'_" ? "" : `${lifetime} `;
          return `&${shown}${tag === "Q" ? "mut " : ""}${this.#type()}`;
        }
        case "P":
          return `*const ${this.#type()}`;
        case "O":
          return `*mut ${this.#type()}`;
        case "F":
          return this.#binder(() => this.#functionType());
        case "D":
          return this.#dynamicType();
        case "B":
          return this.#reference(() => this.#type());
        default:
          this.#at -= 1;
          return this.#path(false);
      }
    });
  }

  #functionType(): string {
    const safety = this.#accept("U") ? "unsafe " : "";
    let abi = "";
    if (this.#accept("K")) {
      const name = this.#accept("C") ? "C" : this.#identifier().replaceAll("_", "-");
      abi = `extern "${name}" `;
    }
    const parameters = this.#list(() => this.#type()).join(", ");
    const result = this.#accept("u") ? "" : ` -> ${this.#type()}`;
    return `${safety}${abi}fn(${parameters})${result}`;
  }

  #dynamicType(): string {
    const bounds = this.#binder(() => this.#list(() => this.#dynamicTrait()).join(" + "));
    if (!this.#accept("L")) throw new Unknown();
    const lifetime = this.#lifetime();
    return `dyn ${bounds}${lifetime === "'_" ? "" : ` + ${lifetime}`}`;
  }

  /** A trait, whose associated types stand among its arguments. */
  #dynamicTrait(): string {
    const path = this.#path(false);
    const types: string[] = [];
    while (this.#accept("p")) {
      const name = this.#identifier();
      types.push(`${name} = ${this.#type()}`);
    }
    if (types.length === 0) return path;
    const list = types.join(", ");
    return path.endsWith(">") && !path.startsWith("<")
      ? `${path.slice(0, -1)}, ${list}>`
      : `${path}<${list}>`;
  }

  #constant(): string {
    return this.#rule(() => {
      if (this.#accept("p")) return "_";
      if (this.#accept("B")) return this.#reference(() => this.#constant());
      const type = this.#next();
      if (!/[abchijlmnostxy]/.test(type)) throw new Unknown();
      const sign = this.#accept("n") ? "-" : "";
      const digits = this.#match(/^[0-9a-f]*_/).slice(0, -1);
      const value = BigInt(`0x${digits || "0"}`);
      if (type === "b") return value === 0n ? "false" : "true";
      if (type !== "c") return `${sign}${value}`;
      if (value > 0x10ffffn) throw new Unknown();
      return JSON.stringify(String.fromCodePoint(Number(value))).replace(/^"|"$/g, "'");
    });
  }

  /** `for<'a>` around a type. */
  #binder(inside: () => string): string {
    const count = this.#accept("G") ? this.#number() + 1 : 0;
    if (count > DEPTH) throw new Unknown();
    const names = Array.from({ length: count }, () => lifetimeName(this.#bound++));
    const text = inside();
    this.#bound -= count;
    return count > 0 ? `for<${names.join(", ")}> ${text}` : text;
  }

  #lifetime(): string {
    const index = this.#number();
    if (index === 0) return "'_";
    if (index > this.#bound) throw new Unknown();
    return lifetimeName(this.#bound - index);
  }

  #reference(read: () => string): string {
    const here = this.#at - 1;
    const target = this.#number();
    if (target >= here) throw new Unknown();
    const next = this.#at;
    this.#at = target;
    const text = read();
    this.#at = next;
    return text;
  }

  #list(read: () => string): string[] {
    const items: string[] = [];
    while (!this.#accept("E")) items.push(read());
    return items;
  }

  /** What tells apart names that are alike: 0 for the first. */
  #disambiguator(): number {
    return this.#accept("s") ? this.#number() + 1 : 0;
  }

  #identifier(): string {
    if (this.#peek() === "u") throw new Unknown(); // Punycode
    const length = Number(this.#match(/^(?:0|[1-9]\d{0,5})/));
    this.#accept("_");
    const end = this.#at + length;
    if (end > this.#text.length) throw new Unknown();
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return name;
  }

  /** In base 62, where `_` alone is 0, `0_` is 1. */
  #number(): number {
    const digits = this.#match(/^[0-9a-zA-Z]{0,12}_/).slice(0, -1);
    let value = 0;
    for (const digit of digits) {
      const isUpper = digit >= "A" && digit <= "Z";
      value = value * 62 + (isUpper ? digit.charCodeAt(0) - 29 : Number.parseInt(digit, 36));
    }
    return digits === "" ? 0 : value + 1;
  }

  #rule(parse: () => string): string {
    if (++this.#depth > DEPTH || ++this.#steps > STEPS) throw new Unknown();
    const text = parse();
    if (text.length > LENGTH) throw new Unknown();
    this.#depth -= 1;
    return text;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    const letter = this.#peek();
    if (letter === "") throw new Unknown();
    this.#at += 1;
    return letter;
  }

  #accept(letter: string): boolean {
    if (this.#peek() !== letter) return false;
    this.#at += 1;
    return true;
  }

  #match(expression: RegExp): string {
    const found = expression.exec(this.#text.slice(this.#at, this.#at + 64))?.[0];
    if (found === undefined) throw new Unknown();
    this.#at += found.length;
    return found;
  }
}

function lifetimeName(index: number): string {
  return index < 26 ? `'${String.fromCharCode(97 + index)}` : `'_${index}`;
}
