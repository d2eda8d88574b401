// What TypeScript has and AssemblyScript lacks: where asc only says what its parser expected, this
// names the feature, and says how to write it instead.
//
//   asc says                         about                    we say
//   TS1005 '{' expected              async function main()    AssemblyScript has no async functions
//   TS2304 Cannot find name 'any'    let x: any               AssemblyScript has no type any
//   TS2322 i32 … String              "hi " + n                asc's words; help: n.toString()

/** A message of asc's, and where it is. */
export interface AscMessage {
  readonly code: string;
  readonly text: string;
  /** The source that it is about; empty if asc made it up. */
  readonly source: string;
  /** The line on which it begins. */
  readonly line: string;
}

interface Limit {
  /** The codes under which asc reports it. */
  readonly codes: readonly string[];
  /** What the message, or the line, looks like. */
  readonly message?: RegExp;
  readonly line?: RegExp;
  /** What to say in place of asc's words. */
  readonly says?: string;
  readonly remedy: string;
}

const SYNTAX = ["TS1003", "TS1005", "TS1009", "TS1012", "TS1109", "TS1110"];

const LIMITS: readonly Limit[] = [
  {
    codes: SYNTAX,
    line: /\basync\b/,
    says: "AssemblyScript has no async functions",
    remedy: "Leave `async` out and return the value itself: calls wait by themselves.",
  },
  {
    codes: [...SYNTAX, "TS2304"],
    line: /\bawait\b/,
    says: "AssemblyScript has no await",
    remedy: "Call the function without it: calls wait by themselves.",
  },
  {
    codes: SYNTAX,
    line: /\bfunction\s*\*|\byield\b/,
    says: "AssemblyScript has no generators",
    remedy: "Return an array, or make a class with a method that gives the next value.",
  },
  {
    codes: SYNTAX,
    line: /\b(const|let|var)\s*[[{]/,
    says: "AssemblyScript has no destructuring",
    remedy: "Take the elements or fields one by one: `const first = pair[0]`.",
  },
  {
    codes: ["TS2304"],
    message: /'any'/,
    says: "AssemblyScript has no type any",
    remedy: "Write the type that the value has, or make the function generic: `f<T>(x: T)`.",
  },
  {
    codes: ["TS2304"],
    message: /'unknown'/,
    says: "AssemblyScript has no type unknown",
    remedy: "Write the type that the value has, or make the function generic: `f<T>(x: T)`.",
  },
  {
    codes: ["AS100"],
    message: /Closures/,
    says: "AssemblyScript has no closures: a function cannot use the variables around it",
    remedy: "Pass them as parameters, or keep them at the top level or in fields of a class.",
  },
  {
    codes: ["AS100"],
    message: /Iterators/,
    says: "AssemblyScript has no iterators, and so no for … of",
    remedy: "Count: `for (let i = 0; i < list.length; i++)`.",
  },
  {
    codes: ["AS100"],
    message: /Exceptions/,
    says: "AssemblyScript has no exceptions to catch",
    remedy: "Return what tells success from failure; `throw` ends the program.",
  },
  {
    codes: ["AS100"],
    message: /union types/,
    says: "AssemblyScript has no union types but `T | null`",
    remedy: "Use one type, null for a missing object, or a class for each case with a common base.",
  },
  {
    codes: ["AS100"],
    message: /Regular expressions/,
    says: "AssemblyScript has no regular expressions",
    remedy: "Compare with `startsWith`, `indexOf` and `charCodeAt`.",
  },
  {
    codes: ["AS100"],
    message: /Spread operator/,
    says: "AssemblyScript has no spread operator",
    remedy: "Copy an array with `slice` or `concat`, or in a loop.",
  },
  {
    codes: ["TS2322"],
    message: /'<object>'/,
    says: "AssemblyScript has no objects without a class",
    remedy:
      "Declare a class with these fields, and the variable's type: `const o: Point = { x: 1 }`.",
  },
];

const NUMBER = "'(?:[iu](?:8|16|32|64)|[iu]size|f32|f64|bool)'";
const STRING = "'~lib/string/String'";
/** A number where a string is wanted, or beside one. */
const NUMBER_FOR_STRING = new RegExp(`${NUMBER} is not assignable to type ${STRING}`);
const NUMBER_BESIDE_STRING = new RegExp(`types ${NUMBER} and ${STRING}`);

/** The words and the remedy for a message that a limit of AssemblyScript explains. */
export function explainLimit(message: AscMessage): { text: string; remedy: string } | undefined {
  const { code, text, line, source } = message;
  if (code === "TS2322" && NUMBER_FOR_STRING.test(text)) {
    return { text, remedy: `Make a string of it: \`${asString(source)}\`.` };
  }
  if (code === "TS2365" && NUMBER_BESIDE_STRING.test(text)) {
    const [left = ""] = source.split("+");
    return { text, remedy: `Make a string of the number: \`${asString(left)}\`.` };
  }
  const limit = LIMITS.find(
    (each) =>
      each.codes.includes(code) &&
      (each.message === undefined || each.message.test(text)) &&
      (each.line === undefined || each.line.test(line)),
  );
  return limit && { text: limit.says ?? text, remedy: limit.remedy };
}

function asString(expression: string): string {
  const source = expression.trim();
  if (/^[\w.]*[a-zA-Z_]\w*$/.test(source) && !/^\d/.test(source)) return `${source}.toString()`;
  return source === "" || source.includes("\n") ? "n.toString()" : `(${source}).toString()`;
}
