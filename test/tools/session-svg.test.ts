// The picture of a terminal session.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type SessionLine, sessionSvg } from "../../tools/session-svg";
import { run, scratch, unlessInstalled } from "../link/tools";

const LINES: readonly SessionLine[] = [
  { text: '$ echo "a & b" <c>', kind: "typed", at: 0.5 },
  { text: "  indented", kind: "output", at: 0.62 },
];

describe("the picture of a session", () => {
  const svg = sessionSvg("isthmus", LINES);

  it("shows each line when it came, and all at once where nothing may move", () => {
    const delays = [...svg.matchAll(/animation-delay: ([\d.]+)s/g)].map(([, seconds]) => seconds);
    assert.deepEqual(delays, ["0.5", "0.62"]);
    assert.match(svg, /prefers-reduced-motion: reduce\) { \.line { animation: none; } }/);
  });

  it("keeps blanks and characters that XML gives a meaning", () => {
    assert.ok(svg.includes(">$\u00a0echo\u00a0&quot;a\u00a0&amp;\u00a0b&quot;\u00a0&lt;c&gt;<"));
    assert.ok(svg.includes(">\u00a0\u00a0indented<"));
  });

  it("can be rendered", { skip: unlessInstalled("rsvg-convert") }, (t) => {
    const file = scratch(t);
    run("rsvg-convert", file("a.svg", svg), "-o", file("a.png"));
    run("rsvg-convert", "docs/session.svg", "-o", file("b.png"));
  });

  it("is in the README with a session in which every law held", () => {
    assert.match(readFileSync("README.md", "utf8"), /\(docs\/session\.svg\)/);
    const session = readFileSync("docs/session.svg", "utf8").replaceAll("\u00a0", " ");
    assert.match(session, />v86: no law is broken</);
    assert.doesNotMatch(session, /law \d +broken/);
  });
});
