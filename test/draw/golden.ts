// Drawings whose text is stored, so that a change of any line of them is seen: `npm run bless`
// writes them anew, `git diff` shows the difference.

import { drawSvg } from "../../src/draw/draw-svg";
import { drawText } from "../../src/draw/draw-text";
import { higherHalf, machineColumns } from "./machine-columns";

export interface Golden {
  readonly file: string;
  readonly text: string;
}

/** Every stored drawing, as it is made now. */
export function goldens(): Golden[] {
  const text = (name: string, lines: readonly string[]) => ({
    file: `test/draw/golden/${name}`,
    text: `${lines.join("\n")}\n`,
  });
  const [title, summary] = ["A machine", "made by hand"];
  const picture = drawSvg({ title, summary, columns: machineColumns() });
  return [
    ...[60, 80, 130].map((width) =>
      text(`machine-${width}.txt`, drawText(machineColumns(), undefined, width)),
    ),
    text("higher-half-130.txt", drawText(higherHalf(), undefined, 130)),
    { file: "test/draw/golden/machine.svg", text: picture },
    {
      file: "test/draw/golden/higher-half.svg",
      text: drawSvg({ title, summary, columns: higherHalf(), theme: "dark" }),
    },
  ];
}
