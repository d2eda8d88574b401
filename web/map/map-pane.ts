// The map: the drawing of src/draw, alive. Boxes can be pointed at, chosen and unfolded.

import { hex } from "../../src/base/align";
import { sizeText } from "../../src/base/size-text";
import { type Box, KIND_NAMES, wholeLine } from "../../src/draw/columns";
import { drawSvg } from "../../src/draw/draw-svg";
import { foldKey } from "../../src/draw/place-columns";
import type { AddressFacts } from "../../src/inspect/address-facts";
import { element, redraw } from "../document/element";
import type { MachineClient } from "../machine/client";
import type { MapView, ProcessChoice } from "../machine/protocol";
import { drawFacts, drawNothing } from "./facts-card";
import { HoverTip } from "./hover-tip";
import { patch } from "./patch";
import { spaceTables } from "./space-tables";

/** A box that was chosen: the address in it that was pointed at. */
interface Choice {
  readonly column: number;
  readonly start: number;
  readonly address: number;
}

export interface MapElements {
  readonly map: HTMLElement;
  readonly tables: HTMLElement;
  readonly facts: HTMLElement;
  readonly legend: HTMLElement;
  readonly process: HTMLSelectElement;
  readonly asTable: HTMLButtonElement;
}

export class MapPane {
  readonly #client: MachineClient;
  readonly #elements: MapElements;
  readonly #unfolded = new Set<string>();
  readonly #tip: HoverTip;
  readonly #onChoice: (facts: AddressFacts) => void;
  #view: MapView | undefined;
  #choice: Choice | undefined;
  /** The box that the pointer rests on. */
  #pointed: { readonly column: number; readonly start: number } | undefined;
  #process: ProcessChoice = "current";
  #isDark = false;
  #isTable = false;
  #isFrameAsked = false;

  /** @param onChoice told of what was chosen */
  constructor(
    client: MachineClient,
    elements: MapElements,
    onChoice: (facts: AddressFacts) => void,
  ) {
    this.#client = client;
    this.#elements = elements;
    this.#onChoice = onChoice;
    this.#tip = new HoverTip(document.body, (column, address) =>
      client.call("facts", column, address),
    );
    const { map, process, asTable } = elements;
    map.addEventListener("click", (event) => this.#click(event));
    map.addEventListener("keydown", (event) => this.#key(event));
    map.addEventListener("pointermove", (event) => this.#hover(event));
    map.addEventListener("pointerleave", () => this.#leave());
    process.addEventListener("change", () => {
      this.#process = process.value === "current" ? "current" : Number(process.value);
      void this.watch();
    });
    asTable.addEventListener("click", () => this.#showTable(!this.#isTable));
    drawLegend(elements.legend);
    client.onEvent((event) => {
      if (event.kind === "map") this.#show(event.view);
    });
  }

  /** Asks the worker for views of what is chosen. */
  watch(): Promise<void> {
    const watch = { process: this.#process, unfolded: [...this.#unfolded] };
    return this.#client.call("watch", document.hidden ? undefined : watch);
  }

  setDark(isDark: boolean): void {
    this.#isDark = isDark;
    this.#draw();
  }

  /** Chooses the box that has an address of a space, by the space's title, and shows its facts. */
  async point(space: string, address: number): Promise<void> {
    if (space !== "kernel") await this.#drawProcess(space);
    const column = space === "kernel" ? 0 : 2;
    const box = boxWith(this.#boxes(column), address);
    if (!box) return;
    await this.#choose({ column, start: box.start, address });
    this.#pieceOf(column, box.start)?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  async #drawProcess(title: string): Promise<void> {
    const pid = Number(/\(pid (\d+)\)/.exec(title)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || this.#view?.drawn === pid) return;
    this.#process = pid;
    await this.watch();
  }

  #show(view: MapView): void {
    this.#view = view;
    this.#listProcesses();
    this.#draw();
  }

  #listProcesses(): void {
    const { process } = this.#elements;
    const known = this.#view?.processes ?? [];
    const wanted = ["current", ...known.map(({ pid }) => String(pid))];
    const shown = [...process.options].map(({ value }) => value);
    if (wanted.join() === shown.join()) return;
    const options = known.map(({ pid, name }) =>
      element("option", { value: pid }, `${name} (pid ${pid})`),
    );
    process.replaceChildren(
      element("option", { value: "current" }, "the one that runs"),
      ...options,
    );
    process.value = String(this.#process);
    if (process.selectedIndex < 0) process.value = "current";
  }

  /** Draws what there is in the next frame, once, however often it is asked. */
  #draw(): void {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => {
      this.#isFrameAsked = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const view = this.#view;
    if (!view) return;
    const { map, tables } = this.#elements;
    if (this.#isTable) {
      redraw(tables, ...spaceTables(view.columns));
      return;
    }
    const text = drawSvg({
      title: "Address spaces",
      summary: view.summary,
      columns: view.columns,
      theme: this.#isDark ? "dark" : "light",
      page: { unfolded: this.#unfolded },
    });
    const wanted = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const drawn = map.querySelector("svg");
    const focused = placeOf(document.activeElement);
    if (drawn) patch(drawn, wanted);
    else map.replaceChildren(document.importNode(wanted, true));
    this.#mark();
    if (this.#pointed) this.#markKin();
    if (focused && !focused.piece.isConnected) this.#focusWhatReplaced(focused);
  }

  /** A box that is gone leaves the focus to the one that now has its address. */
  #focusWhatReplaced({ column, start }: Place): void {
    const heir = boxWith(this.#boxes(column), start);
    if (heir) this.#pieceOf(column, heir.start)?.focus({ preventScroll: true });
  }

  /** Each list box has one option with a tab stop: the chosen one, or its first. */
  #mark(): void {
    for (const list of this.#elements.map.querySelectorAll("[role=listbox]")) {
      const options = [...list.querySelectorAll("[role=option]")];
      const chosen = options.find((option) => this.#isChosen(option)) ?? options[0];
      for (const option of options) {
        const isChosen = this.#isChosen(option);
        setAttribute(option, "aria-selected", String(isChosen));
        setAttribute(option, "tabindex", option === chosen ? "0" : "-1");
      }
    }
  }

  #isChosen(piece: Element): boolean {
    const place = placeOf(piece);
    return place?.column === this.#choice?.column && place?.start === this.#choice?.start;
  }

  #boxes(column: number): Box[] {
    const drawn = this.#view?.columns[column];
    return drawn ? wholeLine(drawn) : [];
  }

  #pieceOf(column: number, start: number): SVGElement | null {
    return this.#elements.map.querySelector(`[data-column="${column}"][data-start="${start}"]`);
  }

  // --- What a reader does ---

  #click(event: MouseEvent): void {
    const place = placeOf(event.target);
    if (!place) return;
    if (place.isFold) this.#fold(place);
    void this.#choose({ ...place, address: addressAt(event, place) });
    place.piece.focus({ preventScroll: true });
  }

  #key(event: KeyboardEvent): void {
    const place = placeOf(event.target);
    if (!place) return;
    const neighbour = neighbourOf(event.key, place.piece);
    if (neighbour) {
      const next = placeOf(neighbour);
      neighbour.focus();
      if (next) void this.#choose({ ...next, address: next.start });
    } else if (event.key === "Enter" || event.key === " ") {
      void this.#choose({ ...place, address: place.start });
    } else if (event.key === "z") this.#fold(place);
    else return;
    event.preventDefault();
  }

  #fold({ column, start }: { column: number; start: number }): void {
    const key = foldKey(column, start);
    if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
    this.#draw();
    void this.watch();
  }

  async #choose({ column, start, address }: Choice): Promise<void> {
    this.#choice = { column, start, address };
    this.#mark();
    try {
      const facts = await this.#client.call("facts", column, address);
      this.#onChoice(facts);
      drawFacts(this.#elements.facts, facts, (space, at) => {
        void this.point(space === "kernel space" ? "kernel" : space, at);
      });
    } catch (error) {
      drawNothing(this.#elements.facts, String(error instanceof Error ? error.message : error));
    }
  }

  /** Boxes that show the same frames as the one pointed at stand out. */
  #hover(event: PointerEvent): void {
    const place = placeOf(event.target);
    const box = place && boxWith(this.#boxes(place.column), place.start);
    if (place && box && event.pointerType !== "touch") {
      const { column } = place;
      const address = addressAt(event, place);
      const size = sizeText(box.bytes === 0 ? box.end - box.start : box.bytes);
      this.#tip.show({ column, address, label: `${hex(address)} ${box.label}`, size }, event);
    } else this.#tip.hide();
    this.#pointed = place;
    this.#markKin();
  }

  #leave(): void {
    this.#tip.hide();
    this.#pointed = undefined;
    this.#markKin();
  }

  #markKin(): void {
    const columns = this.#view?.columns.map(wholeLine) ?? [];
    const boxAt = ({ column, start }: { column: number; start: number }) =>
      boxWith(columns[column] ?? [], start);
    const pointed = this.#pointed && boxAt(this.#pointed);
    for (const piece of this.#elements.map.querySelectorAll(".piece")) {
      const place = pointed && placeOf(piece);
      const box = place && boxAt(place);
      piece.classList.toggle(
        "kin",
        pointed !== undefined && box !== undefined && areKin(pointed, box),
      );
    }
  }

  #showTable(isTable: boolean): void {
    this.#isTable = isTable;
    const { map, tables, asTable } = this.#elements;
    asTable.setAttribute("aria-pressed", String(isTable));
    map.hidden = isTable;
    tables.hidden = !isTable;
    this.#draw();
  }
}

interface Place {
  readonly piece: SVGElement;
  readonly column: number;
  readonly start: number;
  readonly end: number;
  readonly isFold: boolean;
}

function placeOf(target: EventTarget | null): Place | undefined {
  const piece = target instanceof Element ? target.closest("[data-column]") : null;
  if (!(piece instanceof SVGElement)) return undefined;
  const { column, start, end } = piece.dataset;
  return {
    piece,
    column: Number(column),
    start: Number(start),
    end: Number(end),
    isFold: piece.classList.contains("fold"),
  };
}

/** The address at the pointer's height: the page, of more than one. */
function addressAt({ clientY }: MouseEvent, { piece, start, end }: Place): number {
  const { top, height } = piece.getBoundingClientRect();
  const share = Math.min(0.999, Math.max(0, 1 - (clientY - top) / height));
  const address = start + Math.floor(share * (end - start));
  return Math.max(start, address - (address % 4096));
}

function boxWith(boxes: readonly Box[], address: number): Box | undefined {
  return boxes.find(({ start, end }) => start <= address && address < end);
}

function areKin(box: Box, other: Box): boolean {
  if (box === other) return box.kind !== "empty";
  return box.frames.some((mine) =>
    other.frames.some((theirs) => mine.start < theirs.end && theirs.start < mine.end),
  );
}

/** The box above, below, or at the same height in the next column. */
function neighbourOf(key: string, piece: SVGElement): SVGElement | undefined {
  const list = piece.closest("[role=listbox]");
  const lists = [...(list?.parentElement?.querySelectorAll("[role=listbox]") ?? [])];
  const options = (of: Element | undefined | null) => [
    ...(of?.querySelectorAll<SVGElement>("[role=option]") ?? []),
  ];
  const index = options(list).indexOf(piece);
  const own = list ? lists.indexOf(list) : -1;
  switch (key) {
    case "ArrowUp":
      return options(list)[index - 1];
    case "ArrowDown":
      return options(list)[index + 1];
    case "Home":
      return options(list)[0];
    case "End":
      return options(list).at(-1);
    case "ArrowLeft":
      return nearest(options(lists[own - 1]), piece);
    case "ArrowRight":
      return nearest(options(lists[own + 1]), piece);
    default:
      return undefined;
  }
}

function nearest(options: readonly SVGElement[], piece: SVGElement): SVGElement | undefined {
  const middle = (of: Element) => {
    const { top, height } = of.getBoundingClientRect();
    return top + height / 2;
  };
  const distance = (of: Element) => Math.abs(middle(of) - middle(piece));
  return [...options].sort((a, b) => distance(a) - distance(b))[0];
}

function setAttribute(target: Element, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

function drawLegend(legend: HTMLElement): void {
  const kinds = KIND_NAMES.filter(([kind]) => kind !== "mixed").map(([kind, name]) =>
    element("li", {}, element("i", { class: `swatch ${kind}` }), name),
  );
  const shared = element("li", {}, element("i", { class: "swatch same" }), "in both spaces");
  const nothing = element("li", {}, element("i", { class: "swatch nothing" }), "nothing mapped");
  const marks = [
    element("li", {}, element("i", { class: "arrow" }, "▶"), "register points here"),
    element("li", {}, element("i", { class: "arrow" }, "▷"), "it would, were this CR3 loaded"),
  ];
  const rights = element("li", {}, "x: v86 has no NX, so nothing that is readable can forbid it");
  legend.replaceChildren(...kinds, shared, nothing, ...marks, rights);
}
