// The editor of a source: CodeMirror, with the colours of the page's theme. It is a file of its
// own, fetched when somebody opens the sources, as it is as large as half of the page.
//
// Tab indents, as programmers expect. So that nobody who has only a keyboard is held here, Esc
// gives Tab back its usual meaning until something else is typed.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

/** What is wrong at a place; lines and columns count from 1. */
export interface Mark {
  readonly line: number;
  readonly column: number | undefined;
  readonly text: string;
}

export class SourceEditor {
  readonly #view: EditorView;
  readonly #theme = new Compartment();
  readonly #changed: (text: string) => void;
  #isDark: boolean;

  /** @param changed is told the text whenever the reader has changed it */
  constructor(parent: HTMLElement, isDark: boolean, changed: (text: string) => void) {
    this.#changed = changed;
    this.#view = new EditorView({ parent });
    this.#isDark = isDark;
  }

  /** Shows another text, with its own history of changes; selects a line of it. */
  open(text: string, isFixed: boolean, line?: number): void {
    this.#view.setState(EditorState.create({ doc: text, extensions: this.#extensions(isFixed) }));
    if (line === undefined) return;
    const { doc } = this.#view.state;
    const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
    this.#view.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
  }

  focus(): void {
    this.#view.focus();
  }

  /** Marks what is wrong, in place of what was marked before. */
  mark(marks: readonly Mark[]): void {
    const { doc } = this.#view.state;
    const found = marks.map(({ line, column, text }): Diagnostic => {
      const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
      const start = Math.min(to, from + (column ?? 1) - 1);
      const word = this.#view.state.wordAt(start);
      return { from: start, to: word?.to ?? to, severity: "error", message: text };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, found));
  }

  setDark(isDark: boolean): void {
    this.#isDark = isDark;
    this.#view.dispatch({ effects: this.#theme.reconfigure(EditorView.darkTheme.of(isDark)) });
  }

  #extensions(isFixed: boolean): Extension {
    return [
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      highlightSelectionMatches(),
      drawSelection(),
      history(),
      search({ top: true }),
      bracketMatching(),
      indentOnInput(),
      javascript({ typescript: true }),
      syntaxHighlighting(classHighlighter),
      this.#theme.of(EditorView.darkTheme.of(this.#isDark)),
      EditorState.readOnly.of(isFixed),
      EditorView.contentAttributes.of({
        id: "source-text",
        "aria-label": "Source",
        tabindex: "0",
      }),
      keymap.of([
        { key: "Escape", run: freeTab },
        { any: takeTab },
        ...searchKeymap,
        ...historyKeymap,
        ...lintKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      EditorView.domEventHandlers({ blur: (_, view) => view.setTabFocusMode(false) }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) this.#changed(state.doc.toString());
      }),
    ];
  }
}

/** Leaves Tab to the browser; what else Esc does is still done. */
function freeTab(view: EditorView): boolean {
  view.setTabFocusMode(true);
  return false;
}

function takeTab(view: EditorView, { key }: KeyboardEvent): boolean {
  if (!["Escape", "Tab", "Shift"].includes(key)) view.setTabFocusMode(false);
  return false;
}
