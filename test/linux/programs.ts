// Programs of Debian's that the tests run on Linux and here, each as a script of bash in
// an empty directory of its own. (Not of busybox's: it prefers its own
// applets where /proc is mounted, and on the host it is not.) What a script prints must not depend
// on times or process numbers.

import { readFileSync } from "node:fs";

const CONCURRENCY = readFileSync("test/linux/concurrency.py", "utf8");

/** Everything that the scripts need, libraries included. */
export const PACKAGES = [
  ...["busybox-static", "bash-static", "zsh-static", "sash", "mksh", "dash", "coreutils"],
  ...["libc6", "libacl1", "libattr1", "libgmp10", "libpcre2-8-0", "libselinux1", "libcrypt1"],
  ...["lua5.4", "libreadline8", "libtinfo6", "tcc", "perl-base", "sqlite3", "libsqlite3-0"],
  ...["zlib1g", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"],
  ...["libexpat1", "make", "git", "libklibc"],
  ...["gcc-12", "cpp-12", "libgcc-12-dev", "libgcc-s1", "libc6-dev", "libcrypt-dev"],
  ...["linux-libc-dev", "binutils", "binutils-i686-linux-gnu", "binutils-common", "libbinutils"],
  ...["libctf0", "libctf-nobfd0", "libjansson4", "libmpfr6", "libmpc3", "libisl23", "libzstd1"],
  ...["libstdc++6", "mount", "libmount1", "libblkid1"],
];

const GCC = "usr/lib/gcc/i686-linux-gnu/12";

/** Folders and files of packages that no test looks at: most of what GCC's packages have. */
export const NEEDLESS = [
  ...["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"],
  ...["usr/share/lintian", "usr/lib/i386-linux-gnu/gconv", "usr/share/bash-completion"],
  ...["usr/bin/i686-linux-gnu-lto-dump-12", "usr/bin/i686-linux-gnu-ld.gold"],
  ...[`${GCC}/lto1`, `${GCC}/libasan.a`, `${GCC}/libubsan.a`, `${GCC}/libquadmath.a`],
];

const SHELL_SCRIPT = `
sum=0
for i in 1 2 3 4 5; do sum=$((sum + i)); done
f() { echo "f $1"; return 3; }
f arg; echo "status $?"
x=$(printf '%s\\n' c a b | sort | tr '\\n' ,)
case $x in a,*) echo "sorted $x $sum" ;; esac
(exit 7) || echo "subshell $?"
cat <<HERE
here $sum
HERE
trap 'echo trapped' USR1; kill -USR1 $$
echo a b c | { read p q r; echo "$r $q $p"; }
while read line; do echo "<$line>"; done < /etc/group | head -n 1
sleep 0 & wait $!; echo "waited $?"
exec sh -c 'exit 9'`;

/** A script of that shell: run by its first line. */
function shellScript(interpreter: string): string {
  return `cat > s <<'END'\n#!${interpreter}${SHELL_SCRIPT}\nEND\nchmod +x s; ./s`;
}

export interface LinuxProgram {
  readonly name: string;
  readonly script: string;
}

/**
 * What a mount program does, with `mount` and `umount` as commands. Nothing is printed that the
 * host's other mounts, or its numbers of devices, decide.
 */
const MOUNT_SCRIPT = `
try() { echo "$ $*"; "$@" 2>&1; echo "status $?"; }
has() { cut -d' ' -f4-6 /proc/self/mountinfo | busybox grep "$PWD" | busybox sed "s,$PWD,.,"; }
mkdir tree other moved deep
[ -e /proc/self ] || { mount -t proc proc /proc; own=yes; }
try mount -t tmpfs -o size=64k,mode=750 none tree
busybox stat -c %a tree
busybox df -P tree | busybox awk 'NR == 2 { print $2, $3, $4 }'
echo hello > tree/file; mkdir tree/sub
try mount --bind tree other
cat other/file; has
try mount -o remount,bind,ro "$PWD/other"
echo no 2>&1 > other/file || echo refused
echo more >> tree/file; cat other/file
try mount -t tmpfs -o nosuid,nodev,noexec inner tree/sub
printf '#!/bin/busybox true' > tree/sub/run; chmod 755 tree/sub/run
tree/sub/run || echo "run: $?"
try mount --move tree moved
try mount --rbind moved deep
has
busybox head -c 100000 /dev/zero > moved/big 2>&1 || echo full
busybox stat -c %s moved/big
try mount --make-rprivate deep
try umount moved
try umount -l moved
try umount deep/sub
try umount deep other
try umount other || echo not there
try mount -t unknownfs none tree
try mount --bind none tree
has
ls
[ -z "$own" ] || umount /proc`;

/** The same words for both: what they say of errors is their own. */
function mountScript(mount: string, umount: string): string {
  const define = `mount() { ${mount} "$@"; }; umount() { ${umount} "$@"; }`;
  return `${define}; busybox() { /bin/busybox "$@"; }${MOUNT_SCRIPT}`;
}

/** Programs that need a namespace of mounts on the host. */
export const MOUNT_PROGRAMS: readonly LinuxProgram[] = [
  { name: "busybox's mount", script: mountScript("/bin/busybox mount", "/bin/busybox umount") },
  { name: "util-linux's mount", script: mountScript("/bin/mount", "/bin/umount") },
];

export const PROGRAMS: readonly LinuxProgram[] = [
  { name: "bash", script: shellScript("/bin/bash-static") },
  { name: "zsh", script: shellScript("/bin/zsh-static") },
  { name: "dash", script: shellScript("/bin/dash") },
  { name: "busybox ash", script: shellScript("/bin/busybox sh") },
  { name: "mksh with musl", script: shellScript("/usr/lib/i386-linux-musl/bin/mksh") },
  { name: "mksh with dietlibc", script: shellScript("/usr/lib/diet/bin/mksh") },
  { name: "mksh with klibc", script: shellScript("/usr/lib/klibc/bin/mksh") },
  {
    name: "sash",
    script: `printf 'echo sash\\n-mkdir d\\n-ls d\\n-pwd\\n' | sash; sash -c 'echo one'`,
  },
  {
    name: "coreutils",
    script: `
printf 'b 2\\na 1\\nc 3\\n' > f; mkdir -p d/e; ln -s f link; ln f hard
ls -g -o --time-style=+ f link hard | cut -c1-10,12-; ls -R; sort f | uniq -c | cut -c5-
cp -a d d2; mv f g
stat -c '%a %h %s %F %N' g link; stat -c '%a %F' d; tac g; nl g; wc g; head -c 3 g | od -c
sha256sum g; md5sum g
factor 5040; seq -s, 5; expr 6 '*' 7; printf '%05.1f\\n' 2.25; basename /x/y; realpath link || true
touch -d 2001-02-03 old; date -u -r old; dd if=g of=h bs=2 count=2 2>/dev/null; cat h
truncate -s 5 h
paste g h | tr -d '\\0'; cut -d' ' -f2 g; tr a-c A-C < g; comm g g; join g g
rm -r d d2; ls; test -e g && echo there; env -i A=b env; id -u; timeout 1 sleep 5; echo "$?"
tee t < g`,
  },
  {
    name: "lua",
    script: `lua5.4 -e '
print(_VERSION, 2^53, 7 // 2, string.format("%5.2f|%q", math.pi, "a\\nb"))
local t = {} for w in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = w end
table.sort(t) print(table.concat(t, " "))
local f = io.open("x", "w") f:write("line\\n") f:close() for l in io.lines("x") do print(l) end
local p = io.popen("echo piped") print(p:read("a")) print(p:close())
print(os.execute("exit 3")) print(pcall(error, "no"))
local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(c(), c(), c())'`,
  },
  {
    name: "tcc",
    script: `printf 'static int f(int x) { return x * 2; }\\nint main(void) { return f(21); }\\n' \\
  > a.c
tcc -c a.c -o a.o && od -An -tx1 a.o | md5sum; echo 'int x = ;' > bad.c; tcc -c bad.c; echo $?`,
  },
  {
    name: "perl",
    script: `perl -e '
my %h = (b => 2, a => 1); print join(",", map { "$_=$h{$_}" } sort keys %h), "\\n";
open my $p, "-|", "echo piped" or die; print <$p>; close $p;
my $pid = fork; if (!$pid) { exit 5 } waitpid $pid, 0; print $? >> 8, "\\n";
$_ = "The year 1999"; s/(\\d+)/$1 + 1/e; print "$_\\n"; print sprintf("%.3f", atan2(1, 1)), "\\n";
local $SIG{ALRM} = sub { die "alarm\\n" }; eval { alarm 1; sleep 5 }; print $@;
my @s = stat "/etc/passwd"; print $s[2] & 0777, "\\n"; mkdir "d";
print -d "d" ? "dir\\n" : "no\\n";'`,
  },
  {
    name: "sqlite3",
    script: `sqlite3 x.db 'create table t(a integer primary key, b text);
insert into t(b) values ("x"), ("y"), ("z"); create index i on t(b); update t set b = b || a;
select sum(a), group_concat(b) from t; begin; delete from t; rollback; select count(*) from t;'
sqlite3 x.db 'pragma integrity_check; select b from t where a = 2;'; ls`,
  },
  {
    name: "python",
    script: `cat > p.py <<'END'
import mmap, os, re, signal, subprocess, sys, tempfile
print(sys.version_info[:2], sum(i * i for i in range(1000)), 2 ** 100)
sys.stdout.flush()
print(os.system("exit 3") >> 8)
print(subprocess.run(["/bin/echo", "sub"], capture_output=True).stdout)
print(subprocess.check_output("tr a-z A-Z", input=b"shell", shell=True))
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, b"from the child")
    os._exit(0)
print(os.read(r, 100), os.wait()[1])
with open("m", "wb+") as f:
    f.write(b"0" * 8192)
    f.flush()
    m = mmap.mmap(f.fileno(), 8192)
    m[4096:4099] = b"abc"
    m.flush()
    m.close()
    f.seek(4095)
    print(f.read(5))
a = mmap.mmap(-1, 4096)
if os.fork() == 0:
    a[:5] = b"child"
    os._exit(0)
os.wait()
print(a[:5])
signal.signal(signal.SIGUSR1, lambda *_: print("signal"))
os.kill(os.getpid(), signal.SIGUSR1)
print(sorted(os.listdir(".")), os.stat("m").st_size, re.findall(r"\\d+", "a1b22"))
with tempfile.TemporaryDirectory(dir=".") as d:
    print(os.path.isdir(d))
try:
    open("/nonexistent")
except OSError as e:
    print(e)
END
python3.11 -B p.py; echo $?`,
  },
  {
    name: "python's threads, processes and events",
    script: `cat > c.py <<'END'\n${CONCURRENCY}END\npython3.11 -B c.py; echo $?`,
  },
  {
    name: "make",
    script: `printf 'all: a b c\\n\\t@cat a b c\\na b c:\\n\\t@sleep 0; echo $@ > $@\\n' > Makefile
printf 'fail:\\n\\tfalse\\n' >> Makefile
make -s -j2; make -s; rm a; make -n; make fail; echo $?`,
  },
  {
    name: "gcc",
    script: `cat > hello.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
int main(int argc, char **argv) {
  printf("hello %d %s %.3f\\n", fib(20), strrchr(argv[0], '/'), 2.5 / argc);
  return getenv("PATH") == NULL ? 4 : 3;
}
END
gcc-12 --version | head -n 1
gcc-12 -O2 -Wall hello.c -o hello; ./hello; echo $?
gcc-12 -S -O1 hello.c -o - | sha256sum
gcc-12 -c hello.c; gcc-12 -static hello.o -o apart; ./apart; echo $?
printf 'int x = ;\\n' > bad.c; gcc-12 -c bad.c; echo $?; ls`,
  },
  {
    name: "git",
    script: `
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'
git init -q -b main r; cd r; echo one > f; mkdir d; echo two > d/g; git add .
git commit -q -m first
echo more >> f; git diff; git commit -q -a -m second; git log --format='%H %s' --stat; git status -s
git checkout -q -b side HEAD~1; echo side > s; git add s; git commit -q -m side
git checkout -q main
git merge -q -m merged side; git log --oneline --graph; git gc -q; git fsck; git show HEAD:s
git tag v1; git describe`,
  },
];
