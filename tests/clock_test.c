/* The guest's clock, by itself: it agrees with CLOCK_MONOTONIC, and never goes back, whoever else is reading it. */
#include "../preload/clock.c"
#include "../preload/vdso.c"

#include <criterion/criterion.h>
#include <pthread.h>

enum { READINGS = 300000, THREADS = 3, TOLERANCE_NS = 5000 };

static void *read_along(void *wrong)
{
    uint64_t latest = 0;
    for (int i = 0; i < READINGS; i++) {
        uint64_t before = precise_now(), now = store_now(), after = precise_now();
        if (now < latest || now + TOLERANCE_NS < before || now > after + TOLERANCE_NS)
            ++*(int *)wrong;
        latest = now;
    }
    return NULL;
}

Test(clock, agrees_with_the_kernels_and_never_goes_back)
{
    pthread_t threads[THREADS];
    int wrong[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, read_along, &wrong[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(wrong[i], 0, "%d of %d readings were wrong", wrong[i], READINGS);
    }
}

#if defined(__x86_64__)
/* As after a suspend: the counter has gone on, the clock has not. What was handed out stays in the past, and a new rate is found. */
Test(clock, finds_its_way_back_after_a_jump)
{
    int wrong = 0;
    read_along(&wrong);
    if (!counter.trusted)
        cr_skip_test("the kernel does not trust the counter");
    cr_assert_neq(counter.rate, 0);
    counter.base.ticks -= UINT64_C(1) << 40;
    counter.old.ticks -= UINT64_C(1) << 40;
    read_along(&wrong);
    cr_expect_eq(wrong, 0);
    cr_expect_neq(counter.rate, 0, "it has begun to measure again");
}

Test(clock, a_forked_child_does_not_wait_for_a_thread_that_is_not_there)
{
    int wrong = 0;
    read_along(&wrong);
    counter.sequence |= 1;
    counter.busy = 1;
    store_clock_forked();
    read_along(&wrong);
    cr_expect_eq(wrong, 0);
    cr_expect_eq(counter.busy, 0);
}
#endif
