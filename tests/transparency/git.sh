# NEEDS: git
# EXPECT: 11 files in the clone
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
git config --global user.email author@example.invalid
git config --global user.name Author
git config --global init.defaultBranch main
git init -q origin
cd origin
for i in 0 1 2 3 4 5 6 7 8 9; do echo "file $i" >file$i; done
git add .
git commit -qm 'ten files'
echo changed >file3
git mv file4 moved
echo new >file10
git add .
git commit -qm 'changes'
git log --stat --oneline
git diff HEAD~1 | cat
git gc -q
git fsck
cd ..
git clone -q "file://$PWD/origin" clone
cd clone
git rev-parse HEAD
git bisect start HEAD HEAD~1 >/dev/null
echo "$(git ls-files | wc -l) files in the clone"
