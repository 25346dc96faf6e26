/* The table of rules, for all threads and signal handlers, without a lock. See unwind.h. */
#include "unwind.h"
#include "hook.h"

#include "cfi.h"
#include "unwind_library.h"

#include <stddef.h>

/*
 * Sets of four. An entry is three words, written one by one. A reader that meets a half-written entry, or one of
 * another epoch, sees that its words do not belong together: lookup is compared exactly, and check is the sum of the
 * other two and a multiple of the epoch by an odd number, so given lookup and rule it fits one epoch only.
 */
#define RULE_SETS_LOG 10
#define RULE_WAYS 4u

struct kept_rule {
    uint64_t lookup, rule, check;
};
static struct kept_rule kept[1u << RULE_SETS_LOG][RULE_WAYS];

union rule_word {
    struct rule rule;
    uint64_t    word;
};
_Static_assert(sizeof(struct rule) == sizeof(uint64_t), "a rule is one word");

#define ODD UINT64_C(0x9e3779b97f4a7c15)

static bool started TOGETHER, by_library TOGETHER;

static struct kept_rule *rule_set(uintptr_t lookup)
{
    return kept[(lookup * ODD) >> (64 - RULE_SETS_LOG)];
}

static uint64_t check_word(uint64_t lookup, uint64_t rule, uint32_t epoch)
{
    return lookup + rule + epoch * ODD;
}

static void keep(uintptr_t lookup, uint32_t epoch, uint64_t word)
{
    static uint32_t victim;
    struct kept_rule *set = rule_set(lookup), *entry = NULL;
    for (unsigned way = 0; way < RULE_WAYS && entry == NULL; way++) {
        uint64_t there = __atomic_load_n(&set[way].lookup, __ATOMIC_RELAXED);
        if (there == 0 || there == lookup)
            entry = &set[way];
    }
    if (entry == NULL)
        entry = &set[__atomic_fetch_add(&victim, 1, __ATOMIC_RELAXED) % RULE_WAYS];
    __atomic_store_n(&entry->check, check_word(lookup, word, epoch), __ATOMIC_RELAXED);
    __atomic_store_n(&entry->rule, word, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->lookup, lookup, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) bool learn_rule(uintptr_t lookup, uint32_t epoch, struct rule *rule)
{
    struct cfi_object object;
    union rule_word found;
    if (!started)
        return false;
    /* Not kept outside of objects: one that is loaded there later does not begin a new epoch. */
    if (!cfi_find_object(lookup, &object)) {
        *rule = (struct rule){.kind = RULE_UNKNOWN};
        return true;
    }
    if (!by_library)
        found.rule = cfi_rule(lookup, &object);
    else if (!libunwind_rule(lookup, &found.rule))
        return false;
    keep(lookup, epoch, found.word);
    *rule = found.rule;
    return true;
}

bool unwind_rule(uintptr_t lookup, uint32_t epoch, struct rule *rule)
{
    const struct kept_rule *set = rule_set(lookup);
    for (unsigned way = 0; way < RULE_WAYS; way++) {
        union rule_word found;
        if (__atomic_load_n(&set[way].lookup, __ATOMIC_RELAXED) != lookup)
            continue;
        found.word = __atomic_load_n(&set[way].rule, __ATOMIC_RELAXED);
        if (__atomic_load_n(&set[way].check, __ATOMIC_RELAXED) == check_word(lookup, found.word, epoch)) {
            *rule = found.rule;
            return true;
        }
    }
    return learn_rule(lookup, epoch, rule);
}

bool unwind_start(bool by_libunwind)
{
    struct cfi_object here;
    by_library = by_libunwind && libunwind_start();
    started = cfi_find_object((uintptr_t)unwind_start, &here);
    return started;
}
