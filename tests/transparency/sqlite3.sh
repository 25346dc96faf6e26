# NEEDS: sqlite3
# EXPECT: 5000|12502500
set -e
sqlite3 base <<'SQL'
pragma journal_mode = wal;
create table numbers (n integer primary key, word text);
with recursive count(n) as (select 1 union all select n + 1 from count where n < 5000)
insert into numbers select n, printf('word %d', n) from count;
create index words on numbers(word);
select count(*), sum(n) from numbers;
attach 'other' as other;
create table other.copy as select * from numbers where n % 100 = 0;
SQL
sqlite3 other .dump | tail -3
sqlite3 base 'pragma integrity_check; vacuum into "third"'
sqlite3 third 'select count(distinct word) from numbers'
ls
