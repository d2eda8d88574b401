// Light or dark: as the system says, unless the reader says otherwise.

const KEY = "isthmus.theme";
const DARK = matchMedia("(prefers-color-scheme: dark)");

export type ThemeChoice = "auto" | "light" | "dark";

/** Applies the reader's choice, and calls `changed` now and whenever the theme changes. */
export function followTheme(select: HTMLSelectElement, changed: (isDark: boolean) => void): void {
  const apply = () => {
    const choice = select.value as ThemeChoice;
    const isDark = choice === "auto" ? DARK.matches : choice === "dark";
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    changed(isDark);
  };
  select.value = localStorage.getItem(KEY) ?? "auto";
  if (select.selectedIndex < 0) select.value = "auto";
  select.addEventListener("change", () => {
    localStorage.setItem(KEY, select.value);
    apply();
  });
  DARK.addEventListener("change", apply);
  apply();
}
