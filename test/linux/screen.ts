// What a person at the machine's serial line sees and does: a terminal of 80 by 24, by xterm.js
// without a page. It answers what programs ask of a terminal, as any terminal does.
//
// Nothing here waits for a time: each wait is for what the screen is to show, and ends with the
// screen's text in the message if the machine ends first.

import { createRequire } from "node:module";
import type { Machine } from "../../src/machine/machine";
import type { WindowSize } from "../../src/machine/window-port";
import { HANG_MS } from "../hang-guard";

/** What is used of xterm.js, whose own types are for pages. */
interface Terminal {
  readonly rows: number;
  readonly buffer: { readonly active: Buffer };
  onData(listener: (data: string) => void): void;
  write(data: Uint8Array, done: () => void): void;
  resize(columns: number, rows: number): void;
}

interface Buffer {
  readonly type: "normal" | "alternate";
  /** The line at which the window begins, and the cursor's below it. */
  readonly baseY: number;
  readonly cursorY: number;
  getLine(line: number): { translateToString(trims: boolean): string } | undefined;
}

interface TerminalOptions {
  readonly cols: number;
  readonly rows: number;
  readonly allowProposedApi: boolean;
}

// It is a script for pages, and not a module for Node.
const { Terminal: XTerm } = createRequire(import.meta.url)("@xterm/xterm") as {
  readonly Terminal: new (options: TerminalOptions) => Terminal;
};

export const USUAL_WINDOW: WindowSize = { rows: 24, columns: 80 };

export class Screen {
  readonly #machine: Machine;
  readonly #terminal = new XTerm({
    cols: USUAL_WINDOW.columns,
    rows: USUAL_WINDOW.rows,
    allowProposedApi: true,
  });
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#terminal.onData((answer) => machine.serial.send(answer));
    machine.serial.onOutput((bytes) => this.#terminal.write(bytes, () => this.#notify()));
    void machine.ended.then(() => {
      this.#hasEnded = true;
      this.#notify();
    });
  }

  /** The lines of the window, without trailing blanks. */
  lines(): string[] {
    return Array.from({ length: this.#terminal.rows }, (_, row) => this.#line(row));
  }

  text(): string {
    return this.lines().join("\n");
  }

  /** The line with the cursor. */
  get cursorLine(): string {
    return this.#line(this.#terminal.buffer.active.cursorY);
  }

  /** Whether a program shows the screen that full-screen programs use. */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  type(keys: string): void {
    this.#machine.serial.send(keys);
  }

  /** The window has another size: machine and terminal are told, as a window system would. */
  resize({ rows, columns }: WindowSize): void {
    this.#terminal.resize(columns, rows);
    this.#machine.resize({ rows, columns });
  }

  /**
   * Waits until every program in the machine waits. Programs that look for a signal and then wait
   * for a key (less, vim) overlook one that comes between the two, on any system, and less then
   * loses a key that comes with it: who sends a signal waits for this first.
   */
  async settles(): Promise<void> {
    const isIdle = await this.#machine.inspectWhen(
      ({ halted }) => halted,
      () => true,
      HANG_MS,
    );
    if (!isIdle) throw new Error(`the machine is never idle; the screen:\n${this.text()}`);
  }

  /** Waits until the window's text matches. */
  shows(pattern: RegExp): Promise<void> {
    return this.until(() => pattern.test(this.text()), String(pattern));
  }

  /** Waits until the line with the cursor is that one. */
  awaits(line: string): Promise<void> {
    return this.until(() => this.cursorLine === line, `the line ${JSON.stringify(line)}`);
  }

  /** Waits until `isSo`, which `what` describes, and rejects if that never comes. */
  until(isSo: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (failure?: string) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        if (failure === undefined) resolve();
        else reject(new Error(`${failure} waiting for ${what}; the screen:\n${this.text()}`));
      };
      const look = () => {
        if (isSo()) finish();
        else if (this.#hasEnded) finish("the machine ended,");
      };
      const timer = setTimeout(() => finish("it hangs,"), HANG_MS);
      this.#watchers.add(look);
      look();
    });
  }

  #line(row: number): string {
    const buffer = this.#terminal.buffer.active;
    return (
      buffer
        .getLine(buffer.baseY + row)
        ?.translateToString(true)
        .trimEnd() ?? ""
    );
  }

  #notify(): void {
    for (const look of [...this.#watchers]) look();
  }
}

/** How often a shell is asked for its window's size: far more than it takes to hear of it. */
const ASKED_AT_MOST = 1000;

/** A shell at the screen, known by its prompt. */
export class ShellAtScreen {
  constructor(
    readonly screen: Screen,
    readonly prompt: string,
  ) {}

  /** Waits for the prompt, with nothing typed yet. */
  ready(): Promise<void> {
    return this.screen.awaits(this.prompt);
  }

  /** Types a line, sees it echoed, and ends it. */
  async enter(line: string): Promise<void> {
    this.screen.type(line);
    await this.screen.awaits(`${this.prompt} ${line}`);
    this.screen.type("\r");
  }

  /** As enter(); waits until the prompt is there again, and returns what stands between. */
  async run(line: string): Promise<string> {
    await this.clear();
    await this.enter(line);
    await this.ready();
    const lines = this.screen.lines();
    const first = lines.indexOf(`${this.prompt} ${line}`);
    return lines.slice(first + 1, lines.lastIndexOf(this.prompt)).join("\n");
  }

  /**
   * Gives the window another size, and waits until the shell's terminal has it: that is told on a
   * line of its own, which no order holds together with what is typed.
   */
  async resize(size: WindowSize): Promise<void> {
    this.screen.resize(size);
    const text = `${size.rows} ${size.columns}`;
    for (let asked = 0; asked < ASKED_AT_MOST; asked++) {
      if ((await this.run("stty size")) === text) return;
    }
    throw new Error(`the shell's terminal never has the size ${text}`);
  }

  /** An empty screen with the prompt in the first line. */
  async clear(): Promise<void> {
    this.screen.type("\f");
    await this.screen.until(() => this.screen.text().trimEnd() === this.prompt, "an empty screen");
  }
}
