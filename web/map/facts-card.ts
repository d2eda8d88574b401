// What is known of the address that was chosen, and the page-table entries that lead to it.

import { hex } from "../../src/base/align";
import type { AddressFacts, FrameMapping, PathStep } from "../../src/inspect/address-facts";
import { button, type Child, element, redraw } from "../document/element";

type Point = (space: string, address: number) => void;

/** One line for each: what is there, its frame, and who else has that. */
export function factLines(facts: AddressFacts): string[] {
  const { address, space, region, symbol, pa, rights, mappings } = facts;
  const name = [region, symbol].filter((each) => each !== undefined).join(", ");
  const others = elsewhere(facts).map((each) => `${each.space} at ${hex(each.address)}`);
  const more = mappings.length > 0 ? "also " : "";
  return [
    `${hex(address)} of ${space}`,
    name,
    pa === undefined || rights === undefined ? "" : `frame ${hex(pa - (pa % 4096))}, ${rights}`,
    others.length === 0
      ? ""
      : `${rights === undefined ? "" : more}in ${listed(others.slice(0, 3))}`,
  ].filter((line) => line !== "");
}

/** Shows the facts in `card`; `point` goes to another place with the same frame. */
export function drawFacts(card: HTMLElement, facts: AddressFacts, point: Point): void {
  const { address, space, region, symbol } = facts;
  const what = [region, symbol].filter((each) => each !== undefined).join(", ");
  redraw(
    card,
    element("h3", {}, element("code", {}, hex(address)), ` of ${space}`),
    element("p", { class: "what" }, sentence(facts, what)),
    ...(facts.path.length > 0 ? [pathTable(facts), meanings(facts)] : []),
    ...others(facts, point),
  );
}

export function drawNothing(card: HTMLElement, text: string): void {
  card.replaceChildren(element("p", { class: "waiting" }, text));
}

function sentence({ pa, rights, space }: AddressFacts, what: string): string {
  const name = what === "" ? "" : `${what}: `;
  if (space === "physical memory") return what === "" ? "A frame of memory." : `${what}.`;
  if (pa === undefined || rights === undefined) return `${name}nothing is mapped here.`;
  const who = rights.startsWith("u") ? "a program may" : "only ring 0 may";
  const may = [
    ["r", "read"],
    ["w", "write"],
    ["x", "execute"],
  ]
    .filter(([letter = ""]) => rights.includes(letter))
    .map(([, word]) => word);
  return `${name}${who} ${listed(may)} it, in frame ${hex(pa - (pa % 4096))}.`;
}

function listed(words: readonly (string | undefined)[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function pathTable({ cr3, path }: AddressFacts): HTMLElement {
  const head = ["entry", "at", "value", "bits", "rights so far", "leads to"];
  const root = element(
    "tr",
    {},
    element("th", { scope: "row" }, "CR3"),
    element("td", {}, ""),
    element("td", {}, element("code", {}, hex(cr3 ?? 0))),
    element("td", { colspan: 3 }, "the first table"),
  );
  const table = element(
    "table",
    { class: "path" },
    element("caption", { class: "hidden" }, "The entries that the processor reads"),
    element(
      "thead",
      {},
      element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text))),
    ),
    element("tbody", {}, root, ...path.map(stepRow)),
  );
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Path of page tables" },
    table,
  );
}

function stepRow({ entry, address, value, bits, rights, leadsTo }: PathStep): HTMLElement {
  const names: Child[] = bits.flatMap(({ name }) => [element("span", { class: "bit" }, name), " "]);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, element("code", {}, entry)),
    element("td", {}, element("code", {}, hex(address))),
    element("td", {}, element("code", {}, value)),
    element("td", { class: "bits" }, ...names),
    element("td", {}, element("code", {}, rights)),
    element("td", {}, leadsTo),
  );
}

/** What the bits of these entries say: those who cannot hover read it, too. */
function meanings({ path }: AddressFacts): HTMLElement {
  const bits = new Map(
    path.flatMap(({ bits }) => bits.map(({ name, meaning }) => [name, meaning])),
  );
  const items = [...bits].map(([name, meaning]) =>
    element("li", {}, element("span", { class: "bit" }, name), ` ${meaning}`),
  );
  return element("ul", { class: "meanings", "aria-label": "What the bits say" }, ...items);
}

function elsewhere({ mappings, space, address }: AddressFacts): readonly FrameMapping[] {
  return mappings.filter((each) => each.space !== space || each.address !== address);
}

/** Where else the frame is. */
function others(facts: AddressFacts, point: Point): HTMLElement[] {
  const rest = elsewhere(facts);
  if (rest.length === 0) return [];
  const items = rest.map((each) =>
    element(
      "li",
      {},
      button(`${each.space} at ${hex(each.address)}`, () => point(each.space, each.address), {
        class: "link",
      }),
      " ",
      element("code", {}, each.rights),
    ),
  );
  return [
    element("p", {}, "The same frame is also in:"),
    element("ul", { class: "also" }, ...items),
  ];
}
