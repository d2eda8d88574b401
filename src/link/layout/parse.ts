// Makes a Layout of what a JSON file or a user's module holds, or says which field is wrong.
//
// The type checker knows nothing of such values, so each is compared with the shapes below, which
// are those of layout.ts. Only shapes are looked at here; resolve.ts checks what they mean.
// JSON has no hexadecimal numbers, so an address may also be a text: "0x100000".

import { Diagnostic } from "../../base/diagnostic";
import { nearestName } from "../../base/nearest-name";
import type { Layout } from "./layout";

type Check = (value: unknown, at: Position) => unknown;

/** Where in the layout a value is: `sections[2].inputs`. */
class Position {
  constructor(
    readonly file: string,
    readonly path = "",
  ) {}

  field(name: string): Position {
    const plain = /^[A-Za-z_]\w*$/.test(name);
    const step = plain ? `${this.path ? "." : ""}${name}` : `["${name}"]`;
    return new Position(this.file, this.path + step);
  }

  item(index: number): Position {
    return new Position(this.file, `${this.path}[${index}]`);
  }

  wrong(expected: string, value: unknown): Diagnostic {
    const text = `${this.path || "the layout"} is ${shown(value)}, not ${expected}`;
    return new Diagnostic(
      "LAYOUT013",
      text,
      "See src/link/layout/layout.ts for what each field means.",
      {
        file: this.file,
      },
    );
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? `"${value}"` : String(value);
}

const text: Check = (value, at) => {
  if (typeof value === "string") return value;
  throw at.wrong("a text", value);
};

const flag: Check = (value, at) => {
  if (typeof value === "boolean") return value;
  throw at.wrong("true or false", value);
};

const number: Check = (value, at) => {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  if (typeof value === "string" && /^(0x[0-9a-f][0-9a-f_]*|[0-9][0-9_]*)$/i.test(value)) {
    return Number(value.replaceAll("_", ""));
  }
  throw at.wrong("a number", value);
};

const UNITS = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A number that may be negative, or a text of it: "0xffffffff80000000", "-2 GiB". */
const address: Check = (value, at) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const form = /^(-?)(0x[0-9a-f][0-9a-f_]*|[0-9][0-9_]*) ?((?:[KMGT]iB)?)$/i;
  const [, sign, digits, unit] = (typeof value === "string" && form.exec(value)) || [];
  if (digits === undefined) throw at.wrong("an address", value);
  const size = UNITS[unit as keyof typeof UNITS];
  const exact = BigInt(digits.replaceAll("_", "")) * BigInt(size);
  // The upper half of a 64-bit address space is negative, which a double holds exactly.
  const isUpper = exact >= 2n ** 63n && exact <= 2n ** 64n;
  return Number(isUpper ? exact - 2n ** 64n : exact) * (sign === "-" ? -1 : 1);
};

const oneOf =
  (...choices: readonly string[]): Check =>
  (value, at) => {
    if (typeof value === "string" && choices.includes(value)) return value;
    throw at.wrong(`one of ${choices.map((choice) => `"${choice}"`).join(", ")}`, value);
  };

const listOf =
  (item: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) throw at.wrong("a list", value);
    // Unlike `map`, this also visits what is left out between two commas.
    return Array.from(value, (each: unknown, index) => item(each, at.item(index)));
  };

/** One value or a list of them. */
const someOf =
  (item: Check): Check =>
  (value, at) =>
    Array.isArray(value) ? listOf(item)(value, at) : item(value, at);

const mapOf =
  (item: Check): Check =>
  (value, at) => {
    if (!isRecord(value)) throw at.wrong("an object", value);
    const entries = Object.entries(value).map(([name, each]) => [name, item(each, at.field(name))]);
    return Object.fromEntries(entries);
  };

/** An object with these fields; those in `required` must be there. */
const shape =
  (fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (value, at) => {
    if (!isRecord(value)) throw at.wrong("an object", value);
    for (const name of required) {
      if (value[name] === undefined) throw at.field(name).wrong("given", value[name]);
    }
    const result: Record<string, unknown> = {};
    for (const [name, each] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!check) throw unknownField(name, Object.keys(fields), at);
      if (each !== undefined) result[name] = check(each, at.field(name));
    }
    return result;
  };

/** Either a text or what `long` checks. */
const textOr =
  (long: Check): Check =>
  (value, at) =>
    typeof value === "string" ? value : long(value, at);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownField(name: string, known: readonly string[], at: Position): Diagnostic {
  const near = nearestName(name, known);
  const where = at.path || "the layout";
  const remedy = near ? `Did you mean \`${near}\`?` : `It may have: ${known.join(", ")}.`;
  return new Diagnostic("LAYOUT013", `${where} has no field \`${name}\``, remedy, {
    file: at.file,
  });
}

const region = shape({
  start: address,
  end: address,
  anchor: oneOf("start", "end"),
  reserved: flag,
  load: text,
  offset: address,
  title: text,
});

const inputRule = shape(
  {
    sections: someOf(text),
    objects: someOf(text),
    fixed: flag,
    keep: flag,
    sort: oneOf("name", "priority"),
  },
  ["sections"],
);

const inputSymbol = shape({ symbol: text, align: number }, ["symbol"]);

/** A rule or, with the field `symbol`, a symbol between rules. */
const inputEntry: Check = (value, at) => {
  const isSymbol = isRecord(value) && value.symbol !== undefined;
  return isSymbol ? inputSymbol(value, at) : inputRule(value, at);
};

const section = shape(
  {
    name: text,
    region: text,
    load: text,
    permissions: oneOf("r", "rw", "rx", "rwx"),
    inputs: listOf(textOr(inputEntry)),
    address,
    end: address,
    maxSize: number,
    align: number,
    sharesPage: flag,
    pad: number,
    fill: number,
    pack: flag,
    keep: flag,
    allocate: flag,
    module: text,
    content: oneOf("symbols"),
  },
  ["name"],
);

const edge = shape({ of: text, edge: oneOf("start", "end", "size", "load", "loadEnd") }, [
  "of",
  "edge",
]);

const closedGroup = shape({ name: text, sections: listOf(text), exits: listOf(text) }, [
  "name",
  "sections",
]);

const BOOT_PROTOCOLS = ["multiboot", "multiboot2", "pvh", "limine"] as const;

const boot: Check = (value, at) => {
  if (Array.isArray(value)) return listOf(oneOf(...BOOT_PROTOCOLS))(value, at);
  return oneOf(...BOOT_PROTOCOLS, "none")(value, at);
};

const layout = shape({
  machine: oneOf("i386", "x86-64"),
  name: text,
  entry: text,
  regions: mapOf(region),
  spaces: mapOf(shape({ regions: listOf(text), title: text }, ["regions"])),
  sections: listOf(textOr(section)),
  discard: listOf(text),
  orphans: oneOf("error", "place"),
  gcSections: flag,
  debug: flag,
  wholeArchives: listOf(text),
  keep: listOf(text),
  symbols: mapOf(edge),
  closed: listOf(closedGroup),
  beforePaging: shape({ roots: listOf(text), barriers: listOf(text), movable: flag }, ["roots"]),
  boot,
  fileAlign: number,
  stackHeader: flag,
});

/**
 * `value` as a layout.
 *
 * @param file what diagnostics call it
 * @throws Diagnostic LAYOUT013 with the path of the field that is wrong
 */
export function parseLayout(value: unknown, file: string): Layout {
  return layout(value, new Position(file)) as Layout;
}
