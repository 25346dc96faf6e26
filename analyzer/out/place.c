/* See place.h. */
#include "out/place.h"

#include "escape.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What follows the folder in path; NULL: path is not below it. */
static const char *below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

/*
 * Drops empty components and ".", and lets ".." take the one before along: by the letter, as no file need exist here.
 * What is relative and climbs out keeps its leading "..".
 */
static char *normalize(const char *path)
{
    char *clean = malloc(strlen(path) + 2), *to = clean;
    bool absolute = *path == '/';
    if (clean == NULL)
        return NULL;
    if (absolute)
        *to++ = '/';
    char *floor = to; /* nothing before this is taken back */
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        bool up = length == 2 && memcmp(path, "..", 2) == 0;
        if (up && to > floor) {
            do
                to--;
            while (to > floor && to[-1] != '/');
            to -= to > floor; /* the slash before it */
        } else if (length > 0 && !(length == 1 && *path == '.') && !(up && absolute)) {
            if (to > clean && to[-1] != '/')
                *to++ = '/';
            to = mempcpy(to, path, length);
            if (up)
                floor = to;
        }
        path += length;
        path += *path == '/';
    }
    *to = '\0';
    return clean;
}

static void add_root(struct checkout *checkout, char *folder)
{
    size_t length = folder != NULL ? strlen(folder) : 0;
    while (length > 1 && folder[length - 1] == '/')
        folder[--length] = '\0';
    if (length > 1 && folder[0] == '/' && checkout->count < CHECKOUT_ROOTS_MAX)
        checkout->roots[checkout->count++] = folder;
    else
        free(folder);
}

void checkout_find(struct checkout *checkout)
{
    static const char *const variables[] = {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"};
    *checkout = (struct checkout){.count = 0};
    char *here = getcwd(NULL, 0);
    for (size_t i = 0; here != NULL && i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = getenv(variables[i]);
        char *folder = value != NULL && value[0] == '/' ? normalize(value) : NULL;
        if (folder != NULL && (strcmp(here, folder) == 0 || below(here, folder) != NULL))
            add_root(checkout, folder);
        else
            free(folder);
    }
    add_root(checkout, here);
    add_root(checkout, get_current_dir_name()); /* the name the shell knows it by; compilers note that one */
}

void checkout_free(struct checkout *checkout)
{
    for (size_t i = 0; i < checkout->count; i++)
        free(checkout->roots[i]);
    checkout->count = 0;
}

char *checkout_path(const struct checkout *checkout, const char *path, bool *inside)
{
    char *clean = normalize(path);
    *inside = false;
    if (clean == NULL)
        return NULL;
    *inside = clean[0] != '/' && clean[0] != '\0' && strcmp(clean, "..") != 0 && strncmp(clean, "../", 3) != 0;
    for (size_t i = 0; i < checkout->count && !*inside; i++) {
        const char *rest = below(clean, checkout->roots[i]);
        if (rest == NULL)
            continue;
        memmove(clean, rest, strlen(rest) + 1);
        *inside = true;
    }
    return clean;
}

/* The program, or whoever started it: a place to begin with where there is no code to point at. */
static const char *program_of(const struct finding *finding)
{
    const struct image *image = finding->images[0];
    while (image != NULL && image->exe[0] == '\0')
        image = image->predecessor;
    return image != NULL ? image->exe : finding->images[0]->model->images[0].exe;
}

struct place place_of_frame(const struct checkout *checkout, const struct model_frame *frame)
{
    struct place place = {.frame = frame};
    const char *path = frame->file != NULL ? frame->file : frame->module;
    if (path != NULL && *path != '\0')
        place.file = checkout_path(checkout, path, &place.inside);
    if (frame->file != NULL)
        place.line = frame->line;
    return place;
}

struct place place_of(const struct checkout *checkout, const struct finding *finding)
{
    struct place place = {.frame = NULL};
    const struct model_frame *frame =
        finding->stack_count > 0 ? finding_own_frame(finding, &finding->stacks[0].stack) : NULL;
    if (frame != NULL)
        place = place_of_frame(checkout, frame);
    const char *program = program_of(finding);
    if (place.file == NULL && *program != '\0')
        place.file = checkout_path(checkout, program, &place.inside);
    return place;
}

void place_free(struct place *place)
{
    free(place->file);
    place->file = NULL;
}

bool is_startup(const char *function)
{
    static const char *const names[] = {"_start", "__libc_start_main", "__libc_start_main_impl",
                                        "__libc_start_call_main", "start_thread", "clone", "clone3",
                                        "__clone3", "__clone"};
    for (size_t i = 0; function != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(function, names[i]) == 0)
            return true;
    return false;
}

void place_event(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    fprintf(out, "%s: ", stack->role);
    if (stack->call != NULL)
        words_function(out, stack->call);
    else
        fputs("an unseen call", out);
    words_place(out, finding, stack);
    words_thread(out, finding, stack);
}

char *place_event_text(const struct finding *finding, const struct finding_stack *stack)
{
    char *raw = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&raw, &size);
    if (words == NULL)
        return NULL;
    place_event(words, finding, stack);
    char *safe = fclose(words) == 0 ? escape_text(raw) : NULL;
    free(raw);
    return safe;
}
