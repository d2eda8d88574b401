// Opens the machine that `audit` and `map` look at, and reads the files that it boots.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBootedFiles } from "../inspect/booted-files";
import { Observation } from "../inspect/observation";
import type { Layout } from "../link/layout/layout";
import { resolveLayout } from "../link/layout/resolve";
import { openMachine } from "../machine/open-machine";
import type { BootSettings } from "./boot-settings";
import { readLayout } from "./layout-file";
import { importExport } from "./project-module";

const LAYOUT = "kernel/layout.ts";

/**
 * A machine that is not started yet; the caller always closes it.
 *
 * @param layoutPath the layout of the kernel; default: the project's, if the kernel is its
 */
export async function observe(
  settings: BootSettings,
  layoutPath: string | undefined,
): Promise<Observation> {
  const layout =
    layoutPath === undefined ? await projectLayout(settings) : await readLayout(layoutPath);
  const { machine, options, pc, kernelPath } = settings;
  const files = readBootedFiles(options, kernelPath, layout && resolveLayout(layout));
  return new Observation(openMachine(machine, options, pc), files);
}

async function projectLayout({ project }: BootSettings): Promise<Layout | undefined> {
  if (!project || !existsSync(join(project.root, LAYOUT))) return undefined;
  return importExport<Layout>(project.root, LAYOUT, "layout");
}
