/*
 * Stacks inside the traced process: preload/stack.c and what stands behind it, compiled into this test with a site
 * table of its own. The referees are glibc's backtrace(3), which uses libgcc's unwinder, and libunwind.
 */
/* objects_start is never called, so the list that stands in for _dl_find_object finds the objects here (objects.h). */
#define store stack_test_store
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
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>

/* The neighbours. */

__thread struct thread thread_self;
static struct fdt_header header;
struct store store = {.header = &header};
uint32_t fdt_unrest;

#define FAKE_SITES 4096u
static struct fake_site {
    uint32_t  flags;
    unsigned  depth;
    uintptr_t frames[FDT_DEPTH_MAX];
} sites[FAKE_SITES];
static uint32_t site_count = 1, interned;

/* Two threads may store one stack twice; no test here minds. */
uint32_t site_intern(uint16_t call, uint32_t flags, const uintptr_t *frames, unsigned depth)
{
    (void)call;
    __atomic_fetch_add(&interned, 1, __ATOMIC_RELAXED);
    uint32_t count = __atomic_load_n(&site_count, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id < count && id < FAKE_SITES; id++)
        if (sites[id].depth == depth && sites[id].flags == flags &&
            memcmp(sites[id].frames, frames, depth * sizeof(*frames)) == 0)
            return id;
    uint32_t id = __atomic_fetch_add(&site_count, 1, __ATOMIC_ACQ_REL);
    if (id >= FAKE_SITES)
        return FDT_NO_SITE;
    sites[id].flags = flags;
    memcpy(sites[id].frames, frames, depth * sizeof(*frames));
    sites[id].depth = depth;
    return id;
}

/* Loops count in volatile variables: unrolled, each call in them would have a pc of its own. */

/* An event, and what backtrace(3) thinks of it. */

#define NOINLINE __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))
#define CALLER                                                                                         \
    {                                                                                                  \
        .pc = (uintptr_t)__builtin_return_address(0), .sp = (uintptr_t)__builtin_dwarf_cfa(),          \
        .fp = *(uintptr_t *)__builtin_frame_address(0)                                                 \
    }

static void *truth[128];
static int truth_depth;

static NOINLINE uint32_t event(void)
{
    struct call call = CALLER;
    return stack_site(&call);
}

/* The same with the referee's opinion in truth[]: innermost is our caller. */
static NOINLINE uint32_t judged_event(void)
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

static void assert_true_stack(uint32_t site, unsigned depth)
{
    cr_assert_neq(site, FDT_NO_SITE);
    cr_assert_gt(truth_depth, 0);
    bool cut = (unsigned)truth_depth > depth;
    cr_assert_eq(sites[site].depth, cut ? depth : (unsigned)truth_depth, "%u frames, backtrace has %d",
                 sites[site].depth, truth_depth);
    for (unsigned i = 0; i < sites[site].depth; i++)
        cr_assert_eq(sites[site].frames[i], (uintptr_t)truth[i], "frame %u is %p, backtrace has %p", i,
                     (void *)sites[site].frames[i], truth[i]);
    cr_assert_eq(sites[site].flags, cut ? FDT_SITE_CUT : 0u);
}

static void start(void)
{
    cr_assert_eq(stack_start(32, "auto", false), 2);
    void *warm[2];
    backtrace(warm, 2); /* loads libgcc, which opens files */
}

static void needs_libunwind(void)
{
    if (!FDT_LIBUNWIND)
        cr_skip_test("built without libunwind");
}

static NOINLINE uint32_t nest(unsigned levels, uint32_t (*last)(void))
{
    uint32_t site = levels > 0 ? nest(levels - 1, last) : last();
    __asm__ volatile("" : "+r"(site));
    return site;
}

Test(stack, same_stack_is_one_site_and_walked_once, .init = start)
{
    uint32_t first = 0;
    for (volatile int i = 0; i < 100; i++) {
        uint32_t site = nest(5, event);
        if (i == 0)
            first = site;
        cr_assert_eq(site, first);
    }
    cr_assert_eq(interned, 1);
}

Test(stack, frames_are_those_of_backtrace, .init = start)
{
    for (unsigned levels = 0; levels < 12; levels++)
        for (volatile int again = 0; again < 3; again++)
            assert_true_stack(nest(levels, judged_event), 32);
}

Test(stack, deep_recursion_is_cut, .init = start)
{
    uint32_t deep = nest(200, judged_event);
    assert_true_stack(deep, 32);
    cr_assert_eq(sites[deep].depth, 32);
    cr_assert_eq(nest(200, judged_event), deep);
}

/* One helper, more callers than a set has ways, all at one depth: same pc, sp and fp, another stack each. */
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

Test(stack, callers_of_one_helper_are_told_apart, .init = start)
{
    uint32_t (*const callers[])(void) = {caller_a, caller_b, caller_c, caller_d, caller_e, caller_f};
    uint32_t site[6];
    for (volatile unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 6; i++) {
            uint32_t now = callers[i]();
            assert_true_stack(now, 32);
            if (round == 0)
                site[i] = now;
            cr_assert_eq(now, site[i]);
            for (unsigned j = 0; j < i; j++)
                cr_assert_neq(site[i], site[j]);
        }
    }
}

/* Saves every register that calls preserve, %rbp above all: its caller may need it for a frame pointer. */
static NOINLINE uint32_t all_registers(const volatile uint32_t *from)
{
    uint32_t a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5];
    uint32_t site = judged_event();
    __asm__ volatile("" : "+r"(site) : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
    return site;
}

/* Realigned stacks and stacks of a size known at run time only: the CFA hangs on memory, or on the frame pointer. */
static NOINLINE uint32_t aligned_frame(unsigned size)
{
    _Alignas(64) volatile char block[64];
    volatile char *more = __builtin_alloca(size);
    const volatile uint32_t numbers[6] = {0};
    block[0] = more[0] = 0;
    uint32_t site = all_registers(numbers);
    __asm__ volatile("" : "+r"(site) : "r"(block), "r"(more) : "memory");
    return site;
}

Test(stack, frames_of_unusual_shape, .init = start)
{
    for (unsigned size = 16; size < 4096; size *= 2)
        for (volatile int again = 0; again < 3; again++)
            assert_true_stack(aligned_frame(size), 32);
}

/* Other stacks. */

static ucontext_t here, there;
static uint32_t site_there;
static _Alignas(16) char stack_there[64 << 10];

static void visitor(void)
{
    site_there = nest(3, judged_event);
}

static void visit(void)
{
    cr_assert_eq(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack_there;
    there.uc_stack.ss_size = sizeof(stack_there);
    there.uc_link = &here;
    makecontext(&there, visitor, 0);
    cr_assert_eq(swapcontext(&here, &there), 0);
}

Test(stack, coroutines, .init = start)
{
    uint32_t first = FDT_NO_SITE;
    for (volatile int i = 0; i < 3; i++) {
        visit();
        assert_true_stack(site_there, 32);
        if (i == 0)
            first = site_there;
        cr_assert_eq(site_there, first);
    }
    cr_assert_neq(nest(3, judged_event), first);
}

static uint32_t site_in_handler;

static void handler(int number)
{
    (void)number;
    site_in_handler = nest(2, judged_event);
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (volatile int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        assert_true_stack(site_in_handler, 32);
    }
}

Test(stack, signal_handler, .init = start)
{
    handle(0);
}

Test(stack, signal_handler_on_its_own_stack, .init = start)
{
    stack_t own = {.ss_sp = stack_there, .ss_size = 16 << 10};
    cr_assert_eq(sigaltstack(&own, NULL), 0);
    handle(SA_ONSTACK);
}

/*
 * A storm: another thread sends signals, whose handlers make events of their own and sometimes leave by longjmp, while
 * this one goes through more stacks than are remembered. Every site must be the right one: check_stacks aborts else.
 */
static sigjmp_buf storm_exit;
static volatile sig_atomic_t storm_in_loop, storm_signals;
static bool storm_over;

static void storm_handler(int number)
{
    (void)number;
    storm_signals++;
    for (unsigned i = 0; i < 6; i++)
        nest(i, event);
    if (storm_in_loop && storm_signals % 5 == 0)
        siglongjmp(storm_exit, 1);
}

static void *storm(void *target)
{
    while (!__atomic_load_n(&storm_over, __ATOMIC_RELAXED))
        pthread_kill(*(pthread_t *)target, SIGUSR1);
    return NULL;
}

Test(stack, signals_at_any_moment, .timeout = 60)
{
    struct sigaction action = {.sa_handler = storm_handler};
    pthread_t self = pthread_self(), sender;
    volatile unsigned rounds = 0;
    needs_libunwind();
    cr_assert_eq(stack_start(32, "auto", true), 2);
    sigaction(SIGUSR1, &action, NULL);
    cr_assert_eq(pthread_create(&sender, NULL, storm, &self), 0);
    while (storm_signals < 3000) {
        sigsetjmp(storm_exit, 1);
        storm_in_loop = 1;
        for (; storm_signals < 3000; rounds++)
            nest(rounds % 30, event);
    }
    storm_in_loop = 0;
    __atomic_store_n(&storm_over, true, __ATOMIC_RELAXED);
    pthread_join(sender, NULL);
}

/*
 * A handler that comes while this thread reads or writes remembered stacks: it reads, but writes none that are in use.
 */
Test(stack, what_is_in_use_is_not_written, .init = start)
{
    for (volatile int i = 0; i < 6; i++) {
        if (i == 2) {
            thread_self.stacks->busy = ~UINT64_C(0);
            cr_assert_eq(interned, 1);
        }
        if (i == 4)
            thread_self.stacks->busy = 0;
        if (i >= 2 && i < 4)
            nest(1, event);
        nest(2, event);
    }
    cr_assert_eq(interned, 3, "the one known before stayed known, the other was not written");
}

Test(stack, busy_marks_are_left_as_found, .init = start)
{
    event();
    thread_self.stacks->busy = 5;
    nest(1, event);
    nest(1, event);
    cr_assert_eq(thread_self.stacks->busy, 5);
}

/* What a remembered stack depends on. */

Test(stack, each_epoch_walks_anew, .init = start)
{
    for (volatile int i = 0; i < 15; i++) {
        header.epoch = (unsigned)i / 5;
        event();
    }
    cr_assert_eq(interned, 3);
}

/* Out of line: a branch in the loop may earn it a second call of event, and that a stack of its own. */
static NOINLINE void fork_if(bool now)
{
    if (now)
        stack_forked();
}

Test(stack, a_forked_child_walks_anew, .init = start)
{
    for (volatile int i = 0; i < 6; i++) {
        fork_if(i == 3);
        event();
    }
    cr_assert_eq(interned, 2);
}

/* With a frame pointer of its own, so that %rbp is the same whoever is called. */
static NOINLINE uint32_t call_from_here(uint32_t (*caller)(void))
{
    volatile char *room = __builtin_alloca((size_t)(caller != NULL) * 64);
    room[0] = 0;
    uint32_t site = caller();
    __asm__ volatile("" : "+r"(site) : "r"(room) : "memory");
    return site;
}

/* Frames whose size the compiler cannot know are found by their frame pointer: two words each, side by side. */
static NOINLINE uint32_t nest_by_frame_pointer(unsigned levels)
{
    volatile char *room = __builtin_alloca(16 + levels * 16);
    room[0] = 0;
    uint32_t site = levels > 0 ? nest_by_frame_pointer(levels - 1) : event();
    __asm__ volatile("" : "+r"(site) : "r"(room) : "memory");
    return site;
}

static struct way *only_way(void)
{
    struct stack_memory *memory = thread_self.stacks;
    for (unsigned i = 0; i < SETS * WAYS; i++)
        if (memory->ways[i / WAYS][i % WAYS].pc != 0)
            return &memory->ways[i / WAYS][i % WAYS];
    return NULL;
}

Test(stack, every_remembered_word_counts, .init = start)
{
    volatile unsigned words = 1;
    event();
    interned = 0;
    for (volatile unsigned i = 0; i < words; i++) {
        for (volatile unsigned twice = 0; twice < 2; twice++) {
            if (twice == 0)
                forget_all(thread_self.stacks);
            else
                only_way()->value[i] ^= 1;
            nest_by_frame_pointer(5);
            words = 2 * only_way()->pairs + only_way()->singles;
        }
        cr_assert_eq(interned, 2 * (i + 1), "word %u of %u", i, words);
    }
}

/* Pairs end with the page of the first word, and where on its page the stack stands is the kernel's choice. */
Test(stack, frames_are_compared_two_words_at_a_time, .init = start)
{
    volatile unsigned most = 0;
    event();
    for (volatile unsigned quarter = 0; quarter < 4; quarter++) {
        volatile char *room = __builtin_alloca(PAGE_SIZE / 4);
        room[0] = 0;
        forget_all(thread_self.stacks);
        nest_by_frame_pointer(5);
        if (only_way()->pairs > most)
            most = only_way()->pairs;
    }
    cr_assert_gt(most, 4);
}

/* A remembered stack that has lost its last words matches whoever calls at that depth: check_stacks must see it. */
static void forget_the_end(void)
{
    struct stack_memory *memory = thread_self.stacks;
    for (unsigned i = 0; i < SETS * WAYS; i++)
        memory->ways[i / WAYS][i % WAYS].pairs = memory->ways[i / WAYS][i % WAYS].singles = 0;
}

#if FDT_LIBUNWIND
Test(stack, check_finds_a_planted_mistake, .signal = SIGABRT)
{
    cr_assert_eq(stack_start(32, "auto", true), 2);
    uint32_t (*const callers[])(void) = {caller_a, caller_b};
    for (volatile int i = 0; i < 2; i++) {
        call_from_here(callers[i]);
        forget_the_end();
    }
}
#endif

Test(stack, a_planted_mistake_goes_unseen_without_check, .init = start)
{
    uint32_t (*const callers[])(void) = {caller_a, caller_b};
    uint32_t site[2];
    for (volatile int i = 0; i < 2; i++) {
        site[i] = call_from_here(callers[i]);
        forget_the_end();
    }
    cr_assert_eq(site[0], site[1]);
}

/* Threads. */

static pthread_barrier_t together;

static void *short_life(void *wait)
{
    for (volatile int i = 0; i < 10; i++)
        nest(4, event);
    if (wait != NULL)
        pthread_barrier_wait(&together);
    stack_thread_end();
    return NULL;
}

static unsigned memory_count(void)
{
    unsigned count = 0;
    for (struct stack_memory *memory = memories; memory != NULL; memory = memory->next)
        count++;
    return count;
}

Test(stack, threads_hand_their_memory_back, .init = start)
{
    pthread_t threads[8];
    for (volatile int i = 0; i < 50; i++) {
        cr_assert_eq(pthread_create(&threads[0], NULL, short_life, NULL), 0);
        pthread_join(threads[0], NULL);
    }
    cr_assert_eq(memory_count(), 1);
    pthread_barrier_init(&together, NULL, 8);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 8; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, short_life, &together), 0);
        for (int i = 0; i < 8; i++)
            pthread_join(threads[i], NULL);
    }
    cr_assert_eq(memory_count(), 8);
}

/* Learning rules and walking, on the smallest stack threads can have. The rest of it stays as it was painted. */
#if defined(__x86_64__)
#define SMALL_STACK (16u << 10)
#else
#define SMALL_STACK (128u << 10) /* the least that glibc takes */
#endif
static _Alignas(4096) unsigned char small_stack[SMALL_STACK];

static void *event_on_small_stack(void *unused)
{
    (void)unused;
    nest(3, event);
    return NULL;
}

Test(stack, small_stacks_suffice, .init = start)
{
    pthread_attr_t attributes;
    pthread_t thread;
    unsigned untouched = 0;
    memset(small_stack, 0xa5, sizeof(small_stack));
    pthread_attr_init(&attributes);
    cr_assert_eq(pthread_attr_setstack(&attributes, small_stack, sizeof(small_stack)), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, event_on_small_stack, NULL), 0);
    pthread_join(thread, NULL);
    while (untouched < SMALL_STACK && small_stack[untouched] == 0xa5)
        untouched++;
    cr_assert_geq(untouched, SMALL_STACK - (11u << 10), "%u bytes of %u were left", untouched, SMALL_STACK);
}

/* Guesses. */

Test(stack, any_frame_pointer_is_survived, .init = start)
{
    uint64_t random = 1;
    by_fp = true;
    for (volatile int i = 0; i < 20000; i++) {
        struct call call = CALLER;
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        call.fp = i % 2 ? random : call.sp + (random >> 40) % 65536;
        call.sp -= i % 3 ? 0 : call.sp % 4096;
        cr_assert_neq(stack_site(&call), 0);
        cr_assert(sites[1].depth >= 1 && sites[1].depth <= 32);
        site_count = 1;
        forget_all(thread_self.stacks);
    }
}

/*
 * A chain of frame pointers on a stack nobody knows, which leads to the next page: followed within the page, no
 * further.
 */
static struct call chain(uintptr_t *words, unsigned spacing, unsigned links)
{
    for (unsigned i = 1; i <= links; i++) {
        words[i * spacing] = (uintptr_t)&words[(i + 1) * spacing];
        words[i * spacing + 1] = (uintptr_t)event + i;
    }
    return (struct call){.pc = (uintptr_t)event, .sp = (uintptr_t)words, .fp = (uintptr_t)&words[spacing]};
}

Test(stack, guesses_stay_on_known_memory, .init = start)
{
    uintptr_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(page, MAP_FAILED);
    by_fp = true;
    struct call call = chain(page + 8, 126, 6); /* links at words 134, 260, 386, 512, ... */
    mprotect(page + 512, 4096, PROT_NONE);
    for (volatile int i = 0; i < 3; i++)
        cr_assert_eq(sites[stack_site(&call)].depth, 4);
    cr_assert_eq(interned, 1);
}

/* Every rule, by two readers. */

static void compare_rules(const struct cfi_object *object, unsigned step)
{
    for (uint32_t i = 0; i + 1 < object->header->count; i++) {
        uintptr_t base = (uintptr_t)object->header;
        uintptr_t end = base + (uintptr_t)object->header->table[i + 1].code;
        for (uintptr_t at = base + (uintptr_t)object->header->table[i].code; at < end; at += step) {
            struct rule ours = cfi_rule(at, object), theirs;
            cr_assert(libunwind_rule(at, &theirs));
            cr_assert_eq(memcmp(&ours, &theirs, sizeof(ours)), 0, "libunwind has another rule for %p", (void *)at);
        }
    }
}

static int compare_object(struct dl_phdr_info *info, size_t size, void *compared)
{
    struct cfi_object object;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME &&
            cfi_find_object(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, &object) && object.header != NULL) {
            compare_rules(&object, 37);
            ++*(int *)compared;
        }
    }
    return 0;
}

Test(stack, rules_are_those_of_libunwind, .init = start, .timeout = 100)
{
    int compared = 0;
    needs_libunwind();
    cr_assert(libunwind_start());
    dl_iterate_phdr(compare_object, &compared);
    cr_assert_gt(compared, 3);
}

Test(stack, libunwind_as_the_source)
{
    needs_libunwind();
    cr_assert_eq(stack_start(32, "libunwind", false), 2);
    for (volatile int i = 0; i < 3; i++) {
        assert_true_stack(nest(4, judged_event), 32);
        assert_true_stack(aligned_frame(100), 32);
    }
}

/* It would open a pipe for itself and keep it. */
Test(stack, libunwind_leaves_no_descriptor)
{
    int before = dup(0), after;
    needs_libunwind();
    close(before);
    cr_assert(libunwind_start());
    struct rule rule;
    cr_assert(libunwind_rule((uintptr_t)event + 8, &rule));
    after = dup(0);
    close(after);
    cr_assert_eq(after, before);
}
