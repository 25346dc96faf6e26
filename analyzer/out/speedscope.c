/*
 * --format speedscope: the file format of speedscope.app (https://www.speedscope.app/file-format-schema.json), with two
 * profiles over the same frames: the descriptors open at the end, and all that were opened.
 */
#include "out/json_values.h"
#include "out/profile.h"
#include "out/writer.h"

#include <errno.h>

static int put_frames(FILE *out, const struct profile *profile)
{
    int result = 0;
    for (size_t i = 0; i < profile->frame_count && result == 0; i++) {
        const struct model_frame *at = profile->frames[i].at;
        json_t *value = json_pack("{s:o}", "name", json_of_text(profile->frames[i].label));
        if (value != NULL && at != NULL && at->file != NULL)
            json_object_set_new(value, "file", json_of_text(at->file));
        if (value != NULL && at != NULL && at->file != NULL && at->line != 0)
            json_object_set_new(value, "line", json_integer(at->line));
        fputs(i > 0 ? ",\n" : "\n", out);
        result = json_print(out, value);
    }
    return result;
}

static uint64_t weight_of(const struct profile_sample *sample, bool live)
{
    return live ? sample->live : sample->births;
}

static int put_profile(FILE *out, const struct profile *profile, const char *name, bool live)
{
    json_t *samples = json_array(), *weights = json_array();
    uint64_t total = 0;
    for (size_t i = 0; i < profile->sample_count; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        if (weight_of(sample, live) == 0)
            continue;
        json_t *frames = json_array();
        for (size_t j = 0; j < sample->depth; j++)
            json_array_append_new(frames, json_integer(sample->frames[j]));
        json_array_append_new(samples, frames);
        json_array_append_new(weights, json_of_number(weight_of(sample, live)));
        total += weight_of(sample, live);
    }
    return json_print(out, json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "type", "sampled", "name", name, "unit",
                                     "none", "startValue", 0, "endValue", json_of_number(total), "samples", samples,
                                     "weights", weights));
}

static int write_speedscope(FILE *out, const struct report_view *view)
{
    struct profile profile;
    int result = profile_gather(&profile, view->model);
    fputs("{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n"
          "\"exporter\": \"fdtrace " FDTRACE_VERSION "\",\n\"name\": \"descriptors\",\n\"activeProfileIndex\": 0,\n"
          "\"shared\": {\"frames\": [", out);
    if (result == 0)
        result = put_frames(out, &profile);
    fputs("]},\n\"profiles\": [\n", out);
    if (result == 0)
        result = put_profile(out, &profile, "open at the end", true);
    fputs(",\n", out);
    if (result == 0)
        result = put_profile(out, &profile, "all births", false);
    fputs("]}\n", out);
    profile_free(&profile);
    return result;
}

const struct writer writer_speedscope = {"speedscope", write_speedscope};
