/*
 * Opens files behind the tracer's back: on a number never used before, and on one whose owner was closed properly; and
 * one that libc opens, too, but not like this.
 */
#include "told.h"

#include <fcntl.h>

int main(void)
{
    int used = open("/etc/hostname", O_RDONLY), kept = open("/dev/null", O_RDONLY);
    close(used);
    long again = unseen(SYS_openat, AT_FDCWD, (long)"/etc/hostname", O_RDONLY, 0);
    long fresh = unseen(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDWR | O_CLOEXEC, 0);
    long users = unseen(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY, 0);
    tell(users, "untracked", "file");
    tell(again, again == used ? "untracked" : "the lowest number is not used again", "file");
    tell(kept, "confirmed", "chardev");
    tell(fresh, "untracked", "chardev");
    wait_for_the_end();
    return 0;
}
