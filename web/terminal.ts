// The terminal: xterm.js on the machine's serial line, with keys for screens without a keyboard.
//
// It must not be a trap, though the guest wants Tab and Esc: Tab after Esc moves the focus on, or
// with Shift back, however long that takes; Esc twice in a row moves it on, too.

import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import type { WindowSize } from "../src/machine/window-port";
import { button } from "./document/element";

const DOUBLE_ESC_MS = 600;
const ESC = "\x1b";
/** What the page says, not the guest, is dim. */
const DIM = "\x1b[2m";
const NORMAL = "\x1b[0m";

const LIGHT: ITheme = {
  background: "#ffffff",
  foreground: "#1b1f24",
  cursor: "#c2410c",
  selectionBackground: "#b6d7f2",
  black: "#1b1f24",
  red: "#b3261e",
  green: "#1a7f37",
  yellow: "#8a6100",
  blue: "#0b61a4",
  magenta: "#8e3a72",
  cyan: "#0a6c74",
  white: "#57606a",
};

const DARK: ITheme = {
  background: "#0d1117",
  foreground: "#e6edf3",
  cursor: "#ff8a4c",
  selectionBackground: "#264f78",
  black: "#484f58",
  red: "#ff7b72",
  green: "#56d364",
  yellow: "#e3b341",
  blue: "#79c0ff",
  magenta: "#f0a6d8",
  cyan: "#56d4dd",
  white: "#e6edf3",
};

/** Keys that a touch screen lacks, and what they send; Ctrl holds for the next letter. */
const TOUCH_KEYS: readonly (readonly [label: string, name: string, sent: string])[] = [
  ["Tab", "Tab", "\t"],
  ["↑", "Up", "\x1b[A"],
  ["↓", "Down", "\x1b[B"],
  ["←", "Left", "\x1b[D"],
  ["→", "Right", "\x1b[C"],
  ["^C", "Control C", "\x03"],
  ["^D", "Control D", "\x04"],
  ["^Z", "Control Z", "\x1a"],
];

export class TerminalPane {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #send: (text: string) => void;
  #isControlHeld = false;
  /** Whether the last key was Esc, and when it was pressed. */
  #isLeaving = false;
  #lastEsc = -Infinity;

  constructor(container: HTMLElement, keys: HTMLElement, send: (text: string) => void) {
    this.#send = send;
    this.#terminal = new Terminal({
      cursorBlink: false,
      fontSize: 13,
      lineHeight: 1.15,
      fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      scrollback: 5000,
      screenReaderMode: true,
      minimumContrastRatio: 4.5,
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(container);
    this.#terminal.textarea?.setAttribute("aria-label", "Terminal of the guest");
    this.#terminal.textarea?.setAttribute("aria-describedby", "terminal-hint");
    this.#terminal.onData((text) => this.#type(text));
    this.#terminal.attachCustomKeyEventHandler((event) => this.#handleKey(event));
    new ResizeObserver(() => this.#fit.fit()).observe(container);
    this.#addKeys(keys);
  }

  /** How large it is. */
  get window(): WindowSize {
    return { rows: this.#terminal.rows, columns: this.#terminal.cols };
  }

  onResize(listener: () => void): void {
    this.#terminal.onResize(listener);
  }

  write(bytes: Uint8Array): void {
    this.#terminal.write(bytes);
  }

  /** What the page has to say, on a line of its own. */
  note(text: string): void {
    this.#terminal.write(`\r\n${DIM}${text}${NORMAL}\r\n`);
  }

  /** @param isBare the guest ends lines with \n alone, as a serial line without a driver does */
  clear(isBare = false): void {
    this.#terminal.options.convertEol = isBare;
    this.#terminal.reset();
  }

  focus(): void {
    this.#terminal.element?.scrollIntoView({ block: "nearest" });
    this.#terminal.focus();
  }

  setDark(isDark: boolean): void {
    this.#terminal.options.theme = isDark ? DARK : LIGHT;
  }

  /** All that is there, with what has scrolled off. */
  text(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, index) =>
      active.getLine(index)?.translateToString(true),
    );
    return lines.join("\n").trimEnd();
  }

  #type(text: string): void {
    const isLetter = this.#isControlHeld && /^[a-z]$/i.test(text);
    const sent = isLetter ? String.fromCharCode(text.toUpperCase().charCodeAt(0) - 64) : text;
    this.#holdControl(false);
    this.#send(sent);
  }

  /** False: not for the guest. */
  #handleKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    const isCopy =
      event.ctrlKey && event.key.toLowerCase() === "c" && this.#terminal.hasSelection();
    if (isCopy || (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "c")) {
      void navigator.clipboard.writeText(this.#terminal.getSelection());
      this.#terminal.clearSelection();
      return false;
    }
    // The browser pastes by itself, and xterm takes what it pastes.
    if (event.ctrlKey && event.key.toLowerCase() === "v") return false;
    if (event.key === "Shift") return true;
    const wasLeaving = this.#isLeaving;
    this.#isLeaving = event.key === "Escape";
    if (!this.#isLeaving) {
      this.#lastEsc = -Infinity;
      // The browser moves the focus by itself.
      return event.key !== "Tab" || !wasLeaving;
    }
    const isSecond = event.timeStamp - this.#lastEsc < DOUBLE_ESC_MS;
    this.#lastEsc = event.timeStamp;
    if (!isSecond) return true;
    this.#leave();
    return false;
  }

  /** To the first of the controls below: the keys or, where they are not shown, the words. */
  #leave(): void {
    const below = this.#terminal.element
      ?.closest("section")
      ?.querySelectorAll("#terminal ~ * button");
    [...(below ?? [])].find((each): each is HTMLButtonElement => isShown(each))?.focus();
  }

  #addKeys(keys: HTMLElement): void {
    const control = button("Ctrl", () => this.#holdControl(!this.#isControlHeld), {
      "aria-pressed": "false",
      id: "sticky-control",
    });
    const escapeKey = button("Esc", () => this.#send(ESC));
    const others = TOUCH_KEYS.map(([label, name, sent]) =>
      button(label, () => this.#pressKey(sent), { "aria-label": name }),
    );
    keys.append(control, escapeKey, ...others);
  }

  #pressKey(sent: string): void {
    this.#send(sent);
    this.focus();
  }

  #holdControl(isHeld: boolean): void {
    this.#isControlHeld = isHeld;
    document.getElementById("sticky-control")?.setAttribute("aria-pressed", String(isHeld));
    if (isHeld) this.focus();
  }
}

function isShown(element: Element): boolean {
  return element.getClientRects().length > 0;
}
