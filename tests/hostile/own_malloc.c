/*
 * The program brings its own malloc and counts: between two points of main it must be called as often as without us.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Alignas(16) char heap[8 << 20];
static size_t used, calls;

void *malloc(size_t size)
{
    size_t *block = (size_t *)(heap + used);
    if (used + size + 32 > sizeof(heap))
        return NULL;
    calls++;
    *block = size;
    used += (size + 31) & ~(size_t)15;
    return block + 2;
}

void free(void *block)
{
    calls += block != NULL;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size); /* fresh from zeroed memory, never used twice */
}

void *realloc(void *old, size_t size)
{
    void *block = malloc(size);
    size_t before = old != NULL ? ((size_t *)old)[-2] : 0;
    return block != NULL && old != NULL ? memcpy(block, old, before < size ? before : size) : block;
}

int main(void)
{
    int ends[2];
    size_t before = calls;
    for (int i = 0; i < 100; i++) {
        FILE *file = fopen("/etc/passwd", "re");
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (file == NULL || fd < 0 || pipe2(ends, O_CLOEXEC) != 0)
            return 1;
        fclose(file);
        close(fd);
        close(ends[0]);
        close(ends[1]);
    }
    size_t after = calls;
    printf("%zu\n", after - before);
    return 0;
}
