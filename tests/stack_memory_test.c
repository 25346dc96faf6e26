/*
 * What is remembered of stacks (preload/stack.c): a match is the same stack, and nothing that is in use, of another
 * time or of another thread is taken for one.
 */
#include "stack_support.h"

#include "../preload/unwind_library.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

Test(stack_memory, same_stack_is_one_site_and_walked_once, .init = start_stacks)
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

Test(stack_memory, callers_of_one_helper_are_told_apart, .init = start_stacks)
{
    uint32_t site[CALLERS];
    for (volatile unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < CALLERS; i++) {
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

Test(stack_memory, signals_at_any_moment, .timeout = 60)
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
 * Without a branch, which may earn the loop a second call of nest, and that a stack of its own.
 */
Test(stack_memory, what_is_in_use_is_not_written, .init = start_stacks)
{
    const uint64_t all = ~UINT64_C(0);
    const struct {
        uint64_t busy;
        unsigned levels;
    } steps[] = {{0, 2}, {0, 2}, {all, 1}, {all, 2}, {all, 1}, {all, 2}, {0, 2}, {0, 2}};
    event();
    interned = 0;
    for (volatile unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        *busy_marks() = steps[i].busy;
        nest(steps[i].levels, event);
    }
    cr_assert_eq(interned, 3, "the one known before stayed known, the other was not written");
}

Test(stack_memory, busy_marks_are_left_as_found, .init = start_stacks)
{
    event();
    *busy_marks() = 5;
    nest(1, event);
    nest(1, event);
    cr_assert_eq(*busy_marks(), 5);
}

/* What a remembered stack depends on. */

Test(stack_memory, each_epoch_walks_anew, .init = start_stacks)
{
    for (volatile int i = 0; i < 15; i++) {
        set_epoch((uint32_t)i / 5);
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

Test(stack_memory, a_forked_child_walks_anew, .init = start_stacks)
{
    for (volatile int i = 0; i < 6; i++) {
        fork_if(i == 3);
        event();
    }
    cr_assert_eq(interned, 2);
}

Test(stack_memory, every_remembered_word_counts, .init = start_stacks)
{
    volatile unsigned words = 1;
    event();
    interned = 0;
    for (volatile unsigned i = 0; i < words; i++) {
        for (volatile unsigned twice = 0; twice < 2; twice++) {
            if (twice == 0)
                forget_stacks();
            else
                only_remembered().words[i] ^= 1;
            nest_by_frame_pointer(5);
            words = only_remembered().count;
        }
        cr_assert_eq(interned, 2 * (i + 1), "word %u of %u", i, words);
    }
}

/* Pairs end with the page of the first word, and where on its page the stack stands is the kernel's choice. */
Test(stack_memory, frames_are_compared_two_words_at_a_time, .init = start_stacks)
{
    volatile unsigned most = 0;
    event();
    for (volatile unsigned quarter = 0; quarter < 4; quarter++) {
        volatile char *room = __builtin_alloca(1024);
        room[0] = 0;
        forget_stacks();
        nest_by_frame_pointer(5);
        if (only_remembered().pairs > most)
            most = only_remembered().pairs;
    }
    cr_assert_gt(most, 4);
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

/* Without its last words a remembered stack matches whoever calls at that depth: check_stacks must see it. */
#if FDT_LIBUNWIND
Test(stack_memory, check_finds_a_planted_mistake, .signal = SIGABRT)
{
    cr_assert_eq(stack_start(32, "auto", true), 2);
    for (volatile int i = 0; i < 2; i++) {
        call_from_here(callers[i]);
        forget_words();
    }
}
#endif

Test(stack_memory, a_planted_mistake_goes_unseen_without_check, .init = start_stacks)
{
    uint32_t site[2];
    for (volatile int i = 0; i < 2; i++) {
        site[i] = call_from_here(callers[i]);
        forget_words();
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

Test(stack_memory, threads_hand_their_memory_back, .init = start_stacks)
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
