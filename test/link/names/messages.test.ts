// Names of C++ as messages show them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";

test("C++ names are shown as programmers write them", { skip }, (t) => {
  const { compile } = workshop(t);
  const source =
    'namespace a { int f(const char *); } extern "C" int _start() { return a::f(""); }';
  const text = diagnosed("LINK004", () => linkFiles([compile("start.cpp", source)]));
  assert.match(text, /undefined symbol "a::f\(char const\*\)" \(_ZN1a1fEPKc\), used at/);
});
