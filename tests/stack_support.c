/*
 * See stack_support.h. objects_start is never called, so the list that stands in for _dl_find_object finds the objects
 * here (objects.h).
 */
#include "stack_support.h"

#include "../preload/cfi.c"
#include "../preload/cfi_expression.c"
#include "../preload/loader.c"
#include "../preload/objects.c"
#include "../preload/say.c"
#include "../preload/stack.c"
#include "../preload/unwind.c"
#include "../preload/unwind_library.c"
#include "../preload/walk.c"

#include <criterion/criterion.h>
#include <execinfo.h>

/* The neighbours. */

void *bind_find(const char *name)
{
    (void)name;
    return NULL;
}

__thread struct thread thread_self;
static struct fdt_header header;
struct store store = {.header = &header};
uint32_t fdt_unrest;

struct fake_site fake_sites[FAKE_SITES];
uint32_t fake_site_count = 1, interned;

/* Two threads may store one stack twice; no test here minds. */
uint32_t site_intern(uint16_t call, uint32_t flags, const uintptr_t *frames, unsigned depth)
{
    (void)call;
    __atomic_fetch_add(&interned, 1, __ATOMIC_RELAXED);
    uint32_t count = __atomic_load_n(&fake_site_count, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id < count && id < FAKE_SITES; id++)
        if (fake_sites[id].depth == depth && fake_sites[id].flags == flags &&
            memcmp(fake_sites[id].frames, frames, depth * sizeof(*frames)) == 0)
            return id;
    uint32_t id = __atomic_fetch_add(&fake_site_count, 1, __ATOMIC_ACQ_REL);
    if (id >= FAKE_SITES)
        return FDT_NO_SITE;
    fake_sites[id].flags = flags;
    memcpy(fake_sites[id].frames, frames, depth * sizeof(*frames));
    fake_sites[id].depth = depth;
    return id;
}

void start_stacks(void)
{
    cr_assert_eq(stack_start(32, "auto", false), 2);
    void *warm[2];
    backtrace(warm, 2); /* loads libgcc, which opens files */
}

void needs_libunwind(void)
{
    if (!FDT_LIBUNWIND)
        cr_skip_test("built without libunwind");
}

/* Events. */

static void *truth[128];
static int truth_depth;

NOINLINE uint32_t event(void)
{
    struct call call = CALLER;
    return stack_site(&call);
}

/* The same with the referee's opinion in truth[]: innermost is our caller. */
NOINLINE uint32_t judged_event(void)
{
    struct call call = CALLER;
    void *frames[128];
    int depth = backtrace(frames, 128), from = 0;
    while (from < depth && frames[from] != (void *)call.pc)
        from++;
    truth_depth = depth - from;
    memcpy(truth, frames + from, (size_t)truth_depth * sizeof(void *));
    return stack_site(&call);
}

void assert_true_stack(uint32_t site, unsigned depth)
{
    cr_assert_neq(site, FDT_NO_SITE);
    cr_assert_gt(truth_depth, 0);
    bool cut = (unsigned)truth_depth > depth;
    cr_assert_eq(fake_sites[site].depth, cut ? depth : (unsigned)truth_depth, "%u frames, backtrace has %d",
                 fake_sites[site].depth, truth_depth);
    for (unsigned i = 0; i < fake_sites[site].depth; i++)
        cr_assert_eq(fake_sites[site].frames[i], (uintptr_t)truth[i], "frame %u is %p, backtrace has %p", i,
                     (void *)fake_sites[site].frames[i], truth[i]);
    cr_assert_eq(fake_sites[site].flags, cut ? FDT_SITE_CUT : 0u);
}

NOINLINE uint32_t nest(unsigned levels, uint32_t (*last)(void))
{
    uint32_t site = levels > 0 ? nest(levels - 1, last) : last();
    __asm__ volatile("" : "+r"(site));
    return site;
}

/* Frames whose size the compiler cannot know. */
NOINLINE uint32_t nest_by_frame_pointer(unsigned levels)
{
    volatile char *room = __builtin_alloca(16 + levels * 16);
    room[0] = 0;
    uint32_t site = levels > 0 ? nest_by_frame_pointer(levels - 1) : event();
    __asm__ volatile("" : "+r"(site) : "r"(room) : "memory");
    return site;
}

/* More callers than a set has ways, all at one depth. */
static NOINLINE uint32_t helper(void)
{
    uint32_t site = judged_event();
    __asm__ volatile("" : "+r"(site));
    return site;
}
#define CALLER_OF_HELPER(name)                                                                         \
    static NOINLINE uint32_t name(void)                                                                \
    {                                                                                                  \
        uint32_t site = helper();                                                                      \
        __asm__ volatile("" : "+r"(site));                                                             \
        return site;                                                                                   \
    }
CALLER_OF_HELPER(caller_a)
CALLER_OF_HELPER(caller_b)
CALLER_OF_HELPER(caller_c)
CALLER_OF_HELPER(caller_d)
CALLER_OF_HELPER(caller_e)
CALLER_OF_HELPER(caller_f)

uint32_t (*const callers[CALLERS])(void) = {caller_a, caller_b, caller_c, caller_d, caller_e, caller_f};

/* What is remembered. */

void set_epoch(uint32_t epoch)
{
    header.epoch = epoch;
}

uint64_t *busy_marks(void)
{
    return &thread_self.stacks->busy;
}

void forget_stacks(void)
{
    forget_all(thread_self.stacks);
}

void forget_words(void)
{
    struct stack_memory *memory = thread_self.stacks;
    for (unsigned i = 0; i < SETS * WAYS; i++)
        memory->ways[i / WAYS][i % WAYS].pairs = memory->ways[i / WAYS][i % WAYS].singles = 0;
}

struct remembered only_remembered(void)
{
    struct stack_memory *memory = thread_self.stacks;
    for (unsigned i = 0; i < SETS * WAYS; i++) {
        struct way *way = &memory->ways[i / WAYS][i % WAYS];
        if (way->pc != 0)
            return (struct remembered){way->value, 2u * way->pairs + way->singles, way->pairs};
    }
    return (struct remembered){0};
}

unsigned memory_count(void)
{
    unsigned count = 0;
    for (struct stack_memory *memory = memories; memory != NULL; memory = memory->next)
        count++;
    return count;
}

void guess_stacks(void)
{
    by_fp = true;
}
