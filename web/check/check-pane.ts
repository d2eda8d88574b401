// What the reader brings: a kernel is judged, drawn and booted; objects are linked first, by a
// layout that can be changed here; a program is put into the guest and run.

import { button, element } from "../document/element";
import type {
  CheckAnswer,
  CheckRequest,
  OwnFile,
  PlainDiagnostic,
  PlainFinding,
  PlainVerdict,
} from "./protocol";

export type { OwnFile } from "./protocol";

/** Files that take longer than this are given up. */
const LOOK_MS = 20_000;
/** A trampoline in C++, compiled: examples/cpp-kernel, with its layout. */
const EXAMPLE = [...["boot.o", "trampoline.o", "kernel.o", "user.o"], "isthmus.layout.json"];
const INTRODUCTION =
  "Choose files, or drop them on this panel: a kernel (an ELF file for i386 or x86-64 by any " +
  "linker, or a flat image with a Multiboot header); objects and archives, with a layout in JSON " +
  "or a script of GNU ld; or a static program for Linux on i386. They are looked at in this page " +
  "and sent nowhere.";

export interface CheckActions {
  boot(file: OwnFile): void;
  run(program: OwnFile): void;
}

export class CheckPane {
  readonly #actions: CheckActions;
  readonly #report = element("div", { class: "report", "aria-live": "polite" });
  #isDark = false;
  #shown: readonly OwnFile[] = [];

  constructor(panel: HTMLElement, actions: CheckActions) {
    this.#actions = actions;
    const input = element("input", {
      type: "file",
      id: "own-kernel",
      multiple: true,
      hidden: true,
    });
    input.addEventListener("change", async () => {
      const files = await Promise.all([...(input.files ?? [])].map(readOwn));
      if (files.length > 0) await this.show(files);
      input.value = "";
    });
    const choose = button("Choose files…", () => input.click(), { class: "primary" });
    const example = button("A trampoline in C++", () => void this.showExample());
    panel.append(
      element("p", {}, INTRODUCTION),
      element("div", { class: "row" }, choose, example, input),
      this.#report,
    );
  }

  setDark(isDark: boolean): void {
    this.#isDark = isDark;
    if (this.#shown.length > 0) void this.show(this.#shown);
  }

  /** Links the example, whose layout can then be changed. */
  async showExample(): Promise<CheckAnswer> {
    const files = EXAMPLE.map(async (name) => {
      const response = await fetch(`example/${name}`);
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
    });
    return this.show(await Promise.all(files));
  }

  async show(files: readonly OwnFile[]): Promise<CheckAnswer> {
    this.#shown = files;
    const names = files.map(({ name }) => name).join(", ");
    this.#report.replaceChildren(element("p", { class: "waiting" }, `Looking at ${names} …`));
    const answer = await look({ files, isDark: this.#isDark });
    if (this.#shown !== files) return answer;
    this.#report.replaceChildren(...this.#parts(answer));
    if (answer.kind === "program") {
      this.#shown = [];
      this.#actions.run(answer.program);
    }
    return answer;
  }

  #parts(answer: CheckAnswer): HTMLElement[] {
    if (answer.kind === "program") {
      const { name } = answer.program;
      return [element("p", {}, `${name} is a program for Linux: it is put into /bin, and run.`)];
    }
    const editor = answer.layout ? [this.#layoutEditor(answer.layout)] : [];
    if (answer.kind === "refusal") return [...answer.diagnostics.map(refusalItem), ...editor];
    const { kernel, layout, findings, verdicts, picture } = answer;
    return [
      element("h3", {}, layout ? `${kernel.name}, linked by ${layout.name}` : kernel.name),
      element("ul", { class: "loaders" }, ...verdicts.map(verdictItem)),
      findings.length > 0
        ? element("ul", { class: "findings" }, ...findings.map(findingItem))
        : element("p", {}, "Nothing is wrong with it."),
      element(
        "div",
        { class: "row" },
        button("Boot it", () => this.#actions.boot(kernel)),
        layout && button("Save it", () => save(kernel)),
      ),
      ...editor,
      pictureOf(picture),
    ];
  }

  #layoutEditor({ name, bytes }: OwnFile): HTMLElement {
    const text = element("textarea", {
      id: "own-layout",
      spellcheck: "false",
      rows: 14,
      "aria-label": name,
    });
    text.value = new TextDecoder().decode(bytes);
    const again = button("Link again", () => {
      const changed = { name, bytes: new TextEncoder().encode(text.value) };
      void this.show(this.#shown.map((file) => (file.name === name ? changed : file)));
    });
    const label = element("label", { for: "own-layout" }, name);
    return element("div", { class: "layout" }, label, text, element("div", {}, again));
  }
}

async function readOwn(file: File): Promise<OwnFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

/** What a worker says of the files, if it says so in time. */
function look(request: CheckRequest): Promise<CheckAnswer> {
  const worker = new Worker(new URL("check-worker.js", import.meta.url), { type: "module" });
  const given = new Promise<CheckAnswer>((resolve) => {
    const refuse = (text: string, remedy: string) => {
      const diagnostics = [{ code: undefined, text, remedy, place: undefined }];
      resolve({ kind: "refusal", layout: undefined, diagnostics });
    };
    worker.addEventListener("message", ({ data }) => resolve(data as CheckAnswer));
    worker.addEventListener("error", ({ message }) => refuse(message, "Reload the page"));
    setTimeout(() => refuse("the files take too long to read", "Try `npx isthmus check`"), LOOK_MS);
  });
  worker.postMessage(request);
  return given.finally(() => worker.terminate());
}

function refusalItem({ code, text, remedy, place }: PlainDiagnostic): HTMLElement {
  const link = code === undefined ? undefined : codeLink(code);
  const where = place === undefined ? "" : ` (${place})`;
  return element(
    "div",
    {},
    element("p", { class: "error" }, link, ` ${text}${where}.`),
    element("p", { class: "faint" }, `${remedy.replace(/\.$/, "")}.`),
  );
}

function verdictItem({ loader, outcome, reasons }: PlainVerdict): HTMLElement {
  const why = reasons.length > 0 ? `: ${reasons.join("; ")}` : "";
  return element("li", { class: outcome }, element("b", {}, loader), ` ${outcome}${why}`);
}

function findingItem({ code, severity, what, change, more }: PlainFinding): HTMLElement {
  return element(
    "li",
    { class: severity },
    codeLink(code),
    ` ${what}`,
    element("p", { class: "faint" }, change, more > 0 ? ` (and ${more} more like it)` : ""),
  );
}

/** A code, and where it is explained. */
function codeLink(code: string): HTMLElement {
  const href = `reference.html#${code}`;
  return element("a", { href, target: "_blank" }, element("code", {}, code));
}

function pictureOf(svg: string): HTMLElement {
  const attributes = { class: "picture", tabindex: 0, role: "region", "aria-label": "Drawing" };
  const picture = element("div", attributes);
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  picture.append(document.importNode(root, true));
  return picture;
}

/** Hands a file to the reader. */
function save({ name, bytes }: OwnFile): void {
  const href = URL.createObjectURL(new Blob([Uint8Array.from(bytes)]));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
