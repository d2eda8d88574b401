// The scenes of the tour: what each asks, what it tells, and the state of the machine that it is
// about. What it says with numbers is not here: those are claims, judged on the machine that is
// shown (src/inspect/scene-claims.ts).

import type { SceneName } from "../../src/inspect/scene-claims";

/**
 * Where the machine is:
 *
 *   prompt    it runs, and the shell waits
 *   call      stopped after a system call that was followed instruction by instruction
 *   entered   the same, gone back to right after CR3 became the kernel's
 *   write     stopped before a program's call of write
 *   breach    it runs, with a page of the kernel mapped into the program's space
 *   yours     it runs, and beside it a kernel in C++ has been linked
 */
export type Stage = "prompt" | "call" | "entered" | "write" | "breach" | "yours";

export interface Scene {
  /** `own` is about what was linked, not about the machine. */
  readonly name: SceneName | "own";
  readonly title: string;
  readonly stage: Stage;
  readonly text: readonly string[];
  /** What to look at, and what to try. */
  readonly look: string;
}

export const SCENES: readonly Scene[] = [
  {
    name: "tables",
    title: "What is an address space?",
    stage: "prompt",
    text: [
      "A program never names a piece of memory itself. It names an address, a number from 0 up " +
        "to 4 GiB, and the processor looks up what is there, in page tables. These cut all " +
        "addresses into pages of 4 KiB. For each page they say which frame of real memory is " +
        "behind it, if any, and what may be done with it. All that one set of tables describes " +
        "is an address space.",
      "Each outer column of the drawing is such a space: address 0 is at the bottom, 4 GiB at " +
        "the top. The column between them is the memory that the machine really has. A band " +
        "joins a page to its frame. One register says which set of tables the processor uses " +
        "now: CR3.",
    ],
    look:
      "Choose any box of an outer column: below the drawing you see the entries of the page " +
      "tables that lead to it, one after the other, beginning with CR3.",
  },
  {
    name: "spaces",
    title: "Why two whole spaces?",
    stage: "prompt",
    text: [
      "Most kernels live inside the space of every program, in its upper quarter or half. A " +
        "bit in each entry, U, says whether programs may use the page, and the kernel's pages " +
        "have it clear. Then one bit is the whole wall. In 2018 it turned out that many " +
        "processors peek over it while they guess ahead; the attack is called Meltdown.",
      "Here the kernel is not in the program's space, not even hidden. Kernel and program have " +
        "4 GiB each, and use the same addresses for different things. What is not mapped cannot " +
        "be guessed at.",
    ],
    look:
      "Compare the bottoms of the two outer columns: the same addresses, and the bands lead to " +
      "different frames. Only at the very top do they meet.",
  },
  {
    name: "pages",
    title: "Why are just three pages shared?",
    stage: "prompt",
    text: [
      "Suppose that nothing were shared. A program calls the kernel, say to print something: a " +
        "system call. The kernel's own space is needed for that, so CR3 has to change. The " +
        "instruction that changes it is looked up in the old tables, the next one in the new. If " +
        "that address means something else there, the processor runs whatever it finds. So the " +
        "code that changes CR3 must be at the same address, in the same frame, in both spaces. " +
        "That is the first page.",
      "But how does the processor come to that code? The program executes int 0x80. The " +
        "processor then looks up by itself where to go on, in a list that is called the " +
        "interrupt table; at that moment the program's CR3 is still loaded. So the list must be " +
        "in both spaces, too, and nobody may change it. The same holds for the number that the " +
        "code will load into CR3. That is the second page, which is read only.",
      "Before it goes there, the processor notes where the program was, so that the kernel can " +
        "return to it: it pushes that on a small stack. Where this stack is, it reads from lists " +
        "of its own, in which it also marks what it has used. All of these are used while the " +
        "program's CR3 is loaded, and some are written. That is the third page. Once CR3 is the " +
        "kernel's, everything else can be found; so nothing else need be shared.",
    ],
    look:
      "The three boxes with a thick outline, at the top of both outer columns: their bands end " +
      "in the same three frames.",
  },
  {
    name: "cr3",
    title: "When does CR3 change?",
    stage: "call",
    text: [
      "Twice in each system call: once on the way into the kernel, once on the way out. Since " +
        "the kernel has started, nothing but the code in the first shared page loads another " +
        "CR3. The machine has just been taken through a whole call, one instruction at a time: a " +
        "program asked for the number of its parent, getppid. Under Step you see each " +
        "instruction, and the two lines at which CR3 changed.",
      "On the way out it need not be the same program's CR3: that is how the kernel goes from " +
        "one program to the next. An interrupt that arrives while a program runs goes the same " +
        "way as a call. One that arrives while the kernel runs changes nothing, since the " +
        "kernel's CR3 is loaded already.",
    ],
    look:
      "Go through the list of instructions under Step. An orange edge means that the program's " +
      "tables are loaded, a blue one the kernel's. Between int 0x80 and the first change the " +
      "kernel's code runs already, but in the program's space. Press an address to go back to " +
      "that moment.",
  },
  {
    name: "order",
    title: "First CR3, or first the stack?",
    stage: "entered",
    text: [
      "The kernel has a stack of its own, somewhere in its own space. A register says where the " +
        "stack is: ESP. To change to the kernel's, ESP must be set as well as CR3. Were ESP " +
        "first, the processor would have the kernel's stack and the program's tables: at that " +
        "address there may be anything of the program's. One interrupt at that moment, and the " +
        "processor would write there.",
      "So CR3 comes first, while ESP still points into the shared page, which is right in " +
        "either space. On the way out it is the other way around. The machine stands right " +
        "between the two.",
    ],
    look:
      "In the drawing the filled triangles EIP and ESP are in the kernel's column now, and the " +
      "hollow ones in the program's, at the same address. Press Step, and watch ESP leave.",
  },
  {
    name: "cost",
    title: "Is it not slow to change tables at each call?",
    stage: "call",
    text: [
      "It costs something. Saving and copying the registers takes a few dozen instructions. " +
        "And the processor remembers translations so as not to walk the tables for each access; " +
        "a change of CR3 makes it forget them. Each side pays some walks again after each " +
        "crossing.",
      "That is the price that other kernels pay as well since Meltdown, when they keep two " +
        "sets of tables for each process. The shared pages are spared: they are marked global, " +
        "which means that their translations stay. They may be, because they mean the same " +
        "everywhere.",
    ],
    look:
      "Choose the topmost box of the kernel's column: its last entry has the bit G. No box " +
      "outside the three has it: that is law 8, under Laws.",
  },
  {
    name: "rights",
    title: "Code and data side by side: is that a problem?",
    stage: "prompt",
    text: [
      "Rights are given by the page. If code and variables lay in one page, that page would " +
        "have to be writable and executable at once, and whoever could write to it could change " +
        "the code that every program runs through.",
      "That is why they are three pages, and not one, although all of it together would almost " +
        "fit into one: one for code, one that is only read, one that is written.",
    ],
    look:
      "Choose each of the three boxes in turn, and compare the rights of the last entry. This " +
      "machine cannot forbid execution of a page, so an x shows everywhere; writing it does " +
      "forbid.",
  },
  {
    name: "parked",
    title: "How do they get to the very end?",
    stage: "prompt",
    text: [
      "A linker gives a section two addresses: where it will run, and where the boot loader " +
        "puts it. Usually they are equal. Here the three sections run at the end of the address " +
        "space, where there is no memory, and are loaded with the rest of the kernel, low. Page " +
        "tables join the two. Were they loaded where they run, the loader would want room for 4 " +
        "GiB.",
      "Nobody tells the linker how large they are. The layout says only that they end at 4 " +
        "GiB: it adds up their sizes, and goes down from the end. Position-independent code is " +
        "not needed, as the linker knows the address in the end.",
    ],
    look:
      "Follow the bands from the topmost boxes down to their frames in the middle column: they " +
      "lie right above the kernel's own code.",
  },
  {
    name: "pointers",
    title: "What is a program's pointer worth to the kernel?",
    stage: "write",
    text: [
      "A program that wants to print tells the kernel where its text is: an address. But once " +
        "CR3 is the kernel's, that address is one of the kernel's own, and means something else. " +
        "To follow it would be a mistake, or a trap that the program has set.",
      "So the kernel takes it as an allegation. It walks the program's tables itself, in " +
        "memory, and checks what they allow. Then it opens a window: an entry of its own tables " +
        "that shows the frame for a moment, to be closed before the program goes on. One file of " +
        "the kernel does this, and no other may: laws 3 and 6.",
    ],
    look:
      "Press the first Show below: the drawing marks the address in the program's space. Press " +
      "the second, and it marks what the kernel has there.",
  },
  {
    name: "breach",
    title: "And if one page more were shared?",
    stage: "breach",
    text: [
      "The tables of this machine have just been tampered with: one entry of the program's " +
        "page table leads to a frame of the kernel's variables now. No alarm goes off by itself; " +
        "the machine runs on as if nothing had happened. But the program can read and write the " +
        "kernel's memory with plain instructions.",
      "So the claim that only three pages are shared is worth as much as the check behind it. " +
        "The audit walks every table of the running machine and compares. It runs at the end of " +
        "every test of this kernel, and under Laws whenever you like. Going on mends the entry.",
    ],
    look:
      "Press Show below: the drawing marks the page in the program's space, and a band leads " +
      "from it to a frame that the kernel's column also has. Under Laws you can break the others.",
  },
  {
    name: "own",
    title: "How do I build my own?",
    stage: "yours",
    text: [
      "The idea needs none of the code that you have seen here. Under Yours there is a small " +
        "kernel in C++, as its compiler left it: four objects. The layout below says what each " +
        "part is, where it runs and where it is loaded; linking takes a moment, and happens in " +
        "this page.",
      "The lines about the trampoline are those with the region shared: it ends at 4 GiB " +
        "(anchor: end), is loaded with the kernel (load), and may refer to nothing outside but " +
        "its two exits (closed). The linker proves that, or refuses.",
    ],
    look:
      "Change the layout and press Link again: take system_call out of the exits, say, and read " +
      "what is refused. Then mend it, and boot the kernel. With objects of yours it works the " +
      "same.",
  },
];
