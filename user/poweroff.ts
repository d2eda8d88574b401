// poweroff: switches the machine off, or restarts it.

import { REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, REBOOT_RESTART } from "../src/abi/reboot";
import { argument, equals, refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { reboot } from "./runtime/system-calls";

const USAGE = `usage: poweroff [--reboot]
Switches the machine off.
  --reboot  restarts it instead`;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const restarts = argc === 2 && equals(argument(argv, 1), "--reboot");
  if (argc > 1 && !restarts) return refuse(argv, 1, USAGE);
  const command = restarts ? REBOOT_RESTART : REBOOT_POWER_OFF;
  const result = reboot(REBOOT_MAGIC1, REBOOT_MAGIC2, command);
  complain("poweroff", cstr("reboot"), result);
  return 1;
}
