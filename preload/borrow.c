/* See borrow.h. */
#include "borrow.h"

#include "gate.h"
#include "raw.h"

static struct borrowed ready[4];

static struct borrowed *take(void)
{
    for (size_t i = 0; i < sizeof(ready) / sizeof(ready[0]); i++) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n(&ready[i].taken, &nobody, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return &ready[i];
    }
    struct borrowed *own = raw_map(sizeof(*own), MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (own != NULL)
        own->mapped = true;
    return own;
}

void borrow_begin(void)
{
    if (thread_self.borrowed != NULL) { /* a child's child: whose changes are whose cannot be told any more */
        thread_self.borrowed->changes.blind = true;
        return;
    }
    if (!gate_enter())
        return;
    struct borrowed *borrowed = take();
    if (borrowed == NULL)
        return;
    borrowed->executed = false;
    changes_begin(&borrowed->changes, borrowed->list, BORROW_CHANGES);
    thread_self.borrowed = borrowed;
}

void borrow_end(pid_t child)
{
    struct borrowed *borrowed = thread_self.borrowed;
    if (borrowed == NULL)
        return;
    thread_self.borrowed = NULL;
    if (child > 0 && borrowed->executed && gate_enter())
        passage_spawned(&borrowed->passage, &borrowed->changes, child);
    if (borrowed->mapped)
        raw(munmap, borrowed, sizeof(*borrowed));
    else
        __atomic_store_n(&borrowed->taken, 0, __ATOMIC_RELEASE);
}
