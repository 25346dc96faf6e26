/* Finding the library, and composing variables. See environment.h. */
#include "run/environment.h"

#include "options.h"
#include "path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#error "fdtrace knows x86-64 and aarch64"
#endif

/* --- the library --- */

/* Relative to the folder of the fdtrace command. */
static const char *const places[] = {"", "../lib/", "../lib/" MULTIARCH "/", "../lib/fdtrace/", NULL};

static bool is_library(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

/* name: RUN_LIBRARY or RUN_LIBRARY_MUSL */
static int find_beside(const char *name, char path[PATH_MAX], char *error, size_t error_size)
{
    char self[PATH_MAX], candidate[2 * PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[length > 0 ? length : 0] = '\0';
    int folder = (int)(path_last(self) - self);
    for (size_t i = 0; length > 0 && places[i] != NULL; i++) {
        snprintf(candidate, sizeof(candidate), "%.*s%s%s", folder, self, places[i], name);
        if (is_library(candidate) && realpath(candidate, path) != NULL)
            return 0;
    }
    snprintf(error, error_size, RUN_LIBRARY " is neither in %.*s nor in ../lib from there; build it with make, or say "
             "where it is with FDTRACE_LIBRARY=PATH", folder, self);
    return -ENOENT;
}

static int find_library(const char *name, char path[PATH_MAX], char *error, size_t error_size)
{
    const char *given = getenv("FDTRACE_LIBRARY");
    if (given == NULL || *given == '\0')
        return find_beside(name, path, error, error_size);
    if (is_library(given) && realpath(given, path) != NULL)
        return 0;
    snprintf(error, error_size, "FDTRACE_LIBRARY names %s, which is no library that can be read", given);
    return -ENOENT;
}

static bool can_stand_in_preload(const char *path)
{
    return strpbrk(path, " :$") == NULL;
}

bool run_library_has_musl(void)
{
    char path[PATH_MAX], error[2 * PATH_MAX];
    const char *given = getenv("FDTRACE_LIBRARY");
    return (given == NULL || *given == '\0') && find_beside(RUN_LIBRARY_MUSL, path, error, sizeof(error)) == 0;
}

int run_library_find(struct run_library *library, const struct run_folder *folder, bool musl, char *error,
                     size_t error_size)
{
    char target[PATH_MAX];
    library->link.path[0] = '\0';
    int result = find_library(musl ? RUN_LIBRARY_MUSL : RUN_LIBRARY, target, error, error_size);
    if (result < 0)
        return result;
    if (can_stand_in_preload(target)) {
        strcpy(library->path, target);
        return 0;
    }
    if (!can_stand_in_preload(folder->path)) {
        result = run_folder_make(&library->link, NULL, error, error_size);
        if (result < 0)
            return result;
        folder = &library->link;
    }
    int length = snprintf(library->path, sizeof(library->path), "%s/" RUN_LIBRARY, folder->path);
    unlink(library->path); /* of an earlier run in this folder */
    if (length < (int)sizeof(library->path) && can_stand_in_preload(library->path) &&
        symlink(target, library->path) == 0)
        return 0;
    snprintf(error, error_size, "%s cannot be preloaded from a path with a space, a colon or a $; copy it elsewhere "
             "and say where with FDTRACE_LIBRARY=PATH", target);
    return -EINVAL;
}

void run_library_release(const struct run_library *library)
{
    if (library->link.path[0] != '\0')
        run_folder_remove(&library->link);
}

/* --- FDTRACE_OPTIONS --- */

/* Our own choice in every run; a run inside another one drops them. */
static const char *const decided_by_run[] = {"session", "report", NULL};

/* One key=value, quotes respected; *open is the quote that was never closed, or NUL. */
static size_t pair_length(const char *text, char *open)
{
    size_t value = strcspn(text, "=:");
    value += text[value] == '=';
    *open = '\0';
    if (text[value] != '\'' && text[value] != '"')
        return value + strcspn(text + value, ":");
    const char *end = strchr(text + value + 1, text[value]);
    if (end != NULL)
        return (size_t)(end - text) + 1 + strcspn(end + 1, ":");
    *open = text[value];
    return strlen(text);
}

static bool has_key(const char *pair, const char *const *keys)
{
    size_t length = strcspn(pair, "=:");
    for (; *keys != NULL; keys++)
        if (strlen(*keys) == length && memcmp(*keys, pair, length) == 0)
            return true;
    return false;
}

/* Copies the user's pairs, closing a quote that was left open, because others follow. */
static void copy_pairs(FILE *out, const char *text)
{
    for (size_t length; text != NULL && *text != '\0'; text += length + (text[length] == ':')) {
        char open;
        length = pair_length(text, &open);
        if (length == 0 || has_key(text, decided_by_run))
            continue;
        fprintf(out, "%s%.*s", ftell(out) > 0 ? ":" : "", (int)length, text);
        if (open != '\0')
            putc(open, out);
    }
}

int run_environment_own(void)
{
    const char *around = getenv("FDTRACE_RUN"), *text = getenv("FDTRACE_OPTIONS");
    struct environment_options options;
    if (around == NULL || text == NULL)
        return 0;
    if (environment_options_read(&options, text) < 0)
        return -ENOMEM;
    bool theirs = strcmp(options.session, around) == 0;
    environment_options_free(&options);
    if (!theirs)
        return 0;
    char *own = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&own, &size);
    if (out == NULL)
        return -ENOMEM;
    copy_pairs(out, text);
    bool failed = fclose(out) != 0 || setenv("FDTRACE_OPTIONS", own, 1) < 0;
    free(own);
    return failed ? -ENOMEM : 0;
}

int run_environment_put(FILE *options, const char *key, const char *value)
{
    const char *quote = "";
    if (strchr(value, ':') != NULL || value[0] == '\'' || value[0] == '"')
        quote = strchr(value, '\'') == NULL ? "'" : "\"";
    if (*quote != '\0' && strchr(value, *quote) != NULL)
        return -EINVAL;
    fprintf(options, "%s%s=%s%s%s", ftell(options) > 0 ? ":" : "", key, quote, value, quote);
    return 0;
}

static int put_options(FILE *out, const struct run_folder *folder, const char *added)
{
    copy_pairs(out, getenv("FDTRACE_OPTIONS"));
    if (*added != '\0')
        fprintf(out, "%s%s", ftell(out) > 0 ? ":" : "", added);
    int result = run_environment_put(out, "session", folder->path);
    return result < 0 ? result : run_environment_put(out, "report", "none");
}

/* --- LD_PRELOAD --- */

static bool same_file(const char *path, const struct stat *library)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_ino == library->st_ino && status.st_dev == library->st_dev;
}

/* Sanitizer runtimes refuse to start unless they are loaded first. */
static bool is_sanitizer(const char *path)
{
    static const char *const runtimes[] = {"libasan.so", "libtsan.so", "libubsan.so", "liblsan.so", "libclang_rt."};
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
        if (strncmp(path_last(path), runtimes[i], strlen(runtimes[i])) == 0)
            return true;
    return false;
}

/* The user's own entries on one side of ours; ours itself, from a run around us, is left out. */
static void put_others(FILE *out, const char *preload, const struct stat *library, bool sanitizers)
{
    char *copy = strdup(preload != NULL ? preload : ""), *state;
    for (char *path = copy != NULL ? strtok_r(copy, " :", &state) : NULL; path != NULL;
         path = strtok_r(NULL, " :", &state))
        if (is_sanitizer(path) == sanitizers && !same_file(path, library))
            fprintf(out, sanitizers ? "%s:" : ":%s", path);
    free(copy);
}

static void put_preload(FILE *out, const struct run_library *library)
{
    const char *preload = getenv("LD_PRELOAD");
    struct stat status = {0};
    stat(library->path, &status);
    put_others(out, preload, &status, true);
    fputs(library->path, out);
    put_others(out, preload, &status, false);
}

/* --- all of it --- */

/* Variables that the new environment has its own of, or none: FDTRACE_SESSION leads to a folder of another run. */
static const char *const replaced[] = {"LD_PRELOAD", "FDTRACE_OPTIONS", "FDTRACE_RUN", "FDTRACE_SESSION", NULL};

/* Our three variables, each ended by NUL. */
static int put_variables(FILE *out, const struct run_library *library, const struct run_folder *folder,
                         const char *added)
{
    char *options = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&options, &size);
    if (text == NULL)
        return -ENOMEM;
    int result = put_options(text, folder, added);
    if (fclose(text) != 0)
        result = -ENOMEM;
    fputs("LD_PRELOAD=", out);
    put_preload(out, library);
    fprintf(out, "%cFDTRACE_OPTIONS=%s%cFDTRACE_RUN=%s%c", 0, options != NULL ? options : "", 0, folder->path, 0);
    free(options);
    return result;
}

/* Pointers first, then the text they point to. The others' text stays where it is. */
static char **lay_out(const char *text, size_t size)
{
    size_t count = 3, used = 0;
    for (char **entry = environ; *entry != NULL; entry++)
        count++;
    char **block = malloc((count + 1) * sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    char *copy = memcpy(block + count + 1, text, size);
    for (char *end = copy + size; copy < end; copy += strlen(copy) + 1)
        block[used++] = copy;
    for (char **entry = environ; *entry != NULL; entry++)
        if (!has_key(*entry, replaced))
            block[used++] = *entry;
    block[used] = NULL;
    return block;
}

char **run_environment_make(const struct run_library *library, const struct run_folder *folder, const char *added,
                            char *error, size_t error_size)
{
    char *text = NULL, **block = NULL;
    size_t size = 0;
    int result = -ENOMEM;
    FILE *out = open_memstream(&text, &size);
    if (out != NULL) {
        result = put_variables(out, library, folder, added);
        if (fclose(out) != 0)
            result = -ENOMEM;
    }
    if (result == 0 && (block = lay_out(text, size)) == NULL)
        result = -ENOMEM;
    free(text);
    if (result == -EINVAL)
        snprintf(error, error_size, "%s has a colon and both kinds of quotes; name a simpler folder with --session",
                 folder->path);
    else if (result < 0)
        snprintf(error, error_size, "out of memory");
    return block;
}
