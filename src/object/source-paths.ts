// Gives the sources of an object other paths: those under which a debugger finds them.

import type { DebugInfo, DebugType, DeclarationPlace, InlinedCall } from "./debug-info";
import type { ObjectFile } from "./object";

/** The object with each source's path replaced by what `pathOf` makes of it. */
export function withSourcePaths(object: ObjectFile, pathOf: (file: string) => string): ObjectFile {
  const known = new Map<string, string>();
  const path = (file: string): string => {
    const found = known.get(file) ?? pathOf(file);
    known.set(file, found);
    return found;
  };
  const sections = object.sections.map((section) => ({
    ...section,
    lines: section.lines.map((line) => ({ ...line, file: path(line.file) })),
  }));
  const { debug } = object;
  return { ...object, sections, ...(debug ? { debug: withDebugPaths(debug, path) } : {}) };
}

type PathOf = (file: string) => string;

function withDebugPaths({ types, globals, functions }: DebugInfo, path: PathOf): DebugInfo {
  return {
    types: types.map((type) => withTypePath(type, path)),
    globals: globals.map((each) => ({ ...each, place: at(each.place, path) })),
    functions: functions.map((each) => ({
      ...each,
      place: at(each.place, path),
      inlined: each.inlined.map((call) => withCallPaths(call, path)),
    })),
  };
}

function withTypePath(type: DebugType, path: PathOf): DebugType {
  return "place" in type ? { ...type, place: at(type.place, path) } : type;
}

function withCallPaths(call: InlinedCall, path: PathOf): InlinedCall {
  return {
    ...call,
    place: at(call.place, path),
    call: at(call.call, path),
    inlined: call.inlined.map((inner) => withCallPaths(inner, path)),
  };
}

function at<Place extends DeclarationPlace>(place: Place, path: PathOf): Place {
  return { ...place, file: path(place.file) };
}
