/* Ends at once and leaves a child behind, which waits until somebody has written to the named pipe. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char byte;
    if (argc < 2)
        return 1;
    if (fork() == 0) {
        int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        _exit(fd >= 0 && read(fd, &byte, 1) >= 0 ? 0 : 1);
    }
    return 0;
}
