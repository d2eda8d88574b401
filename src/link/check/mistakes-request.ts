// What does not fit the request: loaders that were named, and mistakes that were allowed.

import { type Allowance, allowanceText } from "./allowance";
import { judgeProtocols, LOADERS } from "./loader-verdict";
import type { Finding, Mistake } from "./mistake";

export const loaderRefuses: Mistake = {
  code: "LAY035",
  severity: "error",
  title: "a loader that the kernel is meant for does not load all of it",
  why:
    "With --loader you say which boot loaders the kernel is for. Each is judged by the rules of " +
    "its source; one that refuses the file, or leaves a part of it out, is an error, and the " +
    "report says in that loader's own words what it minds.",
  wrong: "isthmus check kernel.elf --loader limine      # a 32-bit kernel",
  right: "isthmus check kernel.elf --loader grub,qemu",
  find(subject) {
    const asked = LOADERS.filter((loader) => subject.options.loaders?.includes(loader));
    return asked.flatMap((loader): Finding[] => {
      // One command of a loader that loads it is enough.
      const verdicts = judgeProtocols(loader, subject, subject.options.memory);
      const [verdict] = verdicts;
      if (!verdict || verdicts.some(({ outcome }) => outcome === "loads")) return [];
      const does = verdict.outcome === "refuses" ? "does not load it" : "loads only a part of it";
      return [
        {
          what: `the kernel is for ${loader}, which ${does}: ${verdict.reasons.join("; ")}`,
          change: "Mend what it minds, or leave it out of --loader.",
          subject: loader,
          place: { file: subject.file.name },
        },
      ];
    });
  },
};

/** Found by check.ts, which knows what was found. */
export const unusedAllowance: Mistake = {
  code: "LAY039",
  severity: "note",
  title: "a mistake that is allowed was not found",
  why:
    "What --allow names is not reported. If nothing matches it any more, the kernel was mended, " +
    "or the symbol has another name now; the next mistake of that kind would be passed over " +
    "without a word.",
  wrong: "isthmus check kernel.elf --allow LAY016@.boot      # loaded at 1 MiB since last year",
  right: "isthmus check kernel.elf",
  find: () => [],
};

/** The finding that nothing matched `allowance`. */
export function unused(allowance: Allowance, file: string): Finding {
  const name = allowanceText(allowance);
  return {
    what: `--allow names ${name}, but nothing of that kind was found`,
    change: `Leave ${name} out of --allow.`,
    subject: name,
    place: { file },
  };
}
