// Builds small WebAssembly modules byte by byte, for tests of the decoder and the validator.

export type Bytes = readonly number[];

/** An unsigned LEB128 number. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** A signed LEB128 number of any size, in its shortest form. */
export function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest >= -64n && rest < 64n) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export function vector(...items: Bytes[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

export function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}

export function section(id: number, contents: Bytes): number[] {
  return [id, ...leb(contents.length), ...contents];
}

/** A function body without locals: its instructions must end with 0x0b. */
export function body(...instructions: number[]): number[] {
  return [...leb(instructions.length + 1), 0, ...instructions];
}

export function wasm(...sections: Bytes[]): Uint8Array {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

/** A module with one function of type `params -> results` with these instructions. */
export function oneFunction(params: Bytes, results: Bytes, ...instructions: number[]): Uint8Array {
  return wasm(
    section(
      1,
      vector([0x60, ...leb(params.length), ...params, ...leb(results.length), ...results]),
    ),
    section(3, vector([0])),
    section(5, vector([0, 1])),
    section(7, vector([...text("f"), 0, 0])),
    section(10, vector(body(...instructions))),
  );
}
