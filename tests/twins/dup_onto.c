/*
 * dup2 closes its target and gives it a new life; dup2 onto itself does neither; a failed one leaves the target alone.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int from = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    int onto = open("/etc/group", O_RDONLY | O_CLOEXEC);
    if (dup2(from, onto) != onto || dup2(onto, onto) != onto || dup2(900, onto) != -1 || dup3(from, onto, O_CLOEXEC) != onto)
        return 1;
    return close(onto) != 0 || close(from) != 0;
}
