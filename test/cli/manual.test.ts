// Manual pages in troff, made from what --help prints.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { COMMAND_NAMES } from "../../src/cli/main";
import { manualRoff } from "../../src/cli/manual-roff";
import { manualSet } from "../../src/cli/manual-set";
import { optionSummaries, parseManualText } from "../../src/cli/manual-text";
import { unlessInstalled } from "../link/tools";

const PAGE = `isthmus try: does nothing

  npx isthmus try [--all]
                  [--name NAME] FILE

A paragraph of
two lines.

Options
  --all            all of it; every day
  -n, --name NAME  a name, as \\x or "y"
                   of two lines
  --long-option N  a term that fills its column

Example
  $ npx isthmus try --all
  .dot

  'quote'

Exit status: 0 it does; 1 it
does not.
`;

describe("the text of a manual page", () => {
  it("is taken apart into synopsis, paragraphs, items and verbatim lines", () => {
    assert.deepEqual(parseManualText(PAGE), {
      synopsis: ["npx isthmus try [--all]", "                [--name NAME] FILE"],
      sections: [
        {
          title: "Description",
          blocks: [{ kind: "paragraph", text: "A paragraph of two lines." }],
        },
        {
          title: "Options",
          blocks: [
            {
              kind: "items",
              items: [
                { term: "--all", text: "all of it; every day" },
                { term: "-n, --name NAME", text: 'a name, as \\x or "y" of two lines' },
                { term: "--long-option N", text: "a term that fills its column" },
              ],
            },
          ],
        },
        {
          title: "Example",
          blocks: [
            { kind: "verbatim", lines: ["$ npx isthmus try --all", ".dot"] },
            { kind: "verbatim", lines: ["'quote'"] },
          ],
        },
        {
          title: "Exit status",
          blocks: [{ kind: "paragraph", text: "0 it does; 1 it does not." }],
        },
      ],
    });
  });

  it("has a line for each option", () => {
    assert.deepEqual(
      [...optionSummaries(PAGE)],
      [
        ["all", "all of it"],
        ["name", 'a name, as \\x or "y" of two lines'],
        ["long-option", "a term that fills its column"],
      ],
    );
  });
});

describe("a manual page", () => {
  const facts = { name: "isthmus-try", version: "1.2", date: "2026-01-02", related: ["isthmus"] };
  const page = manualRoff({ ...facts, summary: "does nothing" }, PAGE);

  it("is what man(7) wants: title, sections, items, examples", () => {
    assert.match(page, /^\.TH ISTHMUS\\-TRY 1 "2026-01-02" "isthmus 1\.2" "isthmus"\n\.SH NAME\n/);
    assert.match(page, /\n\.SH SYNOPSIS\n\.EX\nisthmus try \[\\-\\-all\]\n {12}\[/);
    assert.match(
      page,
      /\n\.SH DESCRIPTION\nA paragraph of two lines\.\n\.SH OPTIONS\n\.TP\n\.B \\-\\-all\n/,
    );
    assert.match(page, /\n\.SH EXIT STATUS\n0 it does/);
  });

  it("has no text that troff takes for a request or an escape", () => {
    assert.match(page, /\n\\&\.dot\n/);
    assert.match(page, /\n\\\(aqquote\\\(aq\n/);
    assert.match(page, /as \\ex or \\\(dqy\\\(dq/);
  });

  it("is there for the program and for every command", () => {
    const names = COMMAND_NAMES.map((name) => `isthmus-${name}.1`);
    assert.deepEqual([...manualSet("2026-01-02").keys()], ["isthmus.1", ...names]);
  });

  for (const [program, words] of [
    ["groff", ["-man", "-Tutf8", "-ww", "-z"]],
    ["mandoc", ["-T", "lint", "-W", "warning"]],
  ] as const) {
    it(`has no fault that ${program} finds`, { skip: missing(program) }, () => {
      for (const [name, text] of manualSet("2026-01-02")) {
        const { status, stdout, stderr } = spawnSync(program, words, {
          input: text,
          encoding: "utf8",
        });
        assert.deepEqual([name, status, stdout, stderr], [name, 0, "", ""]);
      }
    });
  }
});

/** mandoc knows no --version. */
function missing(program: string): string | false {
  if (program !== "mandoc") return unlessInstalled(program);
  const { error } = spawnSync(program, ["-l", "/dev/null"], { stdio: "ignore" });
  return error && process.env.CI !== "true" ? "mandoc is not installed" : false;
}
