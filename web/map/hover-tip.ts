// What is known of the address under the pointer, beside the pointer: at once what the drawing
// knows, and soon afterwards what the machine does.
//
// Who has no pointer gets the same, and more, by choosing a box (facts-card.ts), so a screen reader
// is not told of it.
//
// Invariant: at most one question to the machine is under way; the last address asked for wins.

import type { AddressFacts } from "../../src/inspect/address-facts";
import { element } from "../document/element";
import { factLines } from "./facts-card";

/** How far from the pointer it is, in pixels. */
const DISTANCE = 14;

export interface Pointed {
  readonly column: number;
  readonly address: number;
  /** What the drawing knows. */
  readonly label: string;
  readonly size: string;
}

type Ask = (column: number, address: number) => Promise<AddressFacts>;

export class HoverTip {
  readonly #ask: Ask;
  readonly #tip = element("div", { class: "map-tip", "aria-hidden": "true", hidden: true });
  #pointed: Pointed | undefined;
  #isAsking = false;

  constructor(container: HTMLElement, ask: Ask) {
    this.#ask = ask;
    container.append(this.#tip);
  }

  /** @param at where the pointer is, in the window */
  show(pointed: Pointed, at: { readonly clientX: number; readonly clientY: number }): void {
    const { column, address } = this.#pointed ?? {};
    const isNew = pointed.column !== column || pointed.address !== address;
    this.#pointed = pointed;
    if (isNew) {
      this.#write([pointed.label], pointed.size);
      void this.#learn();
    }
    this.#tip.hidden = false;
    const { width, height } = this.#tip.getBoundingClientRect();
    const left = Math.min(at.clientX + DISTANCE, innerWidth - width - DISTANCE);
    const below = at.clientY + DISTANCE;
    const top = below + height < innerHeight ? below : at.clientY - DISTANCE - height;
    this.#tip.style.left = `${Math.max(0, left)}px`;
    this.#tip.style.top = `${Math.max(0, top)}px`;
  }

  hide(): void {
    this.#pointed = undefined;
    this.#tip.hidden = true;
  }

  async #learn(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (let known: Pointed | undefined; this.#pointed && this.#pointed !== known; ) {
        known = this.#pointed;
        const facts = await this.#ask(known.column, known.address);
        const { column, address, size } = this.#pointed ?? {};
        if (column !== known.column || address !== known.address) continue;
        known = this.#pointed;
        this.#write(factLines(facts), size ?? "");
      }
    } catch {
      // A kernel of other people's: what the drawing knows must do.
    } finally {
      this.#isAsking = false;
    }
  }

  #write(lines: readonly string[], size: string): void {
    this.#tip.replaceChildren(...[...lines, size].map((line) => element("div", {}, line)));
  }
}
