/*
 * Looking at a process until kernel and trace can be compared. See ls.h.
 *
 * A look reads the kernel first and the segment after it. Two looks K1 S1 K2 S2 that agree about a number show that the
 * trace did not move from S1 to S2, with K2 in between: whatever differs between S2 and K2 then differed at one moment.
 * Only one innocent difference is left, a thread that is held up between a call and its record: a row that differs is
 * told so only when no thread was held up for all that time (live/threads.h).
 */
#include "ls/ls.h"

#include "finding.h"
#include "kind.h"
#include "live/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOKS_MAX = 10,
    PAUSE_NS = 2000000,     /* before the third look; doubles with each one */
    PAUSE_DOUBLINGS = 5
};

struct looks {
    struct live_threads threads[LOOKS_MAX]; /* at each look */
    size_t count;
};

const char *ls_tag_name(enum ls_tag tag)
{
    static const char *const names[LS_TAG_COUNT] = {
#define LS_TAG(symbol, name, meaning) name,
#include "ls/tags.def"
#undef LS_TAG
    };
    return names[tag];
}

const char *ls_tag_meaning(enum ls_tag tag)
{
    static const char *const meanings[LS_TAG_COUNT] = {
#define LS_TAG(symbol, name, meaning) meaning,
#include "ls/tags.def"
#undef LS_TAG
    };
    return meanings[tag];
}

/* A fork shares its parent's mappings: only a recording that names this process is its own. */
static bool is_own(const struct live *live, const struct image *image)
{
    return image->segment != NULL && image->pid == live->inner_pid;
}

/* Loads the recording this process writes, if it has one. 0 also when not; view->reason says why if that is odd. */
static int load_trace(struct ls_view *view)
{
    const struct live *live = &view->live;
    for (size_t i = 0; i < live->candidate_count; i++) {
        struct model model;
        const char *path = live->candidates[i];
        int result = model_load(&model, &path, 1, NULL, 0, view->reason, sizeof(view->reason));
        if (result == -ENOMEM)
            return result;
        if (result < 0)
            continue;
        if (is_own(live, &model.images[0]) && (view->image == NULL || view->image->number < model.images[0].number)) {
            model_free(&view->model);
            view->model = model;
            view->image = &view->model.images[0];
        } else {
            model_free(&model);
        }
    }
    if (view->image == NULL) {
        if (view->reason[0] == '\0' && live->library)
            snprintf(view->reason, sizeof(view->reason), "libfdtrace is loaded but made no recording of this process");
        return 0;
    }
    view->reason[0] = '\0';
    /* It lives, whatever could be told from the segment alone: ages are counted to this moment. */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    view->model.images[0].end = (struct image_end){END_RUNNING, 0};
    view->model.images[0].end_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return 0;
}

static bool is_duplicate(const struct segment *segment, const struct fdt_life *life)
{
    const char *call = segment_call(segment, life->call);
    return life->from >= 0 && (call == NULL || strncmp(call, "dup", 3) == 0 || strcmp(call, "fcntl") == 0);
}

/* When the file behind a descriptor was opened: a duplicate leads to its source. NULL: that is not known any more. */
static const struct fdt_life *find_opening(const struct segment *segment, const struct fdt_life *life)
{
    for (int steps = 0; is_duplicate(segment, life); steps++) {
        uint32_t from = (uint32_t)life->from;
        if (steps > 64 || from >= segment->slot_count ||
            FDT_GENERATION(segment->slots[from].state) != life->from_generation)
            return NULL;
        life = &segment->slots[from].life;
    }
    return life;
}

/*
 * Did the program give the path in a way that says where the file lies? Relative ones are seen from a folder that may
 * have changed, or that another descriptor stood for.
 */
static bool is_plain_path(const struct ls_view *view, const char *call, const char *name)
{
    return name[0] == '/' || (call != NULL && (strcmp(call, "open") == 0 || strcmp(call, "fopen") == 0) &&
                              strcmp(view->live.cwd, view->image->segment->header.cwd) == 0);
}

/*
 * What was opened at the number, judged by more than its kind: how it may be used (nothing changes that after an
 * open), and which file lay at the path then.
 */
static bool is_other_file(const struct ls_view *view, const struct ls_row *row)
{
    const struct segment *segment = view->image->segment;
    const struct fdt_header *header = &segment->header;
    const struct fdt_life *opening = find_opening(segment, row->trace.life);
    char path[PATH_MAX];
    if ((row->trace.state & (FDT_INHERITED | FDT_ADOPTED | FDT_CONTESTED | FDT_NAME_CUT)) != 0 || opening == NULL)
        return false;
    const char *call = segment_call(segment, opening->call);
    bool has_flags = call != NULL && (strcmp(call, "open") == 0 || strcmp(call, "openat") == 0);
    if (has_flags && ((opening->flags ^ row->kernel->flags) & O_ACCMODE) != 0 &&
        ((opening->flags | row->kernel->flags) & O_PATH) == 0) /* which leaves the other flags no meaning */
        return true;
    double born = ((double)header->start_realtime_ns + (double)opening->ns - (double)header->start_monotonic_ns) / 1e9;
    return is_plain_path(view, call, opening->name) && descriptor_path(&row->trace, path, sizeof(path)) &&
           live_is_other_file(&view->live, row->kernel, path, born);
}

/* An inherited message queue or a memfd may have been recorded by file type alone, which is that of a file. */
static bool may_be(enum fdt_kind recorded, enum fdt_kind actual)
{
    return kind_agrees(recorded, actual) || (recorded == FDT_FILE && (actual == FDT_MQUEUE || actual == FDT_MEMFD));
}

static uint64_t slot_state(const struct ls_view *view, int fd)
{
    const struct segment *segment = view->image != NULL ? view->image->segment : NULL;
    return segment != NULL && (uint32_t)fd < segment->slot_count ? segment->slots[fd].state : 0;
}

static enum ls_tag judge(const struct ls_view *view, const struct ls_row *row)
{
    if (view->image == NULL)
        return LS_OPEN;
    if (row->kernel == NULL)
        return LS_GHOST;
    if (row->traced && (row->trace.state & FDT_HIDDEN) != 0)
        return LS_HIDDEN;
    if (!row->traced && (slot_state(view, row->fd) & (FDT_LIVE | FDT_TOMBSTONE)) == FDT_TOMBSTONE)
        return LS_QUARANTINED;
    if (!row->traced || (row->trace.state & FDT_ADOPTED) != 0)
        return live_is_libc(&view->live, row->kernel) ? LS_HIDDEN : LS_UNTRACKED;
    return may_be(row->trace.life->kind, row->kernel->kind) && !is_other_file(view, row) ? LS_CONFIRMED : LS_REPLACED;
}

/* The kernel knows what the object is; the trace may know better what it is called. */
static enum fdt_kind best_kind(const struct ls_row *row)
{
    if (row->kernel == NULL)
        return row->trace.kind;
    bool vague = row->kernel->kind == FDT_OTHER || row->kernel->kind == FDT_SOCKET_OTHER;
    bool finer = row->traced && (row->trace.kind == FDT_SHM || row->trace.kind == FDT_MOUNT || vague);
    return finer && row->tag == LS_CONFIRMED ? row->trace.kind : row->kernel->kind;
}

/* Both lists are sorted by number, and so are the rows. */
static int make_rows(struct ls_view *view)
{
    const struct live *live = &view->live;
    size_t open = view->image != NULL ? view->image->open_count : 0;
    view->rows = calloc(live->count + open + 1, sizeof(*view->rows));
    if (view->rows == NULL)
        return -ENOMEM;
    for (size_t i = 0, j = 0; i < live->count || j < open;) {
        struct ls_row *row = &view->rows[view->count++];
        const struct live_descriptor *kernel = i < live->count ? &live->descriptors[i] : NULL;
        const struct descriptor *trace = j < open ? &view->image->open[j] : NULL;
        row->fd = trace == NULL || (kernel != NULL && kernel->fd <= trace->fd) ? kernel->fd : trace->fd;
        if (kernel != NULL && kernel->fd == row->fd) {
            row->kernel = kernel;
            i++;
        }
        if (trace != NULL && trace->fd == row->fd) {
            row->traced = true;
            row->trace = *trace;
            j++;
        }
        row->tag = judge(view, row);
        row->kind = best_kind(row);
        bool labeled = row->traced && (row->trace.state & FDT_LABELED) != 0 && row->tag != LS_REPLACED;
        row->name = row->kernel != NULL && !labeled ? row->kernel->name : row->trace.life->name;
    }
    return 0;
}

static int look(struct ls_view *view, struct looks *looks, int pid, char *error, size_t error_size)
{
    *view = (struct ls_view){0};
    int result = live_read(&view->live, pid, error, error_size);
    if (result < 0)
        return result;
    if ((result = live_threads_read(&looks->threads[looks->count++], view->live.pid)) == 0 &&
        (result = load_trace(view)) == 0 && (result = make_rows(view)) == 0)
        return 0;
    snprintf(error, error_size, "out of memory while looking at process %d", pid);
    ls_free(view);
    return result;
}

static bool same_image(const struct ls_view *before, const struct ls_view *after)
{
    if (before->image == NULL || after->image == NULL)
        return before->image == after->image;
    return before->image->segment->inode == after->image->segment->inode &&
           before->image->number == after->image->number;
}

static bool same_row(const struct ls_view *before, const struct ls_row *old, const struct ls_view *after,
                     const struct ls_row *row)
{
    if ((old->kernel == NULL) != (row->kernel == NULL) || slot_state(before, row->fd) != slot_state(after, row->fd))
        return false;
    return row->kernel == NULL ||
           (old->kernel->inode == row->kernel->inode && old->kernel->device == row->kernel->device &&
            old->kernel->kind == row->kernel->kind);
}

/* The latest look since which every thread has moved on; none of them, SIZE_MAX. */
static size_t all_moved_since(const struct looks *looks)
{
    for (size_t first = looks->count; first-- > 0;)
        if (live_threads_moved(looks->threads, first, looks->count - 1))
            return first;
    return SIZE_MAX;
}

/* How many looks in a row have shown each row as it is. */
static void count_calm(const struct ls_view *before, struct ls_view *after)
{
    bool same = same_image(before, after);
    for (size_t i = 0, j = 0; i < after->count; i++) {
        struct ls_row *row = &after->rows[i];
        while (j < before->count && before->rows[j].fd < row->fd)
            j++;
        if (same && j < before->count && before->rows[j].fd == row->fd &&
            same_row(before, &before->rows[j], after, row))
            row->calm = before->rows[j].calm + 1;
    }
}

/* Can what the row's tag says be relied upon? moved: all_moved_since. */
static bool is_settled(const struct ls_row *row, const struct looks *looks, size_t moved)
{
    size_t since = looks->count - 1 - row->calm;
    return row->calm > 0 && (row->tag == LS_CONFIRMED || (moved != SIZE_MAX && since <= moved));
}

/* Rows that cannot be relied upon yet. */
static size_t count_unsettled(const struct ls_view *view, const struct looks *looks)
{
    size_t count = 0, moved = all_moved_since(looks);
    for (size_t i = 0; i < view->count; i++)
        count += !is_settled(&view->rows[i], looks, moved);
    return count;
}

static void tag_unsettled(struct ls_view *view, const struct looks *looks)
{
    size_t moved = all_moved_since(looks);
    for (size_t i = 0; i < view->count; i++)
        if (!is_settled(&view->rows[i], looks, moved))
            view->rows[i].tag = LS_CHANGING;
}

/* Where each descriptor was born. Many share a site, which is looked up once. */
static int find_places(struct ls_view *view)
{
    const struct image *image = view->image;
    const struct finding about = {.images = &image, .image_count = 1};
    uint32_t sites = image != NULL ? image->segment->site_count : 0;
    struct place { const struct model_frame *frame; bool known; } *places = calloc((size_t)sites + 1, sizeof(*places));
    if (places == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < view->count; i++) {
        struct ls_row *row = &view->rows[i];
        uint32_t site = row->traced ? row->trace.life->site : FDT_NO_SITE;
        if (site == FDT_NO_SITE || site >= sites)
            continue;
        if (!places[site].known) {
            struct model_stack stack = model_stack(&view->model, image, site);
            places[site] = (struct place){finding_own_frame(&about, &stack), true};
        }
        row->where = places[site].frame;
    }
    free(places);
    return 0;
}

/* The first pause comes before the third look. */
static void pause_before(size_t number)
{
    size_t doublings = number - 2 < PAUSE_DOUBLINGS ? number - 2 : PAUSE_DOUBLINGS;
    struct timespec time = {.tv_nsec = (long)PAUSE_NS << doublings};
    nanosleep(&time, NULL);
}

/* Looks again until every row is settled, or it has been enough. */
static int look_until_settled(struct ls_view *view, struct looks *looks, int pid, char *error, size_t error_size)
{
    int result = look(view, looks, pid, error, error_size);
    while (result == 0 && view->image != NULL && looks->count < LOOKS_MAX && count_unsettled(view, looks) > 0) {
        struct ls_view next;
        if (looks->count >= 2)
            pause_before(looks->count);
        if ((result = look(&next, looks, pid, error, error_size)) == 0)
            count_calm(view, &next);
        ls_free(view);
        *view = next;
    }
    return result;
}

int ls_read(struct ls_view *view, int pid, char *error, size_t error_size)
{
    struct looks looks = {0};
    int result = look_until_settled(view, &looks, pid, error, error_size);
    if (result == 0 && view->image != NULL)
        tag_unsettled(view, &looks);
    for (size_t i = 0; i < looks.count; i++)
        live_threads_free(&looks.threads[i]);
    if (result == 0 && (result = find_places(view)) < 0) {
        snprintf(error, error_size, "out of memory while looking at process %d", pid);
        ls_free(view);
    }
    return result;
}

void ls_free(struct ls_view *view)
{
    free(view->rows);
    model_free(&view->model);
    live_free(&view->live);
    *view = (struct ls_view){0};
}
