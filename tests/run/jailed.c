/* A child that is forked where no recording can be made any more: in another root, as another user. */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2 || chroot(argv[1]) != 0 || chdir("/") != 0 || setuid(65534) != 0)
        return 3;
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return waitpid(child, &status, 0) != child || status != 0;
}
