/*
 * leak-at-exit: born in this image, and still open when it ended, however it ended.
 *
 * Not accused: 0 to 2; what was inherited; what nobody saw being born; what libc keeps for itself; what the program
 * asked to ignore. An image that went on into another program by exec has not ended: what crossed is another question.
 */
#include "rule.h"
#include "words.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_ASKED = 32 };

static bool is_leak(const struct descriptor *descriptor)
{
    const uint64_t innocent = FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED | FDT_UNSEEN_DEATH |
                              FDT_UNTOUCHED /* told as rights-leak */;
    return descriptor->fd > 2 && (descriptor->state & innocent) == 0;
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL || (image->end.how == END_RUNNING && !image->judged) || image->end.how == END_EXEC)
        return;
    for (size_t i = 0; i < image->open_count; i++) {
        const struct descriptor *descriptor = &image->open[i];
        if (!is_leak(descriptor))
            continue;
        uint64_t birth = model_birth_key(findings->model, descriptor);
        struct finding *finding = findings_at(findings, rule, image, birth, 0);
        if (finding == NULL)
            return;
        finding->count++;
        finding_add_descriptor(findings, finding, *descriptor);
        if (finding->stack_count == 0)
            finding_add_birth(finding, descriptor);
    }
}

/*
 * A deleted file that is held open still takes its space. An image that ended in good order asked the kernel; of
 * another one we only know that its path leads nowhere any more.
 */
static bool is_deleted(const struct descriptor *descriptor)
{
    char path[PATH_MAX];
    struct stat status;
    if (descriptor->kind != FDT_FILE)
        return false;
    if (descriptor->image->segment->header.reconciled != 0)
        return (descriptor->state & FDT_DELETED) != 0;
    return descriptor_path(descriptor, path, sizeof(path)) && lstat(path, &status) < 0 && errno == ENOENT;
}

static size_t count_deleted(const struct finding *finding)
{
    size_t deleted = 0;
    for (size_t i = 0; i < finding->descriptor_count && i < FILES_ASKED; i++)
        deleted += is_deleted(&finding->descriptors[i]);
    return deleted;
}

static void suggest(const struct finding *finding, FILE *out)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    const char *call = birth != NULL && birth->call != NULL ? birth->call : "";
    unsigned owner = finding->descriptors[0].life->owner;
    const char *object = finding->count > 1 ? "each of them" : "it";
    if (owner != FDT_OWNER_NONE && owner != FDT_OWNER_PTY)
        fprintf(out, "end %s with %s()", object, owner_end(owner));
    else if (strncmp(call, "pipe", 4) == 0 || strcmp(call, "socketpair") == 0)
        fputs(finding->count > 1 ? "close both ends" : "close this end, too", out);
    else if (strcmp(words_birth(call), "duplicated") == 0)
        fprintf(out, "close %s: a duplicate stays open when the original is closed", object);
    else if (strcmp(words_birth(call), "accepted") == 0)
        fprintf(out, "close %s when the connection is done", object);
    else
        fprintf(out, "close %s", object);
    if (strcmp(words_birth(call), "duplicated") != 0 && strcmp(words_birth(call), "accepted") != 0) {
        fputs(" on every way out", out);
        const struct model_frame *own = birth != NULL ? finding_own_frame(finding, &birth->stack) : NULL;
        if (own != NULL && own->function != NULL) {
            fputs(" of ", out);
            words_function(out, own->function);
        }
        fputs(", error paths included, or hand it to an owner that will", out);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    words_things(message, finding);
    fprintf(message, " %s", words_birth(birth != NULL ? birth->call : NULL));
    words_place(message, finding, birth);
    fputs(finding->count > 1 ? " were never closed" : " was never closed", message);
    size_t deleted = count_deleted(finding);
    if (deleted > 0 && finding->count == 1)
        fputs("; the file has been deleted, and its space was not freed", message);
    else if (deleted > 0)
        fprintf(message, "; %s%zu of them had been deleted, and their space was not freed",
                finding->descriptor_count > FILES_ASKED ? "at least " : "", deleted);
    suggest(finding, suggestion);
}

const struct rule_code rule_leak_at_exit = {check, describe, .by_line = true};
