// Where this installation is. A file of its own, as `--help` needs that and no more.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this installation: the toolchain, and a kernel to start with. */
export const INSTALLATION = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
