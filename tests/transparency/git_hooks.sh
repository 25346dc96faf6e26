# A clone, a push and a fetch with hooks: git passes pipes and descriptors to shells, filters and other gits.
# NEEDS: git
# EXPECT: post-receive saw refs/heads/main
# git really hands its filters the file it converts and a pipe end, without close-on-exec: leak-across-exec is right there.
# NEVER: double-close
# NEVER: use-after-close
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
git config --global user.email author@example.invalid
git config --global user.name Author
git config --global init.defaultBranch main
git config --global gc.auto 0
hook() { printf '#!/bin/sh\n%s\n' "$2" >"$1"; chmod 755 "$1"; }
git init -q --bare central
hook central/hooks/pre-receive 'while read -r old new ref; do echo "pre-receive saw $ref"; done'
hook central/hooks/post-receive 'while read -r old new ref; do echo "post-receive saw $ref" >>received; done'
git clone -q central work 2>/dev/null
cd work
hook .git/hooks/pre-commit 'git diff --cached --name-only | sed "s/^/pre-commit: /" >&2'
hook .git/hooks/commit-msg 'grep -q . "$1"'
git config filter.upper.clean 'tr a-z A-Z'
git config filter.upper.smudge 'tr A-Z a-z'
echo '*.up filter=upper' >.gitattributes
for i in 1 2 3 4 5; do echo "file $i" >"$i.up"; done
git add .
git commit -qm 'five files'
git push -q origin main 2>/dev/null
cat ../central/received
cd ..
mkdir template template/hooks
hook template/hooks/post-checkout 'echo "post-checkout in a clone" >>"$HOME/checked-out"'
git clone -q --template "$PWD/template" --no-local "file://$PWD/central" second
cat checked-out
cd second
echo change >5.up
git commit -qam 'a change'
git push -q 2>/dev/null
cd ../work
git pull -q 2>/dev/null
git log --format='%s %an'
git stash list
git grep -c FILE HEAD -- '*.up' | head -2
git archive HEAD | tar t | sort | tail -2
git submodule -q status
