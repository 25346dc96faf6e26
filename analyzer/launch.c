/* See launch.h. */
#include "launch.h"

#include "path.h"
#include "run/traceable.h"

#include <stdlib.h>
#include <string.h>

/* --- one launch --- */

const char *launch_path(const struct fdt_exec *launch)
{
    return launch->text;
}

const char *const *launch_arguments(const struct fdt_exec *launch)
{
    const char **list = calloc((size_t)launch->argc + 1, sizeof(*list));
    const char *word = launch->text;
    for (uint32_t i = 0; list != NULL && i < launch->argc; i++)
        list[i] = word += strlen(word) + 1;
    return list;
}

const struct fdt_exec *launch_last(const struct image *image)
{
    const struct segment *segment = image->segment;
    for (uint32_t i = segment != NULL ? segment->exec_count : 0; i > 0; i--) {
        const struct fdt_exec *launch = &segment->execs[i - 1];
        if (launch->commit == 1 && launch->how == FDT_EXEC_SELF && launch->error == 0)
            return launch;
    }
    return NULL;
}

static bool is_of_child(const struct fdt_exec *launch)
{
    return launch->commit == 1 && launch->how != FDT_EXEC_SELF;
}

/* --- images by process, and the shells whose process id libc kept to itself --- */

struct index {
    const struct image **by_pid;    /* by (pid, start) */
    const struct image **spawned;   /* those that say they were spawned, by (predecessor, start) */
    bool *taken;                    /* of spawned: a launch with that process id was found */
    size_t count, spawned_count;
};

static int by_pid(const void *left, const void *right)
{
    const struct image *a = *(const struct image *const *)left, *b = *(const struct image *const *)right;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static int compare_parents(const struct fdt_header *a, const struct fdt_header *b)
{
    if (a->predecessor_pid != b->predecessor_pid)
        return a->predecessor_pid < b->predecessor_pid ? -1 : 1;
    if (a->predecessor_image != b->predecessor_image)
        return a->predecessor_image < b->predecessor_image ? -1 : 1;
    return 0;
}

static int by_parent(const void *left, const void *right)
{
    const struct image *a = *(const struct image *const *)left, *b = *(const struct image *const *)right;
    int order = compare_parents(&a->segment->header, &b->segment->header);
    if (order != 0)
        return order;
    return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static void index_free(struct index *index)
{
    free(index->by_pid);
    free(index->spawned);
    free(index->taken);
}

static bool index_make(struct index *index, const struct image *images, size_t count)
{
    *index = (struct index){.by_pid = calloc(count + 1, sizeof(*index->by_pid)),
                            .spawned = calloc(count + 1, sizeof(*index->spawned)),
                            .taken = calloc(count + 1, sizeof(*index->taken))};
    if (index->by_pid == NULL || index->spawned == NULL || index->taken == NULL) {
        index_free(index);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        index->by_pid[index->count++] = &images[i];
        if (images[i].segment != NULL && images[i].how == FDT_HOW_SPAWN)
            index->spawned[index->spawned_count++] = &images[i];
    }
    qsort(index->by_pid, index->count, sizeof(*index->by_pid), by_pid);
    qsort(index->spawned, index->spawned_count, sizeof(*index->spawned), by_parent);
    return true;
}

/* Where the images of process pid that began after ns stand: a number may have been another process's before. */
static size_t first_child(const struct index *index, int pid, uint64_t ns)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct image *image = index->by_pid[middle];
        if (image->pid < pid || (image->pid == pid && image->start_ns < ns))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct image *find_child(const struct index *index, int pid, uint64_t ns)
{
    size_t at = first_child(index, pid, ns);
    return at < index->count && index->by_pid[at]->pid == pid ? index->by_pid[at] : NULL;
}

static const struct image *find_image(const struct index *index, int pid, uint32_t number)
{
    size_t at = first_child(index, pid, 0);
    while (at < index->count && index->by_pid[at]->pid == pid && index->by_pid[at]->number != number)
        at++;
    return at < index->count && index->by_pid[at]->pid == pid ? index->by_pid[at] : NULL;
}

/* Where the images spawned by this one begin in index->spawned. */
static size_t first_spawned(const struct index *index, const struct image *parent)
{
    const struct fdt_header key = {.predecessor_pid = parent->pid, .predecessor_image = parent->number};
    size_t low = 0, high = index->spawned_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_parents(&index->spawned[middle]->segment->header, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_spawned_by(const struct index *index, size_t at, const struct image *parent)
{
    return at < index->spawned_count && index->spawned[at]->segment->header.predecessor_pid == parent->pid &&
           index->spawned[at]->segment->header.predecessor_image == parent->number;
}

static void take(struct index *index, const struct image *parent, const struct image *child)
{
    for (size_t at = first_spawned(index, parent); is_spawned_by(index, at, parent); at++)
        if (index->spawned[at] == child)
            index->taken[at] = true;
}

/*
 * Goes through the launches of one image: called(launch, child, data) with the image that came of it, or NULL. Those whose
 * process id is known come first; to the others (system, popen, wordexp) go the shells that are left, in the order of time.
 */
static void each_launch(struct index *index, const struct image *parent,
                        void (*called)(const struct image *, const struct fdt_exec *, const struct image *, void *),
                        void *data)
{
    const struct segment *segment = parent->segment;
    for (uint32_t i = 0; i < segment->exec_count; i++) {
        const struct fdt_exec *launch = &segment->execs[i];
        if (!is_of_child(launch) || launch->child == 0)
            continue;
        const struct image *child = find_child(index, launch->child, launch->ns);
        if (child != NULL)
            take(index, parent, child);
        called(parent, launch, child, data);
    }
    size_t at = first_spawned(index, parent);
    for (uint32_t i = 0; i < segment->exec_count; i++) {
        const struct fdt_exec *launch = &segment->execs[i];
        if (!is_of_child(launch) || launch->child != 0)
            continue;
        while (is_spawned_by(index, at, parent) && (index->taken[at] || index->spawned[at]->start_ns < launch->ns))
            at++;
        bool found = is_spawned_by(index, at, parent);
        called(parent, launch, found ? index->spawned[at] : NULL, data);
        at += found;
    }
}

/* --- programs that left no recording --- */

struct addition {
    struct image *images;
    size_t count;
    bool out_of_memory;
};

const char *launch_explain(const struct fdt_exec *launch)
{
    struct traceable answer;
    if ((launch->flags & FDT_EXEC_UNFOLLOWED) != 0)
        return "it was started without LD_PRELOAD";
    traceable_examine(&answer, launch_path(launch));
    if (answer.verdict == TRACEABLE_NOT && answer.brief != NULL && strncmp(answer.reason, "it ", 3) == 0)
        return answer.brief;
    return "it left no recording (static, set-uid, or ended before it began)";
}

static void add_missing(const struct image *parent, const struct fdt_exec *launch, const struct image *child, void *data)
{
    struct addition *addition = data;
    if (child != NULL || addition->out_of_memory || (launch->flags & FDT_EXEC_ELSEWHERE) != 0)
        return;
    const char *const *argv = launch_arguments(launch);
    if (argv == NULL) {
        addition->out_of_memory = true;
        return;
    }
    addition->images[addition->count++] = (struct image){
        .pid = launch->child, .ppid = parent->pid, .number = 1, .how = FDT_HOW_SPAWN, .exe = launch_path(launch),
        .program = path_last(launch_path(launch)), .cwd = "", .argv = argv, .argc = launch->argc,
        .untraced_reason = launch_explain(launch), .end = {END_UNKNOWN, 0}, .start_ns = launch->ns, .end_ns = launch->ns,
        .launch = launch, .launched_by = {parent->pid, parent->number},
    };
}

/* Images by the image that forked them; how many there are of each is told against its own count of forks. */
static void add_missing_forks(const struct image *parent, uint32_t recorded, struct addition *addition)
{
    uint32_t forks = parent->segment->header.forks;
    for (uint32_t i = recorded; i < forks && i < recorded + LAUNCH_FORKS_MOST; i++) {
        const char **argv = calloc(1, sizeof(*argv));
        if (argv == NULL) {
            addition->out_of_memory = true;
            return;
        }
        addition->images[addition->count++] = (struct image){
            .ppid = parent->pid, .number = 1, .how = FDT_HOW_FORK, .exe = parent->exe, .program = parent->program,
            .cwd = "", .argv = (const char *const *)argv, .end = {END_UNKNOWN, 0}, .start_ns = parent->end_ns,
            .end_ns = parent->end_ns, .launched_by = {parent->pid, parent->number},
            .untraced_reason = "a forked child that left no recording (it could not open a file, or ended before it did)",
        };
    }
}

/* How many of the images say that each was forked from another; by (pid, number) of the parent. */
static uint32_t *count_forks(const struct image *images, size_t count, const struct index *index)
{
    uint32_t *forks = calloc(count + 1, sizeof(*forks));
    for (size_t i = 0; forks != NULL && i < count; i++) {
        const struct segment *segment = images[i].segment;
        if (segment == NULL || images[i].how != FDT_HOW_FORK)
            continue;
        const struct image *parent = find_image(index, segment->header.predecessor_pid, segment->header.predecessor_image);
        if (parent != NULL)
            forks[parent - images]++;
    }
    return forks;
}

size_t launches_add_missing(struct image *images, size_t count)
{
    struct index index;
    struct addition addition = {images, count, false};
    if (!index_make(&index, images, count))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (images[i].segment != NULL)
            each_launch(&index, &images[i], add_missing, &addition);
    uint32_t *forks = count_forks(images, count, &index);
    addition.out_of_memory |= forks == NULL;
    for (size_t i = 0; forks != NULL && i < count; i++)
        if (images[i].segment != NULL)
            add_missing_forks(&images[i], forks[i], &addition);
    free(forks);
    index_free(&index);
    return addition.out_of_memory ? 0 : addition.count;
}

/* --- which launch an image came of --- */

static void link_child(const struct image *parent, const struct fdt_exec *launch, const struct image *child, void *data)
{
    struct model *model = data;
    if (child != NULL && child->how == FDT_HOW_SPAWN && child->predecessor == parent)
        model->images[child - model->images].launch = launch;
}

bool launches_link(struct model *model)
{
    struct index index;
    if (!index_make(&index, model->images, model->image_count))
        return false;
    for (size_t i = 0; i < model->image_count; i++) {
        struct image *image = &model->images[i];
        if (image->segment != NULL)
            each_launch(&index, image, link_child, model);
        if (image->how == FDT_HOW_EXEC && image->predecessor != NULL && image->launch == NULL)
            image->launch = launch_last(image->predecessor);
    }
    index_free(&index);
    return true;
}
