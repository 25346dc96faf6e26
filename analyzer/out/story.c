/* See story.h. */
#include "out/story.h"

#include "escape.h"
#include "finding.h"
#include "path.h"
#include "rights.h"
#include "words.h"

#include <string.h>

enum { STEPS_SHOWN = 6 };

/* A folder that everybody knows says nothing: below it, the rest of the path will do. */
static const char *shorten(const char *file, const char *folder)
{
    size_t length = strlen(folder);
    return length > 1 && strncmp(file, folder, length) == 0 && file[length] == '/' ? file + length + 1 : file;
}

void story_location(FILE *out, const struct model_frame *frame, const char *cwd)
{
    if (frame->file != NULL) {
        escape_print(out, shorten(frame->file, cwd));
        if (frame->line != 0)
            fprintf(out, ":%u", frame->line);
        return;
    }
    if (frame->module != NULL) {
        escape_print(out, path_last(frame->module));
        putc('+', out);
    }
    fprintf(out, "0x%llx", (unsigned long long)frame->offset);
}

static void put_image(FILE *out, const struct image *image)
{
    escape_print(out, image->program[0] != '\0' ? image->program : "an unknown program");
    fprintf(out, " (process %d)", image->pid);
}

/* The frame of the program's own that made it. Its stack lives as long as the model. */
static const struct model_frame *birth_frame(const struct root *root)
{
    if (!root->known)
        return NULL;
    struct model_stack stack = model_stack(root->image->model, root->image, root->site);
    return own_frame(root->image->exe, &stack);
}

static void put_sender(FILE *out, const struct sent_right *sent)
{
    struct descriptor original = rights_original(sent);
    struct root root = lineage_root(&original, NULL, 0, NULL);
    const struct model_frame *frame = birth_frame(&root);
    fputs("received from ", out);
    put_image(out, sent->image);
    fprintf(out, ", where it was descriptor %d", sent->right->fd);
    if (frame != NULL) {
        fprintf(out, ", %s at ", words_birth(segment_call(root.image->segment, root.call)));
        story_location(out, frame, root.image->cwd);
    }
}

void story_ways(FILE *out, const struct descriptor *descriptor, const char *before, const char *after)
{
    static const char *const hows[] = {"", "by fork", "across an exec", "by a spawn"};
    struct lineage_step steps[STEPS_SHOWN];
    size_t count = 0;
    const struct sent_right *sent = rights_source(descriptor);
    if (sent != NULL) {
        fputs(before, out);
        put_sender(out, sent);
        fputs(after, out);
    }
    if ((descriptor->state & FDT_INHERITED) == 0)
        return;
    lineage_root(descriptor, steps, STEPS_SHOWN, &count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%sinherited %s from ", before, hows[steps[i].how]);
        put_image(out, steps[i].image);
        if (steps[i].fd != descriptor->fd)
            fprintf(out, ", where it was descriptor %d", steps[i].fd);
        fputs(after, out);
    }
}

bool story_birth(FILE *out, const struct descriptor *descriptor)
{
    struct root root = lineage_root(descriptor, NULL, 0, NULL);
    const struct model_frame *frame = birth_frame(&root);
    if (!root.known)
        return false;
    fputs(words_birth(segment_call(root.image->segment, root.call)), out);
    if (frame != NULL && frame->function != NULL) {
        fputs(" in ", out);
        escape_print(out, frame->function);
        fputs(strchr(frame->function, '(') == NULL ? "()" : "", out);
    }
    if (frame != NULL) {
        fputs(" at ", out);
        story_location(out, frame, root.image->cwd);
    }
    if (root.image != descriptor->image) {
        fputs(" by ", out);
        put_image(out, root.image);
    }
    return true;
}
