/* See source.h. */
#include "out/source.h"

#include "named_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_MOST = 16 << 20 }; /* a line may be as long as the file */

/* The path comes from debug information, which anybody can write. */
static FILE *open_source(const char *file, const char *module)
{
    struct stat source, object;
    int fd = named_file_open(file, &source);
    if (fd < 0)
        return NULL;
    FILE *stream = NULL;
    if (module != NULL && stat(module, &object) == 0 && source.st_mtime <= object.st_mtime &&
        source.st_size <= SOURCE_MOST)
        stream = fdopen(fd, "r");
    if (stream == NULL)
        close(fd);
    return stream;
}

bool source_line(const char *file, unsigned line, const char *module, char *text, size_t size)
{
    FILE *stream = file != NULL && line > 0 ? open_source(file, module) : NULL;
    if (stream == NULL)
        return false;
    char *buffer = NULL;
    size_t buffer_size = 0;
    ssize_t length = 0;
    for (unsigned i = 0; i < line && length >= 0; i++)
        length = getline(&buffer, &buffer_size, stream);
    bool found = length > 0;
    if (found) {
        char *start = buffer + strspn(buffer, " \t");
        start[strcspn(start, "\r\n")] = '\0';
        found = *start != '\0' && snprintf(text, size, "%s", start) < (int)size;
    }
    free(buffer);
    fclose(stream);
    return found;
}
