// How files are named to services that know a repository and not this machine: by their path in it,
// with `/`. A file outside this folder keeps its whole path.

import { isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** `kernel/start.S`, or an absolute path. */
export function repositoryPath(path: string, folder = process.cwd()): string {
  const inside = relative(folder, resolve(folder, path));
  const isOutside = inside.startsWith("..") || isAbsolute(inside) || inside === "";
  return (isOutside ? resolve(folder, path) : inside).split(sep).join("/");
}

/** The same as a URI reference: `kernel/my%20start.S`, or `file:///…`. */
export function repositoryUri(path: string, folder = process.cwd()): string {
  const inside = repositoryPath(path, folder);
  if (isAbsolute(inside)) return pathToFileURL(inside).href;
  return inside.split("/").map(encodeURIComponent).join("/");
}
