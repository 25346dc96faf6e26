/* Says its arguments, copies its input, and ends as the first one asks: `status exit 7`, `status signal 15`. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("[%s]", i == 0 ? "status" : argv[i]);
    putchar('\n');
    for (int c; (c = getchar()) != EOF;)
        putchar(c);
    fflush(stdout);
    if (argc < 3)
        return 0;
    if (strcmp(argv[1], "signal") == 0)
        raise(atoi(argv[2]));
    return atoi(argv[2]);
}
