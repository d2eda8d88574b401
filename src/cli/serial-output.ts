// Where what the guest says on its serial line goes: the standard output and, with --log, a file.

import { closeSync, openSync, writeSync } from "node:fs";
import type { SerialPort } from "../machine/serial-port";
import { cannotWrite } from "./replace-file";

export class SerialOutput {
  readonly #path: string | undefined;
  #file: number | undefined;
  #failure: unknown;

  /**
   * @param path the file, which is emptied; absent: none
   * @throws Diagnostic CLI007 if it cannot be written
   */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path === undefined) return;
    try {
      this.#file = openSync(path, "w");
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  connect(serial: SerialPort): void {
    serial.onOutput((bytes) => {
      process.stdout.write(bytes);
      this.#log(bytes);
    });
  }

  /** @throws Diagnostic CLI007 if not all could be written to the file */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#failure !== undefined) throw cannotWrite(this.#path ?? "", this.#failure);
  }

  /** A full disk is no reason to stop the guest: the run goes on, and its end says so. */
  #log(bytes: Uint8Array): void {
    if (this.#file === undefined || this.#failure !== undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      this.#failure = error;
    }
  }
}
