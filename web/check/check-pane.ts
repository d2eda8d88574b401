// A kernel of the reader's own: what is wrong with it, which boot loaders take it, and what it
// looks like; and it can be booted.

import { button, element } from "../document/element";
import type { CheckAnswer, CheckRequest, PlainFinding, PlainVerdict } from "./protocol";

/** A file that takes longer than this is given up. */
const LOOK_MS = 20_000;

export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckActions {
  boot(file: OwnFile): void;
}

export class CheckPane {
  readonly #actions: CheckActions;
  readonly #report = element("div", { class: "report", "aria-live": "polite" });
  #isDark = false;
  #shown: OwnFile | undefined;

  constructor(panel: HTMLElement, actions: CheckActions) {
    this.#actions = actions;
    const input = element("input", { type: "file", id: "own-kernel", hidden: true });
    input.addEventListener("change", async () => {
      const [file] = input.files ?? [];
      if (file)
        await this.show({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      input.value = "";
    });
    const choose = button("Choose a kernel…", () => input.click(), { class: "primary" });
    panel.append(
      element(
        "p",
        {},
        "Choose a kernel, or drop it on this panel: an ELF file for i386 or x86-64, by any " +
          "linker. It is looked at in this page and sent nowhere.",
      ),
      element("div", { class: "row" }, choose, input),
      this.#report,
    );
  }

  setDark(isDark: boolean): void {
    this.#isDark = isDark;
    if (this.#shown) void this.show(this.#shown);
  }

  async show(file: OwnFile): Promise<void> {
    this.#shown = file;
    this.#report.replaceChildren(element("p", { class: "waiting" }, `Looking at ${file.name} …`));
    const answer = await look({ ...file, isDark: this.#isDark });
    if (this.#shown === file) this.#report.replaceChildren(...this.#parts(file, answer));
  }

  #parts(file: OwnFile, answer: CheckAnswer): HTMLElement[] {
    const title = element("h3", {}, file.name);
    if (answer.kind === "refusal") {
      const code = answer.code === undefined ? undefined : codeLink(answer.code);
      return [
        title,
        element("p", { class: "error" }, code, ` ${answer.text}.`),
        element("p", { class: "faint" }, `${answer.remedy}.`),
      ];
    }
    const { findings, verdicts, picture } = answer;
    return [
      title,
      element("ul", { class: "loaders" }, ...verdicts.map(verdictItem)),
      findings.length > 0
        ? element("ul", { class: "findings" }, ...findings.map(findingItem))
        : element("p", {}, "Nothing is wrong with it."),
      element(
        "div",
        { class: "row" },
        button("Boot it", () => this.#actions.boot(file)),
      ),
      pictureOf(picture),
    ];
  }
}

/** What a worker says of the file, if it says so in time. */
function look(request: CheckRequest): Promise<CheckAnswer> {
  const worker = new Worker(new URL("check-worker.js", import.meta.url), { type: "module" });
  const given = new Promise<CheckAnswer>((resolve) => {
    const refuse = (text: string, remedy: string) =>
      resolve({ kind: "refusal", code: undefined, text, remedy });
    worker.addEventListener("message", ({ data }) => resolve(data as CheckAnswer));
    worker.addEventListener("error", ({ message }) => refuse(message, "Reload the page"));
    setTimeout(() => refuse("the file takes too long to read", "Try `npx isthmus check`"), LOOK_MS);
  });
  worker.postMessage(request);
  return given.finally(() => worker.terminate());
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
