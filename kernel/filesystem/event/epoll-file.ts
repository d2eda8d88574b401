// Open files of epoll(7): what poll and close do with them, and which may be put into which.

import { ELOOP, ENOMEM } from "../../../src/abi/errno";
import { POLLIN, POLLRDNORM } from "../../../src/abi/poll";
import { FileSystem } from "../../file/file-system";
import { FileOperations } from "../../file/inode";
import { OpenFile, onInterestingClose } from "../../file/open-file";
import { allocate, free } from "../../memory/heap";
import { pollWait } from "../../thread/poll-table";
import { WaitQueue } from "../../thread/wait-queue";
import { hasOpened, isEventFile, openEventFile, startEventFiles } from "./event-file";
import { firstOf, forgetFile, InterestList } from "./interest";

/** Files in a chain of which each is interested in the next, as on Linux. */
const MOST_NESTED: u32 = 5;

/**
 * Ways from a file through 1, 2, … epoll files to those who wait there, as many as on Linux: who
 * wakes the file goes all of them at once. Through one alone there may be any number.
 */
const MOST_WAYS: usize = memory.data<u32>([0, 500, 100, 50, 10]);
const WORD_SHIFT: u32 = 2;
/** How many have been counted. */
const ways: usize = memory.data(MOST_NESTED << WORD_SHIFT, 4);

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));
const epolls = changetype<FileSystem>(memory.data(offsetof<FileSystem>(), 4));

/** Numbers the searches for circles. */
let lastSearch: u32 = 0;
/** What the search goes on for: a list that must not be found. */
let forbidden: InterestList = changetype<InterestList>(0);
let isCircle: bool = false;

/** Fills the record of operations; before any file is made. */
export function startEpoll(): void {
  startEventFiles(operations, epolls, cstr("anon_inode:[eventpoll]"));
  operations.poll = pollInterests.index;
  operations.queues = queuesOfInterests.index;
  operations.release = closeInterests.index;
  onInterestingClose(forgetFile.index);
}

/** An open file without interests: its address or -errno. */
export function openEpoll(): usize {
  const at = allocate(offsetof<InterestList>() + offsetof<WaitQueue>());
  if (at === 0) return -ENOMEM;
  const list = changetype<InterestList>(at);
  list.waiters = changetype<WaitQueue>(at + offsetof<InterestList>());
  const opened = openEventFile(epolls, operations, at, 0);
  if (hasOpened(opened)) list.file = changetype<OpenFile>(opened);
  else free(at);
  return opened;
}

/** The interests of such a file; null: it is another kind of file. */
export function interestsOf(file: OpenFile): InterestList | null {
  return isEventFile(file, operations) ? changetype<InterestList>(file.inode.data) : null;
}

/** -ELOOP if `list` must not be interested in `file`, because of circles or chains; or 0. */
export function nestingRefusal(list: InterestList, file: OpenFile): i32 {
  const inner = interestsOf(file);
  if (inner === null) return 0;
  lastSearch++;
  forbidden = list;
  isCircle = false;
  const below = depthBelow(inner, 0);
  if (isCircle || below > MOST_NESTED) return -ELOOP;
  lastSearch++;
  return below + depthAbove(list, 0) > MOST_NESTED ? -ELOOP : 0;
}

/** How many files the longest chain has that begins with that of `list`. */
function depthBelow(list: InterestList, depth: u32): u32 {
  if (list === forbidden) isCircle = true;
  if (isCircle || depth > MOST_NESTED) return 1;
  if (list.mark === lastSearch) return list.depth;
  let deepest: u32 = 0;
  let interest = list.first;
  while (interest !== null) {
    const inner = interestsOf(interest.file);
    if (inner !== null) deepest = max<u32>(deepest, depthBelow(inner, depth + 1));
    interest = interest.next;
  }
  list.mark = lastSearch;
  list.depth = deepest + 1;
  return deepest + 1;
}

/** How many files the longest chain has that ends with that of `list`. */
function depthAbove(list: InterestList, depth: u32): u32 {
  if (depth > MOST_NESTED) return 1;
  if (list.mark === lastSearch) return list.depth;
  let deepest: u32 = 0;
  let interest = firstOf(list.file);
  while (interest !== null) {
    deepest = max<u32>(deepest, depthAbove(interest.list, depth + 1));
    interest = interest.nextOfFile;
  }
  list.mark = lastSearch;
  list.depth = deepest + 1;
  return deepest + 1;
}

/** Whether by the new interest of `list` in `file` some file is waited for in too many ways. */
export function hasTooManyWays(list: InterestList, file: OpenFile): bool {
  if (interestsOf(file) === null && firstOf(list.file) === null) return false;
  lastSearch++;
  return hasTooManyBelow(file);
}

/** The same of the file, or of what is in it if it is one of interests. */
function hasTooManyBelow(file: OpenFile): bool {
  const inner = interestsOf(file);
  if (inner !== null) {
    if (inner.mark === lastSearch) return false;
    inner.mark = lastSearch;
    let interest = inner.first;
    while (interest !== null) {
      if (hasTooManyBelow(interest.file)) return true;
      interest = interest.next;
    }
    return false;
  }
  const first = firstOf(file)!;
  if (first.mark === lastSearch) return false;
  first.mark = lastSearch;
  memory.fill(ways, 0, MOST_NESTED << WORD_SHIFT);
  return hasTooManyAbove(file, 0);
}

/** Counts the ways from a file, which `depth` epoll files are below; whether they are too many. */
function hasTooManyAbove(file: OpenFile, depth: u32): bool {
  if (depth === MOST_NESTED) return true;
  const count = ways + (depth << WORD_SHIFT);
  for (let interest = firstOf(file); interest !== null; interest = interest!.nextOfFile) {
    const outer = interest.list.file;
    if (firstOf(outer) !== null) {
      if (hasTooManyAbove(outer, depth + 1)) return true;
    } else if (depth !== 0) {
      store<u32>(count, load<u32>(count) + 1);
      if (load<u32>(count) > load<u32>(MOST_WAYS + (depth << WORD_SHIFT))) return true;
    }
  }
  return false;
}

/** Its own: what is behind it wakes that, too. */
function queuesOfInterests(file: OpenFile): void {
  pollWait(changetype<InterestList>(file.inode.data).waiters);
}

function pollInterests(file: OpenFile): u32 {
  const list = changetype<InterestList>(file.inode.data);
  return list.hasEvent() ? POLLIN | POLLRDNORM : 0;
}

function closeInterests(file: OpenFile): void {
  const list = changetype<InterestList>(file.inode.data);
  for (let interest = list.first; interest !== null; interest = list.first) {
    list.remove(interest);
  }
  free(changetype<usize>(list));
}
