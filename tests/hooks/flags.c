/* Rows of preload/wrap_flags.c. */
#include "row.h"

#include <linux/dma-heap.h>
#include <linux/gpio.h>
#include <linux/sync_file.h>
#include <pty.h>
#include <sys/ioctl.h>

#define FCNTL_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        int fd = kept("open", open("/dev/null", O_RDONLY)), set = kept("open", open("/", O_RDONLY | O_CLOEXEC)); \
        kept("fcntl", name(fd, F_DUPFD, 20));                                                          \
        kept("fcntl", name(fd, F_DUPFD_CLOEXEC, 30));                                                  \
        MUST(name(fd, F_GETFD) == 0 && name(fd, F_SETFD, FD_CLOEXEC) == 0 && name(set, F_SETFD, 0) == 0); \
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};                                 \
        MUST(name(set, F_GETLK, &lock) == 0 || errno == EINVAL);                                       \
        misused("fcntl", name(stale(), F_SETFL, 0));                                                   \
    }

FCNTL_ROW(fcntl)
FCNTL_ROW(fcntl64)
FCNTL_ROW(__fcntl)

/* Asking whether a number is open is no misuse. The row fails when the report says otherwise (hooks_test.c). */
CASE(probes)
{
    int fd = stale();
    MUST(fcntl(fd, F_GETFD) == -1 && fcntl(fd, F_GETFL) == -1 && fcntl(fd, F_SETFD, FD_CLOEXEC) == -1);
    MUST(fcntl(fd, F_DUPFD, 10) == -1 && fcntl(fd, F_DUPFD_CLOEXEC, 10) == -1);
    MUST(ioctl(fd, FIOCLEX) == -1 && ioctl(fd, FIONCLEX) == -1);
    struct stat status;
    MUST(fstat(fd, &status) == -1 && isatty(fd) == 0);
    puts("!use-after-close");
}

ROW(ioctl)
{
    int master, slave, waiting;
    MUST(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    MUST(ioctl(master, FIOCLEX) == 0 && ioctl(slave, FIOCLEX) == 0 && ioctl(slave, FIONCLEX) == 0);
    kept("ioctl", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    kept("ioctl", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    MUST(ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 0);
    misused("ioctl", ioctl(stale(), FIONREAD, &waiting));
}

CASE(ioctl_namespace)
{
    int fd = kept("open", open("/proc/self/ns/uts", O_RDONLY));
    kept("ioctl", ioctl(fd, 0xb701)); /* NS_GET_USERNS */
}

/* The table of requests holds numbers; where this machine has the headers, they must agree. */
CASE(ioctl_numbers)
{
    struct known {
        uint32_t request;
        const char *name;
        size_t at;
    };
    static const struct known known[] = {
        {DMA_HEAP_IOCTL_ALLOC, "DMA_HEAP_IOCTL_ALLOC", offsetof(struct dma_heap_allocation_data, fd)},
        {GPIO_GET_LINEHANDLE_IOCTL, "GPIO_GET_LINEHANDLE_IOCTL", offsetof(struct gpiohandle_request, fd)},
        {GPIO_GET_LINEEVENT_IOCTL, "GPIO_GET_LINEEVENT_IOCTL", offsetof(struct gpioevent_request, fd)},
        {GPIO_V2_GET_LINE_IOCTL, "GPIO_V2_GET_LINE_IOCTL", offsetof(struct gpio_v2_line_request, fd)},
        {SYNC_IOC_MERGE, "SYNC_IOC_MERGE", offsetof(struct sync_merge_data, fence)},
    };
    static const struct known table[] = {
#define AT(offset)         offset
#define RETURNED           0
#define IOCTL(request, name, where, cloexec, kind) {request, name, where},
#include "ioctls.def"
    };
    size_t found = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        MUST(i == 0 || table[i - 1].request < table[i].request);
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            if (strcmp(table[i].name, known[j].name) == 0) {
                MUST(table[i].request == known[j].request && table[i].at == known[j].at);
                found++;
            }
    }
    MUST(found == sizeof known / sizeof *known);
}
