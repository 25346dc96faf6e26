/* A library whose constructor runs before that of a preloaded library (initialisation goes from the last object to the first). */
#include <fcntl.h>
#include <unistd.h>

int early_fd = -1;

__attribute__((constructor)) static void begin(void)
{
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    early_fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
