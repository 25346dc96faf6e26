/*
 * Walking up the stack. See walk.h.
 *
 * What may be read? A frame found by an unwind rule is live: its return address and saved registers are what the
 * program itself will load when that function returns. So a place named by a rule from live values can be read, and
 * the value found there is live again. That holds on any stack (coroutines, sigaltstack), needs no knowledge of its
 * bounds, and holds until the first guess.
 *
 * A guess (no unwind information: code made at run time, old assembly; or no libunwind) takes the frame pointer's word
 * for it, which may be any number. From then on only memory that is known to be there is read: the rest of this
 * thread's own stack, whose top we know, or on a foreign stack the page of the last live word.
 */
#include "walk.h"

#include "cfi.h"
#include "objects.h"
#include "raw.h"
#include "sites.h"
#include "store.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

#define PAGE_SIZE 4096u
#define SMALLEST_CODE 4096u /* no code lies in the first page: smaller return addresses mark a bottom */

/*
 * The kernel keeps at least this much below the main stack's end free of other mappings (arch/x86/mm/mmap.c,
 * mmap_base).
 */
#define MAIN_STACK_REACH ((uintptr_t)128 << 20)
#define THREAD_STACK_REACH ((uintptr_t)64 << 20)

extern void *__libc_stack_end __attribute__((weak)); /* ld.so's: where the main stack began */

/* What may be read without trust: [low, high). whole: up to the stack's very end. */
struct extent {
    uintptr_t low, high;
    bool whole;
};

/* A register of the frame at hand: its value, or where the value stands and has not been read yet. */
struct held {
    uintptr_t value, at;
    bool known;
};

struct walker {
    struct walk *walk;
    struct own_stack *own;
    struct extent extent;
    uintptr_t entry_sp;
    uintptr_t sp;
    bool sp_bounds;     /* sp is no more than a lower bound */
    struct held fp, third;
    bool live;          /* nothing was guessed so far */
};

static uintptr_t page_end(uintptr_t address)
{
    return (address | (PAGE_SIZE - 1)) + 1;
}

/* glibc puts a thread's descriptor at the top of its stack. One system call asks whether all between is readable. */
static bool own_stack_reaches(struct own_stack *own, uintptr_t sp)
{
    uintptr_t top = (uintptr_t)__builtin_thread_pointer(), low = sp & -(uintptr_t)PAGE_SIZE;
    if (sp >= own->low && sp < own->high)
        return true;
    if (own->failed || sp >= top || top - sp > THREAD_STACK_REACH ||
        (store.header != NULL && (store.header->flags & FDT_HEADER_FILTERED) != 0))
        return false;
    if (raw(madvise, low, (top & -(uintptr_t)PAGE_SIZE) - low, MADV_POPULATE_READ) != 0) {
        own->failed = true;
        return false;
    }
    own->low = low;
    own->high = top;
    return true;
}

static struct extent extent_of_main(uintptr_t sp)
{
    uintptr_t end = &__libc_stack_end != NULL ? (uintptr_t)__libc_stack_end : 0;
    if (sp < end && end - sp <= MAIN_STACK_REACH)
        return (struct extent){sp, end, true};
    return (struct extent){sp, page_end(sp - sizeof(sp)), false}; /* below sp stands a return address: ours */
}

/* Before a guess: how far is memory known? */
static void bound(struct walker *walker)
{
    if (!walker->extent.whole && walker->own != NULL && own_stack_reaches(walker->own, walker->sp))
        walker->extent = (struct extent){walker->sp, walker->own->high, true};
}

static void note(struct walker *walker, uintptr_t at, uintptr_t value)
{
    struct walk *walk = walker->walk;
    uintptr_t above = at - walker->entry_sp;
    if (walk->words == WALK_WORDS || above > UINT32_MAX) {
        walk->repeatable = false;
        return;
    }
    walk->at[walk->words] = (uint32_t)above;
    walk->value[walk->words++] = value;
}

static bool read_word(struct walker *walker, uintptr_t at, uintptr_t *value)
{
    struct extent *extent = &walker->extent;
    bool within = at >= extent->low && at < extent->high && extent->high - at >= sizeof(*value);
    if (at % sizeof(*value) != 0 || (!within && (extent->whole || !walker->live)))
        return false;
    *value = *(const uintptr_t *)at;
    if (!extent->whole && walker->live)
        extent->high = page_end(at);
    note(walker, at, *value);
    return true;
}

static bool read_held(struct walker *walker, struct held *held)
{
    if (held->known && held->at != 0) {
        if (!read_word(walker, held->at, &held->value))
            held->known = false;
        held->at = 0;
    }
    return held->known;
}

static void restore(struct held *held, int64_t place, uintptr_t anchor)
{
    if (place == RULE_SAME)
        return;
    held->known = place != RULE_LOST;
    held->at = anchor + (uintptr_t)place * 8;
}

static bool base_value(struct walker *walker, const struct rule *rule, uintptr_t *base)
{
    struct held *held = rule->base == BASE_FP ? &walker->fp : &walker->third;
    if (rule->base == BASE_SP) {
        *base = walker->sp;
        return !walker->sp_bounds;
    }
    if (!read_held(walker, held))
        return false;
    *base = held->value;
    return true;
}

/* The code interrupted by a signal, perhaps on another stack. Such stacks hardly repeat: not worth remembering. */
static void interrupted(struct walker *walker)
{
    walker->walk->repeatable = false;
    if (walker->live)
        walker->extent = extent_of_main(walker->sp);
}

#if defined(__aarch64__)

/* Where a handler returns to, there is no unwind information, and what the kernel left lies at the stack pointer. */
struct signal_frame {
    siginfo_t  info;
    ucontext_t context;
};

/*
 * Is this the kernel's `mov x8, #__NR_rt_sigreturn; svc #0`, by which unwinders are meant to know it (arch/arm64, vdso)?
 * pc may be a guess, and lie anywhere.
 */
static bool returns_from_signal(const struct walker *walker, uintptr_t pc)
{
    const uint32_t *code = (const uint32_t *)pc;
    return walker->live && !walker->sp_bounds && pc % sizeof(*code) == 0 && object_has_code(pc) &&
           object_has_code(pc + sizeof(*code)) && code[0] == 0xd2801168 && code[1] == 0xd4000001;
}

/* A return address without the signature that functions with pointer authentication put into its upper bits (xpaclri). */
static uintptr_t code_address(uintptr_t address)
{
    register uintptr_t x30 __asm__("x30") = address;
    __asm__("hint #7" : "+r"(x30));
    return x30;
}

static bool step_over_signal(struct walker *walker, uintptr_t *pc)
{
    const struct signal_frame *frame = (const struct signal_frame *)walker->sp;
    const mcontext_t *registers = &frame->context.uc_mcontext;
    if (!read_word(walker, (uintptr_t)&registers->pc, pc) || !read_word(walker, (uintptr_t)&registers->sp, &walker->sp))
        return false;
    walker->fp = (struct held){.at = (uintptr_t)&registers->regs[29], .known = true};
    walker->third = (struct held){.at = (uintptr_t)&registers->regs[30], .known = true};
    interrupted(walker);
    return true;
}

/* To the caller, as the rule says. */
static bool step_by_rule(struct walker *walker, const struct rule *rule, uintptr_t *pc)
{
    uintptr_t base;
    if (rule->kind == RULE_CONTEXT)
        return step_over_signal(walker, pc);
    if (!base_value(walker, rule, &base))
        return false;
    restore(&walker->fp, rule->fp, base);
    restore(&walker->third, rule->third, base);
    if (!read_held(walker, &walker->third))
        return false;
    *pc = code_address(walker->third.value);
    walker->third.known = false; /* the call to the callee has overwritten it */
    walker->sp = base + (uintptr_t)(int64_t)rule->cfa * 8;
    walker->sp_bounds = false;
    return true;
}

/* The frame record that the frame pointer points at is the bottom of its frame: how long that is, it does not tell. */
#define FRAME_POINTER_TELLS_CFA false

#else

static bool returns_from_signal(const struct walker *walker, uintptr_t pc)
{
    (void)walker, (void)pc;
    return false; /* there are rules for it */
}

static uintptr_t code_address(uintptr_t address)
{
    return address;
}

#define FRAME_POINTER_TELLS_CFA true

/* To the caller, as the rule says. */
static bool step_by_rule(struct walker *walker, const struct rule *rule, uintptr_t *pc)
{
    uintptr_t base, cfa, pc_at;
    if (!base_value(walker, rule, &base))
        return false;
    cfa = base + (uintptr_t)(int64_t)rule->cfa * 8;
    pc_at = base + (uintptr_t)(int64_t)rule->plus * 8;
    if (rule->kind != RULE_FRAME && !read_word(walker, cfa, &cfa))
        return false;
    if (rule->kind != RULE_CONTEXT) {
        cfa += rule->kind == RULE_ALIGNED ? (uintptr_t)(int64_t)rule->plus * 8 : 0;
        pc_at = cfa - 8;
    }
    if (!read_word(walker, pc_at, pc))
        return false;
    uintptr_t anchor = rule->saved_by_base ? base : cfa;
    restore(&walker->fp, rule->fp, anchor);
    restore(&walker->third, rule->third, anchor);
    walker->sp = cfa;
    if (rule->kind == RULE_CONTEXT)
        interrupted(walker);
    return true;
}

#endif

/* To the caller, if there are a saved frame pointer and a return address where the frame pointer points. */
static bool step_by_fp(struct walker *walker, uintptr_t *pc)
{
    uintptr_t next;
    if (!read_held(walker, &walker->fp))
        return false;
    bound(walker);
    walker->live = false;
    uintptr_t fp = walker->fp.value;
    if (fp < walker->sp || !read_word(walker, fp, &next) || !read_word(walker, fp + sizeof(fp), pc))
        return false;
    bool chained = next > fp && next < walker->extent.high && next % sizeof(next) == 0;
    struct cfi_object object;
    if (*pc >= SMALLEST_CODE && !chained && !cfi_find_object(*pc, &object))
        return false;
    walker->walk->flags |= FDT_SITE_GUESSED;
    *pc = code_address(*pc);
    walker->sp = fp + 2 * sizeof(fp);
    walker->sp_bounds = !FRAME_POINTER_TELLS_CFA;
    walker->fp.value = next;
    walker->third.known = false;
    return true;
}

static bool step(struct walker *walker, const struct rule *rule, uintptr_t *pc)
{
    switch (rule->kind) {
    case RULE_FRAME:
    case RULE_ALIGNED:
    case RULE_CONTEXT:
        return step_by_rule(walker, rule, pc) || step_by_fp(walker, pc);
    default:
        return step_by_fp(walker, pc);
    }
}

/*
 * A return address that no call has pushed: a function begins there, and before it there is nothing. makecontext and
 * other makers of coroutines plant such ones (glibc: __start_context) as the bottom of a stack.
 */
static bool never_called(uintptr_t pc, uint32_t epoch)
{
    struct rule rule;
    return unwind_rule(pc, epoch, &rule) && rule.kind != RULE_UNKNOWN;
}

void walk_stack(const struct call *call, unsigned depth, bool by_fp, struct own_stack *own, struct walk *walk)
{
    uint32_t epoch = site_epoch();
    uintptr_t pc = call->pc, lookup = pc - 1;
    struct walker walker = {
        .walk = walk, .own = own, .extent = extent_of_main(call->sp), .entry_sp = call->sp, .sp = call->sp,
        .fp = {.value = call->fp, .known = true}, .live = true,
    };
    walk->depth = 0;
    walk->words = 0;
    walk->flags = 0;
    walk->repeatable = true;
    for (;;) {
        struct rule rule = {.kind = RULE_UNKNOWN};
        walk->frames[walk->depth++] = pc;
        if (!by_fp && !unwind_rule(lookup, epoch, &rule))
            walk->repeatable = false; /* better luck next time */
        if (rule.kind == RULE_OUTERMOST)
            return;
        if (rule.kind == RULE_UNKNOWN && returns_from_signal(&walker, pc))
            rule.kind = RULE_CONTEXT;
        if (rule.kind == RULE_UNKNOWN && !by_fp && lookup != pc && never_called(pc, epoch))
            return;
        if (walk->depth == depth || !step(&walker, &rule, &pc)) {
            walk->flags |= FDT_SITE_CUT;
            return;
        }
        if (pc < SMALLEST_CODE)
            return;
        lookup = rule.kind == RULE_CONTEXT ? pc : pc - 1;
    }
}
