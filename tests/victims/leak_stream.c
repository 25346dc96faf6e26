/*
 * A FILE nobody closes; its owner says that fclose would be the cure.
 * EXPECT: leak-at-exit count=1 kind=file call=fopen owner=FILE birth=read_config
 */
#include <err.h>
#include <stdio.h>

static void read_config(const char *path)
{
    char line[80];
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        err(1, "%s", path);
}

int main(void)
{
    read_config("/etc/passwd");
    return 0;
}
