/*
 * Puts other things on numbers behind the tracer's back, by dup3: a pipe where a socket was (the kind differs), a
 * pipe and a file where another file was (the recorded path leads elsewhere, and did so long before), and a file that
 * may be written where one was only to be read.
 */
#include "told.h"

#include <fcntl.h>
#include <sys/socket.h>

int main(void)
{
    int ends[2], file = open("/etc/hostname", O_RDONLY), another = open("/etc/passwd", O_RDONLY);
    int writable = open("/dev/null", O_WRONLY), readable = open("/dev/null", O_RDONLY);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int kept = open("/etc/group", O_RDONLY), twin = open("/etc/group", O_RDONLY);
    if (pipe(ends) != 0)
        return 1;
    unseen(SYS_dup3, ends[0], file, 0, 0);
    unseen(SYS_dup3, kept, another, 0, 0);
    unseen(SYS_dup3, kept, twin, 0, 0); /* the same file under the same name: nobody can tell, so nobody is accused */
    unseen(SYS_dup3, writable, readable, 0, 0);
    unseen(SYS_dup3, ends[1], listener, 0, 0);
    tell(writable, "confirmed", "chardev");
    tell(readable, "replaced", "chardev");
    tell(listener, "replaced", "pipe");
    tell(file, "replaced", "pipe");
    tell(another, "replaced", "file");
    tell(kept, "confirmed", "file");
    tell(twin, "confirmed", "file");
    tell(ends[0], "confirmed", "pipe");
    tell(ends[1], "confirmed", "pipe");
    wait_for_the_end();
    return 0;
}
