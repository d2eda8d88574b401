// The nine laws: what the audit finds in the live machine, and how to break each on purpose.

import { hex } from "../../src/base/align";
import { LAW_TITLES, type LawResult, type LocatedOffence } from "../../src/inspect/audit";
import { BREACHES, type Breach } from "../../src/inspect/breaches";
import type { Verdict } from "../../src/inspect/judgement";
import { button, element } from "../document/element";
import { sources } from "../document/sources";
import type { MachineClient } from "../machine/client";
import { Prompt } from "../machine/prompt";

const OFFENCES_SHOWN = 4;
const MARKS: Readonly<Record<Verdict, string>> = { holds: "✓", broken: "✗", unchecked: "?" };
const KERNEL = "kernel/";
/** How long a program is waited for that may not even run: another has the terminal, perhaps. */
const PATIENCE_MS = 60_000;
const NEWLINE = 0x0a;

export interface AuditActions {
  /** Shows an address of a space in the map. */
  point(space: string, address: number): void;
  announce(text: string): void;
  /** Types a command into the terminal. */
  type(text: string): void;
  /** Boots anew. */
  restart(): Promise<void>;
  /** Whether the machine runs no more. */
  hasEnded(): boolean;
}

export class AuditPane {
  readonly #client: MachineClient;
  readonly #actions: AuditActions;
  readonly #laws = element("ol", { class: "laws" });
  readonly #summary = element("p", { class: "verdict", role: "status" });
  readonly #mend: HTMLButtonElement;
  #broken: Breach | undefined;
  #isBusy = false;

  constructor(client: MachineClient, panel: HTMLElement, actions: AuditActions) {
    this.#client = client;
    this.#actions = actions;
    const now = button("Audit now", () => void this.#audit(), { class: "primary" });
    this.#mend = button("Mend", () => void this.#mendLaw(), { hidden: true });
    panel.append(element("div", { class: "row" }, now, this.#mend, this.#summary), this.#laws);
    this.#draw(LAW_TITLES.map((title, index) => unjudged(index + 1, title)));
    this.#summary.textContent = "Not looked at yet.";
  }

  /** Forgets what was broken: the machine is another one. */
  reset(): void {
    this.#broken = undefined;
    this.#mend.hidden = true;
    this.#draw(LAW_TITLES.map((title, index) => unjudged(index + 1, title)));
    this.#summary.textContent = "Not looked at yet.";
  }

  /** Breaks a law, as its button does. */
  async breakLaw(law: number): Promise<void> {
    const breach = BREACHES.find((each) => each.law === law);
    if (breach) await this.#break(breach);
  }

  /** Mends what is broken, if anything is. */
  async mend(): Promise<void> {
    await this.#mendLaw(false);
    this.reset();
  }

  async #audit(): Promise<void> {
    await this.#attempt(async () => {
      const edited = await kernelSources(this.#broken);
      const laws = await this.#client.call("audit", edited);
      this.#draw(laws);
      const broken = laws.filter(({ verdict }) => verdict === "broken");
      const text =
        broken.length === 0
          ? "No law is broken."
          : `Broken: ${broken.map(({ number }) => `law ${number}`).join(", ")}.`;
      this.#summary.textContent = text;
      this.#summary.classList.toggle("bad", broken.length > 0);
      this.#actions.announce(text);
    });
  }

  async #break(breach: Breach): Promise<void> {
    await this.#mendLaw(false);
    await this.#attempt(async () => {
      this.#broken = breach;
      this.#mend.hidden = false;
      if (breach.source) return;
      const { space, va } = await this.#client.call("breakLaw", breach.law);
      if (breach.run === undefined) this.#actions.point(space, va);
      else await this.#provoke(breach.run);
    });
    await this.#audit();
  }

  /** Runs a program, and waits until the machine has died of it, or has another prompt. */
  async #provoke(program: string): Promise<void> {
    if (this.#actions.hasEnded()) return;
    const prompt = new Prompt();
    let isLineOver = false;
    const over = new Promise<void>((resolve) => {
      this.#client.onEvent((event) => {
        if (event.kind === "state" && event.state === "ended") resolve();
        if (event.kind !== "output") return;
        // The line itself stands after the prompt before.
        const from = isLineOver ? 0 : event.bytes.indexOf(NEWLINE);
        isLineOver ||= from >= 0;
        if (isLineOver) prompt.read(event.bytes.subarray(from));
      });
      void prompt.seen.then(resolve);
      setTimeout(resolve, PATIENCE_MS);
    });
    await this.#client.call("resume");
    this.#actions.type(`${program}\n`);
    await over;
  }

  async #mendLaw(isAudited = true): Promise<void> {
    const broken = this.#broken;
    if (!broken) return;
    await this.#attempt(async () => {
      this.#broken = undefined;
      this.#mend.hidden = true;
      if (broken.run !== undefined) await this.#actions.restart();
      else if (!broken.source) await this.#client.call("mendLaw");
    });
    if (isAudited && broken.run === undefined) await this.#audit();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await work();
    } catch (error) {
      this.#summary.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isBusy = false;
    }
  }

  #draw(laws: readonly LawResult[]): void {
    this.#laws.replaceChildren(...laws.map((law) => this.#lawItem(law)));
  }

  #lawItem({ number, title, verdict, why, offences }: LawResult): HTMLElement {
    const breach = BREACHES.find(({ law }) => law === number);
    const isBroken = this.#broken?.law === number;
    const head = element(
      "p",
      { class: "law-head" },
      element("span", { class: "mark", "aria-hidden": true }, MARKS[verdict]),
      element("b", {}, `${number}. ${title}`),
      element("span", { class: "hidden" }, `: ${verdict}`),
    );
    const found = distinct(offences);
    const evidence = found.slice(0, OFFENCES_SHOWN).map((each) => this.#offence(each));
    const more = found.length - evidence.length;
    return element(
      "li",
      { class: verdict, "data-law": number },
      head,
      element("p", { class: "why" }, why),
      evidence.length > 0 ? element("ul", {}, ...evidence) : undefined,
      more > 0 ? element("p", { class: "why" }, `and ${more} more`) : undefined,
      breach && this.#breachNote(breach, isBroken),
    );
  }

  #offence({ space, va, region, symbol, what }: LocatedOffence): HTMLElement {
    if (va === undefined) return element("li", {}, `${space}: ${what}`);
    const place = [region, symbol].filter(Boolean).join(", ");
    const show = button(`${hex(va)} in ${space}`, () => this.#actions.point(space, va), {
      class: "link",
    });
    return element("li", {}, show, place === "" ? ": " : ` (${place}): `, what);
  }

  #breachNote(breach: Breach, isBroken: boolean): HTMLElement {
    const { what, consequence, source } = breach;
    if (isBroken) {
      const lines = source && element("pre", {}, `${KERNEL}${source.path}\n${added(source.lines)}`);
      return element(
        "div",
        { class: "breach" },
        element("p", {}, what),
        lines,
        element("p", {}, element("b", {}, "What follows: "), consequence),
      );
    }
    const label = `Break it: ${breach.title} (law ${breach.law})`;
    return button(`Break it: ${breach.title}`, () => void this.#break(breach), {
      class: "break",
      "aria-label": label,
    });
  }
}

/** Without those that were seen at an earlier moment too. */
function distinct(offences: readonly LocatedOffence[]): LocatedOffence[] {
  const byText = new Map(offences.map((each) => [JSON.stringify(each), each]));
  return [...byText.values()];
}

function added(lines: string): string {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => `+ ${line}`)
    .join("\n");
}

function unjudged(number: number, title: string): LawResult {
  return { number, title, verdict: "unchecked", why: "", offences: [] };
}

/** The kernel's sources as law 6 wants them, with the edit if it is the one that is broken. */
async function kernelSources(broken: Breach | undefined): Promise<[string, string][]> {
  const kernel = [...(await sources())]
    .filter(([path]) => path.startsWith(KERNEL))
    .map(([path, text]): [string, string] => [path.slice(KERNEL.length), text]);
  const edit = broken?.source;
  if (!edit) return kernel;
  return kernel.map(([path, text]) => [path, path === edit.path ? edit.lines + text : text]);
}
