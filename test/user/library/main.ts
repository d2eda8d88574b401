// Programs that lean on AssemblyScript's library: their output must be the same wherever they run.

import { collections } from "./collections";
import { garbage } from "./garbage";
import { json } from "./json";
import { numbers } from "./numbers";

export function main(): void {
  collections();
  json();
  numbers();
  garbage();
}
