/* Making the model of a session: images, how they ended, what they held. See model.h; for stacks, model_stack.c. */
#include "model.h"

#include "kind.h"
#include "launch.h"
#include "model_private.h"
#include "path.h"
#include "rights.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT_NEAR = 80 };

static const char *const kind_names[FDT_KIND_COUNT] = {
#define FDT_KIND(symbol, name, meaning) name,
#include "fdtrace/kinds.def"
#undef FDT_KIND
};

static const struct owner_text { const char *name, *end; } owner_texts[FDT_OWNER_COUNT] = {
#define FDT_OWNER(symbol, name, end) {name, end},
#include "fdtrace/owners.def"
#undef FDT_OWNER
};

const char *kind_name(enum fdt_kind kind)
{
    return kind > FDT_UNASKED && kind < FDT_KIND_COUNT ? kind_names[kind] : "other";
}

const char *owner_name(unsigned owner)
{
    return owner_texts[owner < FDT_OWNER_COUNT ? owner : FDT_OWNER_NONE].name;
}

const char *owner_end(unsigned owner)
{
    return owner_texts[owner < FDT_OWNER_COUNT ? owner : FDT_OWNER_NONE].end;
}

const char *end_name(enum end_how how)
{
    static const char *const names[] = {
        [END_RUNNING] = "running", [END_EXIT] = "exit", [END_SIGNAL] = "signal",
        [END_EXEC] = "exec", [END_KILLED] = "killed", [END_UNKNOWN] = "unknown",
    };
    return names[how];
}

double model_seconds(const struct image *image, uint64_t ns)
{
    return (double)(int64_t)(ns - image->start_ns) / 1e9;
}

double descriptor_age(const struct descriptor *descriptor)
{
    double age = (double)(int64_t)(descriptor->image->end_ns - descriptor->life->ns) / 1e9;
    return age > 0 ? age : 0;
}

/* 0 to 2 may be libc's to use, too: as stdin, stdout and stderr. */
enum descriptor_use descriptor_use(const struct descriptor *descriptor, double *seconds)
{
    bool by_number = descriptor->life->owner == FDT_OWNER_NONE || descriptor->life->owner == FDT_OWNER_PTY;
    if ((descriptor->state & (FDT_LIVE | FDT_TIMED)) != (FDT_LIVE | FDT_TIMED) || !by_number || descriptor->fd <= 2)
        return USE_UNKNOWN;
    if (descriptor->used == 0)
        return USE_NEVER;
    *seconds = (double)(descriptor->used - 1) * ((double)FDT_USED_NS / 1e9);
    return USE_TIMED;
}

const char *descriptor_state(const struct descriptor *descriptor)
{
    return (descriptor->state & FDT_LIVE) == 0  ? "closed"
           : descriptor->state & FDT_IGNORED   ? "ignored"
           : descriptor->state & FDT_HIDDEN    ? "hidden"
           : descriptor->state & FDT_INHERITED ? "inherited"
                                               : "open";
}

const char *descriptor_call(const struct descriptor *descriptor)
{
    return segment_call(descriptor->image->segment, descriptor->life->call);
}

const char *descriptor_name(const struct descriptor *descriptor)
{
    return rights_named(descriptor).life->name;
}

bool descriptor_path(const struct descriptor *descriptor, char *path, size_t size)
{
    struct descriptor named = rights_named(descriptor);
    const char *name = named.life->name;
    int length;
    if (name[0] == '\0' || (named.state & (FDT_NAME_CUT | FDT_LABELED)) != 0)
        return false;
    if (name[0] == '/')
        length = snprintf(path, size, "%s", name);
    else if (named.image->cwd[0] == '/')
        length = snprintf(path, size, "%s/%s", named.image->cwd, name);
    else
        return false;
    return length > 0 && (size_t)length < size;
}

/* A path that was opened without asking: the kernel still knows, unless the file has gone. */
enum fdt_kind model_kind(const struct descriptor *descriptor)
{
    char path[PATH_MAX];
    if (descriptor->life->kind == FDT_OTHER)
        return rights_kind(descriptor);
    if (descriptor->life->kind != FDT_UNASKED)
        return descriptor->life->kind;
    enum fdt_kind kind = descriptor_path(descriptor, path, sizeof(path)) ? kind_of_path(path) : FDT_FILE;
    return kind == FDT_UNASKED || kind >= FDT_KIND_COUNT ? FDT_FILE : kind;
}

struct descriptor model_descriptor(const struct image *image, int fd, uint32_t generation, uint64_t state,
                                   const struct fdt_life *life)
{
    struct descriptor descriptor = {
        .image = image, .fd = fd, .generation = generation, .state = state, .life = life};
    descriptor.kind = model_kind(&descriptor);
    return descriptor;
}

static int split_arguments(struct image *image)
{
    const struct fdt_header *header = &image->segment->header;
    const char **argv = calloc((size_t)header->argc + 1, sizeof(*argv));
    if (argv == NULL)
        return -ENOMEM;
    const char *word = header->argv;
    for (uint32_t i = 0; i < header->argc && word < header->argv + FDT_ARGV_SIZE; i++, word += strlen(word) + 1)
        argv[image->argc++] = word;
    image->argv = argv;
    return 0;
}

/*
 * What a shell keeps on purpose: the script it reads and what a redirection saved, at 255 or from 10 upwards with
 * close-on-exec; and what it has dup'ed onto a number because the script said so (exec 5<file).
 */
static bool is_shells(const struct segment *segment, uint32_t fd)
{
    const struct fdt_slot *slot = &segment->slots[fd];
    return (segment->header.flags & FDT_HEADER_SHELL) != 0 && fd > 2 && (slot->state & FDT_INHERITED) == 0 &&
           ((fd >= 10 && (slot->state & FDT_CLOEXEC) != 0) || slot->life.from >= 0);
}

static int list_open(struct image *image)
{
    const struct segment *segment = image->segment;
    size_t live = 0;
    for (uint32_t fd = 0; fd < segment->slot_count; fd++)
        live += (segment->slots[fd].state & FDT_LIVE) != 0;
    image->open = calloc(live + 1, sizeof(*image->open));
    if (image->open == NULL)
        return -ENOMEM;
    for (uint32_t fd = 0; fd < segment->slot_count; fd++) {
        const struct fdt_slot *slot = &segment->slots[fd];
        uint64_t state = slot->state;
        if ((state & FDT_LIVE) == 0)
            continue;
        if (is_shells(segment, fd))
            state |= FDT_HIDDEN;
        image->open[image->open_count++] = model_descriptor(image, (int)fd, FDT_GENERATION(state), state, &slot->life);
        image->open[image->open_count - 1].used = slot->used;
    }
    return 0;
}

/* Lifetimes that began here. Site 0 counts the births whose stack is unknown; nobody counts what was inherited. */
static void count_lives(struct image *image)
{
    const struct segment *segment = image->segment;
    for (uint32_t i = 0; i < segment->site_count; i++) {
        image->births += segment->sites[i].births;
        image->deaths += segment->sites[i].deaths;
    }
    image->peak = segment->header.open_peak;
    image->events = segment->events;
    image->dropped = segment->dropped;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* For an image that could not write its own end: the last thing it wrote at all. */
static uint64_t last_moment(const struct segment *segment)
{
    uint64_t last = segment->header.start_monotonic_ns;
    for (uint32_t fd = 0; fd < segment->slot_count; fd++)
        if (segment->slots[fd].state != 0)
            last = later(last, later(segment->slots[fd].life.ns, segment->slots[fd].death.ns));
    for (uint32_t i = 0; i < segment->incident_count; i++)
        last = later(last, segment->incidents[i].last_ns);
    return last;
}

static uint64_t monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void tell_end(struct image *image)
{
    const struct segment *segment = image->segment;
    const struct fdt_header *header = &segment->header;
    if (header->state == FDT_STATE_EXITED) {
        image->end = (struct image_end){END_EXIT, header->exit_status};
        image->end_ns = header->end_ns != 0 ? header->end_ns : last_moment(segment);
    } else if (session_is_running(segment)) {
        image->end = (struct image_end){END_RUNNING, 0};
        image->end_ns = monotonic_now();
    } else {
        image->end = (struct image_end){header->state == FDT_STATE_EXECING ? END_EXEC : END_KILLED, 0};
        image->end_ns = header->end_ns != 0 ? header->end_ns : last_moment(segment);
    }
}

static int fill_image(struct image *image, struct segment *segment)
{
    const struct fdt_header *header = &segment->header;
    *image = (struct image){
        .segment = segment, .pid = header->pid, .ppid = header->ppid, .number = header->image, .how = header->how,
        .exe = header->exe, .program = path_last(header->exe), .cwd = header->cwd,
        .start_ns = header->start_monotonic_ns,
    };
    tell_end(image);
    count_lives(image);
    int result = split_arguments(image);
    return result < 0 ? result : list_open(image);
}

static bool fill_untraced(struct image *image, int pid, uint32_t number, const char *reason)
{
    *image = (struct image){
        .pid = pid, .number = number, .how = number > 1 ? FDT_HOW_EXEC : FDT_HOW_START, .exe = "", .program = "",
        .cwd = "", .argv = calloc(1, sizeof(char *)), .untraced_reason = reason, .end = {END_UNKNOWN, 0},
        .start_ns = UINT64_MAX, /* unknown: listed last */
    };
    return image->argv != NULL;
}

static int by_start(const void *left, const void *right)
{
    const struct image *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int by_process(const void *left, const void *right)
{
    const struct image *a = *(struct image *const *)left, *b = *(struct image *const *)right;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Images by (pid, number): the index that finds predecessors and last images. */
static struct image **index_images(const struct model *model)
{
    struct image **index = calloc(model->image_count + 1, sizeof(*index));
    if (index == NULL)
        return NULL;
    for (size_t i = 0; i < model->image_count; i++)
        index[i] = &model->images[i];
    qsort(index, model->image_count, sizeof(*index), by_process);
    return index;
}

static struct image *find_image(struct image **index, size_t count, int pid, uint32_t number)
{
    struct image key = {.pid = pid, .number = number}, *key_pointer = &key;
    struct image **found = bsearch(&key_pointer, index, count, sizeof(*index), by_process);
    return found != NULL ? *found : NULL;
}

/* The last image of each pid is the one its parent saw end. */
static void apply_known_ends(struct image **index, size_t count, const struct known_end *ends, size_t end_count)
{
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && index[i + 1]->pid == index[i]->pid)
            continue;
        for (size_t j = 0; j < end_count; j++)
            if (ends[j].pid == index[i]->pid && index[i]->end.how != END_EXEC)
                index[i]->end = ends[j].end;
    }
}

static void link_images(struct model *model, struct image **index)
{
    for (size_t i = 0; i < model->image_count; i++) {
        struct image *image = &model->images[i];
        image->id = (uint32_t)(i + 1);
        image->model = model;
        if (image->segment != NULL) {
            const struct fdt_header *header = &image->segment->header;
            if (header->predecessor_pid != 0)
                image->predecessor =
                    find_image(index, model->image_count, header->predecessor_pid, header->predecessor_image);
        } else if (image->launched_by.pid != 0) {
            image->predecessor =
                find_image(index, model->image_count, image->launched_by.pid, image->launched_by.number);
            if (image->how == FDT_HOW_EXEC && image->predecessor != NULL)
                image->ppid = image->predecessor->ppid;
        } else if (image->number > 1) {
            image->predecessor = find_image(index, model->image_count, image->pid, image->number - 1);
            image->ppid = image->predecessor != NULL ? image->predecessor->ppid : 0;
        }
        if (image->predecessor == image)
            image->predecessor = NULL;
        /* An exec nobody saw coming (a system call of the program's own making) left the image before as if it ran on. */
        if (image->how == FDT_HOW_EXEC && image->predecessor != NULL && image->predecessor->end.how == END_KILLED)
            model->images[image->predecessor - model->images].end.how = END_EXEC;
    }
}

/* What an exec that left no recording led to, as the image that called it tells. */
static bool tell_successor(struct image *next, const struct fdt_exec *launch)
{
    if (launch == NULL)
        return true;
    const char *const *argv = launch_arguments(launch);
    if (argv == NULL)
        return false;
    free((void *)next->argv);
    next->argv = argv;
    next->argc = launch->argc;
    next->exe = launch_path(launch);
    next->program = path_last(next->exe);
    next->launch = launch;
    next->untraced_reason = launch_explain(launch);
    return true;
}

/* An image that ended by an exec, and no image that came of it: the new program could not be traced. 0: out of memory. */
static size_t add_missing_successors(struct image *images, size_t count)
{
    size_t total = count;
    for (size_t i = 0; i < count; i++) {
        const struct image *image = &images[i];
        if (image->end.how != END_EXEC)
            continue;
        bool followed = false;
        for (size_t j = 0; j < count && !followed; j++)
            followed = images[j].pid == image->pid && images[j].number > image->number;
        const struct fdt_exec *launch = launch_last(image);
        if (followed || (launch != NULL && (launch->flags & FDT_EXEC_ELSEWHERE) != 0))
            continue;
        struct image *next = &images[total++];
        if (!fill_untraced(next, image->pid, image->number + 1,
                           "the program it executed left no recording (static, set-uid, or without LD_PRELOAD)") ||
            !tell_successor(next, launch))
            return 0;
        next->start_ns = next->end_ns = image->end_ns;
        next->launched_by.pid = image->pid;
        next->launched_by.number = image->number;
    }
    return total;
}

static int gather_images(struct model *model)
{
    struct session *session = &model->private->session;
    for (size_t i = 0; i < session->segment_count; i++) {
        int result = fill_image(&model->images[model->image_count++], session->segments[i]);
        if (result < 0)
            return result;
    }
    for (size_t i = 0; i < session->unread_count; i++)
        if (!fill_untraced(&model->images[model->image_count++], session->unread[i].pid, session->unread[i].number,
                           session->unread[i].reason))
            return -ENOMEM;
    if (!session->whole)
        return 0;
    size_t count = add_missing_successors(model->images, model->image_count);
    if (count > 0)
        count = launches_add_missing(model->images, model->image_count = count);
    if (count == 0)
        return -ENOMEM;
    model->image_count = count;
    return 0;
}

static int build(struct model *model, const struct known_end *ends, size_t end_count)
{
    struct session *session = &model->private->session;
    /* Each segment may end in an exec that leads to an image without one, and may have started others. */
    size_t most = 2 * session->segment_count + session->unread_count + 1;
    for (size_t i = 0; i < session->segment_count; i++)
        most += session->segments[i]->exec_count + LAUNCH_FORKS_MOST;
    model->images = calloc(most, sizeof(*model->images));
    if (model->images == NULL)
        return -ENOMEM;
    int result = gather_images(model);
    if (result < 0)
        return result;
    qsort(model->images, model->image_count, sizeof(*model->images), by_start);
    for (size_t i = 0; i < model->image_count; i++) /* they have moved */
        for (size_t j = 0; j < model->images[i].open_count; j++)
            model->images[i].open[j].image = &model->images[i];
    struct image **index = index_images(model);
    if (index == NULL)
        return -ENOMEM;
    link_images(model, index);
    apply_known_ends(index, model->image_count, ends, end_count);
    free(index);
    if (!launches_link(model) || !rights_pair(model))
        return -ENOMEM;
    for (size_t i = 0; i < model->image_count; i++) /* only now is it known who sent what */
        for (size_t j = 0; j < model->images[i].open_count; j++)
            model->images[i].open[j].kind = model_kind(&model->images[i].open[j]);
    return 0;
}

int model_load(struct model *model, const char *const *paths, size_t count, const struct known_end *ends,
               size_t end_count, char *error, size_t error_size)
{
    *model = (struct model){.private = calloc(1, sizeof(*model->private)), .limit_near = LIMIT_NEAR};
    if (model->private == NULL) {
        snprintf(error, error_size, "out of memory");
        return -ENOMEM;
    }
    int result = session_load(&model->private->session, paths, count, error, error_size);
    if (result == 0 && (result = build(model, ends, end_count)) < 0)
        snprintf(error, error_size, "out of memory while reading %s", paths[0]);
    if (result < 0) {
        model_free(model);
        return result;
    }
    model->command = (const char *const *)model->private->session.command;
    model->command_argc = model->private->session.command_argc;
    return 0;
}

void model_free(struct model *model)
{
    for (size_t i = 0; i < model->image_count; i++) {
        free((void *)model->images[i].argv);
        free((void *)model->images[i].sources);
        free(model->images[i].open);
    }
    free(model->images);
    if (model->private != NULL) {
        model_stacks_free(model);
        session_free(&model->private->session);
        free(model->private);
    }
    *model = (struct model){0};
}
