// What the page and the worker that has the machine say to each other.
//
// The page calls (`MachineCalls`) and gets an answer for each call; the worker tells
// (`MachineEvent`) what happens by itself. Everything here survives being copied between threads.

import type { Place } from "../../src/base/diagnostic";
import type { Column } from "../../src/draw/columns";
import type { AddressFacts } from "../../src/inspect/address-facts";
import type { LawResult } from "../../src/inspect/audit";
import type { CallState, Claim, SceneName } from "../../src/inspect/scene-claims";
import type { StopCondition } from "../../src/inspect/step-session";
import type { Layout } from "../../src/link/layout/layout";
import type { Ending } from "../../src/machine/machine";
import type { WindowSize } from "../../src/machine/window-port";

/** A file that is added to those of the initramfs. */
export interface ExtraFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isProgram: boolean;
}

export interface BootRequest {
  readonly memoryMiB: number;
  /** Another kernel than the project's, and whether it is one that the map can show. */
  readonly kernel?: {
    readonly name: string;
    readonly bytes: Uint8Array;
    /** Built from the project's sources, edited: it has their layout. */
    readonly isOwn?: boolean;
    /** That kernel's layout, if it was edited. */
    readonly layout?: Layout;
  };
  readonly files: readonly ExtraFile[];
  /** The kernel makes a screen of pixels. */
  readonly hasPixels?: boolean;
}

/** A screen of pixels, row by row: red, green, blue and alpha, a byte each. */
export interface ScreenPicture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8ClampedArray<ArrayBuffer>;
}

/** A machine as it was, to go on with later. */
export interface SavedMachine {
  readonly request: BootRequest;
  readonly state: ArrayBuffer;
  /** Of the kernel and the programs: the state fits no others. */
  readonly build: string;
}

/** Which process is drawn: the one that runs, or one by its pid. */
export type ProcessChoice = "current" | number;

/** What is to be drawn, and how. */
export interface Watch {
  readonly process: ProcessChoice;
  readonly unfolded: readonly string[];
}

export interface ProcessName {
  readonly pid: number;
  readonly name: string;
}

/** What the map shows. */
export interface MapView {
  readonly columns: readonly Column[];
  readonly processes: readonly ProcessName[];
  /** The pid of the process that is drawn. */
  readonly drawn: number | undefined;
  readonly summary: string;
}

/** Where the processor is, between two instructions. */
export interface Stop {
  readonly address: number;
  readonly space: "kernel" | "user";
  readonly spaceTitle: string;
  readonly ring: number;
  readonly text: string | undefined;
  readonly symbol: string | undefined;
  readonly place: Place | undefined;
  readonly registers: Readonly<Record<string, number>>;
  /** What ESP points into: `entry stack, .trampoline.data`. */
  readonly stack: string;
  readonly halted: boolean;
}

/** An instruction that was executed, and what it changed. */
export interface StepRecord {
  readonly from: Stop;
  readonly changed: Readonly<Record<string, number>>;
}

/** What a step, or a run of steps, has led to. */
export interface StepResult {
  readonly isDone: boolean;
  readonly stop: Stop;
  /** The instructions that were executed one by one, if they are few. */
  readonly records: readonly StepRecord[];
  readonly canGoBack: boolean;
}

export interface BreachNote {
  readonly law: number;
  readonly space: string;
  readonly va: number;
}

/** The calls, by name. Each is answered, with a value or an error. */
export interface MachineCalls {
  boot(request: BootRequest): void;
  input(text: string): void;
  pause(): void;
  resume(): void;
  /** As a share of full speed, above 0 to 1. */
  setSpeed(share: number): void;
  /** The terminal has another size: told to the guest, at once and when it boots. */
  resize(window: WindowSize): void;
  save(): SavedMachine;
  restore(saved: SavedMachine): void;
  watch(watch: Watch | undefined): void;
  /** Undefined: the screen is in a mode of text. */
  picture(): ScreenPicture | undefined;
  /** Of an address in the drawn column of that index. */
  facts(column: number, address: number): AddressFacts;
  stop(): Stop;
  stepForward(): StepResult;
  stepBack(count: number): StepResult;
  stepThrough(): StepResult;
  /** @param isShellPassed calls of the first process do not count */
  runUntil(condition: StopCondition, isShellPassed: boolean): StepResult;
  cancelRun(): void;
  audit(sources: readonly (readonly [string, string])[]): LawResult[];
  breakLaw(law: number): BreachNote;
  mendLaw(): void;
  /** What the machine says to a scene of the tour, after the call that was followed for it. */
  claims(scene: SceneName, call: readonly CallState[]): Claim[];
}

export type CallName = keyof MachineCalls;

export interface Call {
  readonly id: number;
  readonly name: CallName;
  readonly words: readonly unknown[];
}

/** A Diagnostic, or another error, without its class. */
export interface PlainError {
  readonly code: string | undefined;
  readonly text: string;
  readonly remedy: string | undefined;
}

export type MachineState = "starting" | "running" | "paused" | "ended";

export type MachineEvent =
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  | { readonly kind: "state"; readonly state: MachineState; readonly ending?: Ending }
  | { readonly kind: "map"; readonly view: MapView };

export type FromWorker =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly error: PlainError }
  | MachineEvent;
