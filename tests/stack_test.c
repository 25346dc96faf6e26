/*
 * Stacks that are taken are the true ones, whatever their frames look like and wherever they stand. The referees are
 * backtrace(3) and libunwind.
 */
#include "stack_support.h"

#include "../preload/cfi.h"
#include "../preload/unwind_library.h"

#include <criterion/criterion.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

Test(stack, frames_are_those_of_backtrace, .init = start_stacks)
{
    for (unsigned levels = 0; levels < 12; levels++)
        for (volatile int again = 0; again < 3; again++)
            assert_true_stack(nest(levels, judged_event), 32);
}

Test(stack, deep_recursion_is_cut, .init = start_stacks)
{
    uint32_t deep = nest(200, judged_event);
    assert_true_stack(deep, 32);
    cr_assert_eq(fake_sites[deep].depth, 32);
    cr_assert_eq(nest(200, judged_event), deep);
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

Test(stack, frames_of_unusual_shape, .init = start_stacks)
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

Test(stack, coroutines, .init = start_stacks)
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

Test(stack, signal_handler, .init = start_stacks)
{
    handle(0);
}

Test(stack, signal_handler_on_its_own_stack, .init = start_stacks)
{
    stack_t own = {.ss_sp = stack_there, .ss_size = 16 << 10};
    cr_assert_eq(sigaltstack(&own, NULL), 0);
    handle(SA_ONSTACK);
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

Test(stack, small_stacks_suffice, .init = start_stacks)
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

Test(stack, any_frame_pointer_is_survived, .init = start_stacks)
{
    uint64_t random = 1;
    guess_stacks();
    for (volatile int i = 0; i < 20000; i++) {
        struct call call = CALLER;
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        call.fp = i % 2 ? random : call.sp + (random >> 40) % 65536;
        call.sp -= i % 3 ? 0 : call.sp % 4096;
        cr_assert_neq(stack_site(&call), 0);
        cr_assert(fake_sites[1].depth >= 1 && fake_sites[1].depth <= 32);
        fake_site_count = 1;
        forget_stacks();
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

Test(stack, guesses_stay_on_known_memory, .init = start_stacks)
{
    uintptr_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(page, MAP_FAILED);
    guess_stacks();
    struct call call = chain(page + 8, 126, 6); /* links at words 134, 260, 386, 512, ... */
    mprotect(page + 512, 4096, PROT_NONE);
    for (volatile int i = 0; i < 3; i++)
        cr_assert_eq(fake_sites[stack_site(&call)].depth, 4);
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

Test(stack, rules_are_those_of_libunwind, .init = start_stacks, .timeout = 100)
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
