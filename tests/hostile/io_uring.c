/*
 * io_uring opens and closes descriptors without a call of libc's, on numbers that are recorded otherwise.
 * Without io_uring nothing is to be seen here.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct ring {
    int fd;
    unsigned *tail, *mask, *array, *head_done, *mask_done;
    struct io_uring_sqe *queue;
    struct io_uring_cqe *done;
} ring;

static int ring_make(void)
{
    struct io_uring_params params = {0};
    ring.fd = (int)syscall(SYS_io_uring_setup, 4, &params);
    if (ring.fd < 0)
        return 0;
    size_t size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t done_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
    char *cq = mmap(NULL, done_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
    ring.queue = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
                      IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || ring.queue == MAP_FAILED)
        return 0;
    ring.tail = (unsigned *)(sq + params.sq_off.tail);
    ring.mask = (unsigned *)(sq + params.sq_off.ring_mask);
    ring.array = (unsigned *)(sq + params.sq_off.array);
    ring.head_done = (unsigned *)(cq + params.cq_off.head);
    ring.mask_done = (unsigned *)(cq + params.cq_off.ring_mask);
    ring.done = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
    return 1;
}

static int submit(const struct io_uring_sqe *entry)
{
    unsigned at = *ring.tail & *ring.mask;
    ring.queue[at] = *entry;
    ring.array[at] = at;
    __atomic_store_n(ring.tail, *ring.tail + 1, __ATOMIC_RELEASE);
    syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    int answer = ring.done[*ring.head_done & *ring.mask_done].res;
    __atomic_store_n(ring.head_done, *ring.head_done + 1, __ATOMIC_RELEASE);
    return answer;
}

static int ring_open(const char *path)
{
    return submit(&(struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path,
                                         .open_flags = O_RDONLY | O_CLOEXEC});
}

static int ring_close(int fd)
{
    return submit(&(struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = fd});
}

int main(void)
{
    int right = 0, rings = ring_make();
    for (int i = 0; rings && i < 100; i++) {
        int theirs = ring_open("/dev/null"), ours = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        right += theirs >= 0 && close(theirs) == 0 && ring_close(ours) == 0;
        int again = open("/dev/null", O_RDONLY | O_CLOEXEC); /* on a number that died unseen, or was never seen */
        right += again == theirs && close(again) == 0;
    }
    printf("%d\n", rings ? right : 200);
    return 0;
}
