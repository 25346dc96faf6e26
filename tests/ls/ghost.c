/* Closes a descriptor behind the tracer's back: the trace still says open. Its neighbours are as they should be. */
#include "told.h"

#include <fcntl.h>

int main(void)
{
    int before = open("/etc/hostname", O_RDONLY), fd = open("/etc/passwd", O_RDONLY);
    int after = open("/dev/null", O_RDWR);
    unseen(SYS_close, fd, 0, 0, 0);
    tell(before, "confirmed", "file");
    tell(fd, "ghost", "file");
    tell(after, "confirmed", "chardev");
    wait_for_the_end();
    return 0;
}
