/* See source.h. */
#include "out/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path comes from debug information, which anybody can write: only plain files, and no waiting. */
static FILE *open_source(const char *file, const char *module)
{
    struct stat source, object;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    FILE *stream = NULL;
    if (fstat(fd, &source) == 0 && S_ISREG(source.st_mode) && module != NULL && stat(module, &object) == 0 &&
        source.st_mtime <= object.st_mtime)
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
