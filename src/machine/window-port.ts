// The host's side of the second serial port: says how large the window is, once it is asked and
// whenever that changes. src/abi/window-port.ts has the protocol.

import { ASK_WINDOW } from "../abi/window-port";

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

export class WindowPort {
  readonly #transmit: (bytes: Uint8Array) => void;
  #size: WindowSize;
  #wasAsked = false;

  /** @param transmit passes bytes on to the guest's UART */
  constructor(size: WindowSize, transmit: (bytes: Uint8Array) => void) {
    this.#size = size;
    this.#transmit = transmit;
  }

  /** The window has another size now. */
  resize(size: WindowSize): void {
    if (size.rows === this.#size.rows && size.columns === this.#size.columns) return;
    this.#size = size;
    if (this.#wasAsked) this.#tell();
  }

  /** For the machine: the guest sent `bytes`. */
  receive(bytes: Uint8Array): void {
    if (!bytes.includes(ASK_WINDOW)) return;
    this.#wasAsked = true;
    this.#tell();
  }

  #tell(): void {
    const { rows, columns } = this.#size;
    this.#transmit(new TextEncoder().encode(`${rows} ${columns}\n`));
  }
}
