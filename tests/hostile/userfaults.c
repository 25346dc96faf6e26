/*
 * Paths that lie in pages which are not there until another thread has served them, which opens and closes descriptors
 * to do so: the tracer, too, may be the one who waits for it. Where userfaultfd is not to be had, the pages are.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE  4096ul
#define PAGES 64

static int faults = -1;
static _Alignas(PAGE) char served[PAGE] = "/dev/null";

static void *serve(void *unused)
{
    struct uffd_msg message;
    while (read(faults, &message, sizeof(message)) == (ssize_t)sizeof(message)) {
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        unsigned long page = message.arg.pagefault.address & -PAGE;
        struct uffdio_copy copy = {.dst = page, .src = (unsigned long)served, .len = PAGE};
        if (message.event != UFFD_EVENT_PAGEFAULT || close(fd) != 0 || ioctl(faults, UFFDIO_COPY, &copy) != 0)
            abort();
    }
    return unused;
}

/* Every page of the region asks serve() before it can be read. */
static int watch(char *region)
{
    pthread_t thread;
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register all = {.range = {(unsigned long)region, PAGES * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    return faults >= 0 && ioctl(faults, UFFDIO_API, &api) == 0 && ioctl(faults, UFFDIO_REGISTER, &all) == 0 &&
           pthread_create(&thread, NULL, serve, NULL) == 0;
}

int main(void)
{
    int opened = 0;
    char *region = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED)
        return 1;
    int watched = watch(region);
    for (int i = 0; i < PAGES; i++) {
        char *path = region + i * PAGE;
        if (!watched)
            strcpy(path, served);
        int fd = i % 2 ? open(path, O_RDONLY | O_CLOEXEC) : openat(AT_FDCWD, path, O_RDONLY);
        opened += fd >= 0 && (i % 4 == 0 || close(fd) == 0);
    }
    printf("%d\n", opened);
    return 0;
}
