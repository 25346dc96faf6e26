/* Opens the named pipe to tell that it is ready, then waits for SIGTERM, which it answers with status 4. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void on_term(int signal)
{
    (void)signal;
    _exit(4);
}

int main(int argc, char **argv)
{
    signal(SIGTERM, on_term);
    if (argc < 2 || open(argv[1], O_WRONLY | O_CLOEXEC) < 0)
        return 1;
    for (;;)
        pause();
}
