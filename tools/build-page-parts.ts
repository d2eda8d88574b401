// `tools/build-page-parts.ts FILE`: writes what the page links besides compiled sources. Assembly
// and layouts are TypeScript that runs, which a page should not do with what a link brought; so
// they are run here, and the page gets the objects.

import { writeFileSync } from "node:fs";
import { assemble, assemblySources } from "../src/cli/build-assembly";
import { INSTALLATION } from "../src/cli/installation";
import { programRecipes } from "../src/cli/program-list";
import { importExport } from "../src/cli/project-module";
import type { Layout } from "../src/link/layout/layout";
import { type PageParts, partsText } from "../web/compile/parts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("tools/build-page-parts.ts needs a file");
const objects = (paths: readonly string[]) =>
  Promise.all(paths.map((path) => assemble(INSTALLATION, path)));
const recipes = (await programRecipes(INSTALLATION)).filter(({ isApart }) => !isApart);
const programs = recipes.map(async (recipe) => ({
  recipe,
  assembly: await objects(recipe.assembly),
}));
const parts: PageParts = {
  kernel: {
    assembly: await objects(assemblySources(INSTALLATION, "kernel")),
    layout: await importExport<Layout>(INSTALLATION, "kernel/layout.ts", "layout"),
  },
  programs: await Promise.all(programs),
  programLayout: await importExport<Layout>(INSTALLATION, "user/layout.ts", "layout"),
};
writeFileSync(file, partsText(parts));
