// A client of GDB's remote serial protocol, as QEMU's stub speaks it: breakpoints and single steps.
//
//   $DATA#CS     a packet; CS is the sum of DATA's bytes modulo 256, in hexadecimal
//   + -          received intact, or damaged
//   \x03         interrupt: stop the processor
//
// One request is outstanding at a time. `continue` and `step` are answered when the processor stops
// (`S05` or `T05…`). QEMU also sends such a packet, unasked, when its monitor stops the machine; it
// must not be taken for the answer to another request. See GDB's manual, appendix E, and QEMU's
// docs/system/gdb.rst.

import type { Socket } from "node:net";

/** Bits for `setStepFlags`. */
export const STEP_ENABLED = 1;
export const STEP_NO_INTERRUPTS = 2;
export const STEP_NO_TIMERS = 4;

/** The general registers in the order of the protocol's `g` packet on i386. */
export const GDB_REGISTERS = [
  ...["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags"],
  ...["cs", "ss", "ds", "es", "fs", "gs"],
] as const;

const STOP_REPLY = /^[ST][0-9a-fA-F]{2}/;

export class GdbRemote {
  readonly #socket: Socket;
  #received = "";
  #answer: ((packet: string) => void) | undefined;
  /** The outstanding request is `continue` or `step`. */
  #isRunning = false;
  #fail: ((error: Error) => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#receive(chunk.toString("latin1")));
    socket.on("close", () => this.#fail?.(new Error("QEMU's GDB stub has gone away")));
  }

  /** Executes one instruction. */
  async step(): Promise<void> {
    await this.#request("s");
  }

  /** Runs until a breakpoint or `interrupt`. */
  async continue(): Promise<void> {
    await this.#request("c");
  }

  /** Stops a processor that `continue` runs. */
  interrupt(): void {
    this.#socket.write("\x03");
  }

  /** A hardware breakpoint at linear address `address`: no byte of memory changes. */
  async setBreakpoint(address: number): Promise<void> {
    await this.#expectOk(`Z1,${address.toString(16)},1`);
  }

  async clearBreakpoint(address: number): Promise<void> {
    await this.#expectOk(`z1,${address.toString(16)},1`);
  }

  /**
   * What a step suppresses: any of STEP_NO_INTERRUPTS and STEP_NO_TIMERS, with STEP_ENABLED.
   * QEMU's default is all three, so that a step never runs into an interrupt handler.
   */
  async setStepFlags(flags: number): Promise<void> {
    await this.#expectOk(`Qqemu.sstep=0x${flags.toString(16)}`);
  }

  /** The sixteen registers of GDB_REGISTERS, by name. */
  async registers(): Promise<Record<string, number>> {
    const words = decodeHex(await this.#request("g"));
    return Object.fromEntries(
      GDB_REGISTERS.map((name, index) => [name, words.readUInt32LE(index * 4)]),
    );
  }

  async writeRegister(name: (typeof GDB_REGISTERS)[number], value: number): Promise<void> {
    // The stub takes a single register (`P`) only from clients that read its XML: write all.
    const words = decodeHex(await this.#request("g"));
    words.writeUInt32LE(value >>> 0, GDB_REGISTERS.indexOf(name) * 4);
    await this.#expectOk(`G${words.toString("hex")}`);
  }

  /** Reads at a linear address, through the processor's current page tables. */
  async readMemory(address: number, length: number): Promise<Uint8Array> {
    return decodeHex(await this.#request(`m${address.toString(16)},${length.toString(16)}`));
  }

  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    const data = Buffer.from(bytes).toString("hex");
    await this.#expectOk(`M${address.toString(16)},${bytes.length.toString(16)}:${data}`);
  }

  async #expectOk(packet: string): Promise<void> {
    const answer = await this.#request(packet);
    if (answer !== "OK") throw new Error(`QEMU's GDB stub answered ${packet} with ${answer}`);
  }

  /** Sends a packet once those before it are answered, and returns the answer. */
  #request(packet: string): Promise<string> {
    const answered = this.#queue.then(() => this.#exchange(packet));
    this.#queue = answered.catch(() => {});
    return answered;
  }

  #exchange(packet: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
      this.#isRunning = packet === "c" || packet === "s";
      if (this.#socket.destroyed) reject(new Error("QEMU's GDB stub has gone away"));
      else this.#socket.write(`$${packet}#${checksum(packet)}`, "latin1");
    });
  }

  #receive(text: string): void {
    this.#received += text;
    for (;;) {
      const match = /^[+-]*\$([^#]*)#[0-9a-fA-F]{2}/.exec(this.#received);
      if (!match) return;
      this.#received = this.#received.slice(match[0].length);
      this.#socket.write("+");
      const packet = match[1] ?? "";
      if (STOP_REPLY.test(packet) && !this.#isRunning) continue;
      this.#isRunning = false;
      const answer = this.#answer;
      this.#answer = undefined;
      this.#fail = undefined;
      answer?.(packet);
    }
  }
}

function checksum(packet: string): string {
  const sum = Buffer.from(packet, "latin1").reduce((total, byte) => total + byte, 0);
  return (sum & 0xff).toString(16).padStart(2, "0");
}

function decodeHex(answer: string): Buffer {
  if (/^E[0-9a-fA-F]{2}$/.test(answer)) throw new Error(`QEMU's GDB stub answered ${answer}`);
  return Buffer.from(answer, "hex");
}
