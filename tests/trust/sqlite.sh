# A database in a file: many small transactions with a journal file each, then its own integrity check.
# NEEDS: sqlite3
set -e
{
    echo 'create table numbers (n integer primary key, word text);'
    seq 3000 | sed "s/.*/insert into numbers values (&, 'word &');/"
    echo 'pragma integrity_check; select count(*), sum(n) from numbers;'
} >script
$TRACE sqlite3 -cmd 'pragma synchronous = off' base <script
$TRACE sqlite3 base 'attach "other" as other; create table other.copy as select * from numbers; vacuum into "third"'
$TRACE sqlite3 third 'select count(distinct word) from numbers'
$TRACE sqlite3 other .dump | cksum
ls
