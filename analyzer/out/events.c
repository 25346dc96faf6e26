/*
 * --format events: the flight recorder, a line an event, oldest first, program after program. Columns are parted by blanks, so
 * that sort(1) merges the programs (-n) and grep(1) finds a number's story; the last one is for people:
 *
 *     #  seconds  process  program  thread  event  call  fd  what and where
 *        0.000152    4711  server     4711  birth  fopen  3  file "/etc/passwd" in config_read() at server.c:35
 *
 * Seconds count from the first program's start. 3#2 is the second lifetime of number 3.
 */
#include "out/lifetimes.h"
#include "out/site_places.h"
#include "out/writer.h"
#include "escape.h"
#include "recorder.h"
#include "words.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[] = {
#define FDT_EVENT(symbol, name, meaning) name,
#include "fdtrace/events.def"
#undef FDT_EVENT
};
static const char *const incident_names[] = {
#define FDT_INCIDENT(symbol, name, meaning) name,
#include "fdtrace/incidents.def"
#undef FDT_INCIDENT
};

/* One program's events, while they are written. */
struct scribe {
    FILE *out;
    const struct image *image;
    struct site_places places;
    uint64_t origin;
};

static void put_where(struct scribe *scribe, FILE *words, uint32_t site)
{
    const struct model_frame *frame = site_place(&scribe->places, site);
    if (frame == NULL)
        return;
    if (frame->function != NULL) {
        fputs(" in ", words);
        words_function(words, frame->function);
    }
    if (frame->file != NULL)
        fprintf(words, " at %s:%u", frame->file, frame->line);
    else if (frame->module != NULL)
        fprintf(words, " at %s+0x%llx", frame->module, (unsigned long long)frame->offset);
}

/* What the number stood for: the table knows its latest lifetime. */
static void put_thing(const struct scribe *scribe, FILE *words, const struct fdt_event *event)
{
    const struct segment *segment = scribe->image->segment;
    const struct fdt_slot *slot = event->fd >= 0 && (uint32_t)event->fd < segment->slot_count ? &segment->slots[event->fd] : NULL;
    if (slot == NULL || event->generation == 0 || FDT_GENERATION(slot->state) != event->generation)
        return;
    struct descriptor descriptor =
        model_descriptor(scribe->image, event->fd, event->generation, slot->state, &slot->life);
    putc(' ', words);
    words_thing(words, &descriptor);
}

static void put_what(const struct scribe *scribe, FILE *words, const struct fdt_event *event)
{
    long long value = event->value;
    put_thing(scribe, words, event);
    switch (event->type) {
    case FDT_EVENT_BIRTH:
        if (event->other >= 0)
            fprintf(words, " from %d", event->other);
        break;
    case FDT_EVENT_DEATH:
        if (value > 0 && value < INT_MAX)
            fprintf(words, " with %s", strerror((int)value));
        break;
    case FDT_EVENT_CLOEXEC:
        fputs(value != 0 ? " set" : " cleared", words);
        break;
    case FDT_EVENT_SWEEP:
        fprintf(words, " to %u", (unsigned)event->other);
        break;
    case FDT_EVENT_OWNER:
        if (value >= 0 && value < FDT_OWNER_COUNT)
            fprintf(words, " as %s", owner_name((unsigned)value));
        break;
    case FDT_EVENT_INCIDENT:
        if (event->other >= 0 && event->other < FDT_INCIDENT_COUNT)
            fprintf(words, " %s", incident_names[event->other]);
        break;
    case FDT_EVENT_SETTLED:
        fputs(value != 0 ? " the kernel had it open" : " the kernel had it closed", words);
        break;
    case FDT_EVENT_FORK:
    case FDT_EVENT_SPAWN:
        fprintf(words, " process %lld", value);
        break;
    default:
        break;
    }
}

static int put_words(struct scribe *scribe, const struct fdt_event *event)
{
    char *text = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&text, &size);
    if (words == NULL)
        return -ENOMEM;
    put_what(scribe, words, event);
    put_where(scribe, words, event->site);
    bool good = fclose(words) == 0;
    if (good)
        escape_print(scribe->out, text);
    free(text);
    return good ? 0 : -ENOMEM;
}

static const char *program_of(const struct image *image)
{
    return image->program[0] != '\0' ? image->program : "?";
}

/* A column of at least that width; what would part it further is shown as an underscore. */
static void put_column(FILE *out, const char *text, int width)
{
    char *safe = escape_text(text);
    for (char *at = safe; at != NULL && *at != '\0'; at++)
        if (*at == ' ')
            *at = '_';
    fprintf(out, " %-*s", width, safe != NULL && safe[0] != '\0' ? safe : "?");
    free(safe);
}

static int put_event(struct scribe *scribe, const struct fdt_event *event)
{
    const struct segment *segment = scribe->image->segment;
    const char *call = segment_call(segment, event->call), *thread = segment_thread_name(segment, event->tid, event->ns);
    char number[32] = "-";
    if (event->fd >= 0 && event->generation > 1)
        snprintf(number, sizeof(number), "%d#%u", event->fd, event->generation);
    else if (event->fd >= 0)
        snprintf(number, sizeof(number), "%d", event->fd);
    fprintf(scribe->out, "%12.6f %8d", (double)(int64_t)(event->ns - scribe->origin) / 1e9, scribe->image->pid);
    put_column(scribe->out, program_of(scribe->image), 12);
    fprintf(scribe->out, " %8d", event->tid);
    put_column(scribe->out, thread != NULL ? thread : "-", 12);
    fprintf(scribe->out, " %-8s", event_names[event->type]);
    put_column(scribe->out, call != NULL ? call : "-", 14);
    fprintf(scribe->out, " %-7s", number);
    int result = put_words(scribe, event);
    putc('\n', scribe->out);
    return result;
}

static void put_heading(FILE *out, const struct image *image, const char *words)
{
    fprintf(out, "# process %d, ", image->pid);
    escape_print(out, program_of(image));
    fprintf(out, ": %s\n", words);
}

static int put_image(FILE *out, const struct image *image, uint64_t origin)
{
    struct recorder recorder;
    struct scribe scribe = {.out = out, .image = image, .origin = origin};
    char words[128] = "its recording is not there any more";
    if (!site_places_begin(&scribe.places, image))
        return -ENOMEM;
    int result = recorder_read(&recorder, image->segment);
    if (result == 0)
        snprintf(words, sizeof(words), "%zu events, %llu before them overwritten", recorder.count,
                 (unsigned long long)image->segment->dropped);
    put_heading(out, image, words);
    for (size_t i = 0; i < recorder.count && result == 0; i++)
        result = put_event(&scribe, &recorder.events[i]);
    recorder_free(&recorder);
    site_places_end(&scribe.places);
    return result == -ENOMEM ? result : 0;
}

static int write_events(FILE *out, const struct report_view *view)
{
    uint64_t origin = lifetimes_origin(view->model);
    int result = 0;
    fputs("#  seconds  process program        thread name         event    call           fd      what and where\n", out);
    for (size_t i = 0; i < view->model->image_count && result == 0; i++) {
        const struct image *image = &view->model->images[i];
        if (image->segment != NULL)
            result = put_image(out, image, origin);
        else
            put_heading(out, image, "was not traced");
    }
    if (view->result->unrecorded)
        fputs("# " UNRECORDED_WORDS "\n", out);
    return result;
}

const struct writer writer_events = {"events", write_events};
