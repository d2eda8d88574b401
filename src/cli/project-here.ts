// Which project a command is about that names none, and a word to the user if it is not theirs.

import { findProject, INSTALLATION, type Project } from "./project";
import { progress } from "./terminal";

/** The project of the current folder; says so if that is the installation's own kernel. */
export function projectHere(): Project {
  const project = findProject(process.cwd());
  if (project.installed?.isFallback) {
    progress(`isthmus: no kernel/main.ts here or above, so this is the kernel of ${INSTALLATION}`);
  }
  return project;
}
