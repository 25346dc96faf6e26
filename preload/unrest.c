/* The two counters. See unrest.h. */
#include "unrest.h"

uint32_t fdt_unrest;
static uint32_t in_flight;

/* Sequentially consistent: neither may move across the real call that lies between them. */
void unrest_begin(void)
{
    __atomic_fetch_add(&in_flight, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&fdt_unrest, 1, __ATOMIC_SEQ_CST);
}

void unrest_end(void)
{
    __atomic_fetch_add(&fdt_unrest, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&in_flight, 1, __ATOMIC_SEQ_CST);
}

bool unrest_since(const struct call *call)
{
    return __atomic_load_n(&fdt_unrest, __ATOMIC_ACQUIRE) != call->unrest ||
           __atomic_load_n(&in_flight, __ATOMIC_ACQUIRE) != 0;
}

bool unrest_is_ours(const struct call *call)
{
    return fdt_unrest == call->unrest + 1 && in_flight == 1;
}

void unrest_forked(void)
{
    fdt_unrest = in_flight = 0;
}
