// v86: the machine that needs nothing installed, in Node as in a browser.
//
// v86 compiles guest code to WebAssembly and runs it in slices of about a millisecond on the event
// loop. It loads a Multiboot kernel without any BIOS image. Its own WebAssembly comes in as bytes,
// since how they are read depends on where this runs (v86-wasm.ts reads them in Node),
// patched (v86-patch.ts). This file
// sits between that WebAssembly and v86's JavaScript, and wraps some of the imports and exports
// that pass between the two:
//
//   - `main_loop`: what v86 cannot do ends there in a Rust panic or a stack overflow, which becomes
//     the ending "crash" instead of an exception out of nowhere;
//   - `run_hardware_timers` and `io_port_write8`: when these are called (every 100,003
//     instructions, and at each OUT of the guest) the registers are consistent, so `inspectWhen`
//     looks then;
//   - `microtick` and, again, `run_hardware_timers`: v86-stepper.ts decides by them what time it
//     is, and so how far v86 runs.
//
// The capabilities below were measured with version 0.5.462; the version is pinned.

import { V86, type V86Options } from "v86";
import { VECTOR_NMI } from "../abi/descriptors";
import { PORT_DEBUG_CONSOLE, PORT_EXIT } from "../abi/ports";
import { DebugConsole } from "./debug-console";
import {
  type BootOptions,
  type Capabilities,
  decodeTextScreen,
  type Ending,
  type Machine,
  type Registers,
  type Snapshot,
} from "./machine";
import { PhysicalMemory } from "./physical-memory";
import { type Picture, textOfPicture } from "./pixel-screen";
import { SerialPort } from "./serial-port";
import { DELIVER } from "./v86-patch";
import { type SteppedCpu, V86Stepper } from "./v86-stepper";
import { WindowPort, type WindowSize } from "./window-port";

const VGA_TEXT = 0xb8000;
const VGA_TEXT_SIZE = 80 * 25 * 2;
/** v86's index of the task register in its arrays of segments. */
const TASK_REGISTER = 6;
const PAGE_MASK = ~0xfff;
/** How often `runTo` calls v86 before it lets the event loop turn. */
const CALLS_OF_A_SLICE = 4096;
/** How long a halted processor is left alone: about as long as v86 does. */
const HALTED_MS = 1;

export const V86_CAPABILITIES: Capabilities = {
  nx: "v86 has no NX bit and no EFER",
  smep: "v86 has no SMEP",
  smap: "v86 has no SMAP",
  umip: "v86 has no UMIP",
  doubleFault: "v86 recurses instead of raising #DF when delivering a fault faults",
  singleStep: true,
  guestDebug: "v86 ignores EFLAGS.TF and the debug registers",
  nmi: true,
  iretFaults: "v86 dies on an iret to a bad CS",
};

/** The part of v86's processor that this file reads. It is not in v86's own declarations. */
interface Cpu extends SteppedCpu {
  readonly instruction_counter: Uint32Array;
  readonly reg32: Int32Array;
  readonly sreg: Uint16Array;
  readonly cr: Int32Array;
  readonly cpl: Uint8Array;
  readonly segment_offsets: Int32Array;
  readonly segment_limits: Uint32Array;
  readonly gdtr_offset: Int32Array;
  readonly gdtr_size: Int32Array;
  readonly idtr_offset: Int32Array;
  readonly idtr_size: Int32Array;
  readonly mem8: Uint8Array;
  readonly wasm_memory: WebAssembly.Memory;
  readonly io: {
    register_write(
      port: number,
      device: object,
      write8: (value: number) => void,
      write16?: (value: number) => void,
      write32?: (value: number) => void,
    ): void;
    register_read(port: number, device: object, read8: () => number): void;
  };
  get_eflags(): number;
  device_raise_irq(line: number): void;
  device_lower_irq(line: number): void;
  read8(address: number): number;
  full_clear_tlb(): void;
  readonly devices: {
    readonly vga: Vga;
    readonly pci: { readonly devices: readonly ({ readonly pci_bars: unknown[] } | undefined)[] };
  };
}

/** The part of v86's display adapter that shows pixels. */
interface Vga {
  readonly svga_enabled: boolean;
  readonly svga_width: number;
  readonly svga_height: number;
  /** Bits of a pixel: 24 or 32 are known here. */
  readonly svga_bpp: number;
  readonly svga_memory: Uint8Array;
}

/** The part of v86's driver that this file uses: what calls `main_loop` again and again. */
interface Driver {
  readonly cpu: Cpu;
  yield(milliseconds: number, tick: number): void;
  yield_callback(tick: number): void;
}

/**
 * Calls `next` once after so many milliseconds; less than 1: as soon as the event loop has turned.
 * A page has its own, because v86 would make a worker of a Blob to measure time, and to slow v86
 * down.
 */
export type Pace = (milliseconds: number, next: () => void) => void;

/** Thrown out of v86 to stop exactly at the instruction that ends the machine. */
const MACHINE_ENDED = Symbol("the machine has ended");

type Environment = Record<string, (...values: number[]) => unknown>;

/** Called whenever the registers are consistent; true: it has seen enough. */
type Watcher = (registers: Registers) => boolean;

/** Reads v86's WebAssembly, the file v86.wasm of its package as `patchV86` makes it. */
export type WasmReader = () => Promise<Uint8Array>;

const compiled = new WeakMap<WasmReader, Promise<WebAssembly.Module>>();

/** v86's WebAssembly, read and compiled once for each reader. */
function compileOnce(read: WasmReader): Promise<WebAssembly.Module> {
  const known = compiled.get(read);
  if (known) return known;
  const module = read().then((bytes) => WebAssembly.compile(new Uint8Array(bytes)));
  compiled.set(read, module);
  return module;
}

/** See `Machine` for the methods. */
export class V86Machine implements Machine {
  readonly name = "v86";
  readonly capabilities = V86_CAPABILITIES;
  readonly serial: SerialPort;
  readonly ended: Promise<Ending>;

  readonly #options: BootOptions;
  readonly #readWasm: WasmReader;
  readonly #pace: Pace | undefined;
  #resolveEnded: (ending: Ending) => void = () => {};
  #ending: Ending | undefined;
  #emulator: V86 | undefined;
  #cpu: Cpu | undefined;
  #stepper: V86Stepper | undefined;
  #deliverInterrupt: ((...values: number[]) => void) | undefined;
  #closed = false;
  #compilations = 0;
  readonly #window: WindowPort | undefined;
  #pendingInput: Uint8Array[] = [];
  #pendingOutput: number[] = [];
  #lastWords = "";
  readonly #console = new DebugConsole();
  readonly #watchers = new Set<Watcher>();

  /** @param pace default: v86's own */
  constructor(options: BootOptions, readWasm: WasmReader, pace?: Pace) {
    this.#options = options;
    this.#readWasm = readWasm;
    this.#pace = pace;
    this.serial = new SerialPort((bytes) => this.#transmit(bytes));
    this.#window =
      options.window &&
      new WindowPort(options.window, (bytes) => this.#emulator?.serial_send_bytes(1, bytes));
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  onDebugLine(listener: (line: string) => void): void {
    this.#console.onLine(listener);
  }

  async start({ stopped = false } = {}): Promise<void> {
    const emulator = new V86(this.#v86Options());
    this.#emulator = emulator;
    emulator.add_listener("serial0-output-byte", (byte) => this.#receive(byte));
    emulator.add_listener("serial1-output-byte", (byte) => {
      this.#window?.receive(Uint8Array.of(byte));
    });
    await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
    if (this.#closed) {
      await emulator.destroy();
      return;
    }
    const driver = (emulator as unknown as { v86: Driver }).v86;
    this.#cpu = driver.cpu;
    const pace = this.#pace;
    if (pace) driver.yield = (ms, tick) => pace(ms, () => driver.yield_callback(tick));
    fillBars(driver.cpu);
    this.#cpu.io.register_read(PORT_DEBUG_CONSOLE, this, () => PORT_DEBUG_CONSOLE);
    this.#cpu.io.register_write(PORT_DEBUG_CONSOLE, this, (byte) => {
      const ending = this.#console.receive(byte);
      if (ending) this.#end(ending);
    });
    const end = (value: number) => {
      this.#end(this.#options.exitDevice ? { kind: "device", value } : { kind: "off" });
      throw MACHINE_ENDED;
    };
    this.#cpu.io.register_write(PORT_EXIT, this, end, end, end);
    for (const bytes of this.#pendingInput.splice(0)) this.#transmit(bytes);
    if (!stopped) await emulator.run();
  }

  resize(window: WindowSize): void {
    if (!this.#ending) this.#window?.resize(window);
  }

  async stop(): Promise<void> {
    await this.#emulator?.stop();
  }

  async resume(): Promise<void> {
    if (this.#ending || this.#closed) return;
    if (this.#cpu) this.#stepper?.release(this.#cpu);
    await this.#emulator?.run();
  }

  async inspect<Result>(look: (snapshot: Snapshot) => Result): Promise<Result> {
    return look(this.#snapshot(this.#registers()));
  }

  async inspectWhen<Result>(
    condition: (registers: Registers) => boolean,
    look: (snapshot: Snapshot) => Result | undefined,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    if (this.#ending || this.#closed) return undefined;
    let watcher: Watcher | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const seen = new Promise<Result | undefined>((resolve, reject) => {
      watcher = (registers) => {
        if (!condition(registers)) return false;
        try {
          const result = look(this.#snapshot(registers));
          if (result !== undefined) resolve(result);
          return result !== undefined;
        } catch (error) {
          reject(error);
          return true;
        }
      };
      this.#watchers.add(watcher);
      timer = setTimeout(() => resolve(undefined), timeoutMs);
      void this.ended.then(() => resolve(undefined));
    });
    try {
      return await seen;
    } finally {
      clearTimeout(timer);
      if (watcher) this.#watchers.delete(watcher);
    }
  }

  async readPhysical(address: number, size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    bytes.set(this.#ram().subarray(address, address + size));
    return bytes;
  }

  async registers(): Promise<Registers> {
    return this.#registers();
  }

  async glance(): Promise<Registers> {
    return this.#registers();
  }

  /** What the screen shows; undefined: it is in a mode of text. Valid until the machine goes on. */
  picture(): Picture | undefined {
    const cpu = this.#started();
    return cpu.devices.vga.svga_enabled ? pictureOf(cpu) : undefined;
  }

  async screen(): Promise<string[]> {
    const picture = this.picture();
    if (picture) return textOfPicture(picture);
    const cpu = this.#started();
    const text = Uint8Array.from({ length: VGA_TEXT_SIZE }, (_, i) => cpu.read8(VGA_TEXT + i));
    return decodeTextScreen(text);
  }

  async step(count = 1): Promise<number> {
    const { cpu, stepper } = this.#stopped();
    for (let done = 0; done < count; done++) {
      if (this.#ending) return done;
      stepper.advance(cpu, "instruction", false);
      if (cpu.in_hlt[0] === 1) {
        await sleep(HALTED_MS);
        return done + 1;
      }
    }
    return count;
  }

  /** @param isCancelled asked now and then: true ends the run where it is */
  async runTo(address: number, isCancelled = () => false): Promise<boolean> {
    const { cpu, stepper } = this.#stopped();
    const target = address | 0;
    const { instruction_pointer: eip, in_hlt: halted } = cpu;
    for (;;) {
      for (let calls = 0; calls < CALLS_OF_A_SLICE; calls++) {
        // A block of the interpreter never goes on in another page; an interrupt wakes in any.
        const isNear = halted[0] === 1 || (((eip[0] ?? 0) ^ target) & PAGE_MASK) === 0;
        stepper.advance(cpu, isNear ? "instruction" : "block", true);
        if (this.#ending) return false;
        if (halted[0] === 1) break;
        if (eip[0] === target) return true;
      }
      await sleep(halted[0] === 1 ? HALTED_MS : 0);
      if (isCancelled()) return false;
    }
  }

  /** All of a stopped machine: what `restore` takes. */
  async save(): Promise<ArrayBuffer> {
    this.#stopped();
    if (!this.#emulator) throw new Error("the machine has not been started");
    return this.#emulator.save_state();
  }

  /** Makes a stopped machine one that was saved, with the same memory size and kernel. */
  async restore(state: ArrayBuffer): Promise<void> {
    this.#stopped();
    await this.#emulator?.restore_state(state);
  }

  /** After page tables were written from outside: forgets what was translated by them. */
  forgetTranslations(): void {
    this.#started().full_clear_tlb();
  }

  /** Raises a line of the interrupt controller, as a device does. */
  raiseInterrupt(line: number): void {
    const cpu = this.#started();
    cpu.device_lower_irq(line);
    cpu.device_raise_irq(line);
  }

  /**
   * The time-stamp counter of a stopped machine goes on by so many milliseconds. Devices do not
   * know of it, so nothing interrupts that would not have.
   */
  skipTime(milliseconds: number): void {
    this.#stopped().stepper.skipTime(milliseconds);
  }

  injectNmi(): Promise<void> {
    return this.#deliver(VECTOR_NMI);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#end({ kind: "closed" });
    if (this.#cpu) await this.#emulator?.destroy();
    this.serial.close();
  }

  /** Between two slices, so between two instructions. */
  async #deliver(vector: number): Promise<void> {
    const cpu = this.#started();
    cpu.in_hlt[0] = 0;
    // The number, whether an instruction raised it, whether it has an error code, and that.
    this.#deliverInterrupt?.(vector, 0, 0, 0);
  }

  #v86Options(): V86Options {
    return {
      wasm_fn: (imports) => this.#instantiate(imports),
      memory_size: this.#options.memoryMiB << 20,
      vga_memory_size: 1 << 20,
      multiboot: { buffer: exactBuffer(this.#options.kernel) },
      ...(this.#options.initramfs && { initrd: { buffer: exactBuffer(this.#options.initramfs) } }),
      cmdline: this.#options.commandLine,
      autostart: false,
      uart1: this.#window !== undefined,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      log_level: 0,
    };
  }

  /**
   * How often v86 has compiled code of the guest, which it does to a page of which some 200,000
   * instructions have run. The first time costs a quarter of a second, for v86's compiler itself is
   * compiled then.
   */
  get compilations(): number {
    return this.#compilations;
  }

  /**
   * How many instructions have been executed, modulo 2^32. While it stays the same nothing of the
   * machine changes, but for what is written from outside.
   */
  get instructions(): number {
    return this.#cpu?.instruction_counter[0] ?? 0;
  }

  /** Instantiates v86's WebAssembly with the wrappers that the header describes. */
  async #instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
    const original = imports.env as unknown as Environment;
    const stepper = new V86Stepper(original);
    const environment: Environment = { ...original, microtick: stepper.microtick };
    environment.run_hardware_timers = (acpi = 0, now = 0) => {
      this.#look();
      return stepper.runHardwareTimers(acpi, now);
    };
    environment.io_port_write8 = (...values) => {
      this.#look();
      return original.io_port_write8?.(...values);
    };
    environment.codegen_finalize = (...values) => {
      this.#compilations += 1;
      return original.codegen_finalize?.(...values);
    };
    let memory: WebAssembly.Memory | undefined;
    environment.console_log_from_wasm = (offset = 0, length = 0) => {
      if (!memory) return;
      this.#lastWords = new TextDecoder().decode(new Uint8Array(memory.buffer, offset, length));
    };
    const instance = await WebAssembly.instantiate(await compileOnce(this.#readWasm), {
      ...imports,
      env: environment as WebAssembly.ModuleImports,
    });
    memory = instance.exports.memory as WebAssembly.Memory;
    stepper.attach(memory);
    this.#stepper = stepper;
    this.#deliverInterrupt = instance.exports[DELIVER] as (...values: number[]) => void;
    const mainLoop = instance.exports.main_loop as () => number;
    return { ...instance.exports, main_loop: () => this.#guard(mainLoop) };
  }

  /** Runs one slice. Returns the milliseconds until v86 should call again. */
  #guard(mainLoop: () => number): number {
    if (this.#ending) {
      void this.#emulator?.stop();
      return 100;
    }
    try {
      return mainLoop();
    } catch (error) {
      if (error !== MACHINE_ENDED) this.#end({ kind: "crash", text: this.#explain(error) });
      return 100;
    }
  }

  #explain(error: unknown): string {
    if (error instanceof RangeError) {
      return "a fault while a fault was being delivered (v86 has no double fault)";
    }
    const why = this.#lastWords || (error instanceof Error ? error.message : String(error));
    return `v86 ran into something that it does not implement: ${why.trim().split("\n").join(" ")}`;
  }

  #started(): Cpu {
    if (this.#cpu) return this.#cpu;
    throw new Error("the machine has not been started");
  }

  #stopped(): { cpu: Cpu; stepper: V86Stepper } {
    if (!this.#cpu || !this.#stepper || !this.#emulator) {
      throw new Error("the machine has not been started");
    }
    if (this.#emulator.is_running()) throw new Error("the machine runs: stop it first");
    return { cpu: this.#cpu, stepper: this.#stepper };
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#flushOutput();
    if (!this.#closed) void this.#emulator?.stop();
    this.#resolveEnded(ending);
  }

  #transmit(bytes: Uint8Array): void {
    if (this.#ending) return;
    if (this.#cpu) this.#emulator?.serial_send_bytes(0, bytes);
    else this.#pendingInput.push(bytes);
  }

  /** Collects the bytes of a slice, so that listeners get chunks and not single bytes. */
  #receive(byte: number): void {
    this.#pendingOutput.push(byte);
    if (this.#pendingOutput.length === 1) queueMicrotask(() => this.#flushOutput());
  }

  #flushOutput(): void {
    this.serial.receive(Uint8Array.from(this.#pendingOutput.splice(0)));
  }

  #look(): void {
    if (this.#watchers.size === 0 || !this.#cpu || this.#ending) return;
    const registers = this.#registers();
    for (const watcher of [...this.#watchers]) {
      if (watcher(registers)) this.#watchers.delete(watcher);
    }
  }

  /** RAM as it is, not copied: it is the guest's. */
  #ram(): Uint8Array {
    const { mem8, wasm_memory } = this.#started();
    // v86's own view is a proxy that looks up each byte.
    return new Uint8Array(wasm_memory.buffer, mem8.byteOffset, mem8.length);
  }

  #snapshot(registers: Registers): Snapshot {
    return {
      memory: new PhysicalMemory(this.#ram()),
      registers,
      machine: this.name,
      capabilities: this.capabilities,
    };
  }

  #registers(): Registers {
    const cpu = this.#started();
    const general = (index: number) => (cpu.reg32[index] ?? 0) >>> 0;
    const segment = (index: number) => cpu.sreg[index] ?? 0;
    const control = (index: number) => (cpu.cr[index] ?? 0) >>> 0;
    const first = (array: Int32Array) => (array[0] ?? 0) >>> 0;
    return {
      eax: general(0),
      ecx: general(1),
      edx: general(2),
      ebx: general(3),
      esp: general(4),
      ebp: general(5),
      esi: general(6),
      edi: general(7),
      eip: first(cpu.instruction_pointer),
      eflags: cpu.get_eflags() >>> 0,
      es: segment(0),
      cs: segment(1),
      ss: segment(2),
      ds: segment(3),
      fs: segment(4),
      gs: segment(5),
      cpl: cpu.cpl[0] ?? 0,
      cr0: control(0),
      cr2: control(2),
      cr3: control(3),
      cr4: control(4),
      efer: undefined,
      gdtr: { base: first(cpu.gdtr_offset), limit: first(cpu.gdtr_size) },
      idtr: { base: first(cpu.idtr_offset), limit: first(cpu.idtr_size) },
      tr: {
        selector: segment(TASK_REGISTER),
        base: (cpu.segment_offsets[TASK_REGISTER] ?? 0) >>> 0,
        limit: cpu.segment_limits[TASK_REGISTER] ?? 0,
      },
      halted: cpu.in_hlt[0] === 1,
    };
  }
}

/** What the display adapter shows, in a mode of pixels. */
function pictureOf({ devices: { vga }, wasm_memory }: Cpu): Picture {
  const { svga_width: width, svga_height: height, svga_memory } = vga;
  // v86's own view is a proxy that looks up each byte.
  const bytes = new Uint8Array(wasm_memory.buffer, svga_memory.byteOffset, svga_memory.length);
  const size = vga.svga_bpp >> 3;
  const pixelAt = (x: number, y: number) => {
    const at = size * (y * width + x);
    return ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0);
  };
  return { width, height, pixelAt };
}

/** v86 cannot restore devices of which it left out some base address registers. */
function fillBars({ devices }: Cpu): void {
  for (const device of devices.pci.devices) {
    const bars = device?.pci_bars ?? [];
    for (let index = 0; index < bars.length; index++) {
      bars[index] ??= { size: 0, entries: [], original_bar: 0 };
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** v86 takes whole ArrayBuffers; a byte array is often a part of one. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
