# Every applet of Debian's busybox-static that needs no network, no disk and no control of the
# terminal: each line of output is compared with what the same binary prints on Linux.
export PATH=/bin TZ=UTC
B=/bin/busybox
run() { echo "== $*"; "$@" 2>&1; echo "-- $?"; }
mkdir -p t/d/e; cd t
printf 'pear\napple\nfig\napple\n' >fruit; printf '1 2\n3 4\n' >numbers; printf 'a\tb\r\n' >dos
printf 'one two\nthree\n' >words; touch -d '2020-01-02 03:04:05' words
run $B [ 1 -lt 2 ]; run $B [[ a = a ]]; run $B ar -t /dev/null
run $B ascii; run $B ash -c 'echo $((6*7)); f() { return 4; }; f'
run $B awk '{ s += $1 * $2 } END { print s, NR }' numbers
run $B base64 fruit; run $B basename /a/b.c .c; echo '2^70; scale=5; 22/7' | $B bc; echo '2 3 + p' | $B dc
$B gzip -c fruit | $B zcat; $B gzip -c fruit | $B gunzip -c; $B bzip2 -c fruit | $B bzcat
$B bzip2 -c fruit | $B bunzip2 -c; echo aGVsbG8K | $B base64 -d
printf '\3757zXZ\0\0\4\346\326\264F\0\0\0\0\034\337D!\037\266\363}\1\0\0\0\0\4YZ' | $B xzcat; echo "-- $?"
$B lzop -c fruit | $B lzop -dc; run $B cal 2 2024; run $B cat fruit numbers
cp fruit c; run $B chmod 640 c; run $B stat -c '%a %s %F' c; run $B chown 1:2 c; run $B chgrp 3 c
run $B stat -c '%u %g' c; run $B cksum fruit; run $B clear; run $B cmp fruit words; run $B comm fruit words
run $B cp -a d d2; run $B crc32 fruit; printf 'fruit\nwords\n' | $B cpio -o -H newc 2>/dev/null | $B cpio -t
run $B cut -d ' ' -f 2 words; run $B date -u -d @86400; run $B dd if=fruit of=dd bs=3 count=2
run $B df /nonexistent; run $B diff fruit words; run $B dirname /a/b/c; run $B dos2unix dos; run $B od -c dos
run $B unix2dos dos; run $B xxd dos; run $B du -s d >/dev/null; run $B echo -e 'a\tb'; printf '1p\n$p\nq\n' | $B ed -s fruit 2>&1
run $B egrep 'p+' fruit; run $B env -i A=1 $B env; printf 'a\tb\n' | $B expand; run $B expr 6 '*' 7
run $B factor 360 1000003; run $B fallocate -l 4096 fa; run $B stat -c %s fa; run $B false; run $B fgrep fig fruit
run $B find . -name 'f*' -type f; echo 'a long line of words to fold' | $B fold -w 9 -s; run $B getopt ab: -a -b c d
run $B grep -n apple fruit; run $B groups; run $B head -n 2 fruit; run $B hexdump -C fruit; run $B id
run $B install -m 600 fruit inst; run $B ipcalc -n 10.1.2.3 255.255.0.0; run $B kill -l 15; run $B link fruit lnk
run $B ln -s fruit soft; run $B readlink soft; run $B realpath soft; run $B logname; run $B ls -lR lnk soft >/dev/null; run $B ls -R d
run $B lzcat /dev/null; run $B md5sum fruit; run $B sha1sum fruit; run $B sha256sum fruit; run $B sha512sum fruit
run $B sha3sum fruit; run $B mkdir -p m/n; run $B mkfifo ff; run $B mknod nod p; run $B stat -c %F ff nod
run $B mkpasswd -m md5 -S abcdefgh secret; run $B mktemp -u -p . XXXXXX >/dev/null; run $B mv inst moved
run $B nice -n 5 $B nice; run $B nl fruit; run $B nohup $B echo hup; run $B nproc --ignore=1000; run $B od -x numbers
run $B paste fruit words; printf '%s\n' '--- fruit' '+++ fruit' '@@ -1 +1 @@' '-pear' '+plum' >p; cp fruit plum
$B sed -n 1p p; run $B patch -i p -p0 plum 2>&1 | $B head -n 1; run $B printenv TZ; run $B printf '%d %s\n' 7 x
run $B pwd -P; echo abc | $B rev; run $B rm moved; run $B rmdir m/n; mkdir rp; printf '#!/bin/busybox sh\necho part\n' >rp/a
chmod +x rp/a; run $B run-parts rp; run $B sed 's/p/P/g;2d' fruit; run $B seq 1 3 10; run $B setsid -w $B echo sid
run $B sh -c 'trap "echo term" TERM; kill -TERM $$; echo after'; run $B shuf -n 1 -e same; run $B sleep 0
run $B sort -u fruit; run $B split -l 2 fruit sp; run $B cat spaa; run $B strings fruit; run $B sum fruit; run $B sync
run $B tac fruit; run $B tail -n 1 fruit; run $B tar cf t.tar fruit words; run $B tar tf t.tar
run $B tee tee.out <words; run $B test -d d; run $B timeout 5 $B echo in time; run $B timeout 1 $B sleep 9
run $B touch -d '2001-02-03 04:05:06' when; run $B stat -c %Y when; run $B tr a-z A-Z <fruit; run $B true; run $B truncate -s 7 tt
run $B wc tt; run $B uname -m -s >/dev/null; printf 'a       b\n' | $B unexpand -a; printf 'a\na\nb\n' | $B uniq -c
run $B unlink tt; run $B uudecode -o /dev/stdout /dev/null; $B uuencode name <words; run $B usleep 1; run $B wc words
run $B which sh; run $B whoami; printf 'a b c' | $B xargs -n 1 echo; $B yes | $B head -n 2; run $B unzip -l nothing.zip
run $B hostid >/dev/null; run $B less words; run $B more words; run $B getopt -T; run $B last
run $B man; run $B pidof nothing; run $B uptime >/dev/null; run $B free >/dev/null; run $B ps >/dev/null
run $B time -f %x $B true; run $B unshare -h >/dev/null; run $B watch -h >/dev/null; run $B start-stop-daemon -h >/dev/null
run $B chroot / $B echo rooted; run $B mountpoint d; run $B nologin >/dev/null; run $B ts %H </dev/null
run $B cryptpw -m md5 -S abcdefgh x; run $B dpkg-deb -h >/dev/null; run $B rpm2cpio /dev/null; run $B setpriv $B echo priv
run $B taskset 1 $B echo task; run $B renice -h >/dev/null; run $B logger -h >/dev/null; run $B ubirename >/dev/null
