/* The gate's slow side, and the page that vanishes in a forked child. See gate.h. */
#include "gate.h"

#include "filter.h"
#include "loader.h"
#include "names.h"
#include "process.h"
#include "raw.h"
#include "record.h"
#include "sites.h"
#include "store.h"

#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

static struct guard before_start = {.phase = GATE_NEW};
struct guard *guard TOGETHER = &before_start;

__thread struct thread thread_self __attribute__((tls_model("initial-exec")));

static pthread_key_t thread_end_key TOGETHER;
static bool thread_end_works TOGETHER;
static const char *single_threaded TOGETHER; /* glibc's __libc_single_threaded, NULL before 2.32 */

bool gate_threaded(void)
{
    return single_threaded == NULL || !*single_threaded;
}

static void thread_ends(void *unused)
{
    (void)unused;
    fd_abandoned();
    names_end();
    thread_self.known = false; /* a later destructor may still close things: then the thread is introduced again */
    stack_thread_end();
}

static uint32_t threads TOGETHER; /* introduced to this record so far */

void gate_forked(void)
{
    threads = 0;
}

/* The thread's first event. A key beyond the first 32 would make pthread_setspecific allocate: then we go without. */
static void introduce_thread(struct thread *self)
{
    /* Under a filter that asking might break, a new thread stays 0, which no thread is called. */
    self->tid = filter_known() ? 0 : (int32_t)raw(gettid);
    self->shard = (uint8_t)(__atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED) & (FDT_SHARDS - 1));
    if (thread_end_works)
        pthread_setspecific(thread_end_key, self);
    names_introduce(thread_end_works);
    self->known = true;
}

bool gate_prepare(uint32_t index_size)
{
    size_t size = sizeof(struct guard) + (size_t)index_size * sizeof(uint32_t);
    void *memory = raw_map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (memory == NULL)
        return false;
    raw(madvise, memory, size, MADV_WIPEONFORK);
    struct guard *new = memory;
    new->phase = GATE_BUSY;
    new->index_mask = index_size - 1;
    guard = new;
    /* The program may have a copy of it, which is the one that counts. */
    single_threaded = bind_find("__libc_single_threaded") != NULL ? loader_find(RTLD_DEFAULT, "__libc_single_threaded") : NULL;
    thread_end_works = pthread_key_create != NULL && pthread_setspecific != NULL &&
                       pthread_key_create(&thread_end_key, thread_ends) == 0 && thread_end_key < 32;
    return true;
}

void gate_set(enum gate_phase phase)
{
    __atomic_store_n(&guard->phase, phase, __ATOMIC_RELEASE);
}

/* Two threads, or a thread and its signal handler, may find the same door: one sets up, the others pass by unrecorded. */
static bool begin(enum gate_phase from)
{
    uint32_t expected = from;
    return __atomic_compare_exchange_n(&guard->phase, &expected, GATE_BUSY, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool enter(void)
{
    struct thread *self = &thread_self;
    uint32_t phase = __atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE);
    if (phase == GATE_NEW && begin(GATE_NEW))
        process_start();
    else if (phase == GATE_WIPED && begin(GATE_WIPED))
        process_adopt(0);
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON)
        return false;
    /* The parent's thread can be here too, in a signal handler between vfork's preparation and vfork itself. */
    if (self->vfork_pid != 0 && raw(getpid) != self->vfork_pid)
        return false;
    if (self->apart)
        return false;
    if (self->unwinding) /* with all signals blocked: nobody but libunwind can be calling */
        return false;
    if (!self->known)
        introduce_thread(self);
    return true;
}

bool gate_enter_slowly(void)
{
    int saved = errno;
    bool entered = enter();
    errno = saved;
    return entered;
}
