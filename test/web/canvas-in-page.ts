// Runs in the page: what a canvas shows. The function is handed to a browser as text, so it refers
// to nothing outside itself.

/** The colours of a canvas, row by row, as numbers: 0xff0000 is red. */
export function canvasColours(selector: string): number[] {
  interface Canvas {
    readonly width: number;
    readonly height: number;
    getContext(kind: "2d"): {
      getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
    };
  }
  const { document } = globalThis as unknown as {
    document: { querySelector(selector: string): Canvas };
  };
  const canvas = document.querySelector(selector);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const colours: number[] = [];
  for (let at = 0; at < data.length; at += 4) {
    colours.push(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
  }
  return colours;
}
