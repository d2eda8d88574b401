import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { NativePrograms, nativeMissing, type Outcome } from "./native-program";

const programs = new NativePrograms();
const NAMES = ["cat", "echo", "false", "hello", "kill", "ls", "memhog", "shell", "sleep", "true"];

/** Runs a script in the shell, from standard input. */
function script(...lines: string[]): Outcome {
  return programs.run("shell", [], `${lines.join("\n")}\n`);
}

describe("user programs on the host's Linux", { skip: nativeMissing() }, () => {
  before(() => programs.build(...NAMES));
  after(() => programs.remove());

  it("say where they run", () => {
    const { status, output } = programs.run("hello");
    assert.equal(status, 0);
    const [code, data, stack] = [...output.matchAll(/0x([0-9a-f]{8})/g)].map((match) =>
      Number.parseInt(match[1] ?? "", 16),
    );
    assert.ok(code && code >= 0x10000 && code < 0x100000, output);
    assert.ok(data && data >= 0x100000 && data < 0x200000, output);
    assert.ok(stack && stack > 0xf0000000, output);
  });

  it("end with main's result", () => {
    assert.equal(programs.run("true").status, 0);
    assert.equal(programs.run("false").status, 1);
  });

  it("get their arguments as they are", () => {
    assert.equal(programs.run("echo", ["a", "", "b c", "naïve ☃"]).output, "a  b c naïve ☃\n");
    assert.equal(programs.run("echo", ["-n", "x"]).output, "x");
    assert.equal(programs.run("echo").output, "\n");
  });

  it("explain themselves and refuse what they do not understand", () => {
    for (const name of ["hello", "cat", "ls", "memhog", "shell", "sleep"]) {
      const { status, output } = programs.run(name, ["--help"]);
      assert.match(output, new RegExp(`^usage: ${name}`));
      assert.equal(status, 0);
    }
    assert.equal(programs.run("ls", ["--nonsense"]).status, 2);
    assert.equal(programs.run("sleep", ["soon"]).status, 2);
    assert.equal(programs.run("sleep").status, 2);
  });

  it("copy files of any size and any bytes", () => {
    const text = "ÿ\u0001 line\n".repeat(10_000);
    assert.equal(programs.run("cat", [], text).output, text);
    assert.equal(programs.run("cat", ["-", "/dev/null"], text).output, text);
    const { status, errors } = programs.run("cat", ["/no/such"]);
    assert.equal(status, 1);
    assert.equal(errors, "cat: /no/such: No such file or directory\n");
  });

  it("list directories, sorted", () => {
    const { output, status } = programs.run("ls", [programs.folder]);
    assert.equal(status, 0);
    assert.deepEqual(output.trimEnd().split("\n"), NAMES);
    const long = programs.run("ls", ["-l", programs.folder]).output.split("\n");
    assert.match(long[0] ?? "", /^-rwxr-xr-x +1 +\d+ cat$/);
    assert.equal(long.length, NAMES.length + 1);
    assert.equal(programs.run("ls", ["/no/such"]).status, 1);
  });

  it("write to heap and to the highest addresses that the kernel grants", () => {
    const { output } = programs.run("memhog", ["2"]);
    const [, lowest, highest] = /wrote at (0x[0-9a-f]+) to (0x[0-9a-f]+)/.exec(output) ?? [];
    assert.ok(Number(lowest) >= 0xf0000000 && Number(highest) >= 0xf7000000, output);
    assert.match(output, /2 MiB, highest address/);
  });

  describe("the shell", () => {
    it("runs programs with arguments, quotes and variables", () => {
      const { output, status } = script(
        "echo plain 'single $HOME' \"double $HOME\" esc\\ aped # comment",
        'echo "$?$?" \'\' "a\\"b" $NOTHING.',
        "echo one;echo two",
      );
      assert.equal(
        output,
        'plain single $HOME double /home esc aped\n00  a"b .\none\ntwo\n'.replace("/home", ""),
      );
      assert.equal(status, 0);
    });

    it("passes the environment on", () => {
      const { output } = programs.run("shell", ["-c", 'echo "$GREETING"'], "", { GREETING: "hé" });
      assert.equal(output, "hé\n");
    });

    it("follows && and || by the status before them", () => {
      const { output } = script(
        "true && echo 1",
        "false && echo 2",
        "false || echo 3",
        "true || echo 4",
        "false; echo $?",
        "false && echo 5 || echo 6",
      );
      assert.equal(output, "1\n3\n1\n6\n");
    });

    it("reports what cannot be run, with the statuses of other shells", () => {
      const { output, errors } = script("nonsense", "echo $?", "/dev/null", "echo $?");
      assert.equal(output, "127\n126\n");
      assert.match(errors, /nonsense: there is no such program/);
      assert.match(errors, /\/dev\/null: Permission denied/);
    });

    it("reports the signal that ended a program", () => {
      const { output, errors } = script("shell -c 'kill -9 $$; echo no'", "echo $?");
      assert.equal(output, "137\n");
      assert.match(errors, /^shell: killed by SIGKILL \(9\)$/m);
    });

    it("refuses lines that are not well-formed, and goes on", () => {
      const { output, errors } = script(
        "echo 'a",
        "&& echo",
        "echo a &&",
        "echo <",
        "a | b",
        "echo ok",
      );
      assert.equal(output, "ok\n");
      assert.equal(errors.trimEnd().split("\n").length, 5);
    });

    it("redirects input and output", () => {
      const file = `${programs.folder}/redirected`;
      const { output } = script(
        `echo first > ${file}`,
        `echo second >> ${file}`,
        `cat < ${file}`,
        `echo third > ${file}; cat ${file}`,
        "cat < /no/such || echo no",
      );
      assert.equal(output, "first\nsecond\nthird\nno\n");
    });

    it("goes to folders, waits for the background, and exits with a status", () => {
      const { output, status } = script(
        "cd /usr && pwd",
        "cd /no/such || pwd",
        "sleep 1 &",
        "wait",
        "cd; pwd",
        "exit 7",
        "echo never",
      );
      assert.equal(output, "/usr\n/usr\n/\n");
      assert.equal(status, 7);
    });

    it("leaves what follows a line to the program that it starts", () => {
      assert.equal(script("cat", "this is", "for cat").output, "this is\nfor cat\n");
    });

    it("needs no more memory after thousands of lines", () => {
      const lines = new Array(1500).fill('cd /usr; cd "/tmp" && cd $HOME/ || pwd > /dev/null');
      const block = [...lines, "cat /proc/$$/statm"];
      // The first collection comes late where Linux puts the heap far behind the program.
      const { output } = script(...new Array(8).fill(block).flat());
      const sizes = output
        .trim()
        .split("\n")
        .map((line) => Number(line.split(" ")[1]));
      const [before = 0, after] = sizes.slice(-2);
      assert.equal(sizes.length, 8, output);
      assert.ok(after !== undefined && after <= before + 4, output);
    });

    it("runs a script from a file, and long lines", () => {
      const long = "x".repeat(5000);
      assert.equal(script(`echo ${long}`).output, `${long}\n`);
      assert.equal(programs.run("shell", ["/no/such"]).status, 127);
    });
  });
});
