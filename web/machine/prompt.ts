// When the shell of a machine that boots is ready for a line: what is sent before may be lost.

const SIGN = "$ ";

export class Prompt {
  readonly seen: Promise<void>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #see = () => {};

  constructor() {
    this.seen = new Promise((resolve) => {
      this.#see = resolve;
    });
  }

  /** That of a machine that had come to its prompt before. */
  static past(): Prompt {
    const prompt = new Prompt();
    prompt.#see();
    return prompt;
  }

  /** Takes what the machine has written. */
  read(bytes: Uint8Array): void {
    const text = this.#text + this.#decoder.decode(bytes, { stream: true });
    if (text.includes(SIGN)) this.#see();
    this.#text = text.slice(-SIGN.length);
  }
}
