/*
 * Leaks its first argument, from a function and a source file with names of 4 KiB: the test of hostile names writes its own
 * over them in a copy of this program, in symbols and debug information alike.
 */
#include <fcntl.h>

#define FOUR(name) name##name##name##name
#define FOUR_OF(name) FOUR(name)
#define LONG(name) FOUR_OF(FOUR_OF(FOUR_OF(FOUR_OF(name))))
#define TEXT(name) #name
#define TEXT_OF(name) TEXT(name)

int LONG(FUNCTION_OF_NAME)(const char *path);

#line 7 TEXT_OF(LONG(SOURCE_WITH_NAME))
int LONG(FUNCTION_OF_NAME)(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    return argc < 2 || LONG(FUNCTION_OF_NAME)(argv[1]) < 0;
}
