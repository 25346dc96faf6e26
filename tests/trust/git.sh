# A repository's life: many commits, a merge, packing, checking, cloning, bisecting.
# NEEDS: git
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
g() { $TRACE git "$@"; }
git config --global user.email author@example.invalid
git config --global user.name Author
git config --global init.defaultBranch main
git config --global gc.auto 0
g init -q origin
cd origin
for i in $(seq 20); do
    for j in $(seq 10); do echo "line $i of file $j" >>file$j; done
    g add .
    g commit -qm "commit $i"
done
g checkout -qb side HEAD~5
echo side >side
g add side
g commit -qm side
g merge -q -m merge main
g log --stat --oneline | cksum
g gc -q
g fsck 2>&1
cd ..
g clone -q "file://$PWD/origin" clone
cd clone
g rev-parse HEAD
g bisect start HEAD HEAD~10 >/dev/null
g bisect run sh -c 'test $(wc -l <file1) -lt 15' | grep 'is the first bad commit'
g ls-files | wc -l
