/*
 * Writers: one per report format, each a file in out/. They only read; all text in the model and in findings is raw, so
 * every writer escapes what it prints in its format's way.
 */
#ifndef FDTRACE_OUT_WRITER_H
#define FDTRACE_OUT_WRITER_H

#include "finding.h"
#include "report.h"

/* What there is to write. */
struct report_view {
    struct model *model;
    const struct findings *findings;
    const struct report_options *options;
    const struct report_result *result;
};

/* What every format for machines says, each in its way, when result->unrecorded: holes must not look like a pass. */
#define UNRECORDED_WORDS "nothing was recorded, or not everything could be"

struct writer {
    const char *name;      /* what --format calls it */
    /* Returns 0, or -ENOMEM. Errors of the stream are the caller's to see, by ferror. */
    int (*write)(FILE *out, const struct report_view *view);
};

#define FDT_WRITER(name) extern const struct writer writer_##name;
#include "out/writers.def"
#undef FDT_WRITER
/* All of them, NULL-terminated. */
extern const struct writer *const writers[];

#endif
