/*
 * --format trace: the Trace Event Format (JSON) of chrome://tracing, which ui.perfetto.dev reads, too. Processes are
 * the processes. In each, the track of its own number shows the programs it ran, and each descriptor number has a track
 * of its own, since lifetimes of one number never overlap. Arrows lead from whoever started a program to the program,
 * and from a descriptor that was sent to the one that was received.
 *
 * Times are microseconds from the first image's begin. Of each number there is the latest lifetime, of which the table tells all,
 * and those before it, of which the flight recorder still knows who made them and when.
 */
#include "out/json_values.h"
#include "out/lifetimes.h"
#include "out/past.h"
#include "out/site_places.h"
#include "out/writer.h"
#include "lineage.h"
#include "rights.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

/* Tracks of descriptors are numbered from here, beyond every process id (PID_MAX_LIMIT is 2^22). */
enum { DESCRIPTOR_TRACKS = 1 << 24 };

struct trace {
    FILE *out;
    const struct model *model;
    uint64_t origin;
    uint64_t flows;                /* arrows so far: each has a number */
    bool begun;                    /* an event has been written */
    int result;
};

static double micro(const struct trace *trace, uint64_t ns)
{
    return (double)(int64_t)(ns - trace->origin) / 1e3;
}

static void put(struct trace *trace, json_t *event)
{
    fputs(trace->begun ? ",\n" : "\n", trace->out);
    trace->begun = true;
    int result = json_print(trace->out, event);
    if (trace->result == 0)
        trace->result = result;
}

__attribute__((format(printf, 1, 2)))
static json_t *words(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    json_t *value = length >= 0 ? json_of_text(text) : NULL;
    if (length >= 0)
        free(text);
    return value;
}

static const char *program_of(const struct image *image)
{
    return image->program[0] != '\0' ? image->program : "unknown program";
}

/* what: process_name, thread_name, thread_sort_index; key: name or sort_index. */
static void put_metadata(struct trace *trace, int pid, int track, const char *what, const char *key, json_t *value)
{
    put(trace, json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "ph", "M", "name", what, "pid", pid, "tid", track, "args",
                         key, value));
}

/* A process is called by what it last ran. */
static void put_process(struct trace *trace, const struct image *image)
{
    put_metadata(trace, image->pid, image->pid, "process_name", "name", json_of_text(program_of(image)));
    put_metadata(trace, image->pid, image->pid, "thread_name", "name", json_string("programs"));
    put_metadata(trace, image->pid, image->pid, "thread_sort_index", "sort_index", json_integer(-1));
}

static void put_image(struct trace *trace, const struct image *image)
{
    static const char *const hows[] = {"start", "fork", "exec", "spawn"};
    json_t *arguments = json_array();
    for (size_t i = 0; i < image->argc; i++)
        json_array_append_new(arguments, json_of_text(image->argv[i]));
    put(trace, json_pack("{s:s, s:o, s:s, s:i, s:i, s:f, s:f, s:{s:I, s:s, s:s, s:i, s:o, s:o, s:b}}", "ph", "X",
                         "name", json_of_text(program_of(image)), "cat", "program", "pid", image->pid, "tid", image->pid, "ts",
                         micro(trace, image->start_ns), "dur",
                         (double)(image_end_ns(image) - image->start_ns) / 1e3, "args", "image", (json_int_t)image->id,
                         "began", hows[image->how], "ended", end_name(image->end.how), "status", image->end.status,
                         "exe", json_of_text(image->exe), "argv", arguments, "traced", image->segment != NULL));
}

/* "load() conn.c:88"; null for none. */
static json_t *place(const struct model_frame *frame)
{
    if (frame == NULL)
        return json_null();
    if (frame->file == NULL)
        return words("%s %s+0x%llx", frame->function != NULL ? frame->function : "??",
                     frame->module != NULL ? frame->module : "", (unsigned long long)frame->offset);
    return words("%s %s:%u", frame->function != NULL ? frame->function : "??", frame->file, frame->line);
}

/* Where it was born, in the program's own code, whichever image that was. */
static json_t *birth_place(const struct descriptor *descriptor)
{
    struct root root = lineage_root(descriptor, NULL, 0, NULL);
    if (!root.known)
        return json_null();
    struct model_stack stack = model_stack(root.image->model, root.image, root.site);
    return place(own_frame(root.image->exe, &stack));
}

/* Of the thread it was born in, which of an inherited one was another process's. */
static json_t *thread_name(const struct descriptor *descriptor)
{
    const struct fdt_life *life = descriptor->life;
    bool here = (descriptor->state & FDT_INHERITED) == 0;
    return json_of_text(here ? segment_thread_name(descriptor->image->segment, life->tid, life->ns) : NULL);
}

static void put_lifetime(struct trace *trace, const struct lifetime *lifetime)
{
    const struct descriptor *descriptor = &lifetime->descriptor;
    const char *name = descriptor_name(descriptor), *kind = kind_name(descriptor->kind);
    int pid = descriptor->image->pid, track = DESCRIPTOR_TRACKS + descriptor->fd;
    put_metadata(trace, pid, track, "thread_name", "name", words("descriptor %d", descriptor->fd));
    put_metadata(trace, pid, track, "thread_sort_index", "sort_index", json_integer(descriptor->fd));
    put(trace, json_pack("{s:s, s:o, s:s, s:i, s:i, s:f, s:f, "
                         "s:{s:i, s:I, s:s, s:o, s:s, s:o, s:i, s:o, s:o, s:b, s:b}}",
                         "ph", "X", "name", name[0] != '\0' ? json_of_text(name) : json_string(kind), "cat", kind, "pid", pid,
                         "tid", track, "ts", micro(trace, lifetime->begin_ns), "dur",
                         (double)(lifetime->end_ns - lifetime->begin_ns) / 1e3, "args", "fd", descriptor->fd,
                         "generation", (json_int_t)descriptor->generation, "kind", kind, "name", json_of_text(name),
                         "state", descriptor_state(descriptor), "call", json_of_text(descriptor_call(descriptor)),
                         "thread", descriptor->life->tid, "thread_name", thread_name(descriptor), "born_at",
                         birth_place(descriptor), "birth_seen", lifetime->birth_seen, "end_seen", lifetime->end_seen));
}

/* While the past of one image is told. */
struct looking_back {
    struct trace *trace;
    struct site_places places;
};

/* Its kind and name have gone with it; its number's track was introduced by the latest lifetime there. */
static void put_past(const struct past *past, void *data)
{
    struct looking_back *back = data;
    const struct image *image = back->places.image;
    const struct fdt_event *birth = past->birth;
    const char *call = segment_call(image->segment, birth->call);
    put(back->trace, json_pack("{s:s, s:o, s:s, s:i, s:i, s:f, s:f, s:{s:i, s:I, s:o, s:i, s:o, s:o, s:b}}", "ph", "X", "name",
                               json_of_text(call != NULL ? call : "closed"), "cat", "past", "pid", image->pid, "tid",
                               DESCRIPTOR_TRACKS + past->fd, "ts", micro(back->trace, birth->ns), "dur",
                               (double)(past->end_ns - birth->ns) / 1e3, "args", "fd", past->fd, "generation",
                               (json_int_t)past->generation, "call", json_of_text(call), "thread", birth->tid,
                               "thread_name", json_of_text(segment_thread_name(image->segment, birth->tid, birth->ns)),
                               "born_at", place(site_place(&back->places, birth->site)), "end_seen", past->end_seen));
}

/* A recording that has gone meanwhile has said by its table what it had to say. */
static void put_pasts(struct trace *trace, const struct image *image)
{
    struct looking_back back = {.trace = trace};
    if (image->segment == NULL || trace->result != 0)
        return;
    bool begun = site_places_begin(&back.places, image);
    if (!begun || past_each(image, put_past, &back) == -ENOMEM)
        trace->result = -ENOMEM;
    if (begun)
        site_places_end(&back.places);
}

struct point {
    int pid, track;
    uint64_t ns;
};

/* An arrow binds to the slices that enclose its ends. */
static void put_flow(struct trace *trace, const char *name, struct point from, struct point to)
{
    json_int_t number = (json_int_t)++trace->flows;
    put(trace, json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:f}", "ph", "s", "name", name, "cat", "lineage", "id", number,
                         "pid", from.pid, "tid", from.track, "ts", micro(trace, from.ns)));
    put(trace, json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:f}", "ph", "f", "bp", "e", "name", name, "cat",
                         "lineage", "id", number, "pid", to.pid, "tid", to.track, "ts", micro(trace, to.ns)));
}

static bool is_placed(const struct image *image)
{
    return image->start_ns != UINT64_MAX && image->pid > 0;
}

/* Inside the image's slice, whose end does not belong to it. */
static uint64_t inside(const struct image *image, uint64_t ns)
{
    uint64_t end = image_end_ns(image);
    if (ns >= end)
        ns = end > image->start_ns ? end - 1 : image->start_ns;
    return ns > image->start_ns ? ns : image->start_ns;
}

static void put_start(struct trace *trace, const struct image *image)
{
    static const char *const names[] = {"start", "fork", "exec", "spawn"};
    const struct image *before = image->predecessor;
    if (before != NULL && is_placed(before))
        put_flow(trace, names[image->how], (struct point){before->pid, before->pid, inside(before, image->start_ns)},
                 (struct point){image->pid, image->pid, image->start_ns});
}

/* The sender's number may have been used again since; then its program stands for it. */
static struct point sending(const struct sent_right *sent)
{
    struct point point = {sent->image->pid, sent->image->pid, inside(sent->image, sent->right->ns)};
    struct lifetime lifetime;
    uint32_t fd = (uint32_t)sent->right->fd;
    if (sent->right->fd >= 0 && lifetime_next(sent->image, &fd, &lifetime) &&
        lifetime.descriptor.fd == sent->right->fd && lifetime.descriptor.generation == sent->right->generation &&
        sent->right->ns >= lifetime.begin_ns && sent->right->ns <= lifetime.end_ns)
        point.track = DESCRIPTOR_TRACKS + sent->right->fd;
    return point;
}

/* A copy, a connection, whatever was made by means of another descriptor: from that one's slice, if it is still told of. */
static void put_origin(struct trace *trace, const struct lifetime *lifetime)
{
    const struct descriptor *descriptor = &lifetime->descriptor;
    const struct fdt_life *life = descriptor->life;
    const char *call = descriptor_call(descriptor);
    struct lifetime source;
    uint32_t fd = (uint32_t)life->from;
    int pid = descriptor->image->pid;
    if ((descriptor->state & FDT_INHERITED) != 0 || life->from < 0 ||
        !lifetime_next(descriptor->image, &fd, &source) || source.descriptor.fd != life->from ||
        source.descriptor.generation != life->from_generation || lifetime->begin_ns < source.begin_ns ||
        lifetime->begin_ns > source.end_ns)
        return;
    put_flow(trace, call != NULL ? call : "copy", (struct point){pid, DESCRIPTOR_TRACKS + life->from, lifetime->begin_ns},
             (struct point){pid, DESCRIPTOR_TRACKS + descriptor->fd, lifetime->begin_ns});
}

static void put_lifetimes(struct trace *trace, const struct image *image)
{
    struct lifetime lifetime;
    for (uint32_t fd = 0; trace->result == 0 && lifetime_next(image, &fd, &lifetime);) {
        put_lifetime(trace, &lifetime);
        put_origin(trace, &lifetime);
        const struct sent_right *sent = rights_source(&lifetime.descriptor);
        if (sent != NULL && is_placed(sent->image))
            put_flow(trace, "message", sending(sent),
                     (struct point){image->pid, DESCRIPTOR_TRACKS + lifetime.descriptor.fd, lifetime.begin_ns});
    }
}

static int write_trace(FILE *out, const struct report_view *view)
{
    const struct model *model = view->model;
    struct trace trace = {.out = out, .model = model, .origin = lifetimes_origin(model)};
    fputs("{\"displayTimeUnit\": \"ns\",\n\"otherData\": {\"exporter\": \"fdtrace " FDTRACE_VERSION "\"},\n"
          "\"traceEvents\": [", out);
    for (size_t i = 0; i < model->image_count && trace.result == 0; i++) {
        const struct image *image = &model->images[i];
        if (!is_placed(image))
            continue;
        put_process(&trace, image);
        put_image(&trace, image);
        put_start(&trace, image);
        put_lifetimes(&trace, image);
        put_pasts(&trace, image);
    }
    fputs("]}\n", out);
    return trace.result;
}

const struct writer writer_trace = {"trace", write_trace};
