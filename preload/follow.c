/*
 * See follow.h. No memory is allocated: a vfork child may be the one who executes, and what it allocated would be its
 * parent's leak. So whoever executes gives room on its own stack.
 */
#include "follow.h"

#include "gate.h"
#include "option.h"
#include "raw.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define PRELOAD "LD_PRELOAD="
#define OPTIONS "FDTRACE_OPTIONS="
#define RUN     "FDTRACE_RUN="
#define SESSION "FDTRACE_SESSION="

enum {
    MOST_VARIABLES = 900,  /* beyond, the environment is passed on as it is: threads with 16 KiB of stack exist */
    MOST_TEXT = 4096       /* of another LD_PRELOAD */
};

/* As the loader saw them; "" when they were not there, or too long to keep. */
static char library[STORE_PATH_SIZE];           /* our entry of LD_PRELOAD, absolute */
static char kept_options[4096];                 /* FDTRACE_OPTIONS=... */
static char kept_run[STORE_PATH_SIZE + sizeof(RUN)];

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The length of the entry at text, which ends at a space, a colon or the end (ld.so(8)). */
static size_t entry_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != ' ' && text[length] != ':')
        length++;
    return length;
}

static bool is_ours(const char *entry, size_t length)
{
    static const char name[] = "libfdtrace.so";
    size_t tail = sizeof(name) - 1;
    return length >= tail && memcmp(entry + length - tail, name, tail) == 0 &&
           (length == tail || entry[length - tail - 1] == '/');
}

/* Our entry of an LD_PRELOAD value, or NULL. */
static const char *find_entry(const char *value, size_t *length)
{
    for (const char *at = value; *at != '\0'; at += *length + (at[*length] != '\0')) {
        *length = entry_length(at);
        if (is_ours(at, *length))
            return at;
    }
    return NULL;
}

static void keep(char *to, size_t size, const char *prefix, const char *value)
{
    size_t before = strlen(prefix), length = value != NULL ? strlen(value) : size;
    if (before + length >= size)
        return;
    memcpy(to, prefix, before);
    memcpy(to + before, value, length + 1);
}

void follow_start(void)
{
    size_t length, at = 0;
    const char *preload = getauxval(AT_SECURE) ? NULL : getenv("LD_PRELOAD");
    const char *entry = preload != NULL ? find_entry(preload, &length) : NULL;
    if (!getauxval(AT_SECURE))
        keep(kept_run, sizeof(kept_run), RUN, getenv("FDTRACE_RUN"));
    if (entry == NULL || !options.follow)
        return;
    /* The next program may start in another folder. */
    if (entry[0] != '/' && memchr(entry, '/', length) != NULL) {
        long cwd = raw(getcwd, library, sizeof(library) - 1);
        at = cwd > 0 ? (size_t)cwd - 1 : 0;
        library[at++] = '/';
    }
    if (at + length < sizeof(library)) {
        memcpy(library + at, entry, length);
        library[at + length] = '\0';
    } else {
        library[0] = '\0';
    }
    keep(kept_options, sizeof(kept_options), OPTIONS, getenv("FDTRACE_OPTIONS"));
}

static const char *value_of(char *const envp[], const char *variable)
{
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++)
        if (starts_with(envp[i], variable))
            return envp[i] + strlen(variable);
    return NULL;
}

bool follow_loads_us(char *const envp[])
{
    size_t length;
    const char *preload = value_of(envp, PRELOAD);
    return preload != NULL && find_entry(preload, &length) != NULL;
}

bool follow_leaves(char *const envp[])
{
    const char *run = value_of(envp, RUN);
    return run != NULL && strcmp(run, kept_run[0] != '\0' ? kept_run + sizeof(RUN) - 1 : "") != 0;
}

/* The private folder; or one that was asked for and cannot be used, so that the next program does not say that again. */
static bool hands_folder(void)
{
    return store.private_folder ? store.path[0] != '\0' : store.path[0] == '\0' && store.folder[0] != '\0';
}

/* What is missing, each with its own reason to be put back. */
struct missing {
    bool preload, options, run, session;
};

static struct missing look(char *const envp[])
{
    struct missing missing = {.session = hands_folder() && (library[0] != '\0' || follow_loads_us(envp))};
    if (library[0] == '\0')
        return missing;
    missing.preload = !follow_loads_us(envp);
    missing.options = kept_options[0] != '\0' && value_of(envp, OPTIONS) == NULL;
    missing.run = kept_run[0] != '\0' && value_of(envp, RUN) == NULL;
    return missing;
}

static size_t count(char *const envp[])
{
    size_t entries = 0;
    while (envp != NULL && envp[entries] != NULL)
        entries++;
    return entries;
}

size_t follow_room(char *const envp[])
{
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON)
        return 0;
    struct missing missing = look(envp);
    const char *preload = missing.preload ? value_of(envp, PRELOAD) : NULL;
    size_t variables = count(envp), text = preload != NULL ? strlen(preload) : 0;
    if (!(missing.preload || missing.options || missing.run || missing.session) || variables > MOST_VARIABLES ||
        text > MOST_TEXT)
        return 0;
    return (variables + 5) * sizeof(char *) + sizeof(PRELOAD) + sizeof(library) + 1 + text + sizeof(SESSION) +
           sizeof(store.folder);
}

/* Sanitizer runtimes refuse to start unless they are loaded first. */
static bool has_sanitizer(const char *preload)
{
    static const char *const runtimes[] = {"libasan.so", "libtsan.so", "libubsan.so", "liblsan.so", "libclang_rt."};
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
        for (const char *at = strchr(preload, 'l'); at != NULL; at = strchr(at + 1, 'l'))
            if (starts_with(at, runtimes[i]))
                return true;
    return false;
}

static char *append(char *to, const char *text)
{
    size_t length = strlen(text);
    memcpy(to, text, length + 1);
    return to + length;
}

static char *put_preload(char *to, const char *others)
{
    bool first = others == NULL || !has_sanitizer(others);
    to = append(to, PRELOAD);
    if (first)
        to = append(to, library);
    if (others != NULL && *others != '\0')
        to = append(append(to, first ? ":" : ""), others);
    if (!first)
        to = append(append(to, ":"), library);
    return to + 1;
}

char *const *follow_fill(char *const envp[], void *room)
{
    struct missing missing = look(envp);
    size_t variables = count(envp), used = 0;
    char **list = room, *text = (char *)(list + variables + 5);
    if (missing.preload) {
        list[used++] = text;
        text = put_preload(text, value_of(envp, PRELOAD));
    }
    if (missing.session) {
        list[used++] = text;
        text = append(append(text, SESSION), store.folder) + 1;
    }
    if (missing.options)
        list[used++] = kept_options;
    if (missing.run)
        list[used++] = kept_run;
    for (size_t i = 0; i < variables; i++)
        if (!(missing.preload && starts_with(envp[i], PRELOAD)) && !(missing.session && starts_with(envp[i], SESSION)))
            list[used++] = envp[i];
    list[used] = NULL;
    return list;
}
