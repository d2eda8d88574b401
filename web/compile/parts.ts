// What is linked with compiled sources: objects of assembly, layouts, recipes of programs. They are
// plain data, so they travel as JSON; bytes are written in base64.

import type { ProgramRecipe } from "../../src/cli/build-task";
import type { Layout } from "../../src/link/layout/layout";
import type { ObjectFile } from "../../src/object/object";

export interface PageParts {
  readonly kernel: { readonly assembly: readonly ObjectFile[]; readonly layout: Layout };
  readonly programs: readonly {
    readonly recipe: ProgramRecipe;
    readonly assembly: readonly ObjectFile[];
  }[];
  readonly programLayout: Layout;
}

const BYTES = "$bytes";

export function partsText(parts: PageParts): string {
  return JSON.stringify(parts, (_, value: unknown) =>
    value instanceof Uint8Array ? { [BYTES]: btoa(String.fromCharCode(...value)) } : value,
  );
}

export function parseParts(text: string): PageParts {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !(BYTES in value)) return value;
    return Uint8Array.from(atob(String(value[BYTES])), (each) => each.charCodeAt(0));
  }) as PageParts;
}
