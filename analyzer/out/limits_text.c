/* Limits and their holders. See limits_text.h. */
#include "out/limits_text.h"

#include "escape.h"
#include "headroom.h"
#include "out/story.h"
#include "words.h"

static void put_limit(FILE *out, const char *before, uint64_t number)
{
    if (number == UINT64_MAX)
        fprintf(out, "%sunlimited", before);
    else
        fprintf(out, "%s%llu", before, (unsigned long long)number);
}

static void put_holder(FILE *out, const struct finding *finding, const struct limit_holder *holder)
{
    const char *call = descriptor_call(&holder->oldest);
    const struct model_frame *frame = finding_own_frame(finding, &holder->stack);
    fprintf(out, "     %6llu  %s by ", (unsigned long long)holder->live, words_birth(call));
    escape_print(out, call != NULL ? call : "an unseen call");
    if (frame != NULL && frame->function != NULL) {
        fputs(" in ", out);
        escape_print(out, frame->function);
    }
    if (frame != NULL) {
        fputs(" at ", out);
        story_location(out, frame, holder->oldest.image->cwd);
    }
    fprintf(out, "; %s, %.6f to %.6f s old\n", kind_name(holder->oldest.kind), holder->youngest_age, holder->oldest_age);
}

void limits_put(FILE *out, const struct finding *finding)
{
    const struct finding_limits *limits = finding->limits;
    if (limits == NULL)
        return;
    fprintf(out, "   = %s: ", limits->which);
    put_limit(out, "soft ", limits->soft);
    put_limit(out, ", hard ", limits->hard);
    if (limits->nr_open != 0)
        put_limit(out, "; this system's fs.nr_open ", limits->nr_open);
    if (limits->file_max != 0)
        put_limit(out, ", fs.file-max ", limits->file_max);
    putc('\n', out);
    if (limits->holder_count > 0)
        fprintf(out, "   open then: %llu, most of them held by\n", (unsigned long long)limits->open);
    for (size_t i = 0; i < limits->holder_count; i++)
        put_holder(out, finding, &limits->holders[i]);
}
