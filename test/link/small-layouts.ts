// Layouts for a few sections of a few bytes.

import type { Layout } from "../../src/link/layout/layout";
import { nops } from "./build-object";

export const flat: Layout = {
  name: "flat",
  regions: { low: { start: 0x100000 } },
  sections: [{ name: ".text" }, { name: ".rodata" }, { name: ".data" }, { name: ".bss" }],
};

const topText = { name: ".top.text", region: "top", load: "low", keep: true } as const;

const topData = { name: ".top.data", region: "top", load: "low", keep: true } as const;

export const parked: Layout = {
  ...flat,
  regions: { low: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
  sections: [{ name: ".text" }, topText, topData],
};

export const start = { ".text": { bytes: nops(4), symbols: { _start: 0 } } };
