/* Maps two files that are called as recordings are, and are none: one is noise, the other one is empty. */
#include "told.h"

#include <fcntl.h>
#include <sys/mman.h>

int main(void)
{
    static const char noise[] = "FDTRACE\n and nothing that follows from it";
    int fd = open("1.1.fdt", O_RDWR | O_CREAT, 0600), empty = open("1.2.fdt", O_RDWR | O_CREAT, 0600);
    if (write(fd, noise, sizeof(noise)) < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ||
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, empty, 0) == MAP_FAILED)
        return 1;
    tell(fd, "open", "file");
    wait_for_the_end();
    return 0;
}
