/*
 * popen's child closes the other streams popen made, and nothing else.
 * EXPECT: leak-across-exec count=1 target=/bin/sh kind=socket-unix call=socket birth=main exec=first
 * EXPECT: leak-across-exec count=1 target=/bin/sh kind=socket-unix call=socket birth=main exec=second
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static FILE *first(void)
{
    return popen("echo one", "r");
}

static FILE *second(void)
{
    return popen("echo two", "r");
}

static int ask(void)
{
    char line[16];
    FILE *one = first(), *two = second();
    int bad = one == NULL || two == NULL || fgets(line, sizeof(line), one) == NULL ||
              fgets(line, sizeof(line), two) == NULL;
    return bad || pclose(two) != 0 || pclose(one) != 0;
}

int main(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int failed = ask();
    close(fd);
    return failed;
}
