/*
 * libunwind, asked politely: a library inside somebody else's process cannot let it loose. See unwind_library.h.
 *
 * unw_backtrace of libunwind 1.6.2 opens a pipe on first use and keeps it (to probe memory by write(2)), allocates
 * half a megabyte for each thread, blocks signals by a system call, takes a lock that a forked child may inherit
 * locked, and calls dl_iterate_phdr, which locks too. And libunwind.so.8 exports _Unwind_* and shares its address
 * space with a program that uses it itself. So we load libunwind-x86_64.so.8, the variant for other processes' stacks,
 * with accessors of our own, in the way perf does (linux, tools/perf/util/unwind-libunwind-local.c).
 *
 * The process it looks at does not exist. It is asked to make one step from a code address, with registers that are
 * markers: values outside every address space, which say "stack pointer as of entry, plus 0". Reading memory at a
 * marker gives another marker, which says "what stood at that place". After the step the caller's registers are
 * markers as well, and spell out the rule: a CFA of "stack pointer plus 48", a frame pointer of "what stood at stack
 * pointer plus 32". Two steps with markers of different alignment must agree, so that an expression that masks bits is
 * not mistaken for an offset. unwind.c keeps the rule; libunwind sees each code address once in a process's life.
 *
 * That once runs with all signals blocked, so no handler can interrupt it (or leave by longjmp), and one thread at a
 * time; others wait for it, a bounded time. It makes system calls (libunwind's pools block signals, too), which a
 * seccomp filter may punish: from FDT_HEADER_FILTERED on nothing new is asked.
 */
#include "unwind_library.h"

#include "cfi.h"
#include "loader.h"
#include "raw.h"
#include "store.h"
#include "thread.h"

#if FDT_LIBUNWIND
#include <libunwind.h>
#include <signal.h>
#include <string.h>

#define QUOTE_(...)  #__VA_ARGS__
#define QUOTE(...)   QUOTE_(__VA_ARGS__)
#define LIBRARY      "libunwind-" QUOTE(UNW_TARGET) ".so.8"

#define WAIT_TURNS   2000 /* sched_yields before a stack is cut instead; an answer takes some microseconds */

/* Exported for perf's sake, though not in libunwind.h. */
typedef int search_table(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);

static __typeof__(unw_create_addr_space) *lib_create_addr_space;
static __typeof__(unw_init_remote) *lib_init_remote;
static __typeof__(unw_step) *lib_step;
static __typeof__(unw_get_reg) *lib_get_reg;
static search_table *lib_search_table;
static unw_addr_space_t space;

enum { REG_IP_ = UNW_X86_64_RIP, REG_SP_ = UNW_X86_64_RSP, REG_FP_ = UNW_X86_64_RBP, REG_THIRD_ = UNW_X86_64_RBX };

/*
 * Markers.
 *
 * bits 63..60 are the level (no user address has them), 59..58 the register, and below, biased fields:
 *   level 0  register + low                  low 58 bits
 *   level 1  *(register + off) + low         off in words: bits 57..32, low: bits 31..0
 *   level 2  *(*(register + off) + mid) + low  off, mid in words: bits 57..39, 38..24, low: bits 23..0
 * skew is added to the low part of every fresh marker, and taken off when one is read.
 */
enum { LEVEL0 = 4, LEVEL1 = 5, LEVEL2 = 6 };
static const uint64_t skews[2] = {0, 0x12345a58};
#define BIAS0 (UINT64_C(1) << 40)
#define BIAS1 (UINT64_C(1) << 31)
#define BIAS1_OFF (INT64_C(1) << 25)
#define BIAS2 (UINT64_C(1) << 23)
#define BIAS2_OFF (INT64_C(1) << 18)
#define BIAS2_MID (INT64_C(1) << 14)

struct meaning {
    int     level; /* LEVEL0.. or 0: not a marker */
    int     base;
    int64_t off, mid, low;
};

/* One question to libunwind. */
struct question {
    uint64_t  skew;
    uintptr_t ip;
    uintptr_t sp, fp;     /* of a real stack, for libunwind_walk; 0 with markers */
    uintptr_t start, end; /* of the object that holds the code */
    bool      unknown;    /* there is no unwind information */
};

static int64_t skewed(const struct question *question, unsigned bits)
{
    return (int64_t)(question->skew & ((UINT64_C(1) << bits) - 1));
}

static struct meaning read_marker(const struct question *question, uint64_t marker)
{
    struct meaning meaning = {.level = (int)(marker >> 60), .base = (int)(marker >> 58 & 3)};
    uint64_t rest = marker & ((UINT64_C(1) << 58) - 1);
    switch (meaning.level) {
    case LEVEL0:
        meaning.low = (int64_t)(rest - BIAS0) - skewed(question, 29);
        break;
    case LEVEL1:
        meaning.off = ((int64_t)(rest >> 32) - BIAS1_OFF) * 8;
        meaning.low = (int64_t)(rest & 0xffffffff) - (int64_t)BIAS1 - skewed(question, 16);
        break;
    case LEVEL2:
        meaning.off = ((int64_t)(rest >> 39) - BIAS2_OFF) * 8;
        meaning.mid = ((int64_t)(rest >> 24 & 0x7fff) - BIAS2_MID) * 8;
        meaning.low = (int64_t)(rest & 0xffffff) - (int64_t)BIAS2 - skewed(question, 16);
        break;
    default:
        meaning.level = 0;
    }
    return meaning;
}

static uint64_t fresh_marker(const struct question *question, int base)
{
    return (uint64_t)LEVEL0 << 60 | (uint64_t)base << 58 | (BIAS0 + (uint64_t)skewed(question, 29));
}

static bool fits_field(int64_t bytes, int64_t bias)
{
    return bytes % 8 == 0 && bytes / 8 >= -bias && bytes / 8 < bias;
}

/* What stands at the place a marker names. False: not a place we can name. */
static bool read_at_marker(const struct question *question, uint64_t marker, uint64_t *value)
{
    struct meaning at = read_marker(question, marker);
    uint64_t base = (uint64_t)at.base << 58;
    if (at.level == LEVEL0 && fits_field(at.low, BIAS1_OFF)) {
        *value = (uint64_t)LEVEL1 << 60 | base | (uint64_t)(at.low / 8 + BIAS1_OFF) << 32 |
                 (BIAS1 + (uint64_t)skewed(question, 16));
        return true;
    }
    if (at.level == LEVEL1 && fits_field(at.off, BIAS2_OFF) && fits_field(at.low, BIAS2_MID)) {
        *value = (uint64_t)LEVEL2 << 60 | base | (uint64_t)(at.off / 8 + BIAS2_OFF) << 39 |
                 (uint64_t)(at.low / 8 + BIAS2_MID) << 24 | (BIAS2 + (uint64_t)skewed(question, 16));
        return true;
    }
    return false;
}

/* The accessors: everything libunwind learns about its "process" comes from these. */

static int access_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write, void *data)
{
    struct question *question = data;
    (void)as;
    if (write || question->unknown)
        return -UNW_EINVAL;
    if (address >> 60 != 0)
        return read_at_marker(question, address, value) ? 0 : -UNW_EINVAL;
    /* Unwind tables, which libunwind reads by whole words; beyond the object only a real stack is of interest. */
    if (!(address >= question->start && address + sizeof(*value) <= question->end) && question->sp == 0)
        return -UNW_EINVAL;
    *value = *(const unw_word_t *)address;
    return 0;
}

static int access_register(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int write, void *data)
{
    const struct question *question = data;
    bool real = question->sp != 0;
    (void)as;
    if (write)
        return -UNW_EREADONLYREG;
    switch ((int)number) {
    case REG_IP_: *value = question->ip; return 0;
    case REG_SP_: *value = real ? question->sp : fresh_marker(question, BASE_SP); return 0;
    case REG_FP_: *value = real ? question->fp : fresh_marker(question, BASE_FP); return 0;
    case REG_THIRD_: *value = fresh_marker(question, BASE_THIRD); return 0;
    default:      return -UNW_EBADREG;
    }
}

static int access_float(unw_addr_space_t as, unw_regnum_t number, unw_fpreg_t *value, int write, void *data)
{
    (void)as, (void)number, (void)value, (void)write, (void)data;
    return -UNW_EBADREG;
}

static int find_information(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *info, int need, void *data)
{
    struct question *question = data;
    struct cfi_object object;
    if (!cfi_find_object(ip, &object) || object.header == NULL) {
        question->unknown = true;
        return -UNW_ENOINFO;
    }
    const struct cfi_header *header = object.header;
    question->start = object.tables;
    question->end = object.tables_end;
    unw_dyn_info_t table = {
        .start_ip = object.start,
        .end_ip = object.end,
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .u.rti = {.segbase = (uintptr_t)header, .table_data = (uintptr_t)header->table,
                  .table_len = header->count * sizeof(header->table[0]) / sizeof(unw_word_t)},
    };
    int error = lib_search_table(as, ip, &table, info, need, data);
    question->unknown = error < 0;
    return error;
}

static void put_information(unw_addr_space_t as, unw_proc_info_t *info, void *data)
{
    (void)as, (void)info, (void)data;
}

static int find_registered(unw_addr_space_t as, unw_word_t *list, void *data)
{
    (void)as, (void)list, (void)data;
    return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *data)
{
    (void)as, (void)cursor, (void)data;
    return -UNW_EINVAL;
}

static int name_procedure(unw_addr_space_t as, unw_word_t ip, char *name, size_t size, unw_word_t *offset, void *data)
{
    (void)as, (void)ip, (void)name, (void)size, (void)offset, (void)data;
    return -UNW_EUNSPEC;
}

/* What one step told. */
struct answer {
    enum rule_kind kind; /* RULE_FRAME: there is a caller, the meanings tell */
    struct meaning cfa, ip, fp, third;
};

static struct meaning register_meaning(unw_cursor_t *cursor, const struct question *question, int number)
{
    unw_word_t value;
    if (lib_get_reg(cursor, number, &value) < 0)
        return (struct meaning){.level = 0};
    return read_marker(question, value);
}

static struct answer ask(uintptr_t lookup, uint64_t skew)
{
    struct question question = {.skew = skew, .ip = lookup};
    struct answer answer;
    unw_cursor_t cursor;
    memset(&answer, 0, sizeof(answer)); /* padding too: answers are compared as bytes */
    answer.kind = RULE_STRANGE;
    int more = lib_init_remote(&cursor, space, &question);
    if (more >= 0)
        more = lib_step(&cursor);
    if (question.unknown)
        answer.kind = RULE_UNKNOWN;
    else if (more == 0)
        answer.kind = RULE_OUTERMOST;
    else if (more > 0) {
        answer.kind = RULE_FRAME;
        answer.cfa = register_meaning(&cursor, &question, UNW_REG_SP);
        answer.ip = register_meaning(&cursor, &question, UNW_REG_IP);
        answer.fp = register_meaning(&cursor, &question, REG_FP_);
        answer.third = register_meaning(&cursor, &question, REG_THIRD_);
    }
    return answer;
}

static bool same_meaning(struct meaning a, struct meaning b)
{
    return a.level == b.level && a.base == b.base && a.off == b.off && a.mid == b.mid && a.low == b.low;
}

/* Where a register of the caller is kept, as bytes from the base (*by_base) or from the CFA. */
static int64_t saved_place(const struct answer *answer, struct meaning meaning, int self, bool *by_base)
{
    const struct meaning *cfa = &answer->cfa;
    *by_base = cfa->level == LEVEL1;
    if (meaning.level == LEVEL0 && meaning.base == self && meaning.low == 0)
        return RULE_SAME * 8;
    if (meaning.base != cfa->base || meaning.low != 0)
        return RULE_LOST * 8;
    if (meaning.level == LEVEL1)
        return cfa->level == LEVEL0 ? meaning.off - cfa->low : meaning.off;
    *by_base = false;
    if (meaning.level == LEVEL2 && cfa->level == LEVEL1 && meaning.off == cfa->off)
        return meaning.mid - cfa->low;
    return RULE_LOST * 8;
}

static bool set_saves(struct rule *rule, const struct answer *answer)
{
    bool fp_by_base, third_by_base;
    int64_t fp = saved_place(answer, answer->fp, BASE_FP, &fp_by_base);
    int64_t third = saved_place(answer, answer->third, BASE_THIRD, &third_by_base);
    if (!fits_field(fp, -RULE_SAME) || !fits_field(third, -RULE_SAME))
        return false;
    bool fp_saved = fp / 8 > RULE_LOST, third_saved = third / 8 > RULE_LOST;
    if (fp_saved && third_saved && fp_by_base != third_by_base)
        third = RULE_LOST * 8;
    rule->saved_by_base = fp_saved ? fp_by_base : third_by_base;
    rule->fp = fp / 8;
    rule->third = third / 8;
    return true;
}

/* Words into a rule's field of so many bits. */
#define FITS(bytes, bits) fits_field(bytes, INT64_C(1) << ((bits) - 1))

static struct rule spell_answer(const struct answer *answer)
{
    const struct rule strange = {.kind = RULE_STRANGE};
    const struct meaning *cfa = &answer->cfa, *ip = &answer->ip;
    struct rule rule = {.kind = RULE_FRAME, .base = (uint64_t)cfa->base & 3};
    if (cfa->level == 0 || ip->level == 0 || ip->base != cfa->base || ip->low != 0 || !set_saves(&rule, answer))
        return strange;
    if (cfa->level == LEVEL0 && ip->level == LEVEL1 && ip->off == cfa->low - 8 && FITS(cfa->low, 24)) {
        rule.cfa = cfa->low / 8;
        return rule;
    }
    if (cfa->level != LEVEL1 || !FITS(cfa->off, 24) || !FITS(cfa->low, 6))
        return strange;
    rule.cfa = cfa->off / 8;
    if (ip->level == LEVEL2 && ip->off == cfa->off && ip->mid == cfa->low - 8) {
        rule.kind = RULE_ALIGNED;
        rule.plus = cfa->low / 8;
        return rule;
    }
    if (ip->level == LEVEL1 && cfa->low == 0 && FITS(ip->off, 6)) {
        rule.kind = RULE_CONTEXT;
        rule.plus = ip->off / 8;
        return rule;
    }
    return strange;
}

static struct rule learn(uintptr_t lookup)
{
    struct answer answer = ask(lookup, skews[0]);
    if (answer.kind != RULE_FRAME)
        return (struct rule){.kind = answer.kind};
    struct answer again = ask(lookup, skews[1]);
    if (again.kind != RULE_FRAME || !same_meaning(answer.cfa, again.cfa) || !same_meaning(answer.ip, again.ip))
        return (struct rule){.kind = RULE_STRANGE};
    if (!same_meaning(answer.fp, again.fp))
        answer.fp.level = 0;
    if (!same_meaning(answer.third, again.third))
        answer.third.level = 0;
    return spell_answer(&answer);
}

/*
 * The turn: who may talk to libunwind. GONE in a forked child whose parent was being served by another thread at that
 * moment: libunwind's own mutexes may be locked for ever, so the child makes do with the rules it has.
 */
enum { TURN_FREE, TURN_TAKEN, TURN_GONE };
static uint32_t turn;

struct visit {
    uint64_t signals;
    bool     unusual;
};

static bool begin_visit(struct visit *visit)
{
    const uint64_t all = ~UINT64_C(0);
    if (space == NULL || thread_self.unwinding ||
        (store.header != NULL && (store.header->flags & FDT_HEADER_FILTERED) != 0))
        return false;
    raw(rt_sigprocmask, SIG_SETMASK, &all, &visit->signals, sizeof(all));
    for (int turns = 0; turns < WAIT_TURNS; turns++) {
        uint32_t seen = TURN_FREE;
        if (__atomic_compare_exchange_n(&turn, &seen, TURN_TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            visit->unusual = thread_self.unusual;
            thread_self.unusual = thread_self.unwinding = true;
            return true;
        }
        if (seen == TURN_GONE)
            break;
        raw(sched_yield);
    }
    raw(rt_sigprocmask, SIG_SETMASK, &visit->signals, NULL, sizeof(all));
    return false;
}

static void end_visit(const struct visit *visit)
{
    thread_self.unwinding = false;
    thread_self.unusual = visit->unusual;
    __atomic_store_n(&turn, TURN_FREE, __ATOMIC_RELEASE);
    raw(rt_sigprocmask, SIG_SETMASK, &visit->signals, NULL, sizeof(visit->signals));
}

void libunwind_forked(void)
{
    if (__atomic_load_n(&turn, __ATOMIC_RELAXED) == TURN_TAKEN)
        __atomic_store_n(&turn, TURN_GONE, __ATOMIC_RELAXED);
}

bool libunwind_rule(uintptr_t lookup, struct rule *rule)
{
    struct visit visit;
    if (!begin_visit(&visit))
        return false;
    *rule = learn(lookup);
    end_visit(&visit);
    return true;
}

unsigned libunwind_walk(uintptr_t pc, uintptr_t sp, uintptr_t fp, uintptr_t *frames, unsigned depth)
{
    struct question question = {.ip = pc - 1, .sp = sp, .fp = fp};
    struct visit visit;
    unw_cursor_t cursor;
    unsigned count = 0;
    if (!begin_visit(&visit))
        return 0;
    frames[count++] = pc;
    if (lib_init_remote(&cursor, space, &question) >= 0) {
        while (count < depth && lib_step(&cursor) > 0 && !question.unknown) {
            unw_word_t ip;
            if (lib_get_reg(&cursor, UNW_REG_IP, &ip) < 0 || ip == 0)
                break;
            frames[count++] = ip;
        }
    }
    end_visit(&visit);
    return count;
}

static bool bind_library(void *library)
{
    lib_create_addr_space = loader_find(library, QUOTE(UNW_OBJ(create_addr_space)));
    lib_init_remote = loader_find(library, QUOTE(UNW_OBJ(init_remote)));
    lib_step = loader_find(library, QUOTE(UNW_OBJ(step)));
    lib_get_reg = loader_find(library, QUOTE(UNW_OBJ(get_reg)));
    lib_search_table = (search_table *)loader_find(library, QUOTE(UNW_OBJ(dwarf_search_unwind_table)));
    return lib_create_addr_space != NULL && lib_init_remote != NULL && lib_step != NULL && lib_get_reg != NULL &&
           lib_search_table != NULL;
}

/*
 * The first call into libunwind opens that pipe. It never writes to it on our behalf (accessors of ours answer every
 * read), so the way to leave no descriptor in the program is to let pipe2 fail: for these microseconds there is no
 * number to give.
 */
static void initialize_library(void)
{
    struct rlimit limit, none;
    struct question question = {.ip = 0};
    unw_cursor_t cursor;
    bool limited = raw(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0;
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limited ? limit.rlim_max : 0};
    limited = limited && raw(prlimit64, 0, RLIMIT_NOFILE, &none, NULL) == 0;
    lib_init_remote(&cursor, space, &question);
    if (limited)
        raw(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
}

bool libunwind_start(void)
{
    static unw_accessors_t accessors = {
        .find_proc_info = find_information,
        .put_unwind_info = put_information,
        .get_dyn_info_list_addr = find_registered,
        .access_mem = access_memory,
        .access_reg = access_register,
        .access_fpreg = access_float,
        .resume = resume,
        .get_proc_name = name_procedure,
    };
    if (space != NULL)
        return true;
    void *library = loader_open(LIBRARY);
    if (library == NULL || !bind_library(library))
        return false;
    space = lib_create_addr_space(&accessors, 0);
    if (space == NULL)
        return false;
    initialize_library();
    return true;
}

#else /* Built without it: it is missing, like a library that is not installed. */

bool libunwind_start(void)
{
    return false;
}

bool libunwind_rule(uintptr_t lookup, struct rule *rule)
{
    (void)lookup, (void)rule;
    return false;
}

unsigned libunwind_walk(uintptr_t pc, uintptr_t sp, uintptr_t fp, uintptr_t *frames, unsigned depth)
{
    (void)pc, (void)sp, (void)fp, (void)frames, (void)depth;
    return 0;
}

void libunwind_forked(void)
{
}

#endif
