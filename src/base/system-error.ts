// Errors of the operating system in words: what a user can mend is not a bug of ours.

/** What each error means, as the end of a sentence. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission is denied",
  EBUSY: "it is in use",
  EDQUOT: "your quota is used up",
  EEXIST: "something of that name is there",
  EFBIG: "the file would be larger than is allowed",
  EIO: "the device reports an error",
  EISDIR: "it is a folder",
  ELOOP: "symbolic links go in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many files are open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is not a folder",
  ENOTEMPTY: "the folder is not empty",
  EPERM: "it is not permitted",
  EROFS: "the file system is read-only",
  ETXTBSY: "it is being run",
};

/** Why the operating system refused, if `error` is such a refusal. */
export function systemReason(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return error instanceof Error && code !== undefined ? WORDS[code] : undefined;
}

/** The path that such an error is about. */
export function systemPath(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.path;
}
