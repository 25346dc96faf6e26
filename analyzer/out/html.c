/*
 * --format html: one page that needs nothing else, neither files nor a network. html/page.html is its frame; what is to
 * be shown goes in as one block of JSON, and html/script.js makes text nodes of it. Names from the traced program
 * therefore never are markup: in the block, every < is written as \u003c, so that no name can end it.
 *
 * The block: { "report": the object of --format json,
 *              "frames": [[label, "file:line" or null], ...],           numbers in samples are indices into it
 *              "samples": [[image, births, live, [frame, ...]], ...],   outermost first; see profile.h
 *              "spans": [[begin, end] or null, ...],                     of each image, in seconds from the first begin
 *              "lifetimes": [[image, fd, state, kind, name, call, begin, end, birth seen, end seen], ...],
 *              "left_out": lifetimes there was no room for }
 */
#include "out/html.h"
#include "out/json_values.h"
#include "out/lifetimes.h"
#include "out/profile.h"
#include "out/writer.h"

#include <errno.h>
#include <string.h>

/* A page with more is no page to look at; those that were open at the end go first. */
enum { LIFETIMES_MOST = 20000 };

/* A stream's write function: text on its way into a script element. */
static ssize_t put_inert(void *cookie, const char *text, size_t size)
{
    FILE *out = cookie;
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '<', (size_t)(end - text));
        size_t length = (size_t)((stop != NULL ? stop : end) - text);
        fwrite(text, 1, length, out);
        if (stop != NULL)
            fputs("\\u003c", out);
        text += length + (stop != NULL);
    }
    return (ssize_t)size; /* errors are out's, where the caller looks */
}

static json_t *place_value(const struct model_frame *frame)
{
    char line[16];
    if (frame == NULL || frame->file == NULL)
        return json_null();
    snprintf(line, sizeof(line), frame->line != 0 ? ":%u" : "", frame->line);
    json_t *file = json_of_text(frame->file);
    json_t *value = file != NULL ? json_sprintf("%s%s", json_string_value(file), line) : NULL;
    json_decref(file);
    return value;
}

static int put_profile(FILE *out, struct model *model)
{
    struct profile profile;
    int result = profile_gather(&profile, model);
    fputs(",\n\"frames\": [", out);
    for (size_t i = 0; i < profile.frame_count && result == 0; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        result = json_print(out, json_pack("[o, o]", json_of_text(profile.frames[i].label),
                                           place_value(profile.frames[i].at)));
    }
    fputs("],\n\"samples\": [", out);
    for (size_t i = 0; i < profile.sample_count && result == 0; i++) {
        const struct profile_sample *sample = &profile.samples[i];
        json_t *frames = json_array();
        for (size_t j = 0; j < sample->depth; j++)
            json_array_append_new(frames, json_integer(sample->frames[j]));
        fputs(i > 0 ? ",\n" : "\n", out);
        result = json_print(out, json_pack("[I, o, o, o]", (json_int_t)sample->image->id,
                                           json_of_number(sample->births), json_of_number(sample->live), frames));
    }
    putc(']', out);
    profile_free(&profile);
    return result;
}

static double seconds(uint64_t ns, uint64_t origin)
{
    return (double)(int64_t)(ns - origin) / 1e9;
}

static json_t *lifetime_value(const struct lifetime *lifetime, uint64_t origin)
{
    const struct descriptor *descriptor = &lifetime->descriptor;
    return json_pack("[I, i, s, s, o, o, f, f, b, b]", (json_int_t)descriptor->image->id, descriptor->fd,
                     descriptor_state(descriptor), kind_name(descriptor->kind), json_of_text(descriptor_name(descriptor)),
                     json_of_text(descriptor_call(descriptor)), seconds(lifetime->begin_ns, origin),
                     seconds(lifetime->end_ns, origin), lifetime->birth_seen, lifetime->end_seen);
}

/* Those that are open at the end, or those that are not; *shown and *all count on. */
static int put_lifetimes(FILE *out, const struct model *model, bool live, size_t *shown, size_t *all)
{
    uint64_t origin = lifetimes_origin(model);
    int result = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        struct lifetime lifetime;
        for (uint32_t fd = 0; result == 0 && lifetime_next(&model->images[i], &fd, &lifetime);) {
            if (((lifetime.descriptor.state & FDT_LIVE) != 0) != live || ++*all > LIFETIMES_MOST)
                continue;
            fputs(*shown > 0 ? ",\n" : "\n", out);
            result = json_print(out, lifetime_value(&lifetime, origin));
            ++*shown;
        }
    }
    return result;
}

static int put_times(FILE *out, const struct model *model)
{
    uint64_t origin = lifetimes_origin(model);
    size_t shown = 0, all = 0;
    int result = 0;
    fputs(",\n\"spans\": [", out);
    for (size_t i = 0; i < model->image_count && result == 0; i++) {
        const struct image *image = &model->images[i];
        bool known = image->start_ns != UINT64_MAX;
        fputs(i > 0 ? ",\n" : "\n", out);
        result = json_print(out, known ? json_pack("[f, f]", seconds(image->start_ns, origin),
                                                   seconds(image_end_ns(image), origin)) : json_null());
    }
    fputs("],\n\"lifetimes\": [", out);
    if (result == 0)
        result = put_lifetimes(out, model, true, &shown, &all);
    if (result == 0)
        result = put_lifetimes(out, model, false, &shown, &all);
    fprintf(out, "],\n\"left_out\": %zu\n", all - shown);
    return result;
}

static int put_data(FILE *page, const struct report_view *view)
{
    FILE *out = fopencookie(page, "w", (cookie_io_functions_t){.write = put_inert});
    if (out == NULL)
        return -ENOMEM;
    fputs("{ \"report\": ", out);
    int result = writer_json.write(out, view);
    if (result == 0)
        result = put_profile(out, view->model);
    if (result == 0)
        result = put_times(out, view->model);
    fputs("}\n", out);
    return fclose(out) != 0 && result == 0 ? -ENOMEM : result;
}

/* Copies the page up to a mark, and returns what follows the mark; all of it, and NULL, when there is no such mark. */
static const char *put_until(FILE *out, const char *page, const char *mark)
{
    const char *stop = strstr(page, mark);
    fwrite(page, 1, stop != NULL ? (size_t)(stop - page) : strlen(page), out);
    return stop != NULL ? stop + strlen(mark) : NULL;
}

static int write_html(FILE *out, const struct report_view *view)
{
    const char *rest = put_until(out, html_page, "@style@");
    fputs(html_style, out);
    rest = put_until(out, rest, "@data@");
    int result = put_data(out, view);
    rest = put_until(out, rest, "@script@");
    fputs(html_script, out);
    fputs(rest, out);
    return result;
}

const struct writer writer_html = {"html", write_html};
