// The tour: one scene after the other, each a state of the live machine, with what it asks and
// tells, and what the machine itself says to it. A scene has an address of its own, `#tour/3`.

import type { CallState, Claim } from "../../src/inspect/scene-claims";
import { button, element } from "../document/element";
import { SCENES, type Scene, type Stage } from "./scenes";

const ADDRESS = /^#tour\/(\d+)$/;

export interface TourActions {
  /**
   * Brings the machine to a stage.
   *
   * @returns the call that was followed, where the stage has one
   */
  set(stage: Stage): Promise<readonly CallState[]>;
  /** What the machine says to a scene. */
  claims(name: Scene["name"], call: readonly CallState[]): Promise<Claim[]>;
  point(space: string, address: number): void;
  announce(text: string): void;
}

export class TourPane {
  readonly #card: HTMLElement;
  readonly #actions: TourActions;
  readonly #title = element("h2", { tabindex: -1, id: "tour-title" });
  readonly #count = element("span", { class: "state" });
  readonly #text = element("div", { class: "tour-text" });
  readonly #look = element("p", { class: "look" });
  readonly #claims = element("ul", { class: "claims", "aria-label": "What the machine says" });
  readonly #list = element("nav", { class: "tour-list", "aria-label": "Scenes" });
  readonly #previous: HTMLAnchorElement;
  readonly #next: HTMLAnchorElement;
  /** The scene that is being set: another may be asked for meanwhile. */
  #wanted = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(card: HTMLElement, actions: TourActions) {
    this.#card = card;
    this.#actions = actions;
    this.#previous = element("a", { class: "button" }, "◀ Back");
    this.#next = element("a", { class: "button primary" });
    const close = button("End the tour", () => this.#leave(), { class: "quiet" });
    const again = button("Set the scene again", () => void this.#show(this.#wanted, true));
    card.append(
      element("div", { class: "card-head" }, this.#title, this.#count, close),
      this.#text,
      this.#look,
      this.#claims,
      element("div", { class: "row tour-ways" }, this.#previous, this.#next, again),
      this.#list,
    );
    addEventListener("hashchange", () => void this.follow());
  }

  /** Shows the scene that the page's address names, or none. */
  async follow(): Promise<void> {
    const number = Number(ADDRESS.exec(location.hash)?.[1] ?? 0);
    await this.#show(SCENES[number - 1] ? number : 0, false);
  }

  #leave(): void {
    history.pushState(undefined, "", location.pathname + location.search);
    void this.#show(0, false);
  }

  async #show(number: number, isAgain: boolean): Promise<void> {
    const scene = SCENES[number - 1];
    const hadNone = this.#wanted === 0;
    if (number === this.#wanted && !isAgain) return;
    this.#wanted = number;
    this.#card.hidden = scene === undefined;
    document.body.classList.toggle("touring", scene !== undefined);
    if (!scene) {
      if (!hadNone) this.#work = this.#work.then(() => this.#quiet("prompt"));
      await this.#work;
      return;
    }
    this.#draw(scene, number);
    this.#work = this.#work.then(() => this.#set(scene, number));
    await this.#work;
  }

  /** The end of the tour leaves a machine that runs. */
  async #quiet(stage: Stage): Promise<void> {
    try {
      await this.#actions.set(stage);
    } catch {
      // There may be no machine any more: the bar says so.
    }
  }

  async #set(scene: Scene, number: number): Promise<void> {
    // Those who hurry on need not wait for what they have passed.
    if (this.#wanted !== number) return;
    try {
      const call = await this.#actions.set(scene.stage);
      const claims = await this.#actions.claims(scene.name, call);
      if (this.#wanted === number) this.#drawClaims(claims);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#claims.replaceChildren(element("li", { class: "broken" }, `✗ ${text}`));
    }
    this.#claims.ariaBusy = "false";
  }

  #draw({ title, text, look }: Scene, number: number): void {
    this.#title.textContent = title;
    this.#count.textContent = `${number} of ${SCENES.length}`;
    this.#text.replaceChildren(...text.map((each) => element("p", {}, each)));
    this.#look.replaceChildren(element("b", {}, "Look: "), look);
    this.#claims.ariaBusy = "true";
    this.#claims.replaceChildren(element("li", { class: "waiting" }, "Setting the scene …"));
    this.#previous.hidden = number === 1;
    this.#previous.href = `#tour/${number - 1}`;
    const following = SCENES[number];
    this.#next.hidden = following === undefined;
    this.#next.href = `#tour/${number + 1}`;
    this.#next.textContent = following === undefined ? "" : `${following.title} ▶`;
    this.#list.replaceChildren(
      ...SCENES.map((scene, index) =>
        element(
          "a",
          {
            href: `#tour/${index + 1}`,
            title: scene.title,
            "aria-label": `${index + 1}: ${scene.title}`,
            "aria-current": index + 1 === number ? "step" : undefined,
          },
          String(index + 1),
        ),
      ),
    );
    this.#card.scrollIntoView({ block: "nearest" });
    this.#title.focus({ preventScroll: true });
    this.#actions.announce(`Scene ${number}: ${title}`);
  }

  #drawClaims(claims: readonly Claim[]): void {
    const items = claims.map(({ text, holds, space, va }) =>
      element(
        "li",
        { class: holds ? "holds" : "broken" },
        element("span", { class: "sign", "aria-hidden": true }, holds ? "✓" : "✗"),
        element("span", { class: "hidden" }, holds ? "" : "Not so: "),
        element("span", {}, text, " ", this.#place(space, va)),
      ),
    );
    this.#claims.replaceChildren(...items);
  }

  #place(space: string | undefined, va: number | undefined): HTMLElement | undefined {
    if (space === undefined || va === undefined) return undefined;
    const where = space === "kernel" ? "the kernel's space" : space;
    return button("Show", () => this.#actions.point(space, va), {
      class: "link",
      "aria-label": `Show 0x${va.toString(16)} in ${where}`,
    });
  }
}
