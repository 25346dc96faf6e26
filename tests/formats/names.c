/*
 * Leaks its first argument, in a thread called like the second, from a function and a source file with names of 4
 * KiB: the test of hostile names writes its own over them in a copy of this program, in symbols and debug information
 * alike.
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>

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

static void *leak(void *argv)
{
    char **names = argv;
    if (names[2] != NULL)
        prctl(PR_SET_NAME, names[2]);
    return LONG(FUNCTION_OF_NAME)(names[1]) < 0 ? argv : NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *failed;
    return argc < 2 || pthread_create(&thread, NULL, leak, argv) != 0 || pthread_join(thread, &failed) != 0 ||
           failed != NULL;
}
