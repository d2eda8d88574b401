// SQLite in memory: tables filled, indexed, joined, grouped, changed and sorted; what queries give
// is printed.

#include <stdio.h>
#include <string.h>
#include "sqlite3.h"

static sqlite3 *database;

static int show(void *unused, int columns, char **values, char **names) {
  for (int i = 0; i < columns; i++) {
    printf("%s%c", values[i] ? values[i] : "null", i + 1 < columns ? '|' : '\n');
  }
  return 0;
}

static void run(const char *sql) {
  char *message = 0;
  if (sqlite3_exec(database, sql, show, 0, &message) != SQLITE_OK) printf("%s: %s\n", sql, message);
}

// The least of a system: no files, no clock.

static int randomness(sqlite3_vfs *vfs, int bytes, char *to) {
  memset(to, 7, bytes);
  return bytes;
}
static int wait(sqlite3_vfs *vfs, int microseconds) { return microseconds; }
static int now(sqlite3_vfs *vfs, double *day) {
  *day = 2460000.5;
  return SQLITE_OK;
}
static int open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  return SQLITE_CANTOPEN;
}
static int delete(sqlite3_vfs *vfs, const char *name, int sync) { return SQLITE_OK; }
static int access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  *result = 0;
  return SQLITE_OK;
}
static int whole(sqlite3_vfs *vfs, const char *name, int size, char *to) {
  to[0] = 0;
  return SQLITE_OK;
}

int sqlite3_os_init(void) {
  static sqlite3_vfs vfs = {
    .iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 64, .zName = "none",
    .xOpen = open, .xDelete = delete, .xAccess = access, .xFullPathname = whole,
    .xRandomness = randomness, .xSleep = wait, .xCurrentTime = now,
  };
  return sqlite3_vfs_register(&vfs, 1);
}
int sqlite3_os_end(void) { return SQLITE_OK; }

#define NUMBERS(limit) \
  "with recursive n(i) as (select 1 union all select i + 1 from n where i < " #limit ") "

int main(void) {
  if (sqlite3_open(":memory:", &database) != SQLITE_OK) return 1;
  run("create table person(id integer primary key, name text, town integer, born integer)");
  run("create table town(id integer primary key, name text)");
  run(NUMBERS(40) "insert into town select i, 'town ' || char(65 + i % 26) || i from n");
  run("begin");
  run(NUMBERS(4000) "insert into person select i, "
      "printf('%s-%d', substr('abcdefghijklmnop', i % 12 + 1, 4), i * 7919 % 4001), "
      "i * 31 % 40 + 1, 1900 + i * 17 % 100 from n");
  run("create index by_name on person(name)");
  run("create index by_town on person(town, born)");
  run("commit");
  run("select count(*), min(name), max(name), sum(born), avg(born) from person");
  run("select town.name, count(*), max(person.born) from person join town on town.id = person.town "
      "group by town.id having count(*) > 10 order by 2 desc, 1 limit 5");
  run("select id, name from person where name like '%d-1%9' order by name limit 5");
  run("update person set born = born + 1 "
      "where town in (select id from town where name like '%1%')");
  run("delete from person where id % 13 = 0");
  run("select born / 10, count(*), total(length(name)) from person "
      "group by 1 order by 2 desc limit 3");
  run("select a.name, b.name from person a join person b "
      "on a.born = b.born and a.town = b.town and a.id < b.id order by a.name, b.name limit 5");
  run("select name, rank() over (partition by town order by born, id) r "
      "from person where town < 4 order by town, r limit 5");
  run("select json_extract('{\"a\": [1, 2, {\"b\": \"x\"}]}', '$.a[2].b'), hex(zeroblob(4)), "
      "round(3.14159, 2), upper('straße')");
  run("pragma integrity_check");
  sqlite3_close(database);
  return 0;
}
