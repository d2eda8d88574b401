// Makes Node run this project's TypeScript: `node --import ./bin/loader.js FILE.ts`.
//
// tsx would also translate every JavaScript file that is imported, and for the AssemblyScript
// compiler, ten megabytes of it, that takes longer than a build. So packages bypass it.
import { register } from "node:module";
import { register as registerTsx } from "tsx/esm/api";

registerTsx();
// The hook that is registered last is asked first.
register("./package-hook.js", import.meta.url);
