// Which members of an archive a link takes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mapFile } from "../../../src/link/output/map-file";
import { addressOf } from "../../../src/link/passes/image";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, START, skip, workshop } from "../foreign-objects";
import { run } from "../tools";

test("an archive gives the members that are needed, and what those need", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", START);
  const library = archive(
    "lib.a",
    compile("a_member_with_a_name_of_more_than_fifteen.c", "void g(void); void f(void) { g(); }"),
    compile("unneeded.c", "void unneeded(void) {} int never;"),
    compile("g.c", "void g(void) {}"),
  );
  const image = linkFiles([start, library]);
  const members = [...mapFile(image).matchAll(/lib\.a\(([\w.]+)\)/g)].map((match) => match[1]);
  assert.deepEqual([...new Set(members)], ["a_member_with_a_name_of_more_than_fifteen.o", "g.o"]);
});

test("an archive serves only what comes before it on the command line", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", START);
  const library = archive("lib.a", compile("f.c", "void f(void) {}"));
  diagnosed("LINK004", () => linkFiles([library, start]));
  assert.ok(addressOf(linkFiles([start, library]), "f"));
});

test("wholeArchives takes every member; a rule may name members", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", "void _start(void) {}");
  const library = archive("lib.a", compile("f.c", "void f(void) {}"), compile("g.c", "int g = 1;"));
  const image = linkFiles([start, library], {
    wholeArchives: ["lib.a"],
    sections: [
      { name: ".special", permissions: "rx", inputs: [{ sections: "*", objects: "lib.a(f.o)" }] },
      ".text",
      ".rodata",
      ".data",
      ".bss",
    ],
    discard: [".note*", ".comment", ".eh_frame"],
  });
  assert.equal(addressOf(image, "f"), addressOf(image, "special_start"));
  assert.ok(addressOf(image, "g"));
});

test("a weak reference pulls no member, a common symbol pulls a definition", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const source = "extern void f(void) __attribute__((weak)); int value; void _start(void) { f(); }";
  const start = compile("start.c", source, "-fcommon");
  const library = archive(
    "lib.a",
    compile("f.c", "void f(void) {}"),
    compile("value.c", "int value = 7;"),
    compile("tentative.c", "int value;", "-fcommon"),
  );
  const image = linkFiles([start, library]);
  assert.equal(addressOf(image, "f"), undefined);
  const value = image.symbols.find(({ name }) => name === "value");
  assert.equal(value?.input?.object.name, "lib.a(value.o)");
});

test("archives without an index work, thin ones are refused", { skip }, (t) => {
  const { compile, file } = workshop(t);
  const f = compile("f.c", "void f(void) {}");
  const start = compile("start.c", START);
  run("ar", "rcS", file("plain.a"), f);
  assert.ok(addressOf(linkFiles([start, file("plain.a")]), "f"));
  run("ar", "rcT", file("thin.a"), f);
  assert.match(
    diagnosed("ARCH001", () => linkFiles([start, file("thin.a")])),
    /thin\.a is a thin archive[\s\S]*ar rcs/,
  );
});
