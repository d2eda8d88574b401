// The machine's screen of pixels, below the terminal: what somebody in front of that PC would see.
// It is there if the kernel was booted with it, and is looked at while it is in sight.

import type { MachineClient } from "./machine/client";

/** Five times a second: nobody types here. */
const LOOK_MS = 200;

export class ScreenPane {
  readonly #client: MachineClient;
  readonly #canvas: HTMLCanvasElement;
  readonly #button: HTMLButtonElement;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param boot boots anew, as `isWanted` says by then */
  constructor(
    client: MachineClient,
    canvas: HTMLCanvasElement,
    chosen: HTMLButtonElement,
    boot: () => void,
  ) {
    this.#client = client;
    this.#canvas = canvas;
    this.#button = chosen;
    chosen.addEventListener("click", () => {
      this.show(!this.isWanted);
      boot();
    });
  }

  /** Whether the kernel is to make a screen of pixels when it boots. */
  get isWanted(): boolean {
    return !this.#canvas.hidden;
  }

  /** Shows the screen, or not, of a machine that has one, or not. */
  show(isWanted: boolean): void {
    this.#canvas.hidden = !isWanted;
    this.#button.setAttribute("aria-pressed", String(isWanted));
    clearInterval(this.#timer);
    if (isWanted) this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  async #look(): Promise<void> {
    if (document.hidden) return;
    const picture = await this.#client.call("picture");
    if (picture === undefined) return;
    const { width, height, bytes } = picture;
    // To set a canvas's size clears it.
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#canvas.getContext("2d")?.putImageData(new ImageData(bytes, width, height), 0, 0);
  }
}
