// The reference's search: hides the entries that lack one of the words.

import { byId } from "../document/element";
import { followTheme } from "../document/theme";

const search = byId("search", HTMLInputElement);
const found = byId("found", HTMLElement);
const entries = [...document.querySelectorAll<HTMLElement>(".entry")].map((entry) => ({
  entry,
  text: (entry.textContent ?? "").toLowerCase(),
}));

function filter(): void {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { entry, text } of entries) {
    const isWanted = words.every((word) => text.includes(word));
    entry.hidden = !isWanted;
    if (isWanted) count++;
  }
  found.textContent = words.length === 0 ? "" : `${count} of ${entries.length} entries`;
}

search.addEventListener("input", filter);
followTheme(byId("theme", HTMLSelectElement), () => {});
