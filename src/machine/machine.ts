// A PC that runs a kernel: the one interface to v86, to QEMU, and to QEMU booted by GRUB.
//
// The life of a machine: `openMachine` (open-machine.ts) makes it, not yet running; `start` boots
// the kernel; `stop` and `resume` pause and continue it; `ended` resolves when the guest ends the
// run or dies; `close` releases everything and may be called at any time, more than once. After its
// end a machine stays stopped and readable until it is closed, so that an inspector sees what the
// kernel left.
//
// What a machine cannot do, its `capabilities` explain in words that a report can print.

import { characterOf } from "../abi/code-page";
import type { PhysicalMemory } from "./physical-memory";
import type { SerialPort } from "./serial-port";
import type { WindowSize } from "./window-port";

export const MACHINE_NAMES = ["v86", "qemu", "grub"] as const;
export type MachineName = (typeof MACHINE_NAMES)[number];

/** What to boot. */
export interface BootOptions {
  /** The kernel: a Multiboot 1 ELF image; for GRUB also one of Multiboot 2. */
  readonly kernel: Uint8Array;
  /** The one Multiboot module, if any: a cpio archive, or whatever the kernel takes. */
  readonly initramfs?: Uint8Array;
  /** As `encodeCommandLine` makes it. */
  readonly commandLine: string;
  readonly memoryMiB: number;
  /** GRUB's command; default: by the header that the kernel has. */
  readonly grubCommand?: "multiboot" | "multiboot2";
  /** What the kernel writes to port 0xf4 ends the run, as QEMU's isa-debug-exit does. */
  readonly exitDevice?: boolean;
  /** The kernel itself sets a mode of pixels for the screen. */
  readonly setsPixels?: boolean;
  /** How large the window is that shows the serial line; the guest can ask: window-port.ts. */
  readonly window?: WindowSize;
}

export type QemuProgram = "qemu-system-i386" | "qemu-system-x86_64";
export const FIRMWARES = ["bios", "uefi32", "uefi64"] as const;
export type Firmware = (typeof FIRMWARES)[number];
/** QEMU's PCs: i440FX with IDE, or Q35 with SATA and PCI Express. */
export const BOARDS = ["pc", "q35"] as const;
export type Board = (typeof BOARDS)[number];

/** Settings that only QEMU has; v86 ignores them. */
export interface QemuOptions {
  /** Default: the one for i386. */
  readonly program?: QemuProgram;
  /** Default: BIOS. UEFI boots from a disk: by GRUB, or by an application of our own. */
  readonly firmware?: Firmware;
  /** Default: `pc` with BIOS, `q35` with UEFI. */
  readonly board?: Board;
  /** `-cpu`; absent: everything that the emulator offers, so NX, SMEP, SMAP and UMIP. */
  readonly cpu?: string;
  /** `-icount shift=N`: a guest clock of one instruction per 2^N ns, so runs repeat exactly. */
  readonly icountShift?: number;
  /** False: no debug console, as on a real PC; the end of a run has no status then. */
  readonly debugConsole?: boolean;
  /** Opens GDB's remote protocol: `gdb()`, `step()` and `runTo()` work then. */
  readonly gdb?: boolean;
  /**
   * Waits for GDB at this address, `tcp:127.0.0.1:1234` or `unix:PATH`, before the first
   * instruction: GDB then starts the machine.
   */
  readonly debuggerAt?: string;
  /** Further arguments, appended to the command. */
  readonly extraArguments?: readonly string[];
}

/** Where a descriptor table or segment is, as the processor caches it. */
export interface TableRegister {
  readonly base: number;
  readonly limit: number;
}

/** The processor's state between two instructions. All values are unsigned. */
export interface Registers {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
  readonly esi: number;
  readonly edi: number;
  readonly ebp: number;
  readonly esp: number;
  readonly eip: number;
  /** All of the instruction pointer, while the processor runs 64-bit code. */
  readonly rip?: bigint;
  readonly eflags: number;
  readonly cs: number;
  readonly ss: number;
  readonly ds: number;
  readonly es: number;
  readonly fs: number;
  readonly gs: number;
  /** Current privilege level, 0 to 3. */
  readonly cpl: number;
  readonly cr0: number;
  readonly cr2: number;
  readonly cr3: number;
  readonly cr4: number;
  /** The EFER register; undefined where the processor has none. */
  readonly efer: number | undefined;
  readonly gdtr: TableRegister;
  readonly idtr: TableRegister;
  readonly tr: TableRegister & { readonly selector: number };
  /** Whether the processor is waiting in `hlt`. */
  readonly halted: boolean;
}

/** A machine's memory and registers at one moment. */
export interface Snapshot {
  readonly memory: PhysicalMemory;
  readonly registers: Registers;
  readonly machine: MachineName;
  readonly capabilities: Capabilities;
}

/** `true`, or why not: the end of the sentence "not checked, because …". */
export type Capability = true | string;

export interface Capabilities {
  /** The NX bit is honoured. */
  readonly nx: Capability;
  readonly smep: Capability;
  readonly smap: Capability;
  readonly umip: Capability;
  /** An exception during the delivery of another raises #DF. */
  readonly doubleFault: Capability;
  /** `step` executes one instruction. */
  readonly singleStep: Capability;
  /** EFLAGS.TF and the debug registers raise #DB in the guest. */
  readonly guestDebug: Capability;
  /** `injectNmi` works. */
  readonly nmi: Capability;
  /** An `iret` to a bad CS raises #GP. */
  readonly iretFaults: Capability;
}

/** Why a run is over. */
export type Ending =
  /** The guest reported the status of its last program. */
  | { readonly kind: "exit"; readonly status: number }
  /** The kernel gave up and said why. */
  | { readonly kind: "panic"; readonly text: string }
  /** The guest wrote a value to the exit device. */
  | { readonly kind: "device"; readonly value: number }
  /** The guest switched the machine off without reporting a status. */
  | { readonly kind: "off" }
  /** The processor shut down (triple fault), or the emulator itself died. */
  | { readonly kind: "crash"; readonly text: string }
  /** `close` was called while it ran. */
  | { readonly kind: "closed" };

export interface Machine {
  readonly name: MachineName;
  readonly capabilities: Capabilities;
  readonly serial: SerialPort;
  /** Calls `listener` with each line of the debug console (src/abi/ports.ts) from now on. */
  onDebugLine(listener: (line: string) => void): void;
  /** Resolves, and never rejects, once the run is over. */
  readonly ended: Promise<Ending>;

  /** The window of `BootOptions.window` has another size: the guest is told, if it has asked. */
  resize(window: WindowSize): void;
  /** Boots the kernel; with `stopped` the machine stands before its first instruction. */
  start(how?: { readonly stopped?: boolean }): Promise<void>;
  /** Pauses the machine between two instructions. Stopping a stopped machine does nothing. */
  stop(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Calls `look` between two instructions and returns its result. The machine need not be stopped;
   * if it was running, it goes on. The snapshot is valid only during the call.
   */
  inspect<Result>(look: (snapshot: Snapshot) => Result): Promise<Result>;
  /**
   * Runs until `look` returns something. It is called whenever this machine can look and the
   * registers satisfy `condition`, under the rules of `inspect`. Undefined after `timeoutMs`, or at
   * the end of the run. The machine is left running.
   */
  inspectWhen<Result>(
    condition: (registers: Registers) => boolean,
    look: (snapshot: Snapshot) => Result | undefined,
    timeoutMs: number,
  ): Promise<Result | undefined>;
  /**
   * `size` bytes of RAM from physical address `address` on, of a machine that stands still. What
   * lies outside RAM reads as 0.
   */
  readPhysical(address: number, size: number): Promise<Uint8Array>;
  /** The registers between two instructions, as `inspect` sees them. */
  registers(): Promise<Registers>;
  /**
   * The registers of a machine that goes on meanwhile: right if it waits or stands still, else of a
   * moment ago. QEMU may not come back from a stop while it reads a CD-ROM for its firmware.
   */
  glance(): Promise<Registers>;
  /**
   * The 25 lines on the screen, without trailing blanks: of the VGA's text mode, or of the kernel's
   * own font where there are pixels; none if what is there is no text.
   */
  screen(): Promise<string[]>;
  /**
   * Executes `count` instructions of a stopped machine, by default one, while time stands still for
   * its devices. Returns how many were executed: fewer once the processor waits in `hlt`, of which
   * a step waits a moment, or if the run ends.
   */
  step(count?: number): Promise<number>;
  /**
   * Runs a stopped machine until the instruction at linear address `address`, of whatever space, is
   * the next one; at least one instruction is executed. False if the run ends before. For machines
   * that can single-step.
   */
  runTo(address: number): Promise<boolean>;
  /** Raises a non-maskable interrupt. */
  injectNmi(): Promise<void>;
  /** Ends the machine and releases what it holds. */
  close(): Promise<void>;
}

/** The lines of a text screen from VGA memory, where character and attribute bytes alternate. */
export function decodeTextScreen(memory: Uint8Array, columns = 80, rows = 25): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const cells = Array.from({ length: columns }, (_, column) => {
      return characterOf(memory[(row * columns + column) * 2] ?? 0);
    });
    return cells.join("").trimEnd();
  });
}
