// Paths as bytes: file names on Linux are bytes without a meaning, and a folder may have names that
// are not UTF-8.
//
// Invariant: a byte path is a string of which each character is one byte. It has no slash at either
// end, and the root is "". Strings of that form can be keys, and compare as bytes do.

const REPLACEMENT = "\ufffd";

/** The bytes of a text, as UTF-8. */
export function bytesOfText(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** A byte string for people. */
export function textOfBytes(bytes: string): string {
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  // What is not UTF-8 is shown byte by byte, so that two names never look the same.
  const shown = text.includes(REPLACEMENT) ? bytes : text;
  return shown.replace(/\p{Cc}/gu, (each) => `\\x${hexByte(each)}`);
}

function hexByte(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}

/** For the functions of node:fs. */
export function hostPath(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}

export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Of a path: "" for what lies in the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** As a program in the guest would write it. */
export function guestPath(path: string): string {
  return `/${textOfBytes(path)}`;
}
