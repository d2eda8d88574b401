// What is known of the address that was chosen, and the page-table entries that lead to it.

import { hex } from "../../src/base/align";
import type { AddressFacts, PathStep } from "../../src/inspect/address-facts";
import { button, type Child, element } from "../document/element";

type Point = (space: string, address: number) => void;

/** Shows the facts in `card`; `point` goes to another place with the same frame. */
export function drawFacts(card: HTMLElement, facts: AddressFacts, point: Point): void {
  const { address, space, region, symbol } = facts;
  const what = [region, symbol].filter((each) => each !== undefined).join(", ");
  card.replaceChildren(
    element("h3", {}, element("code", {}, hex(address)), ` of ${space}`),
    element("p", { class: "what" }, sentence(facts, what)),
    ...(facts.path.length > 0 ? [pathTable(facts)] : []),
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
  const names: Child[] = bits.flatMap(({ name, meaning }) => [
    element("abbr", { class: "bit", title: meaning }, name),
    " ",
  ]);
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

/** Where else the frame is. */
function others({ mappings, space, address }: AddressFacts, point: Point): HTMLElement[] {
  const rest = mappings.filter((each) => each.space !== space || each.address !== address);
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
