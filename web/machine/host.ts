// The machine in its worker: what each call of the page does.
//
//   boot -> running <-> paused -> ended      steps and audits need it paused
//
// The machine boots from a kernel without symbols, so that there is a prompt soon. What needs to
// know the kernel (map, steps, audit) waits for the whole file, which comes afterwards.
//
// Invariants
//   - Calls that use the machine run one after the other, in the order in which they came: between
//     two awaits of one, no other gets in. `cancelRun` is the exception.
//   - While the machine is paused, input is kept, and is delivered when it goes on.

import { layout } from "../../kernel/layout";
import { Diagnostic } from "../../src/base/diagnostic";
import type { AddressFacts } from "../../src/inspect/address-facts";
import { audit, joinAudits, type LawResult } from "../../src/inspect/audit";
import { type BootedFiles, readBootedFiles } from "../../src/inspect/booted-files";
import { BREACHES, type Poke, poke } from "../../src/inspect/breaches";
import { symbolAddress } from "../../src/inspect/elf-image";
import { userPointersAreAllegations } from "../../src/inspect/law-of-pointers";
import {
  type CallState,
  type Claim,
  SCENE_CLAIMS,
  type SceneInput,
  type SceneName,
  sectionReader,
} from "../../src/inspect/scene-claims";
import { findSpaces, isInspectable, type Spaces } from "../../src/inspect/spaces";
import { StepSession, type StopCondition } from "../../src/inspect/step-session";
import { resolveLayout } from "../../src/link/layout/resolve";
import { encodeCommandLine } from "../../src/machine/command-line";
import { fileEntry, readArchive, writeArchive } from "../../src/machine/initramfs";
import type { Ending } from "../../src/machine/machine";
import { V86Machine } from "../../src/machine/v86";
import type { WindowSize } from "../../src/machine/window-port";
import { bootImages, readV86Wasm, wholeKernel, wholeProgram } from "./images";
import { factsAt, mapView } from "./map-view";
import { Pacer } from "./pace";
import { screenPicture } from "./picture";
import type {
  BootRequest,
  BreachNote,
  MachineCalls,
  MachineEvent,
  MachineState,
  SavedMachine,
  ScreenPicture,
  StepRecord,
  StepResult,
  Stop,
  Watch,
} from "./protocol";
import { StopViewer } from "./stop-view";

/** The map is looked at ten times a second. */
const WATCH_MS = 100;
/** A system call that is followed has at most so many instructions. */
const FOLLOWED_MAX = 5000;
/** How long an audit waits for a moment in user mode. */
const USER_MODE_MS = 1500;
const WAY_OUT = "exit_iret";
/** The kernel's option for a screen of pixels. */
const PIXELS = "pixels=32";

/** What is known of the kernel that runs, once its whole file is here. */
interface Known {
  readonly files: BootedFiles;
  readonly viewer: StopViewer;
  readonly wayOut: number;
  readonly sectionBytes: SceneInput["sectionBytes"];
}

type Async<Calls extends { [Name in keyof Calls]: (...words: never[]) => unknown }> = {
  readonly [Name in keyof Calls]: (
    ...words: Parameters<Calls[Name]>
  ) => Promise<ReturnType<Calls[Name]>>;
};

export class MachineHost implements Async<MachineCalls> {
  readonly #tell: (event: MachineEvent) => void;
  readonly #pacer = new Pacer();
  #images: ReturnType<typeof bootImages> | undefined;
  #machine: V86Machine | undefined;
  #request: BootRequest | undefined;
  #known: Promise<Known | undefined> = Promise.resolve(undefined);
  #state: MachineState = "starting";
  #ending: Ending | undefined;
  #heldInput: string[] = [];
  #window: WindowSize = { rows: 24, columns: 80 };
  #isMuted = false;
  #session: StepSession | undefined;
  #mend: readonly Poke[] = [];
  #watch: Watch | undefined;
  #lastMap = "";
  /** The machine's instructions at the last look; undefined: it has not been looked at as it is. */
  #lookedAt: number | undefined;
  #isLooking = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(tell: (event: MachineEvent) => void) {
    this.#tell = tell;
    setInterval(() => void this.#lookIfFree(), WATCH_MS);
  }

  // --- The life of the machine ---

  boot(request: BootRequest): Promise<void> {
    return this.#inTurn(() => this.#boot(request, false));
  }

  async input(text: string): Promise<void> {
    if (this.#state === "running") {
      this.#machine?.serial.send(text);
      this.#session?.disturb();
    } else if (this.#state !== "ended") this.#heldInput.push(text);
  }

  pause(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state !== "running") return;
      await this.#halt();
      this.#setState("paused");
    });
  }

  resume(): Promise<void> {
    this.#session?.cancel();
    return this.#inTurn(async () => {
      if (this.#state === "paused") await this.#goOn();
    });
  }

  async setSpeed(share: number): Promise<void> {
    this.#pacer.share = share;
  }

  async resize(window: WindowSize): Promise<void> {
    this.#window = window;
    if (this.#state === "running") this.#machine?.resize(window);
  }

  save(): Promise<SavedMachine> {
    return this.#inTurn(async () => {
      const request = this.#request;
      if (!request) throw notNow("nothing runs that could be kept");
      const wasRunning = this.#state === "running";
      await this.#halt();
      const state = await this.#running().save();
      if (wasRunning) await this.#goOn();
      return { request, state, build: await buildName(request) };
    });
  }

  restore({ request, state, build }: SavedMachine): Promise<void> {
    return this.#inTurn(async () => {
      if ((await buildName(request)) !== build) {
        throw new Diagnostic(
          "WEB001",
          "the session was kept with another build of the kernel or its programs",
          "Boot anew: a machine's memory means nothing to another kernel",
        );
      }
      await this.#boot(request, true);
      await this.#running().restore(state);
      this.#forgetMap();
      await this.#goOn();
    });
  }

  // --- The map ---

  async watch(watch: Watch | undefined): Promise<void> {
    this.#watch = watch;
    this.#forgetMap();
    await this.#inTurn(() => this.#look());
  }

  async picture(): Promise<ScreenPicture | undefined> {
    const picture = this.#state === "starting" ? undefined : this.#machine?.picture();
    return picture && screenPicture(picture);
  }

  facts(column: number, address: number): Promise<AddressFacts> {
    return this.#inTurn(async () => {
      const { files } = await this.#knowledge();
      const watch = this.#watch ?? { process: "current", unfolded: [] };
      return this.#spaces(files, (spaces) => factsAt(spaces, files, watch, column, address));
    });
  }

  // --- Steps ---

  stop(): Promise<Stop> {
    return this.#inTurn(async () => {
      await this.#pauseForSteps();
      return this.#see();
    });
  }

  stepForward(): Promise<StepResult> {
    return this.#inTurn(async () => {
      const session = await this.#pauseForSteps();
      const record = await this.#record(session);
      return this.#result(record !== undefined, record ? [record] : []);
    });
  }

  stepBack(count: number): Promise<StepResult> {
    return this.#inTurn(async () => {
      const session = await this.#pauseForSteps();
      return this.#result(await session.back(count), []);
    });
  }

  /** To where the processor is in user mode again. */
  stepThrough(): Promise<StepResult> {
    return this.#inTurn(async () => {
      const session = await this.#pauseForSteps();
      const records: StepRecord[] = [];
      for (let stop = await this.#see(); records.length < FOLLOWED_MAX; ) {
        const record = await this.#record(session);
        if (!record) return this.#result(false, records);
        records.push(record);
        stop = await this.#see();
        if (stop.ring === 3 || stop.halted) break;
      }
      return this.#result(true, records);
    });
  }

  runUntil(condition: StopCondition, isShellPassed: boolean): Promise<StepResult> {
    return this.#inTurn(async () => {
      const session = await this.#pauseForSteps();
      const { files } = await this.#knowledge();
      const shell = await this.#spaces(files, ({ processes }) => processes[0]?.space.cr3);
      const isPassed = isShellPassed && condition.kind === "call" && shell !== undefined;
      // Input is what a run to a system call waits for.
      this.#state = "running";
      for (const text of this.#heldInput.splice(0)) await this.input(text);
      let isDone = false;
      try {
        isDone = await session.runUntil(isPassed ? { ...condition, except: shell } : condition);
      } finally {
        if (!this.#ending) this.#setState("paused");
      }
      return this.#result(isDone, []);
    });
  }

  async cancelRun(): Promise<void> {
    this.#session?.cancel();
  }

  // --- The laws ---

  audit(sources: readonly (readonly [string, string])[]): Promise<LawResult[]> {
    return this.#inTurn(async () => {
      const { files } = await this.#knowledge();
      const userPointers = userPointersAreAllegations(new Map(sources));
      const judge = (spaces: Spaces) =>
        audit({ spaces, files, userPointers, ending: this.#ending });
      const now = await this.#spaces(files, judge);
      if (this.#ending) return now;
      const later = await this.#inUserMode(() => this.#spaces(files, judge));
      return later ? joinAudits([now, later]) : now;
    });
  }

  breakLaw(law: number): Promise<BreachNote> {
    return this.#inTurn(async () => {
      const { files } = await this.#knowledge();
      const breach = BREACHES.find((each) => each.law === law);
      const plan = await this.#spaces(files, (spaces) => breach?.plan?.(spaces, files));
      if (!plan) throw notNow("this law is not broken in memory");
      this.#putBack();
      await this.#spaces(files, ({ snapshot }) => {
        this.#mend = poke(snapshot.memory, plan.pokes);
      });
      this.#forgetMap();
      this.#running().forgetTranslations();
      return { law, space: plan.space, va: plan.va };
    });
  }

  mendLaw(): Promise<void> {
    return this.#inTurn(async () => this.#putBack());
  }

  // --- The tour ---

  claims(scene: SceneName, call: readonly CallState[]): Promise<Claim[]> {
    return this.#inTurn(async () => {
      const { files, sectionBytes } = await this.#knowledge();
      const userPointers = userPointersAreAllegations(new Map());
      return this.#spaces(files, (spaces) =>
        SCENE_CLAIMS[scene]({
          spaces,
          files,
          sectionBytes,
          call,
          audit: () => audit({ spaces, files, userPointers, ending: this.#ending }),
        }),
      );
    });
  }

  // --- How ---

  /** Runs `work` after everything that was asked for before. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #boot(request: BootRequest, stopped: boolean): Promise<void> {
    await this.#machine?.close();
    this.#setState("starting");
    this.#ending = undefined;
    this.#session = undefined;
    this.#mend = [];
    this.#forgetMap();
    this.#heldInput = [];
    this.#request = request;
    this.#images ??= bootImages();
    const images = await this.#images;
    const initramfs = withFiles(images.initramfs, request);
    const kernel = request.kernel?.bytes ?? images.kernel;
    const { rows, columns } = this.#window;
    const words = [`rows=${rows}`, `columns=${columns}`, ...(request.hasPixels ? [PIXELS] : [])];
    const options = {
      kernel,
      initramfs,
      commandLine: encodeCommandLine(words),
      window: this.#window,
      memoryMiB: request.memoryMiB,
    };
    const machine = new V86Machine(options, readV86Wasm, this.#pacer.pace);
    this.#machine = machine;
    machine.serial.onOutput((bytes) => {
      if (!this.#isMuted) this.#tell({ kind: "output", bytes: Uint8Array.from(bytes) });
    });
    void machine.ended.then((ending) => this.#end(machine, ending));
    await machine.start({ stopped });
    if (!stopped) this.#setState("running");
    this.#known = this.#learn(request, initramfs);
    this.#known.catch(() => {});
  }

  #end(machine: V86Machine, ending: Ending): void {
    if (machine !== this.#machine || ending.kind === "closed") return;
    this.#ending = ending;
    this.#forgetMap();
    this.#setState("ended");
  }

  async #learn(request: BootRequest, initramfs: Uint8Array): Promise<Known | undefined> {
    const bytes = request.kernel?.bytes ?? (await wholeKernel());
    const isOwn = request.kernel?.isOwn ?? request.kernel === undefined;
    const known = isOwn ? resolveLayout(request.kernel?.layout ?? layout) : undefined;
    try {
      const name = request.kernel?.name ?? "kernel.elf";
      const files = readBootedFiles({ kernel: bytes, initramfs }, name, known);
      const wayOut = symbolAddress(files.image, WAY_OUT);
      if (wayOut === undefined) return undefined;
      const viewer = new StopViewer(files, bytes, wholeProgram);
      return { files, viewer, wayOut, sectionBytes: sectionReader(bytes) };
    } catch (error) {
      // A kernel of other people's: it boots, and nothing more is known of it.
      if (error instanceof Diagnostic) return undefined;
      throw error;
    }
  }

  async #knowledge(): Promise<Known> {
    const known = await this.#known;
    if (known) return known;
    throw notNow("this kernel does not describe itself, so its spaces cannot be found");
  }

  #setState(state: MachineState): void {
    this.#state = state;
    const ending = state === "ended" ? this.#ending : undefined;
    this.#tell({ kind: "state", state, ...(ending && { ending }) });
  }

  #running(): V86Machine {
    if (this.#machine) return this.#machine;
    throw notNow("no machine has been started");
  }

  /** Stops v86, which is done once its slice is. */
  async #halt(): Promise<void> {
    await this.#running().stop();
  }

  async #goOn(): Promise<void> {
    this.#session = undefined;
    if (this.#ending) return;
    const machine = this.#running();
    await machine.resume();
    this.#setState("running");
    machine.resize(this.#window);
    for (const text of this.#heldInput.splice(0)) machine.serial.send(text);
  }

  async #spaces<Result>(files: BootedFiles, look: (spaces: Spaces) => Result): Promise<Result> {
    return this.#running().inspect((snapshot) => {
      if (!isInspectable(snapshot, files.image)) throw notNow("the kernel is still starting");
      return look(findSpaces(snapshot, files.image));
    });
  }

  /** Unless nothing can have changed: a machine that waits executes nothing. */
  async #lookIfFree(): Promise<void> {
    if (!this.#watch || !this.#machine || this.#isLooking) return;
    if (this.#machine.instructions === this.#lookedAt) return;
    if (this.#state !== "running" && this.#state !== "paused") return;
    // The first look waits for the whole kernel's file: others must not queue up behind it.
    this.#isLooking = true;
    try {
      await this.#look();
    } finally {
      this.#isLooking = false;
    }
  }

  /** What comes next is told, whatever was told before. */
  #forgetMap(): void {
    this.#lastMap = "";
    this.#lookedAt = undefined;
  }

  /** Tells what the map shows, if that has changed. */
  async #look(): Promise<void> {
    const [watch, known, machine] = [this.#watch, await this.#known, this.#machine];
    if (!watch || !known || !machine || this.#isMuted) return;
    await machine.inspect((snapshot) => {
      this.#lookedAt = machine.instructions;
      if (!isInspectable(snapshot, known.files.image)) return;
      const view = mapView(findSpaces(snapshot, known.files.image), known.files, watch);
      const text = JSON.stringify(view);
      if (text === this.#lastMap) return;
      this.#lastMap = text;
      this.#tell({ kind: "map", view });
    });
  }

  async #pauseForSteps(): Promise<StepSession> {
    const { wayOut } = await this.#knowledge();
    if (this.#ending) throw notNow("the run is over");
    if (this.#state === "running") {
      await this.#halt();
      this.#setState("paused");
    }
    this.#session ??= new StepSession(this.#running(), wayOut);
    return this.#session;
  }

  async #record(session: StepSession): Promise<StepRecord | undefined> {
    const from = await this.#see();
    if (!(await session.forward())) return undefined;
    const { registers } = await this.#see();
    const changed = Object.entries(registers).filter(
      ([name, value]) => name !== "eip" && from.registers[name] !== value,
    );
    return { from, changed: Object.fromEntries(changed) };
  }

  async #see(): Promise<Stop> {
    const { viewer } = await this.#knowledge();
    const machine = this.#running();
    await viewer.learn(await machine.inspect((snapshot) => viewer.programNames(snapshot)));
    return machine.inspect((snapshot) => viewer.see(snapshot));
  }

  async #result(isDone: boolean, records: readonly StepRecord[]): Promise<StepResult> {
    await this.#look();
    const stop = await this.#see();
    return { isDone, stop, records, canGoBack: this.#session?.canGoBack ?? false };
  }

  /**
   * What there is to see when the machine next is in user mode. It gets an empty line to wake it,
   * and is afterwards what it was, so that a reader notices nothing.
   */
  async #inUserMode<Result>(look: () => Promise<Result>): Promise<Result | undefined> {
    const { wayOut } = await this.#knowledge();
    const machine = this.#running();
    if ((await machine.registers()).cpl === 3) return undefined;
    const wasRunning = this.#state === "running";
    await this.#halt();
    const state = await machine.save();
    this.#isMuted = true;
    const session = new StepSession(machine, wayOut);
    const timer = setTimeout(() => session.cancel(), USER_MODE_MS);
    try {
      machine.serial.send("\n");
      return (await session.runUntil({ kind: "call" })) ? await look() : undefined;
    } finally {
      clearTimeout(timer);
      // What was sent just now is told after this turn of the event loop.
      await Promise.resolve();
      await machine.restore(state);
      this.#isMuted = false;
      if (wasRunning) await this.#goOn();
    }
  }

  #putBack(): void {
    const machine = this.#machine;
    if (!machine || this.#mend.length === 0) return;
    void machine.inspect(({ memory }) => poke(memory, this.#mend));
    machine.forgetTranslations();
    this.#mend = [];
    this.#forgetMap();
  }
}

/** The archive with the files that the reader adds, in place of those of their names. */
function withFiles(initramfs: Uint8Array, { files }: BootRequest): Uint8Array {
  if (files.length === 0) return initramfs;
  const paths = new Set(files.map(({ path }) => path));
  const kept = readArchive(initramfs).filter(({ name }) => !paths.has(name));
  const added = files.map(({ path, bytes, isProgram }) =>
    fileEntry(path, bytes, isProgram ? 0o755 : 0o644),
  );
  return writeArchive([...kept, ...added]);
}

/** A hash of all that a machine's memory was made from. */
async function buildName(request: BootRequest): Promise<string> {
  const { kernel, initramfs } = await bootImages();
  const parts = [request.kernel?.bytes ?? kernel, withFiles(initramfs, request)];
  const hashes = await Promise.all(
    parts.map((bytes) => crypto.subtle.digest("SHA-256", Uint8Array.from(bytes))),
  );
  const bytes = hashes.flatMap((hash) => [...new Uint8Array(hash)]);
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function notNow(why: string): Diagnostic {
  return new Diagnostic("WEB002", why, "Boot the machine, and let it run to its prompt");
}
