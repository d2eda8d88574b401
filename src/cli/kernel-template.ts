// The kernels that `isthmus init` makes: the folders of templates/ that each is put together from,
// and what is filled into their texts.
//
//   templates/shared/      what every kernel has
//   templates/native/      what those of a C compiler have in common
//   templates/LANGUAGE/    the rest; a file of a later folder replaces one of an earlier folder
//
// npm leaves files out of packages whose names begin with a dot, so there they have none.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALLATION } from "./installation";

export const LANGUAGES = ["typescript", "c", "c++", "rust"] as const;
export type Language = (typeof LANGUAGES)[number];

interface Recipe {
  readonly title: string;
  readonly folders: readonly string[];
  /** What `{{word}}` in a text stands for. */
  readonly words: Readonly<Record<string, string>>;
  /** The command that builds, checks and debugs, with the name of the task after it. */
  readonly run: string;
  /** What to type first. */
  readonly first: string;
}

export const RECIPES: Readonly<Record<Language, Recipe>> = {
  typescript: {
    title: "TypeScript",
    folders: ["shared", "typescript"],
    words: {},
    run: "npm run --silent",
    first: "npm start",
  },
  c: {
    title: "C",
    folders: ["shared", "native", "c"],
    words: { language: "C", compiler: "gcc", extension: "c" },
    run: "make",
    first: "make run",
  },
  "c++": {
    title: "C++",
    folders: ["shared", "native", "c++"],
    words: { language: "C++", compiler: "g++", extension: "cpp" },
    run: "make",
    first: "make run",
  },
  rust: {
    title: "Rust",
    folders: ["shared", "rust"],
    words: {},
    run: "make",
    first: "make run",
  },
};

const HIDDEN: Readonly<Record<string, string>> = { gitignore: ".gitignore", vscode: ".vscode" };

/** What is asked of the maker of a kernel. */
export interface KernelWish {
  readonly language: Language;
  readonly name: string;
  /** How the toolchain is put beside the kernel; undefined: it is in the PATH. */
  readonly install: string | undefined;
}

/** The files of a new kernel: text by path, with forward slashes. */
export function kernelFiles({ language, name, install }: KernelWish): Map<string, string> {
  const { folders, words, run } = RECIPES[language];
  const filled: Record<string, string> = {
    ...words,
    name,
    run,
    package: packageName(name),
    install: install === undefined ? IN_THE_PATH : `\`\`\`sh\n${install}\n\`\`\``,
  };
  const files = new Map<string, string>();
  for (const folder of folders) {
    const root = join(INSTALLATION, "templates", folder);
    for (const path of filesBelow(root)) {
      const text = readFileSync(join(root, path), "utf8");
      files.set(visibleName(path), fill(text, filled, path.endsWith(".json")));
    }
  }
  return files;
}

const IN_THE_PATH = "`isthmus` is expected in the PATH, or in `node_modules/.bin` of this folder.";

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** `.vscode/tasks.json` for `vscode/tasks.json`. */
function visibleName(path: string): string {
  const [first = "", ...rest] = path.split("/");
  return [HIDDEN[first] ?? first, ...rest].join("/");
}

function fill(text: string, words: Readonly<Record<string, string>>, isJson: boolean): string {
  return text.replace(/\{\{(\w+)\}\}/g, (mark, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`no word for ${mark}`);
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
}

/** The folder's name as npm allows it. */
function packageName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  return plain.replace(/^-+|-+$/g, "") || "kernel";
}
