// The environment, which the shell passes on unchanged, and the variables of a line.

import { getpid } from "../runtime/system-calls";
import { fromC } from "../runtime/text";
import { Variables } from "./expand";

const DEFAULT_PATH = "/bin";

export class Environment extends Variables {
  /** `$?` */
  status: i32 = 0;

  /** @param address where the environment is: addresses of NAME=VALUE strings, then 0 */
  constructor(public readonly address: usize) {
    super();
  }

  /** The folders in which programs are looked for. */
  get path(): string {
    const found = this.lookup("PATH");
    return found.length !== 0 ? found : DEFAULT_PATH;
  }

  lookup(name: string): string {
    if (name === "?") return this.status.toString();
    if (name === "$") return getpid().toString();
    const prefix = `${name}=`;
    for (let at = this.address; load<usize>(at) !== 0; at += sizeof<usize>()) {
      const variable = fromC(load<usize>(at));
      if (variable.startsWith(prefix)) return variable.substring(prefix.length);
    }
    return "";
  }
}
