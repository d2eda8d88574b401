// QEMU's i386 PC, emulated in software: the machine with everything that v86 lacks.
//
// QEMU runs as a child process that cannot outlive us, without a display. Its standard input and
// output are the serial line; sockets are the debug console, the monitor (QMP), and GDB if asked
// for. It starts paused, so that all of them are connected before the first instruction. At a
// shutdown or a triple fault it pauses instead of exiting (`-no-shutdown -no-reboot`), so that its
// memory stays readable.

import { readFile, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import { openChannel } from "./channel";
import { type GuardedProcess, startGuarded } from "./child-process";
import { DebugConsole } from "./debug-console";
import { firmwareParameters, qemuProgram } from "./firmware";
import { GdbRemote } from "./gdb-remote";
import {
  type BootOptions,
  type Capabilities,
  decodeTextScreen,
  type Ending,
  type Machine,
  type MachineName,
  type QemuOptions,
  type Registers,
  type Snapshot,
} from "./machine";
import { PhysicalMemory } from "./physical-memory";
import { type Picture, readPicture, textOfPicture } from "./pixel-screen";
import { requireProgram } from "./programs";
import { type BootMethod, type Channels, qemuCapabilities, qemuParameters } from "./qemu-command";
import { QemuMonitor } from "./qemu-monitor";
import { parseQemuRegisters } from "./qemu-registers";
import { makeScratchFolder, removeScratchFolder } from "./scratch-folder";
import { SerialPort } from "./serial-port";
import { WindowPort, type WindowSize } from "./window-port";

const VGA_TEXT = 0xb8000;
const VGA_TEXT_SIZE = 80 * 25 * 2;
const MIB = 1 << 20;
/** RAM below the hole for devices; the rest starts at 4 GiB, which we do not read. */
const LOW_RAM_MAX = 0xc0000000;
/** A QEMU that has not connected by then never will. */
const CONNECT_TIMEOUT_MS = 60_000;
const QUIT_TIMEOUT_MS = 2_000;
/**
 * A UART loses what arrives before the guest sets it up. A guest that sends has done so; one that
 * sends nothing gets its input after this time.
 */
const INPUT_DELAY_MS = 3_000;
/** `inspectWhen` looks after runs of random length, so that it does not fall into step. */
const LOOK_INTERVAL_MAX_MS = 4;

/** See `Machine` for the methods. */
export class QemuMachine implements Machine {
  readonly name: MachineName;
  readonly serial: SerialPort;
  readonly capabilities: Capabilities;
  readonly ended: Promise<Ending>;

  readonly #options: BootOptions;
  readonly #qemu: QemuOptions;
  readonly #boot: BootMethod;
  #resolveEnded: (ending: Ending) => void = () => {};
  #ending: Ending | undefined;
  #closing: Promise<void> | undefined;
  #directory = "";
  #process: GuardedProcess | undefined;
  #channels: Channels | undefined;
  #monitor: QemuMonitor | undefined;
  #gdb: GdbRemote | undefined;
  #serialInput: Writable | undefined;
  #windowSocket: Socket | undefined;
  readonly #window: WindowPort | undefined;
  #debugSocket: Socket | undefined;
  /** Input held back until the guest is ready for it; undefined from then on. */
  #pendingInput: Uint8Array[] | undefined = [];
  #inputTimer: NodeJS.Timeout | undefined;
  #received = 0;
  /** Snapshots stop and resume the machine, so only one is taken at a time. */
  #exclusive: Promise<unknown> = Promise.resolve();
  readonly #console = new DebugConsole();

  constructor(name: MachineName, options: BootOptions, qemu: QemuOptions, boot: BootMethod) {
    this.name = name;
    this.#options = options;
    this.#qemu = qemu;
    this.#boot = boot;
    this.serial = new SerialPort((bytes) => this.#transmit(bytes));
    this.#window =
      options.window && new WindowPort(options.window, (bytes) => this.#windowSocket?.write(bytes));
    this.capabilities = qemuCapabilities(qemu);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  onDebugLine(listener: (line: string) => void): void {
    this.#console.onLine(listener);
  }

  async start({ stopped = false } = {}): Promise<void> {
    const program = await requireProgram(qemuProgram(this.#qemu, this.#options.memoryMiB));
    this.#directory = makeScratchFolder();
    try {
      const bootParameters = await this.#boot(this.#options, this.#directory, this.#qemu);
      const { firmware = "bios" } = this.#qemu;
      const firmwareFiles = await firmwareParameters(firmware, this.#directory);
      this.#channels = await this.#openChannels();
      this.#process = startGuarded(program, [
        ...qemuParameters(this.#options, this.#qemu, this.#channels),
        ...firmwareFiles,
        ...bootParameters,
        ...(this.#qemu.extraArguments ?? []),
      ]);
      await this.#connect(this.#channels, this.#process);
      if (!stopped && this.#qemu.debuggerAt === undefined) await this.resume();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  resize(window: WindowSize): void {
    if (!this.#ending) this.#window?.resize(window);
  }

  async stop(): Promise<void> {
    await this.#started().execute("stop");
    // GDB's stub has reported this stop before it answers: no later step takes it for its own.
    await this.#gdb?.registers();
  }

  async resume(): Promise<void> {
    if (!this.#ending) await this.#started().execute("cont");
  }

  inspect<Result>(look: (snapshot: Snapshot) => Result): Promise<Result> {
    return this.#exclusively(() => this.#whileStopped(async () => look(await this.#snapshot())));
  }

  async inspectWhen<Result>(
    condition: (registers: Registers) => boolean,
    look: (snapshot: Snapshot) => Result | undefined,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    const deadline = Date.now() + timeoutMs;
    const lookNow = () =>
      this.#whileStopped(async () =>
        condition(await this.#registers()) ? look(await this.#snapshot()) : undefined,
      );
    while (Date.now() < deadline && !this.#ending) {
      const result = await this.#exclusively(lookNow).catch((error: unknown) => {
        if (this.#ending) return undefined;
        throw error;
      });
      if (result !== undefined) return result;
      await sleep(Math.random() * LOOK_INTERVAL_MAX_MS);
    }
    return undefined;
  }

  readPhysical(address: number, size: number): Promise<Uint8Array> {
    return this.#exclusively(() => this.#physical(address, size));
  }

  registers(): Promise<Registers> {
    return this.#exclusively(() => this.#whileStopped(() => this.#registers()));
  }

  glance(): Promise<Registers> {
    return this.#exclusively(() => this.#registers());
  }

  screen(): Promise<string[]> {
    return this.#exclusively(() => this.#screen());
  }

  async #screen(): Promise<string[]> {
    const picture = this.#mayHavePixels() ? await this.#picture() : undefined;
    if (picture && !isTextMode(picture)) return textOfPicture(picture);
    return decodeTextScreen(await this.#physical(VGA_TEXT, VGA_TEXT_SIZE));
  }

  /** UEFI knows no text mode; GRUB sets the mode that a kernel asks for, or the kernel itself. */
  #mayHavePixels(): boolean {
    const { firmware = "bios" } = this.#qemu;
    return firmware !== "bios" || this.name === "grub" || this.#options.setsPixels === true;
  }

  async step(count = 1): Promise<number> {
    for (let done = 0; done < count; done++) {
      if (this.#ending) return done;
      await this.#stepOnce();
    }
    return count;
  }

  async runTo(address: number): Promise<boolean> {
    const gdb = this.gdb();
    // A breakpoint where the machine stands would stop it at once.
    await this.#stepOnce();
    await gdb.setBreakpoint(address);
    while (!this.#ending && (await gdb.registers()).eip !== address) {
      await Promise.race([gdb.continue(), this.ended]);
    }
    if (this.#ending) return false;
    await gdb.clearBreakpoint(address);
    return true;
  }

  /**
   * A step of QEMU's executes nothing if the interrupt controller has asked for attention at that
   * moment; then no register changes. To step a jump to itself twice makes no difference.
   */
  async #stepOnce(): Promise<void> {
    const gdb = this.gdb();
    const before = Object.values(await gdb.registers());
    for (let tries = 0; tries < 2; tries++) {
      await gdb.step();
      const after = Object.values(await gdb.registers());
      if (after.some((value, index) => value !== before[index])) return;
    }
  }

  async injectNmi(): Promise<void> {
    await this.#started().execute("inject-nmi");
  }

  /** Runs a line of QEMU's human monitor and returns what it prints. */
  async monitor(line: string): Promise<string> {
    return this.#started().human(line);
  }

  /** The connection to QEMU's GDB stub; only if it was asked for in the options. */
  gdb(): GdbRemote {
    if (this.#gdb) return this.#gdb;
    throw new Error("this machine was made without the option `gdb`");
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    this.#resolveEnded({ kind: "closed" });
    this.#ending ??= { kind: "closed" };
    clearTimeout(this.#inputTimer);
    if (this.#process) {
      this.#monitor?.execute("quit").catch(() => {});
      await Promise.race([this.#process.exited, sleep(QUIT_TIMEOUT_MS, undefined, { ref: false })]);
      this.#process.kill();
      await this.#process.exited;
    }
    for (const channel of Object.values(this.#channels ?? {})) channel?.close();
    this.serial.close();
    if (this.#directory) removeScratchFolder(this.#directory);
  }

  async #openChannels(): Promise<Channels> {
    const open = (name: string) => openChannel(this.#directory, name);
    return {
      debug: await open("debug"),
      monitor: await open("monitor"),
      ...(this.#window && { window: await open("window") }),
      ...(this.#qemu.gdb && { gdb: await open("gdb") }),
    };
  }

  async #connect(channels: Channels, process: GuardedProcess): Promise<void> {
    void process.exited.then((exit) => void this.#endByExit(exit));
    const all = Promise.all([
      channels.debug.socket,
      channels.monitor.socket,
      channels.gdb?.socket,
      channels.window?.socket,
    ]);
    const sockets = await Promise.race([all, this.#connectFailure(process)]);
    const [debug, monitor, gdb, window] = sockets;
    this.#windowSocket = window;
    window?.on("data", (chunk: Buffer) => this.#window?.receive(chunk));
    this.#attachSerial(process);
    this.#debugSocket = debug;
    debug.on("data", (chunk: Buffer) => this.#receiveDebug(chunk));
    this.#monitor = new QemuMonitor(monitor, (name, data) => this.#onEvent(name, data));
    if (gdb) this.#gdb = new GdbRemote(gdb);
    // QEMU connects first, and may then find out that it cannot run such a machine.
    await this.#monitor.execute("qmp_capabilities").catch(() => this.#connectFailure(process));
  }

  async #connectFailure(process: GuardedProcess): Promise<never> {
    const exited = await Promise.race([
      process.exited,
      sleep(CONNECT_TIMEOUT_MS, undefined, { ref: false }),
    ]);
    const why = exited ? exited.errors : `no answer in ${CONNECT_TIMEOUT_MS / 1000} s`;
    throw new Diagnostic(
      "MACH005",
      `QEMU did not start: ${why}`,
      "Fix what it complains about; `qemu-system-i386 --version` should print 7.2 or newer",
    );
  }

  #attachSerial({ input, output }: GuardedProcess): void {
    this.#serialInput = input;
    output.on("data", (chunk: Buffer) => {
      this.#received += chunk.length;
      this.#releaseInput();
      this.serial.receive(chunk);
    });
    this.#inputTimer = setTimeout(() => this.#releaseInput(), INPUT_DELAY_MS).unref();
  }

  #releaseInput(): void {
    clearTimeout(this.#inputTimer);
    const pending = this.#pendingInput ?? [];
    this.#pendingInput = undefined;
    for (const bytes of pending) this.#serialInput?.write(bytes);
  }

  #transmit(bytes: Uint8Array): void {
    if (this.#ending) return;
    if (this.#pendingInput) this.#pendingInput.push(bytes);
    else this.#serialInput?.write(bytes);
  }

  #receiveDebug(chunk: Buffer): void {
    for (const byte of chunk) {
      const ending = this.#console.receive(byte);
      if (ending) void this.#end(ending);
    }
  }

  #onEvent(name: string, data: Readonly<Record<string, unknown>>): void {
    if (name !== "SHUTDOWN") return;
    if (data.reason === "guest-shutdown") void this.#endByShutdown();
    else if (data.reason === "guest-reset") void this.#endByReset();
  }

  /**
   * The kernel's last line went to the debug console before this event was sent, but by another
   * socket: it is read, and decides how the run ended, by the time that a question is answered.
   */
  async #endByShutdown(): Promise<void> {
    await this.#monitor?.execute("query-status").catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await this.#end({ kind: "off" });
  }

  /** Its exit device ends QEMU itself, with twice the value plus one. */
  async #endByExit({ status, errors }: { status: number; errors: string }): Promise<void> {
    if (this.#options.exitDevice && status % 2 === 1 && errors === "") {
      // What was sent before is in the socket.
      await endOf(this.#debugSocket);
      await this.#end({ kind: "device", value: (status - 1) / 2 });
    }
    await this.#end({ kind: "crash", text: `QEMU exited with status ${status}: ${errors}` });
  }

  async #endByReset(): Promise<void> {
    const registers = await this.#registers().catch(() => undefined);
    const where = registers ? ` at eip ${hex(registers.eip)}, cr2 ${hex(registers.cr2)}` : "";
    await this.#end({ kind: "crash", text: `the processor shut down (triple fault)${where}` });
  }

  /** Pauses the machine, reads the rest of its serial output, and reports the end. */
  async #end(ending: Ending): Promise<void> {
    if (this.#ending) return;
    this.#ending = ending;
    await this.#drain().catch(() => {});
    this.#resolveEnded(ending);
  }

  async #drain(): Promise<void> {
    await this.#monitor?.execute("stop");
    for (let seen = -1; seen !== this.#received; ) {
      seen = this.#received;
      await this.#monitor?.execute("query-status");
    }
  }

  #started(): QemuMonitor {
    if (this.#monitor) return this.#monitor;
    throw new Error("the machine has not been started");
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#exclusive.then(action);
    this.#exclusive = done.catch(() => {});
    return done;
  }

  async #whileStopped<T>(action: () => Promise<T>): Promise<T> {
    const status = (await this.#started().execute("query-status")) as { running: boolean };
    if (!status.running) return action();
    await this.stop();
    try {
      return await action();
    } finally {
      await this.resume();
    }
  }

  async #snapshot(): Promise<Snapshot> {
    const size = Math.min(this.#options.memoryMiB * MIB, LOW_RAM_MAX);
    return {
      memory: new PhysicalMemory(await this.#physical(0, size)),
      registers: await this.#registers(),
      machine: this.name,
      capabilities: this.capabilities,
    };
  }

  async #registers(): Promise<Registers> {
    return parseQemuRegisters(await this.#started().human("info registers"));
  }

  async #picture(): Promise<Picture | undefined> {
    const filename = join(this.#directory, "picture");
    await this.#started().execute("screendump", { filename });
    const bytes = await readFile(filename);
    await rm(filename);
    return readPicture(bytes);
  }

  async #physical(address: number, size: number): Promise<Uint8Array> {
    const filename = join(this.#directory, "memory");
    await this.#started().execute("pmemsave", { val: address, size, filename });
    const bytes = await readFile(filename);
    await rm(filename);
    return bytes;
  }
}

/** The VGA's cells have 9 by 16 pixels there. */
function isTextMode({ width, height }: Picture): boolean {
  return width === 720 && height === 400;
}

/** Resolves once all that came over the socket has been read. */
function endOf(socket: Socket | undefined): Promise<void> {
  if (!socket || socket.readableEnded || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
