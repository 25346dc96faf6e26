# A build of sixty files by two jobs at a time: make, the compiler's driver, the compiler, the assembler, the linker.
# NEEDS: make gcc ar
set -e
for i in $(seq 60); do
    printf '#include <stdio.h>\nint part%d(void);\nint part%d(void) { return printf("%%d\\n", %d); }\n' $i $i $i >part$i.c
done
{
    seq 60 | sed 's/.*/int part&(void);/'
    echo 'int main(void) {'
    seq 60 | sed 's/.*/    part&();/'
    echo '    return 0; }'
} >main.c
cat >Makefile <<'MAKE'
main: main.o libparts.a
	gcc -o $@ $^
libparts.a: $(patsubst %.c,%.o,$(wildcard part*.c))
	ar rcD $@ $^ 2>/dev/null
%.o: %.c
	gcc -c -O1 -o $@ $<
MAKE
$TRACE make -s -j2
./main | cksum
cksum main libparts.a
