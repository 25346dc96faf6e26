# The jobserver's pipe is handed to every job on purpose, named in MAKEFLAGS; the compiler is a tree of its own.
# NEEDS: make gcc ar
# EXPECT: 4 + 9 = 13
# NEVER: leak-across-exec
# NEVER: double-close
# NEVER: use-after-close
set -e
for i in 1 2 3 4; do
    echo "int part$i(void); int part$i(void) { return $((i * i)); }" >part$i.c
done
cat >main.c <<'C'
#include <stdio.h>
int part2(void), part3(void);
int main(void) { return printf("%d + %d = %d\n", part2(), part3(), part2() + part3()) < 0; }
C
cat >Makefile <<'MAKE'
main: main.o parts/libparts.a
	@gcc -o $@ $^
parts/libparts.a: FORCE
	@mkdir -p parts
	@+$(MAKE) --no-print-directory -f Makefile.parts
%.o: %.c
	@gcc -c -pipe -O1 -o $@ $<
FORCE:
MAKE
cat >Makefile.parts <<'MAKE'
objects := $(foreach i,1 2 3 4,parts/part$(i).o)
parts/libparts.a: $(objects)
	@$(AR) rc $@ $^ 2>/dev/null
parts/%.o: %.c
	@gcc -c -pipe -O1 -o $@ $<
MAKE
make -s -j2
./main
make -s -j2 -n main | grep -c gcc
ar t parts/libparts.a
echo 'int broken(' >part5.c
make -s -k -j2 part5.o part1.o >/dev/null 2>&1 || echo "make said $?"
ls part1.o
