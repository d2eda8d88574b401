// Tabs, as the ARIA practices want them: one tab stop, arrows between them.

/**
 * Makes a tab list work; `shown` is told which panel is shown.
 *
 * @returns what selects a tab by its identifier
 */
export function connectTabs(
  list: HTMLElement,
  shown: (panel: string) => void = () => {},
): (tab: string) => void {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const select = (tab: HTMLElement) => {
    for (const each of tabs) {
      const isSelected = each === tab;
      each.setAttribute("aria-selected", String(isSelected));
      each.tabIndex = isSelected ? 0 : -1;
      const panel = document.getElementById(each.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !isSelected;
    }
    shown(tab.getAttribute("aria-controls") ?? "");
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      const next = tabs[(index + step + tabs.length) % tabs.length];
      if (step === 0 || !next) return;
      select(next);
      next.focus();
    });
  }
  return (id) => {
    const tab = tabs.find((each) => each.id === id);
    if (tab) select(tab);
  };
}
