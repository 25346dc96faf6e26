/* What the limits leave, and what the parts take of it. See layout.h. */
#include "layout.h"

#include "hook.h"
#include "option.h"
#include "raw.h"
#include "store.h"

#define PAGE        4096u
#define SLOTS_USUAL 131072u /* a table's numbers, unless max_fds= says otherwise */
#define SLOTS_SMALL 4096u   /* the same, where the address space is limited */
#define SHRINK_MOST 4       /* halvings of every part, while it takes too much of a limited address space */

static uint32_t clamp(uint64_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : (uint32_t)value;
}

static uint32_t power_of_two(uint32_t value)
{
    uint32_t power = 1;
    while (power < value)
        power <<= 1;
    return power;
}

void limits_read(struct limits *limits)
{
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    limits->nofile = (struct rlimit){0};
    limits->space = limits->file = none;
    raw(prlimit64, 0, RLIMIT_NOFILE, NULL, &limits->nofile);
    raw(prlimit64, 0, RLIMIT_AS, NULL, &limits->space);
    raw(prlimit64, 0, RLIMIT_FSIZE, NULL, &limits->file);
}

/*
 * How many numbers to follow. Not only as many as the hard limit allows now: who may raise it will. But where the file
 * or the address space is limited, a table that is never used would take what others need.
 */
static uint32_t table_count(const struct limits *limits)
{
    bool space = limits->space.rlim_cur != RLIM_INFINITY, scarce = space || limits->file.rlim_max != RLIM_INFINITY;
    if (options.max_fds != 0)
        return clamp(options.max_fds, 256, STORE_SLOTS_MAX);
    return clamp(scarce ? limits->nofile.rlim_max : SLOTS_USUAL, 256, space ? SLOTS_SMALL : SLOTS_USUAL);
}

/* Halved shrink times; but the names of the calls stay, and so does room for the numbers that most programs use. */
static uint32_t halved(enum fdt_part_id part, uint32_t count, unsigned shrink)
{
    uint32_t least = part == FDT_PART_CALLS ? count : part == FDT_PART_TABLE ? 1024 : 16;
    return count >> shrink > least ? count >> shrink : count < least ? count : least;
}

/* Where the parts go, and the size of all. */
static uint64_t lay_out_smaller(struct fdt_part parts[FDT_PART_COUNT], const struct limits *limits, unsigned shrink)
{
    uint32_t sites = clamp(options.sites, 64, 1u << 20);
    const struct { uint32_t count, size; } wanted[FDT_PART_COUNT] = {
        [FDT_PART_TABLE] = {table_count(limits), sizeof(struct fdt_slot)},
        [FDT_PART_SITES] = {sites, sizeof(struct fdt_site)},
        [FDT_PART_FRAMES] = {sites * 16, sizeof(uint64_t)},
        [FDT_PART_RING] = {power_of_two(clamp(options.ring, 64, 1u << 24)), sizeof(struct fdt_event)},
        [FDT_PART_INCIDENTS] = {1024, sizeof(struct fdt_incident)},
        [FDT_PART_MODULES] = {1024, sizeof(struct fdt_module)},
        [FDT_PART_CALLS] = {(uint32_t)(__stop_fdt_hooks - __start_fdt_hooks), 1},
        [FDT_PART_EXECS] = {8192, sizeof(struct fdt_exec)},
        [FDT_PART_CROSSINGS] = {4096, sizeof(struct fdt_crossing)},
        [FDT_PART_RIGHTS] = {4096, sizeof(struct fdt_right)},
        [FDT_PART_THREADS] = {4096, sizeof(struct fdt_thread)},
    };
    /* What every image needs at once lies side by side, so that one madvise secures it (secure_beginnings). */
    static const enum fdt_part_id order[FDT_PART_COUNT] = {
        FDT_PART_CALLS, FDT_PART_TABLE, FDT_PART_SITES, FDT_PART_FRAMES, FDT_PART_RING, FDT_PART_INCIDENTS,
        FDT_PART_MODULES, FDT_PART_EXECS, FDT_PART_CROSSINGS, FDT_PART_RIGHTS, FDT_PART_THREADS,
    };
    uint64_t offset = FDT_HEADER_SIZE;
    for (int at = 0; at < FDT_PART_COUNT; at++) {
        enum fdt_part_id i = order[at];
        uint32_t count = halved(i, wanted[i].count, shrink);
        parts[i] = (struct fdt_part){offset, count, wanted[i].size};
        offset += ((uint64_t)count * wanted[i].size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    }
    return offset;
}

uint64_t lay_out(struct fdt_part parts[FDT_PART_COUNT], const struct limits *limits)
{
    uint64_t most = limits->space.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limits->space.rlim_cur / 16, size = 0;
    for (unsigned shrink = 0; shrink <= SHRINK_MOST; shrink++)
        if ((size = lay_out_smaller(parts, limits, shrink)) <= most)
            break;
    return size;
}
