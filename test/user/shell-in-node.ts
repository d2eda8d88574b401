// The shell in Node, at a terminal of the kernel's own code: the WebAssembly of both, and a host
// that plays the other system calls. A test says what a user types, and when.
//
// A process cannot be copied here, so fork() returns what the test wants: 0, and the run goes on as
// the new process until execve; or PROGRAM, and the run goes on as the shell, which finds at
// waitpid() what the test says that the program has left.

import "../short-lived";
import { ENOENT } from "../../src/abi/errno";
import { S_IFREG, S_IX, STAT_BYTES, STAT_MODE } from "../../src/abi/files";
import { SystemCall } from "../../src/abi/linux/i386";
import { USER_DATA } from "../../src/abi/memory-map";
import { WNOHANG } from "../../src/abi/signals";
import {
  ECHO,
  FIONREAD,
  ICANON,
  ICRNL,
  ISIG,
  TCGETS,
  TCSETSW,
  TERMIOS_IFLAG,
  TERMIOS_LFLAG,
  TERMIOS_SIZE,
  TIOCGWINSZ,
  TIOCSPGRP,
  WINSIZE_COLUMNS,
} from "../../src/abi/termios";
import { compileAssemblyScript } from "../../src/compile/assemblyscript/assemblyscript";
import { RUNTIME_ABORT, RUNTIME_ENTRY, RUNTIME_START } from "../../user/programs";
import { compileKernelPart } from "../kernel/kernel-part";

/** The process groups of the shell and of the program that it starts. */
export const SHELL = 1;
export const PROGRAM = 7;
const PROGRAM_FOLDER = "/bin/";
const COLUMNS = 40;

const shell = new WebAssembly.Module(
  new Uint8Array(
    compileAssemblyScript({
      root: ".",
      entries: ["user/shell/main.ts", RUNTIME_ENTRY],
      target: "user",
      runtime: "incremental",
      memoryBase: USER_DATA,
      abort: RUNTIME_ABORT,
      start: RUNTIME_START,
    }).wasm,
  ),
);

let shown = (_byte: number): void => {};
let signalled = (_group: number, _signal: number): void => {};

const startTerminal = compileKernelPart(
  `
  import { onTerminalSignal, startTerminal } from "./kernel/terminal/terminal";
  import { Terminal, TERMINAL_SIZE, TerminalDriver } from "./kernel/terminal/terminal";
  declare function show(byte: u32): void;
  declare function signalled(group: u32, signal: u32): void;
  const record: usize = memory.data(TERMINAL_SIZE, 8);
  const terminal = changetype<Terminal>(record);
  const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 8));
  function output(_terminal: Terminal, from: usize, size: u32): void {
    for (let i: u32 = 0; i < size; i++) show(load<u8>(from + i));
  }
  function ignore(_terminal: Terminal): void {}
  function signal(group: u32, number: u32): void { signalled(group, number); }
  export function start(): void {
    driver.output = output.index;
    driver.finish = ignore.index;
    driver.refill = ignore.index;
    startTerminal(record, 25, ${COLUMNS}, driver);
    terminal.foregroundGroup = ${SHELL};
    onTerminalSignal(signal.index);
  }
  export function receive(byte: u32): void { terminal.receiveByte(byte); }
  export function write(byte: u32): void { terminal.writeByte(byte); }
  export function readable(size: u32): u32 { return terminal.isReadable(size); }
  export function waiting(): u32 { return terminal.readableBytes(); }
  export function read(to: usize, size: u32): u32 { return terminal.read(to, size); }
  export function setGroup(group: u32): void { terminal.foregroundGroup = group; }
  export function group(): u32 { return terminal.foregroundGroup; }
  export function termios(): usize { return record; }
  export function change(from: usize): void { terminal.changeTermios(from); }
`,
  {
    replace: {
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        export function wakeAll(_queue: WaitQueue): void {}
      `,
    },
    imports: {
      part: {
        show(byte = 0) {
          shown(byte);
          return 0;
        },
        signalled(group = 0, signal = 0) {
          signalled(group, signal);
          return 0;
        },
      },
    },
  },
);

/** A terminal, as the user sees it. */
export class NodeTerminal {
  readonly #part = startTerminal();
  /** Everything that was shown. */
  output = "";
  /** Groups that got a signal. */
  readonly signals: number[] = [];

  constructor() {
    this.#part.call.start!();
  }

  type(keys: string): void {
    this.#listen();
    for (const byte of Buffer.from(keys)) this.#part.call.receive!(byte);
  }

  write(bytes: Uint8Array | string): void {
    this.#listen();
    for (const byte of Buffer.from(bytes)) this.#part.call.write!(byte);
  }

  /** What a read gets; undefined: it would wait. */
  read(size = 4096): Buffer | undefined {
    if (this.#part.call.readable!(size) === 0) return undefined;
    const { area } = this.#part;
    return Buffer.from(this.#part.read(area, this.#part.call.read!(area, size)));
  }

  get waiting(): number {
    return this.#part.call.waiting!();
  }

  get termios(): Uint8Array {
    return this.#part.read(this.#part.call.termios!(), TERMIOS_SIZE);
  }

  set termios(bytes: Uint8Array) {
    this.#part.write(this.#part.area, bytes);
    this.#part.call.change!(this.#part.area);
  }

  get group(): number {
    return this.#part.call.group!();
  }

  set group(group: number) {
    this.#part.call.setGroup!(group);
  }

  /** Whether lines are edited and echoed, and ^C is a signal: as programs find it. */
  get isCooked(): boolean {
    const view = new DataView(this.termios.buffer);
    const flags = ECHO | ICANON | ISIG;
    const isEdited = (view.getUint32(TERMIOS_LFLAG, true) & flags) === flags;
    return isEdited && (view.getUint32(TERMIOS_IFLAG, true) & ICRNL) !== 0;
  }

  #listen(): void {
    shown = (byte) => {
      this.output += String.fromCharCode(byte);
    };
    signalled = (group) => this.signals.push(group);
  }
}

/** What the test decides. */
export interface Scenario {
  /** What fork() returns, each time: 0 or PROGRAM. */
  readonly forks: number[];
  /** Types what the shell waits for; false ends the run. */
  readonly type: (terminal: NodeTerminal) => boolean;
  /** What the program does until it ends; returns the wait status. */
  readonly runProgram?: (terminal: NodeTerminal) => number;
  /** Before each system call, with its number. */
  readonly beforeCall?: (terminal: NodeTerminal, call: SystemCall) => void;
}

class EndOfRun extends Error {}

/** Runs the shell until execve, exit, or until nothing more is typed. */
export function runShell(scenario: Scenario): { terminal: NodeTerminal; looked: string[] } {
  const host = new Host(scenario);
  const int80 = (...words: number[]) => host.call(words);
  const instance = new WebAssembly.Instance(shell, { x86: { int80 } });
  host.memory = instance.exports.memory as WebAssembly.Memory;
  const run = (name: string, ...args: number[]) =>
    (instance.exports[name] as (...args: number[]) => number)(...args);
  try {
    run(RUNTIME_START);
    run("main", 1, 0, 0);
  } catch (error) {
    if (!(error instanceof EndOfRun)) throw error;
  }
  return { terminal: host.terminal, looked: host.looked };
}

class Host {
  readonly terminal = new NodeTerminal();
  memory: WebAssembly.Memory | undefined;
  /** Programs that were looked for. */
  readonly looked: string[] = [];
  readonly #scenario: Scenario;
  #group = SHELL;

  constructor(scenario: Scenario) {
    this.#scenario = { ...scenario, forks: [...scenario.forks] };
  }

  call([number = 0, a = 0, b = 0, c = 0]: number[]): number {
    this.#scenario.beforeCall?.(this.terminal, number);
    switch (number) {
      case SystemCall.read:
        return this.#read(b, c);
      case SystemCall.write:
        this.terminal.write(this.#bytes(b, c));
        return c;
      case SystemCall.ioctl:
        return this.#ioctl(b, c);
      case SystemCall.getcwd:
        this.#store(a, Buffer.from("/\0"));
        return 2;
      case SystemCall.stat64:
        return this.#stat(a, b);
      case SystemCall.fork:
        return this.#scenario.forks.shift() ?? 0;
      case SystemCall.rt_sigaction:
      case SystemCall.kill:
        return 0;
      case SystemCall.setpgid:
        if (a === 0) this.#group = PROGRAM;
        return 0;
      case SystemCall.getpgrp:
        return this.#group;
      case SystemCall.waitpid:
        return this.#wait(b, c);
      case SystemCall.execve:
      case SystemCall.exit_group:
        throw new EndOfRun();
      case SystemCall.open:
        return -ENOENT;
      default:
        throw new Error(`the shell makes system call ${number}`);
    }
  }

  #bytes(from: number, size: number): Uint8Array {
    return new Uint8Array(this.memory!.buffer).slice(from, from + size);
  }

  #store(to: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory!.buffer).set(bytes, to);
  }

  #read(to: number, size: number): number {
    while (true) {
      const bytes = this.terminal.read(size);
      if (bytes !== undefined) {
        this.#store(to, bytes);
        return bytes.length;
      }
      if (!this.#scenario.type(this.terminal)) throw new EndOfRun();
    }
  }

  #ioctl(command: number, argument: number): number {
    switch (command) {
      case TCGETS:
        this.#store(argument, this.terminal.termios);
        return 0;
      case TCSETSW:
        this.terminal.termios = this.#bytes(argument, TERMIOS_SIZE);
        return 0;
      case TIOCSPGRP:
        this.terminal.group = this.#bytes(argument, 1)[0] ?? 0;
        return 0;
      case TIOCGWINSZ:
        this.#store(argument + WINSIZE_COLUMNS, new Uint8Array([COLUMNS, 0]));
        return 0;
      case FIONREAD:
        this.#store(argument, new Uint8Array([this.terminal.waiting, 0, 0, 0]));
        return 0;
      default:
        throw new Error(`the shell makes ioctl ${command}`);
    }
  }

  /** There is one program, /bin/cat. */
  #stat(path: number, to: number): number {
    const bytes = this.#bytes(path, 256);
    const name = Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString();
    this.looked.push(name.replace(PROGRAM_FOLDER, ""));
    if (name !== `${PROGRAM_FOLDER}cat`) return -ENOENT;
    const status = new DataView(new ArrayBuffer(STAT_BYTES));
    status.setUint32(STAT_MODE, S_IFREG | S_IX, true);
    this.#store(to, new Uint8Array(status.buffer));
    return 0;
  }

  #wait(status: number, options: number): number {
    if ((options & WNOHANG) !== 0) return 0;
    const run = this.#scenario.runProgram;
    if (run === undefined) throw new EndOfRun();
    this.#store(status, new Uint8Array([run(this.terminal), 0, 0, 0]));
    return PROGRAM;
  }
}
