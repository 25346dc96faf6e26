/* The two counters. See unrest.h. */
#include "unrest.h"

uint32_t fdt_unrest TOGETHER;
uint32_t fdt_unrest_in_flight TOGETHER;

/* Sequentially consistent: neither may move across the real call that lies between them. */
void unrest_begin(void)
{
    __atomic_fetch_add(&fdt_unrest_in_flight, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&fdt_unrest, 1, __ATOMIC_SEQ_CST);
}

void unrest_end(void)
{
    __atomic_fetch_add(&fdt_unrest, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&fdt_unrest_in_flight, 1, __ATOMIC_SEQ_CST);
}

bool unrest_is_ours(const struct call *call)
{
    return fdt_unrest == call->unrest + 1 && fdt_unrest_in_flight == 1;
}

void unrest_forked(void)
{
    fdt_unrest = fdt_unrest_in_flight = 0;
}
