// The sources, to be searched and edited; what is edited is compiled in this page, and booted.
//
// Assembly and layouts run while a kernel is built, in this browser and not in its machine: of
// these a link says so before they are taken. The facts of src/abi and the list of programs are
// shown and not edited, as the page itself goes by them.

import { countText } from "../../src/base/count-text";
import type { BuiltFile, Fault } from "../compile/protocol";
import { button, element } from "../document/element";
import { setRunningEdits, shippedSources } from "../document/sources";
import { CompileClient } from "./compile-client";
import { type Edits, editsOfLink, keepEdits, keptEdits, linkOf, patchOf } from "./edits";
import type { SourceEditor } from "./source-editor";

const FOUND_MAX = 40;
const FIXED = /^src\/abi\/|\/programs\.ts$/;
/** What is evaluated while it is built. */
const EVALUATED = /(\.asm|\/layout)\.ts$/;
const FIRST = "kernel/syscall/process.ts";

/** Edits that break a law which no write to memory breaks in the same way. */
const PRESETS = [
  {
    title: "Law 6: a second file with windows",
    path: FIRST,
    change: (text: string) => `import { openWindow } from "../memory/window";\n${text}`,
  },
  {
    title: "Law 7: a call that panics",
    path: FIRST,
    change: (text: string) => {
      const start = "export function getppid(_frame: TrapFrame): i32 {\n";
      return text.replace(start, `${start}  unreachable();\n`);
    },
  },
] as const;

export interface EditActions {
  /** Boots what was built: the kernel, if it is among the files, and programs. */
  boot(files: readonly BuiltFile[]): Promise<void>;
  /** Shows the panel. */
  show(): void;
  announce(text: string): void;
}

export class EditPane {
  readonly #actions: EditActions;
  readonly #search = element("input", { type: "search", id: "source-search" });
  readonly #found = element("ul", { class: "found" });
  readonly #file = element("select", { id: "source-file" });
  readonly #text = element("div", { class: "editor" });
  readonly #status = element("p", { class: "faint", role: "status", id: "build-status" });
  readonly #faultList = element("ul", { class: "faults" });
  readonly #offer = element("div", { class: "offer", hidden: true });
  readonly #build: HTMLButtonElement;
  readonly #compiler = new CompileClient();
  #shipped: ReadonlyMap<string, string> = new Map();
  #edits = new Map(keptEdits());
  #editor: SourceEditor | undefined;
  /** What does nothing until the sources are here. */
  readonly #needSources: readonly HTMLButtonElement[];
  #isDark = false;
  #faults: readonly Fault[] = [];

  constructor(panel: HTMLElement, actions: EditActions) {
    this.#actions = actions;
    this.#build = button("Build and boot", () => void this.build(), {
      class: "primary",
      disabled: true,
    });
    const presets = PRESETS.map((preset) =>
      button(preset.title, () => this.#apply(preset.path, preset.change), { disabled: true }),
    );
    this.#needSources = [this.#build, ...presets];
    panel.append(
      this.#offer,
      row(element("label", { for: "source-search" }, "Search "), this.#search),
      this.#found,
      row(element("label", { for: "source-file" }, "File "), this.#file),
      this.#text,
      row(
        this.#build,
        button("Undo in this file", () => this.#undo()),
        button("Save a patch", () => this.#savePatch()),
        button("Copy a link", () => void this.#copyLink()),
      ),
      this.#status,
      this.#faultList,
      row(element("span", { class: "faint" }, "Break a law: "), ...presets),
    );
    this.#search.addEventListener("input", () => this.#find());
    this.#file.addEventListener("change", () => this.#open(this.#file.value));
  }

  /** Shows the panel's content; it is fetched only now. */
  async show(): Promise<void> {
    if (this.#shipped.size > 0) return;
    const [shipped, { SourceEditor }] = await Promise.all([
      shippedSources(),
      import("./source-editor"),
    ]);
    if (this.#editor) return;
    this.#shipped = shipped;
    this.#editor = new SourceEditor(this.#text, this.#isDark, (text) => this.#take(text));
    this.#listFiles(FIRST);
    this.#open(FIRST);
    for (const each of this.#needSources) each.disabled = false;
    // A word may have been typed before.
    this.#find();
  }

  setDark(isDark: boolean): void {
    this.#isDark = isDark;
    this.#editor?.setDark(isDark);
  }

  /** Asks about the edits that the page's address brings, if it brings any. */
  async followLink(): Promise<void> {
    const offered = await editsOfLink(location.hash);
    if (!offered) return;
    history.replaceState(undefined, "", location.pathname + location.search);
    this.#actions.show();
    await this.show();
    const known = new Map([...offered].filter(([path]) => this.#isEditable(path)));
    const names = [...known.keys()].join(", ");
    const evaluated = [...known.keys()].filter((path) => EVALUATED.test(path));
    const warning =
      `While it is built, ${evaluated.join(", ")} runs in your browser itself, not in the ` +
      "machine: it can read what you keep in this page. Take it only from those whom you trust.";
    const done = () => {
      this.#offer.hidden = true;
    };
    const take = button("Take them", () => {
      done();
      this.#adopt(known);
    });
    this.#offer.replaceChildren(
      element("p", {}, `A link brings edits of ${names}. Built, they run in this page.`),
      evaluated.length > 0 ? element("p", { class: "error" }, warning) : "",
      element("div", { class: "row" }, take, button("Ignore them", done)),
    );
    this.#offer.hidden = known.size === 0;
  }

  /** Compiles what depends on edits, and boots it. */
  async build(): Promise<void> {
    const edited = [...this.#edits.keys()];
    if (edited.length === 0) {
      this.#say("Nothing is edited: change a source first.");
      return;
    }
    this.#build.disabled = true;
    this.#showFaults([]);
    this.#say("loading the compilers …");
    const sources = new Map([...this.#shipped, ...this.#edits]);
    const answer = await this.#compiler.build({ sources, edited }, (text) =>
      this.#say(`${text} …`),
    );
    this.#build.disabled = false;
    if (answer.kind === "done") {
      const names = answer.files.map(({ name }) => name).join(", ");
      this.#say(names === "" ? "Nothing depends on these edits." : `Built: ${names}.`);
      setRunningEdits(new Map(this.#edits));
      if (answer.files.length > 0) await this.#actions.boot(answer.files);
    } else if (answer.kind === "refused") {
      this.#say(`${countText(answer.faults.length, "error")}.`);
      this.#showFaults(answer.faults);
    } else this.#say(answer.text);
  }

  #isEditable(path: string): boolean {
    return this.#shipped.has(path) && !FIXED.test(path);
  }

  #listFiles(chosen: string): void {
    const options = [...this.#shipped.keys()].map((path) => {
      const mark = this.#edits.has(path) ? " (edited)" : FIXED.test(path) ? " (fixed)" : "";
      return element("option", { value: path, selected: path === chosen }, `${path}${mark}`);
    });
    this.#file.replaceChildren(...options);
  }

  #open(path: string, line?: number): void {
    const text = this.#edits.get(path) ?? this.#shipped.get(path) ?? "";
    this.#file.value = path;
    this.#editor?.open(text, !this.#isEditable(path), line);
    this.#markFaults();
  }

  /** Opens a file at a line that somebody chose. */
  #goTo(path: string, line?: number): void {
    this.#open(path, line);
    this.#editor?.focus();
  }

  #take(text: string): void {
    const path = this.#file.value;
    const wasEdited = this.#edits.has(path);
    if (text === this.#shipped.get(path)) this.#edits.delete(path);
    else this.#edits.set(path, text);
    if (wasEdited !== this.#edits.has(path)) this.#listFiles(path);
    this.#keep();
  }

  #showFaults(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#faultList.replaceChildren(...faults.map((fault) => this.#faultItem(fault)));
    this.#markFaults();
  }

  #markFaults(): void {
    const own = this.#faults.filter(({ file }) => file === this.#file.value);
    const marks = own.map(({ code, text, remedy, line = 1, column }) => {
      return { line, column, text: `${code}: ${text}. ${remedy}` };
    });
    this.#editor?.mark(marks);
  }

  #adopt(edits: Edits): void {
    for (const [path, text] of edits) this.#edits.set(path, text);
    const [first = FIRST] = edits.keys();
    this.#listFiles(first);
    this.#open(first, this.#firstEdit(first));
    this.#keep();
  }

  #apply(path: string, change: (text: string) => string): void {
    const text = this.#edits.get(path) ?? this.#shipped.get(path) ?? "";
    this.#adopt(new Map([[path, change(text)]]));
    this.#say(`${path} is edited. Build and boot, then audit under Laws.`);
  }

  /** The first line of a file that differs from what was shipped. */
  #firstEdit(path: string): number | undefined {
    const shipped = this.#shipped.get(path)?.split("\n") ?? [];
    const edited = this.#edits.get(path)?.split("\n") ?? [];
    const index = edited.findIndex((line, at) => line !== shipped[at]);
    return index < 0 ? undefined : index + 1;
  }

  #undo(): void {
    const path = this.#file.value;
    this.#edits.delete(path);
    this.#listFiles(path);
    this.#open(path);
    this.#keep();
  }

  #keep(): void {
    try {
      keepEdits(this.#edits);
    } catch {
      this.#say("The browser has no room to keep the edits: save a patch.");
    }
  }

  #find(): void {
    const word = this.#search.value;
    const items = word.length < 2 ? [] : this.#matches(word).map((each) => this.#foundItem(each));
    this.#found.replaceChildren(...items);
  }

  #matches(word: string): { path: string; line: number; text: string }[] {
    const lower = word.toLowerCase();
    const matches: { path: string; line: number; text: string }[] = [];
    for (const [path, shipped] of this.#shipped) {
      if (path.toLowerCase().includes(lower)) matches.push({ path, line: 1, text: "" });
      for (const [index, text] of (this.#edits.get(path) ?? shipped).split("\n").entries()) {
        if (matches.length >= FOUND_MAX) return matches;
        if (text.toLowerCase().includes(lower)) matches.push({ path, line: index + 1, text });
      }
    }
    return matches;
  }

  #foundItem({ path, line, text }: { path: string; line: number; text: string }): HTMLElement {
    const label = `${path}:${line}`;
    const open = button(label, () => this.#goTo(path, line), { class: "link" });
    return element("li", {}, open, " ", element("code", {}, text.trim().slice(0, 100)));
  }

  #faultItem({ code, text, remedy, file, line }: Fault): HTMLElement {
    const place =
      file !== undefined && this.#shipped.has(file)
        ? button(`${file}:${line ?? 1}`, () => this.#goTo(file, line), { class: "link" })
        : undefined;
    return element(
      "li",
      { class: "error" },
      element("code", {}, code),
      ` ${text}. ${remedy} `,
      place,
    );
  }

  #savePatch(): void {
    const text = patchOf(this.#edits, this.#shipped);
    const href = URL.createObjectURL(new Blob([text], { type: "text/x-patch" }));
    element("a", { href, download: "isthmus.patch" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  }

  async #copyLink(): Promise<void> {
    const link = await linkOf(this.#edits);
    try {
      await navigator.clipboard.writeText(link);
      this.#say("The link is in the clipboard.");
    } catch {
      this.#say(link);
    }
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}

function row(...children: readonly (Node | string)[]): HTMLElement {
  return element("div", { class: "row" }, ...children);
}
