// A system call in slow motion: one instruction after the other, forward and back, with the source
// line beside it.

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { hex } from "../../src/base/align";
import type { CallState } from "../../src/inspect/scene-claims";
import type { StopCondition } from "../../src/inspect/step-session";
import { button, element, redraw } from "../document/element";
import type { MachineClient } from "../machine/client";
import type { MachineState, StepRecord, StepResult, Stop } from "../machine/protocol";
import { SourceView } from "./source-view";

const REGISTERS = [
  "eax",
  "ebx",
  "ecx",
  "edx",
  "esi",
  "edi",
  "ebp",
  "esp",
  "eip",
  "eflags",
  "cr2",
  "cr3",
];
/** So many instructions are listed; older ones are forgotten. */
const LISTED_MAX = 5000;
/** A run that takes longer gets a button that ends it. */
const PATIENCE_MS = 300;

export class StepPane {
  readonly #client: MachineClient;
  readonly #announce: (text: string) => void;
  readonly #list = element("ol", { class: "steps", "aria-label": "Instructions" });
  readonly #here = element("div", { class: "here" });
  readonly #registers = element("dl", { class: "registers" });
  readonly #source = new SourceView();
  readonly #condition = element("select", { id: "until" });
  readonly #value = element("input", { id: "until-value", size: 12 });
  readonly #isShellPassed = element("input", { type: "checkbox", id: "pass-shell", checked: true });
  readonly #back: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #buttons: HTMLButtonElement[] = [];
  #records: StepRecord[] = [];
  #stop: Stop | undefined;
  /** The address that was chosen in the map last, and its frame's. */
  #proposed: { readonly address: number; readonly frame: number | undefined } | undefined;
  #patience = 0;

  constructor(client: MachineClient, panel: HTMLElement, announce: (text: string) => void) {
    this.#client = client;
    this.#announce = announce;
    const call = this.#button("Next system call", () => this.#until({ kind: "call" }), {
      class: "primary",
    });
    this.#back = this.#button("◀ Back", () => this.#goBack(1), {
      "aria-keyshortcuts": "Alt+ArrowLeft",
    });
    const forward = this.#button("Step ▶", () => this.#run("stepForward"), {
      "aria-keyshortcuts": "Alt+ArrowRight",
    });
    const through = this.#button("Through the call ▶▶", () => this.#run("stepThrough"));
    this.#cancel = button("Stop waiting", () => void client.call("cancelRun"), { hidden: true });
    panel.append(
      element(
        "div",
        { class: "row", role: "toolbar", "aria-label": "Steps" },
        call,
        this.#back,
        forward,
        through,
        this.#cancel,
      ),
      this.#conditions(),
      this.#here,
      element("div", { class: "step-body" }, this.#list, this.#source.element),
      this.#registers,
    );
    this.#sayIdle();
    this.#back.disabled = true;
    client.onEvent((event) => {
      if (event.kind === "state") this.#follow(event.state);
    });
  }

  /** One instruction back or forward, for keys. */
  back(): Promise<void> {
    return this.#goBack(1);
  }

  forward(): Promise<void> {
    return this.#run("stepForward");
  }

  /** Follows the machine to its next system call. */
  async nextCall(): Promise<void> {
    await this.#until({ kind: "call" });
  }

  /**
   * Follows the machine to the next system call of that number, and through it.
   *
   * @returns the states before each of its instructions, and the one after it
   */
  async follow(number: number): Promise<CallState[]> {
    await this.#until({ kind: "call", number });
    await this.#run("stepThrough");
    const stops = [...this.#records.map(({ from }) => from), this.#stop];
    return stops.filter((each) => each !== undefined).map(stateOf);
  }

  /** Goes back to the instruction of that index, of those that are listed. */
  backTo(index: number): Promise<void> {
    return this.#goBack(this.#records.length - index);
  }

  /** Stops before the next system call of that number that a program of that name makes. */
  async awaitCall(number: number, program: string): Promise<void> {
    let isThere = true;
    do isThere = await this.#until({ kind: "call", number });
    while (isThere && !this.#stop?.spaceTitle.startsWith(program));
  }

  #button(label: string, press: () => Promise<unknown>, attributes = {}): HTMLButtonElement {
    const made = button(label, () => void press(), attributes);
    this.#buttons.push(made);
    return made;
  }

  #conditions(): HTMLElement {
    const choices: readonly (readonly [string, string])[] = [
      ["cr3", "CR3 changes"],
      ["address", "the address is reached"],
      ["frame", "the frame is written"],
    ];
    for (const [value, text] of choices) this.#condition.append(element("option", { value }, text));
    this.#condition.addEventListener("change", () => this.#askForValue());
    this.#askForValue();
    const go = this.#button("Run", () => this.#runUntilChosen());
    const shell = element("label", { for: "pass-shell", class: "check" }, this.#isShellPassed);
    shell.append(" pass over the shell's own calls");
    const label = element("label", { for: "until" }, "Run until ");
    return element("div", { class: "row" }, label, this.#condition, this.#value, go, shell);
  }

  /** An address that a run could go to: what is typed comes before it. */
  propose(address: number, pa: number | undefined): void {
    this.#proposed = { address, frame: pa === undefined ? undefined : pa - (pa % PAGE_SIZE) };
    this.#askForValue();
  }

  #askForValue(): void {
    const kind = this.#condition.value;
    this.#value.hidden = kind === "cr3";
    this.#value.setAttribute("aria-label", kind === "frame" ? "Physical address" : "Address");
    const { address, frame } = this.#proposed ?? {};
    const proposed = kind === "frame" ? frame : address;
    this.#value.placeholder = proposed === undefined ? "0xffffd000" : hex(proposed);
  }

  async #runUntilChosen(): Promise<void> {
    const kind = this.#condition.value;
    if (kind === "cr3") {
      await this.#until({ kind });
      return;
    }
    const typed = this.#value.value.trim() || this.#value.placeholder;
    const address = Number.parseInt(typed.replace(/^0x/i, ""), 16);
    if (Number.isNaN(address) || address < 0 || address > 0xffff_ffff) {
      this.#value.setAttribute("aria-invalid", "true");
      this.#say("That is not an address: write hexadecimal digits, such as 0xffffd800.");
      return;
    }
    this.#value.removeAttribute("aria-invalid");
    await this.#until(
      kind === "frame" ? { kind: "frame", frame: address } : { kind: "address", address },
    );
  }

  /** Whether the condition holds where the machine is now. */
  async #until(condition: StopCondition): Promise<boolean> {
    let isThere = false;
    const isCall = condition.kind === "call";
    this.#busy(true);
    if (isCall) this.#say("Waiting for a system call. Type something in the terminal.");
    await this.#attempt(async () => {
      const result = await this.#client.call("runUntil", condition, this.#isShellPassed.checked);
      this.#records = [];
      this.#show(result);
      isThere = result.isDone;
    });
    return isThere;
  }

  async #run(name: "stepForward" | "stepThrough"): Promise<void> {
    this.#busy(true);
    await this.#attempt(async () => this.#show(await this.#client.call(name)));
  }

  async #goBack(count: number): Promise<void> {
    if (this.#back.disabled) return;
    this.#busy(true);
    await this.#attempt(async () => {
      const result = await this.#client.call("stepBack", count);
      this.#records.splice(Math.max(0, this.#records.length - count));
      this.#show(result);
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy(false);
    }
  }

  /** While a run is under way only `Stop waiting` does something. */
  #busy(isBusy: boolean): void {
    for (const each of this.#buttons) each.setAttribute("aria-disabled", String(isBusy));
    clearTimeout(this.#patience);
    if (!isBusy) this.#cancel.hidden = true;
    else this.#patience = setTimeout(() => this.#showCancel(), PATIENCE_MS);
  }

  #showCancel(): void {
    this.#cancel.hidden = false;
  }

  #show({ isDone, stop, records, canGoBack }: StepResult): void {
    this.#records = [...this.#records, ...records].slice(-LISTED_MAX);
    const before = this.#stop;
    this.#stop = stop;
    this.#back.disabled = !canGoBack;
    this.#drawHere(stop);
    this.#drawList(stop);
    this.#drawRegisters(stop, before);
    void this.#source.show(stop.place);
    if (!isDone && stop.halted) this.#announce("The processor waits.");
    else this.#announce(`${stop.text ?? "unknown instruction"}, ${stop.spaceTitle}`);
  }

  #drawHere(stop: Stop): void {
    const loads = this.#records.filter(({ changed }) => changed.cr3 !== undefined).length;
    const count = this.#records.length;
    const walked = count === 0 ? "" : `Instructions: ${count}, changes of CR3: ${loads}. `;
    this.#here.replaceChildren(
      element(
        "p",
        { class: `space ${stop.space}` },
        element("b", {}, stop.spaceTitle),
        ` is loaded, ring ${stop.ring}`,
      ),
      element("p", { class: "faint" }, `${walked}Stack: ${stop.stack}.`),
    );
  }

  #drawList(stop: Stop): void {
    const rows = this.#records.flatMap((record, index) => this.#recordRows(record, index));
    const now = element(
      "li",
      { class: `now ${stop.space}`, "aria-current": "step" },
      ...rowCells(stop, stop.halted ? "waits for an interrupt" : ""),
    );
    redraw(this.#list, ...rows, now);
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  #recordRows({ from, changed }: StepRecord, index: number): HTMLElement[] {
    const changes = Object.entries(changed).map(([name, value]) => `${name}=${digits(value)}`);
    const undo = button(
      hexDigits(from.address),
      () => void this.#goBack(this.#records.length - index),
      {
        class: "address",
        "aria-label": `Go back to ${hexDigits(from.address)}`,
      },
    );
    const row = element("li", { class: from.space }, ...rowCells(from, changes.join(" "), undo));
    if (changed.cr3 === undefined) return [row];
    const loaded = from.space === "user" ? "the kernel's space" : "the program's space";
    return [row, element("li", { class: "border" }, `CR3 = ${digits(changed.cr3)}: ${loaded}`)];
  }

  #drawRegisters(stop: Stop, before: Stop | undefined): void {
    const entries = REGISTERS.map((name) => {
      const value = stop.registers[name] ?? 0;
      const isChanged = before !== undefined && before.registers[name] !== value;
      return element(
        "div",
        { class: isChanged ? "changed" : undefined },
        element("dt", {}, name),
        element("dd", {}, digits(value)),
      );
    });
    this.#registers.replaceChildren(...entries);
  }

  #follow(state: MachineState): void {
    if (state === "running" || state === "starting") {
      this.#records = [];
      this.#stop = undefined;
      this.#list.replaceChildren();
      this.#registers.replaceChildren();
      this.#source.clear();
      this.#back.disabled = true;
      this.#sayIdle();
    } else if (state === "ended") this.#say("The run is over: restart the machine.");
  }

  #sayIdle(): void {
    this.#say(
      "Press Next system call, then run a program in the terminal: the machine stops right " +
        "before its int 0x80. Then step, and watch EIP cross the map.",
    );
  }

  #say(text: string): void {
    this.#here.replaceChildren(element("p", { class: "waiting" }, text));
  }
}

function stateOf({ address, registers, ring }: Stop): CallState {
  const { esp = 0, cr3 = 0 } = registers;
  return { eip: address, esp, cr3, cpl: ring };
}

function rowCells(stop: Stop, note: string, address?: HTMLElement): HTMLElement[] {
  const where = element("span", { class: "which" }, stop.space === "user" ? "user" : "kernel");
  const at = address ?? element("span", { class: "address" }, hexDigits(stop.address));
  const text = element("code", {}, stop.text ?? "?");
  return [where, at, text, element("span", { class: "changes" }, note)];
}

function hexDigits(value: number): string {
  return value.toString(16).padStart(8, "0");
}

const digits = hexDigits;
