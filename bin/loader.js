// Makes Node run this project's TypeScript: `node --import ./bin/loader.js FILE.ts`.
//
// tsx would also translate every JavaScript file that is imported, and for the AssemblyScript
// compiler, ten megabytes of it, that takes longer than a build. So packages bypass it.
import { accessSync, constants } from "node:fs";
import { register } from "node:module";
import { tmpdir } from "node:os";

/** tsx keeps what it has translated in the folder for temporary files, and fails without one. */
function hasTemporaryFolder() {
  try {
    accessSync(tmpdir(), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

if (!hasTemporaryFolder()) process.env.TSX_DISABLE_CACHE = "1";
const { register: registerTsx } = await import("tsx/esm/api");
registerTsx();
// The hook that is registered last is asked first.
register("./package-hook.js", import.meta.url);
