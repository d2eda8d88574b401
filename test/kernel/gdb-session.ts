// A stock gdb that a test talks to: a command in, what it prints out.

import { type ChildProcess, spawn } from "node:child_process";
import { INSTALLATION } from "../../src/cli/project";
import { HANG_MS } from "../hang-guard";

const END = "--end of answer--\n";
const PROMPT = "(gdb) ";

export class GdbSession {
  readonly #child: ChildProcess;
  #output = "";
  #waiting: (() => void) | undefined;

  /**
   * @param file the ELF file, relative to `folder`
   * @param folder where the sources are found from; default: the project's
   */
  constructor(file: string, folder = INSTALLATION) {
    const quiet = ["set pagination off", "set confirm off", "set width 0", "set complaints 1000"];
    const words = ["-nx", "-q", ...quiet.flatMap((each) => ["-ex", each]), file];
    // Both outputs through one pipe: a warning that came by another could come after the answer.
    const shell = ["-c", 'exec gdb "$@" 2>&1', "gdb", ...words];
    this.#child = spawn("sh", shell, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString("utf8");
      this.#waiting?.();
    });
    this.#child.once("close", () => this.#waiting?.());
  }

  /** What gdb prints for this command; fails if there is no answer. */
  async ask(command: string): Promise<string> {
    this.#output = "";
    this.#child.stdin?.write(`${command}\necho ${END.trim()}\\n\n`);
    const deadline = Date.now() + HANG_MS;
    // gdb may warn before any prompt, so also after the end: that belongs to no answer.
    while (!(this.#output.includes(END) && this.#output.endsWith(PROMPT))) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`gdb did not answer ${command}: ${this.#output}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const answer = this.#output.slice(0, this.#output.indexOf(END));
    return answer.replaceAll(PROMPT, "").trim();
  }

  /** The value of an expression, as gdb prints it. */
  value(expression: string): Promise<string> {
    return this.ask(`output ${expression}`);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill("SIGKILL");
    await new Promise((resolve) => this.#child.once("close", resolve));
  }
}
