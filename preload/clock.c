/*
 * The time of an event. The kernel's clock costs about 23 ns of the vDSO's care, twice in every open and close; the
 * processor's counter costs 8. So the counter is read, and turned into CLOCK_MONOTONIC by a base pair (counter,
 * nanoseconds) and a rate that are taken anew from the vDSO every 4 ms at most. In between the error is that of the
 * rate, which is measured over the last half second or more: some ten nanoseconds, less than any call takes that is
 * recorded.
 *
 * The counter is trusted where the vDSO trusts it: one that answers faster than a system call could reads the counter itself,
 * and the kernel takes it away from the vDSO when the processors' counters disagree. Within a process time never goes back: a
 * new base begins no earlier than the old one can have got.
 */
#include "store.h"

#include "vdso.h"

static uint64_t precise_now(void)
{
    struct timespec now = vdso_time(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)
#include <x86intrin.h>

enum {
    SYSTEM_CALL_TICKS = 400,   /* no system call is that fast, no vDSO that reads the counter that slow */
    BASE_LASTS_NS = 4000000,
    BASELINE_NS = 1000000,     /* a rate measured over less would be too coarse */
    BASELINE_MOVES_NS = 500000000, /* the kernel may change the pace of its clock (adjtimex(2)) */
    ASTRAY_NS = 1000000        /* nobody was just late: the machine was suspended, or moved to another one */
};

/* Both clocks at one moment. */
struct moment {
    uint64_t ticks, ns;
};

/* What the counter means. Readers take it between two looks at sequence, which is odd while it is being changed. */
static struct {
    uint32_t sequence;         /* atomic */
    uint32_t busy;             /* atomic: somebody is making a new base; everybody else asks the vDSO */
    bool     trusted, tried;
    struct moment old, middle; /* the rate is measured from old; middle takes its place when that is too long ago */
    struct moment base;
    uint64_t rate;             /* nanoseconds per tick, 32 binary digits after the point; 0: not known yet */
    uint64_t lasts;            /* ticks after the base for which it holds */
} counter TOGETHER;

static uint64_t extrapolate(uint64_t ticks, uint64_t base, uint64_t ns, uint64_t rate)
{
    return ns + (uint64_t)((unsigned __int128)(ticks - base) * rate >> 32);
}

/* Everything anew, from this moment on. */
static void restart(const struct moment *now)
{
    counter.old = counter.middle = *now;
    counter.rate = counter.lasts = 0;
}

static void measure(const struct moment *now)
{
    if (now->ns - counter.middle.ns > BASELINE_MOVES_NS) {
        counter.old = counter.middle;
        counter.middle = *now;
    }
    if (now->ns - counter.old.ns < BASELINE_NS)
        return;
    counter.rate = (uint64_t)((double)(now->ns - counter.old.ns) / (double)(now->ticks - counter.old.ticks) * 0x1p32);
    counter.lasts = counter.rate != 0 ? ((uint64_t)BASE_LASTS_NS << 32) / counter.rate : 0;
}

/* The base and the rate as of now, and the time it is. */
static uint64_t renew(const struct moment *now)
{
    uint64_t ns = now->ns;
    uint64_t reached = counter.rate != 0 ? extrapolate(now->ticks, counter.base.ticks, counter.base.ns, counter.rate) : ns;
    bool astray = reached > ns + ASTRAY_NS || ns > reached + ASTRAY_NS;
    if (astray || reached < ns) /* what the old base gave while it held was right, so it lies in the past */
        reached = ns;
    __atomic_store_n(&counter.sequence, counter.sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (astray)
        restart(now);
    else
        measure(now);
    counter.base = (struct moment){now->ticks, reached};
    __atomic_store_n(&counter.sequence, counter.sequence + 1, __ATOMIC_RELEASE);
    return counter.base.ns;
}

/* False when we were interrupted between the two each time: then they are not of one moment, but the time is right. */
static bool take_moment(struct moment *now)
{
    for (int i = 0; i < 4; i++) {
        uint64_t before = __rdtsc();
        now->ns = precise_now();
        uint64_t took = __rdtsc() - before;
        now->ticks = before + took / 2;
        if (took < SYSTEM_CALL_TICKS)
            return true;
    }
    return false;
}

static __attribute__((noinline)) uint64_t now_slowly(void)
{
    uint32_t idle = 0;
    if ((counter.tried && !counter.trusted) ||
        !__atomic_compare_exchange_n(&counter.busy, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return precise_now();
    struct moment now;
    bool good = take_moment(&now);
    if (!counter.tried) {
        counter.trusted = good;
        restart(&now);
        counter.tried = true;
    }
    uint64_t ns = good ? renew(&now) : now.ns;
    __atomic_store_n(&counter.busy, 0, __ATOMIC_RELEASE);
    return ns;
}

uint64_t store_now(void)
{
    uint32_t sequence = __atomic_load_n(&counter.sequence, __ATOMIC_ACQUIRE);
    uint64_t ticks = __rdtsc(), base = __atomic_load_n(&counter.base.ticks, __ATOMIC_RELAXED);
    bool holds = ticks - base < __atomic_load_n(&counter.lasts, __ATOMIC_RELAXED);
    uint64_t ns = extrapolate(ticks, base, __atomic_load_n(&counter.base.ns, __ATOMIC_RELAXED),
                              __atomic_load_n(&counter.rate, __ATOMIC_RELAXED));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (LIKELY(holds && (sequence & 1) == 0 && __atomic_load_n(&counter.sequence, __ATOMIC_RELAXED) == sequence))
        return ns;
    return now_slowly();
}

void store_clock_forked(void)
{
    counter.sequence &= ~1u;
    counter.busy = 0;
    counter.lasts = 0; /* what another thread was changing may be half changed */
}

#else

uint64_t store_now(void)
{
    return precise_now();
}

void store_clock_forked(void)
{
}

#endif
