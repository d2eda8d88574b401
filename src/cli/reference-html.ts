// The reference as a document of its own: each diagnostic code, each command's manual page, each
// system call. It is made when the page is built, from the tables that the command prints, and can
// be read without a script; what needs one is to look for a word (web/reference/search.ts).
//
// Every entry has an identifier that stays: `#LAY001`, `#command-run`, `#call-read`.

import { escapeXml } from "../draw/svg";
import { lessIf, type Mistake } from "../link/check/mistake";
import type { Explanation } from "./explanations";
import type { ManualPage } from "./manual-page";
import { type Block, parseManualText } from "./manual-text";
import type { ServedCall } from "./system-calls-file";

export interface ReferenceFacts {
  readonly mistakes: readonly Mistake[];
  readonly explanations: readonly Explanation[];
  readonly commands: readonly (ManualPage & { readonly name: string })[];
  readonly calls: readonly ServedCall[];
  /** What a call does not do, by its name. */
  readonly limits: Readonly<Record<string, string>>;
  /** The calls of Linux that the kernel does not serve, by number. */
  readonly unserved: readonly (readonly [number: number, name: string])[];
}

/** The chapters, as HTML; web/reference/reference.html stands around them. */
export function referenceChapters(facts: ReferenceFacts): string {
  const { mistakes, explanations, commands, calls, unserved } = facts;
  const codes = [...mistakes.map(mistakeEntry), ...explanations.map(explanationEntry)];
  return [
    chapter(
      "codes",
      "Diagnostic codes",
      `${codes.length} codes. A message names its code, the place and a remedy; here is why. ` +
        "<code>isthmus explain CODE</code> prints the same.",
      codes.join(""),
    ),
    chapter(
      "commands",
      "Commands",
      `${commands.length} commands, each as <code>isthmus COMMAND --help</code> prints it.`,
      commands.map(commandEntry).join(""),
    ),
    chapter(
      "calls",
      "System calls",
      `The kernel serves ${calls.length} calls of Linux's i386 interface, from its own table. ` +
        "Where nothing is said, a call does what Linux's does. " +
        "<code>isthmus syscalls</code> prints the same.",
      callTable(facts) + unservedList(unserved),
    ),
  ].join("\n");
}

function chapter(id: string, title: string, intro: string, body: string): string {
  return `<section class="chapter" id="${id}"><h2>${title}</h2><p>${intro}</p>${body}</section>`;
}

function entry(id: string, title: string, body: string): string {
  return `<article class="entry" id="${escapeXml(id)}"><h3>${title}</h3>${body}</article>`;
}

function mistakeEntry(mistake: Mistake): string {
  const { code, severity, title, why, wrong, right, limits } = mistake;
  const less = lessIf(mistake);
  const weight = less === undefined ? severity : `${severity}; less if ${prose(less)}`;
  const parts = [
    paragraphs(why),
    `<p class="faint">Severity: ${weight}.</p>`,
    `<div class="twins">${example("Wrong", wrong)}${example("Right", right)}</div>`,
    limits === undefined ? "" : `<p class="faint">What is found: ${prose(limits)}</p>`,
  ];
  return entry(code, codeTitle(code, title), parts.join(""));
}

function explanationEntry({ code, title, why }: Explanation): string {
  return entry(code, codeTitle(code, title), paragraphs(why));
}

function codeTitle(code: string, title: string): string {
  return `<a href="#${code}"><code>${code}</code></a> ${prose(title)}`;
}

function example(title: string, text: string): string {
  const label = `${title}: example`;
  return `<figure><figcaption>${title}</figcaption>${verbatim(text, label)}</figure>`;
}

/** Wide ones scroll, so they can be reached by keyboard. */
function verbatim(text: string, label: string): string {
  return `<pre ${scrolled(label)}>${escapeXml(text)}</pre>`;
}

function scrolled(label: string): string {
  return `tabindex="0" role="region" aria-label="${escapeXml(label)}"`;
}

function commandEntry({ name, summary, text }: ManualPage & { readonly name: string }): string {
  const { synopsis, sections } = parseManualText(text);
  const title = `<a href="#command-${name}"><code>isthmus ${name}</code></a> ${prose(summary)}`;
  const body = sections.map(
    (section) =>
      `<h4>${escapeXml(section.title)}</h4>` +
      section.blocks.map((block) => manualBlock(block, `${name}: ${section.title}`)).join(""),
  );
  const usage = verbatim(synopsis.join("\n"), `${name}: usage`);
  return entry(`command-${name}`, title, usage + body.join(""));
}

function manualBlock(block: Block, label: string): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${prose(block.text)}</p>`;
    case "verbatim":
      return verbatim(block.lines.join("\n"), label);
    case "items": {
      const items = block.items.map(
        ({ term, text }) => `<dt><code>${escapeXml(term)}</code></dt><dd>${prose(text)}</dd>`,
      );
      return `<dl>${items.join("")}</dl>`;
    }
  }
}

function callTable({ calls, limits }: ReferenceFacts): string {
  const rows = calls.map(({ number, name, arguments: kinds }) => {
    const limit = limits[name];
    const call = `<code>${escapeXml(name)}</code>(${escapeXml(kinds.join(", "))})`;
    return (
      `<tr class="entry" id="call-${escapeXml(name)}"><td>${number}</td><td>${call}</td>` +
      `<td>${limit === undefined ? "" : prose(limit)}</td></tr>`
    );
  });
  const head = ["number", "call", "what it does not do"];
  return (
    `<div class="scroll" ${scrolled("System calls")}><table class="calls">` +
    `<thead><tr>${head.map((text) => `<th scope="col">${text}</th>`).join("")}</tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

function unservedList(unserved: ReferenceFacts["unserved"]): string {
  const names = unserved.map(([number, name]) => `${escapeXml(name)}&nbsp;(${number})`);
  return entry(
    "unserved",
    "Calls of Linux that give ENOSYS",
    `<p class="faint">${names.join(", ")}.</p>`,
  );
}

function paragraphs(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((each) => `<p>${prose(each)}</p>`)
    .join("");
}

/** Text in which code stands between backticks. */
function prose(text: string): string {
  return escapeXml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}
