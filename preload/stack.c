/*
 * Stacks at frame-pointer cost: unwound once, verified thereafter.
 *
 * Nouns
 *   way      one remembered stack: the call, the caller's pc, sp and fp, the module epoch, the words the walk had read
 *            (walk.h), and the site it came to.
 *   set      four ways that share a hash: a helper such as xopen() has many callers at one depth.
 *   memory   the ways of one thread.
 *
 * Why a match is the same stack. A walk is a function of pc, sp, fp, the unwind rules (settled by the epoch) and the
 * words it reads; where it reads the next word is settled by the words before. The first five are compared first, then
 * the words in the order of the walk. By induction: if all before were equal, the next one stands where a walk now
 * would look, and if it is equal too, the walk goes on as it did then. Any register a later frame needs is among the
 * words (walk.c reads it when it is needed) or was sp or fp at entry; a walk that needed anything else is not
 * repeatable.
 *
 * Why reading the words is safe. By the same induction each of them is where the walk would read it now, so it belongs
 * to a live frame of this very stack (walk.c), whether or not the stack is still the one it was: a coroutine's stack
 * that was freed and replaced by a smaller one fails at the first difference, or in the page of the first word soon
 * after it, before anything above is read. Places that were guessed lay within the page of a live word, or on the
 * thread's own stack, of which everything above sp is there while the thread lives; memory handed to another thread is
 * wiped.
 *
 * Signals. Only the owner's handlers can interrupt it. `busy` marks the ways somebody below us on this thread is
 * reading or writing; a handler's events read what they like but write elsewhere, and leave `busy` as they found it. A
 * handler that leaves by longjmp leaves marks behind: those ways stay as they are, valid if complete, else without a
 * pc.
 */
#include "sites.h"

#include "objects.h"
#include "unwind_library.h"
#include "raw.h"
#include "say.h"
#include "store.h"
#include "thread.h"
#include "unwind.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SETS 14u
#define PAGE_SIZE 4096u /* or a part of one */
#define WAYS 4u

struct way {
    uintptr_t pc, sp, fp;       /* pc 0: nothing here */
    uint64_t  tag;              /* epoch, raw, call id */
    uint32_t  site;
    uint16_t  pairs;            /* words side by side in the page of the first one: compared first, in any order */
    uint16_t  singles;          /* all others, in the order of the walk */
    uintptr_t value[WALK_WORDS];
    uint32_t  at[WALK_WORDS];   /* bytes above sp: of each pair, then of each single */
};

struct stack_memory {
    struct stack_memory *next;  /* all there are; never unmapped */
    uint32_t taken;             /* atomic: a thread has it */
    uint32_t victim;            /* who goes next when a set is full */
    uint64_t busy;              /* a bit for each way */
    struct own_stack own;
    struct way ways[SETS][WAYS];
};
_Static_assert(sizeof(struct stack_memory) <= 48 << 10, "a thread's remembered stacks take 48 KiB at most");
_Static_assert(WALK_WORDS <= 64, "arrange has a bit for each word");
_Static_assert(SETS * WAYS <= 64, "busy has a bit for each way");

/* Could not be had. Not asked for again: that would be a system call for each event. */
#define NO_MEMORY ((struct stack_memory *)-1)

static unsigned wanted_depth TOGETHER;
static bool by_fp, checking TOGETHER;
static struct stack_memory *memories; /* atomic head */

/* The compiler must not move reads and writes across; the processor does not, within one thread. */
static inline void order(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static struct stack_memory *take_used_memory(void)
{
    struct stack_memory *memory = __atomic_load_n(&memories, __ATOMIC_ACQUIRE);
    for (; memory != NULL; memory = memory->next) {
        uint32_t free = 0;
        if (__atomic_load_n(&memory->taken, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&memory->taken, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return memory;
    }
    return NULL;
}

static struct stack_memory *map_memory(void)
{
    if (store.header != NULL && (store.header->flags & FDT_HEADER_FILTERED) != 0)
        return NULL;
    long address = raw(mmap, NULL, sizeof(struct stack_memory), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    if (address < 0 && address > -4096)
        return NULL;
    struct stack_memory *memory = (void *)address;
    memory->taken = 1;
    memory->next = __atomic_load_n(&memories, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&memories, &memory->next, memory, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    return memory;
}

static void forget_all(struct stack_memory *memory)
{
    for (unsigned i = 0; i < SETS * WAYS; i++)
        if (memory->ways[i / WAYS][i % WAYS].pc != 0) /* do not touch pages that were never used */
            memory->ways[i / WAYS][i % WAYS].pc = 0;
}

static void free_memory(struct stack_memory *memory)
{
    __atomic_store_n(&memory->taken, 0, __ATOMIC_RELEASE);
}

/* The thread's first stack. A signal handler may come in between and find it a memory first. */
static struct stack_memory *find_memory(void)
{
    struct stack_memory *memory = take_used_memory(), *other = NULL;
    if (memory != NULL) {
        forget_all(memory);
        memory->busy = 0;
        memory->own = (struct own_stack){0};
    } else if ((memory = map_memory()) == NULL) {
        memory = NO_MEMORY;
    }
    if (__atomic_compare_exchange_n(&thread_self.stacks, &other, memory, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return memory;
    if (memory != NO_MEMORY)
        free_memory(memory);
    return other;
}

static inline unsigned set_of(const struct call *call)
{
    uint64_t hash = (call->pc ^ call->sp << 20 ^ call->id) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)((hash >> 32) * SETS >> 32);
}

static inline uint64_t tag_of(const struct call *call)
{
    return (uint64_t)site_epoch() << 32 | (uint64_t)call->raw << 16 | call->id;
}

typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

/* The longest loops an event has. Pairs go first: what they find different is asked once. */
static inline bool same_words(const struct way *way, uintptr_t sp)
{
    const uintptr_t *value = way->value;
    const uint32_t *at = way->at;
    uint32_t pairs = way->pairs, singles = way->singles;
    pair difference = {0, 0};
    for (uint32_t i = 0; i < pairs; i++, value += 2)
        difference |= *(const pair *)(sp + at[i]) ^ *(const pair *)value;
    if ((difference[0] | difference[1]) != 0)
        return false;
    at += pairs;
    for (uint32_t i = 0; i < singles; i++)
        if (*(const uintptr_t *)(sp + at[i]) != value[i])
            return false;
    return true;
}

static bool same_page(uintptr_t a, uintptr_t b)
{
    return a / PAGE_SIZE == b / PAGE_SIZE;
}

/* Once the first word may be read, so may the rest of its page, whatever stands there. */
static unsigned count_near(const struct walk *walk, uintptr_t sp)
{
    unsigned near = 0;
    while (near < walk->words && same_page(sp + walk->at[near], sp + walk->at[0]) &&
           same_page(sp + walk->at[near] + sizeof(uintptr_t) - 1, sp + walk->at[0]))
        near++;
    return near;
}

static bool neighbours(const struct walk *walk, unsigned i)
{
    return walk->at[i] + sizeof(uintptr_t) == walk->at[i + 1] || walk->at[i + 1] + sizeof(uintptr_t) == walk->at[i];
}

/* A frame's return address and the frame pointer saved below it are a pair. All others stay in the order of the walk. */
static void arrange(struct way *way, const struct walk *walk, uintptr_t sp)
{
    uint64_t paired = 0;
    unsigned near = count_near(walk, sp), pairs = 0, singles = 0;
    for (unsigned i = 0; i + 1 < near; i++) {
        if (!neighbours(walk, i))
            continue;
        bool up = walk->at[i] < walk->at[i + 1];
        way->at[pairs] = walk->at[up ? i : i + 1];
        way->value[2 * pairs] = walk->value[up ? i : i + 1];
        way->value[2 * pairs + 1] = walk->value[up ? i + 1 : i];
        paired |= UINT64_C(3) << i++;
        pairs++;
    }
    for (unsigned i = 0; i < walk->words; i++) {
        if (paired >> i & 1)
            continue;
        way->at[pairs + singles] = walk->at[i];
        way->value[2 * pairs + singles++] = walk->value[i];
    }
    way->pairs = (uint16_t)pairs;
    way->singles = (uint16_t)singles;
}

static inline uint32_t recall(struct stack_memory *memory, const struct call *call)
{
    unsigned set = set_of(call);
    uint64_t tag = tag_of(call), busy = memory->busy;
    uint32_t site = FDT_NO_SITE;
    memory->busy = busy | UINT64_C(0xf) << set * WAYS;
    order();
    for (unsigned i = 0; i < WAYS; i++) {
        const struct way *way = &memory->ways[set][i];
        if (way->pc == call->pc && way->sp == call->sp && way->fp == call->fp && way->tag == tag &&
            same_words(way, call->sp)) {
            site = way->site;
            break;
        }
    }
    order();
    memory->busy = busy;
    return site;
}

static struct way *way_to_write(struct stack_memory *memory, unsigned set, uint64_t *bit)
{
    struct way *choice = NULL;
    unsigned first = memory->victim++;
    for (unsigned i = 0; i < WAYS; i++) {
        unsigned candidate = (first + i) % WAYS;
        uint64_t its = UINT64_C(1) << (set * WAYS + candidate);
        struct way *way = &memory->ways[set][candidate];
        if ((memory->busy & its) != 0 || (choice != NULL && way->pc != 0))
            continue;
        choice = way;
        *bit = its;
        if (way->pc == 0)
            break;
    }
    return choice;
}

static void remember(struct stack_memory *memory, const struct call *call, const struct walk *walk, uint32_t site)
{
    uint64_t busy = memory->busy, bit;
    struct way *way = way_to_write(memory, set_of(call), &bit);
    if (way == NULL)
        return;
    memory->busy = busy | bit;
    order();
    way->pc = 0;
    order();
    way->sp = call->sp;
    way->fp = call->fp;
    way->tag = tag_of(call);
    way->site = site;
    arrange(way, walk, call->sp);
    order();
    way->pc = call->pc;
    order();
    memory->busy = busy;
}

static uint32_t intern(const struct call *call, const struct walk *walk)
{
    return site_intern(call->id, walk->flags | (call->raw ? FDT_SITE_SYSCALL : 0), walk->frames, walk->depth);
}

static struct own_stack *own_stack(struct stack_memory *memory)
{
    return memory != NO_MEMORY ? &memory->own : NULL;
}

static __attribute__((noinline)) uint32_t unwind_and_remember(struct stack_memory *memory, const struct call *call)
{
    int saved = errno; /* libunwind is free with it */
    struct walk walk;
    walk_stack(call, wanted_depth, by_fp, own_stack(memory), &walk);
    uint32_t site = intern(call, &walk);
    errno = saved;
    if (memory != NO_MEMORY && walk.repeatable && site != FDT_NO_SITE)
        remember(memory, call, &walk, site);
    return site;
}

/* check_stacks=1: is what we remembered what a walk finds now, and is that what libunwind finds by itself? */
static __attribute__((noinline)) void check_hit(struct stack_memory *memory, const struct call *call, uint32_t site)
{
    struct walk walk;
    uintptr_t frames[FDT_DEPTH_MAX];
    walk_stack(call, wanted_depth, by_fp, own_stack(memory), &walk);
    uint32_t now = intern(call, &walk);
    unsigned depth = by_fp ? 0 : libunwind_walk(call->pc, call->sp, call->fp, frames, wanted_depth);
    if (now == site && depth <= walk.depth && memcmp(frames, walk.frames, depth * sizeof(frames[0])) == 0)
        return;
    struct line line = {.length = 0};
    line_text(&line, "fdtrace: check_stacks: the remembered stack of the call at ");
    line_hex(&line, call->pc);
    line_text(&line, " is not the real one: site ");
    line_number(&line, site);
    line_text(&line, ", a walk finds site ");
    line_number(&line, now);
    line_text(&line, " with ");
    line_number(&line, walk.depth);
    line_text(&line, " frames, libunwind ");
    line_number(&line, depth);
    line_end(&line, STDERR_FILENO);
    abort();
}

uint32_t stack_site(const struct call *call)
{
    struct stack_memory *memory = thread_self.stacks;
    if (UNLIKELY(wanted_depth == 0))
        return FDT_NO_SITE;
    if (UNLIKELY(memory == NULL))
        memory = find_memory();
    if (LIKELY(memory != NO_MEMORY)) {
        uint32_t site = recall(memory, call);
        if (UNLIKELY(checking) && site != FDT_NO_SITE)
            check_hit(memory, call, site);
        if (LIKELY(site != FDT_NO_SITE))
            return site;
    }
    return unwind_and_remember(memory, call);
}

int stack_start(unsigned depth, const char *method, bool check)
{
    if (depth == 0 || strcmp(method, "none") == 0)
        return 0;
    by_fp = strcmp(method, "fp") == 0 || !unwind_start(strcmp(method, "libunwind") == 0);
    checking = check && libunwind_start();
    if (check && !checking)
        say("check_stacks: there is no libunwind to compare with; stacks are not checked", NULL);
    wanted_depth = depth <= FDT_DEPTH_MAX ? depth : FDT_DEPTH_MAX;
    return by_fp ? 1 : 2;
}

void stack_forked(void)
{
    struct stack_memory *mine = thread_self.stacks;
    struct stack_memory *memory = __atomic_load_n(&memories, __ATOMIC_RELAXED);
    for (; memory != NULL; memory = memory->next)
        if (memory != mine)
            free_memory(memory);
    if (mine != NULL && mine != NO_MEMORY)
        forget_all(mine); /* site ids belong to the parent's segment */
    libunwind_forked();
    objects_forked();
}

void stack_thread_end(void)
{
    struct stack_memory *memory = thread_self.stacks;
    thread_self.stacks = NULL;
    if (memory != NULL && memory != NO_MEMORY)
        free_memory(memory);
}
