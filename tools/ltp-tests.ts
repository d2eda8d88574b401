// A folder of built tests, laid out as `make install` of the Linux Test Project leaves it:
//
//   runtest/NAME          a test a line: its name, then its command; # begins a comment
//   testcases/bin/        the tests, and the programs that they call
//   testcases/data/TEST/  files that a test reads

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Diagnostic } from "../src/base/diagnostic";
import { bytesOfText } from "../src/guest/byte-path";
import { addFolder } from "../src/guest/scan-folder";
import { ownDirectory, ownFile, Tree } from "../src/guest/tree";

/** Where the folder is in the guest, without the slash in front. */
const PLACE = "opt/ltp";
const BIN = `${PLACE}/testcases/bin`;
const STICKY_FOR_ALL = 0o1777;
const WORDS = /"([^"]*)"|'([^']*)'|(\S+)/g;
/** What can be the name of a program in the text of another one. */
const NAMES = /[\w.+-]{2,}/g;

export interface Test {
  readonly name: string;
  readonly words: readonly string[];
}

export class TestFolder {
  readonly #folder: string;
  /** Programs of testcases/bin that are no tests themselves. */
  readonly #helpers: ReadonlySet<string>;
  readonly tests: readonly Test[];

  /** @throws Diagnostic LTP001 if it is no such folder, LTP002 if it has no such list */
  constructor(folder: string, list: string) {
    this.#folder = folder;
    if (!existsSync(join(folder, "testcases", "bin"))) {
      throw new Diagnostic(
        "LTP001",
        `${folder} has no testcases/bin`,
        "Name the folder that `make install` of the Linux Test Project has filled",
      );
    }
    this.tests = parseList(this.#readList(list));
    const commands = new Set(this.tests.map(({ words }) => words[0]));
    const files = readdirSync(join(folder, "testcases", "bin"));
    this.#helpers = new Set(files.filter((name) => !commands.has(name)));
  }

  /** Which LTP it is, if the folder says so. */
  get version(): string | undefined {
    const file = join(this.#folder, "Version");
    return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  }

  #readList(list: string): string {
    try {
      return readFileSync(join(this.#folder, "runtest", list), "utf8");
    } catch {
      const runtest = join(this.#folder, "runtest");
      const names = existsSync(runtest) ? readdirSync(runtest).join(", ") : "nothing";
      throw new Diagnostic(
        "LTP002",
        `${this.#folder} has no runtest/${list}`,
        `Name with --runtest what is there: ${names}`,
      );
    }
  }

  /** Whether the test's program is there. */
  isBuilt({ words }: Test): boolean {
    return existsSync(this.#program(words[0] ?? ""));
  }

  /** How many bytes a guest needs for a test's program. */
  sizeOf({ words }: Test): number {
    return statSync(this.#program(words[0] ?? "")).size;
  }

  /** The words of a test as a guest runs it, the program's path first. */
  command({ words }: Test): string[] {
    return [`/${BIN}/${words[0]}`, ...words.slice(1)];
  }

  /** The files that a guest needs for these tests; `others` are folders whose files it has, too. */
  treeFor(tests: readonly Test[], others: readonly string[]): Tree {
    const tree = new Tree();
    tree.add(ownDirectory(""));
    for (const folder of others) addFolder(tree, folder, "");
    tree.add(ownDirectory("tmp", STICKY_FOR_ALL));
    for (const name of this.#programsOf(tests)) {
      addFolder(tree, this.#program(name), bytesOfText(`${BIN}/${name}`));
    }
    for (const { name } of tests) {
      const data = join(this.#folder, "testcases", "data", name);
      if (existsSync(data)) addFolder(tree, data, bytesOfText(`${PLACE}/testcases/data/${name}`));
    }
    return tree;
  }

  /** The programs of tests, and those that their text or command mentions. */
  #programsOf(tests: readonly Test[]): Set<string> {
    const programs = new Set(tests.map(({ words }) => words[0] ?? ""));
    const addMentioned = (text: string) => {
      for (const [name] of text.matchAll(NAMES)) {
        if (this.#helpers.has(name)) programs.add(name);
      }
    };
    for (const { words } of tests) addMentioned(words.join(" "));
    // A set also visits what is added meanwhile: helpers have helpers.
    for (const name of programs) addMentioned(readFileSync(this.#program(name), "latin1"));
    return programs;
  }

  #program(name: string): string {
    return join(this.#folder, "testcases", "bin", name);
  }
}

/** The variables that the tests are told. */
export function environment(seconds: number): string[] {
  return [
    `PATH=/bin:/sbin:/usr/bin:/usr/sbin:/${BIN}`,
    "HOME=/root",
    "USER=root",
    "SHELL=/bin/sh",
    `LTPROOT=/${PLACE}`,
    "TMPDIR=/tmp",
    "KCONFIG_PATH=/etc/kconfig",
    // Their own limit is 30 s by default, and ours comes after it.
    `LTP_TIMEOUT_MUL=${seconds / 60}`,
    // Those that run until their time is over are done sooner.
    "LTP_RUNTIME_MUL=0.05",
    "LTP_COLORIZE_OUTPUT=0",
  ];
}

/** The tests of a list, in its order. */
export function parseList(text: string): Test[] {
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("#")) return [];
    const words = [...line.matchAll(WORDS)].map(([all, a, b]) => a ?? b ?? all);
    const [name, ...command] = words;
    return name === undefined || command.length === 0 ? [] : [{ name, words: command }];
  });
}

/** Adds what a Linux system has in /etc, as far as the tests ask. */
export function completeSystem(tree: Tree): void {
  for (const [path, text] of SYSTEM) {
    if (tree.get(path) === undefined) tree.add(ownFile(path, new TextEncoder().encode(text)));
  }
  if (tree.get("root") === undefined) tree.add(ownDirectory("root", 0o700));
}

const SYSTEM: readonly (readonly [string, string])[] = [
  [
    "etc/passwd",
    `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
`,
  ],
  ["etc/group", "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nusers:x:100:\nnogroup:x:65534:\n"],
  // What this kernel has of what Linux is configured for, by Linux's names.
  [
    "etc/kconfig",
    [
      ...["ADVISE_SYSCALLS", "BINFMT_ELF", "BINFMT_SCRIPT", "DEVTMPFS", "EPOLL", "EVENTFD"],
      ...["FILE_LOCKING", "FUTEX", "HIGH_RES_TIMERS", "MMU", "MULTIUSER", "POSIX_TIMERS"],
      ...["PROC_FS", "SHMEM", "SIGNALFD", "SYSFS", "TIMERFD", "TMPFS", "TTY", "UNIX98_PTYS"],
      ...["X86_32"],
    ]
      .map((name) => `CONFIG_${name}=y\n`)
      .join(""),
  ],
];
