/*
 * stale-socket-path: a path that an AF_UNIX socket was bound to still exists, and no socket is bound to it any more. Who
 * connects is refused, and the next bind fails with EADDRINUSE.
 *
 * Nobody is accused on the recording's word alone: there must be a socket at that path, made at the moment of the bind, and
 * the kernel's list must have no socket of that name. Where one of the three cannot be told, the rule is silent.
 */
#include "rule.h"
#include "words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* File systems keep coarser times than the clock, and clocks are put right. */
#define TOLERANCE_NS INT64_C(2000000000)

static bool made_by(const struct image *image, const struct fdt_incident *incident, const struct stat *status)
{
    const struct fdt_header *header = &image->segment->header;
    uint64_t bound = header->start_realtime_ns + (incident->last_ns - header->start_monotonic_ns);
    uint64_t made = (uint64_t)status->st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)status->st_mtim.tv_nsec;
    int64_t difference = (int64_t)(made - bound);
    return difference > -TOLERANCE_NS && difference < TOLERANCE_NS;
}

/* Is a socket of this name in the kernel's list, as the process sees it while it lives? True also where we cannot know. */
static bool is_bound(const struct image *image, const char *name)
{
    char path[64], *line = NULL;
    size_t size = 0;
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%d/net/unix", image->pid);
    FILE *list = fopen(image->end.how == END_RUNNING ? path : "/proc/net/unix", "re");
    if (list == NULL)
        return true;
    for (ssize_t length; !found && (length = getline(&line, &size, list)) > 0;) {
        int at = 0;
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s%n", &at) == 0 && at > 0 && line[at] == ' ')
            found = strcmp(line + at + 1, name) == 0;
    }
    free(line);
    fclose(list);
    return found;
}

/* The path as the program gave it, or NULL: addresses of UNIX sockets are named "unix:PATH". */
static const char *bound_path(const struct descriptor *hit)
{
    static const char prefix[] = "unix:";
    const char *name = hit->life->name;
    bool whole = (hit->state & (FDT_NAME_CUT | FDT_LABELED)) == 0 && strncmp(name, prefix, strlen(prefix)) == 0;
    return whole && strchr(name, '\n') == NULL ? name + strlen(prefix) : NULL;
}

/* Where that was, seen from the image's first working directory. */
static bool full_path(const struct image *image, const char *name, char path[PATH_MAX])
{
    int length = name[0] == '/' ? snprintf(path, PATH_MAX, "%s", name) : snprintf(path, PATH_MAX, "%s/%s", image->cwd, name);
    return length > 0 && length < PATH_MAX && path[0] == '/';
}

static bool is_stale(const struct image *image, const struct fdt_incident *incident, const struct descriptor *hit)
{
    char path[PATH_MAX];
    struct stat status;
    const char *name = bound_path(hit);
    return name != NULL && full_path(image, name, path) && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
           made_by(image, incident, &status) && !is_bound(image, name);
}

static void report(const struct rule *rule, struct findings *findings, const struct fdt_incident *incident,
                   const struct descriptor *hit)
{
    const struct image *image = hit->image;
    uint64_t offence = model_site_key(findings->model, image, incident->site, incident->call);
    struct finding *finding = findings_at(findings, rule, image, 0, offence);
    if (finding == NULL)
        return;
    finding->count++;
    finding_add_descriptor(findings, finding, *hit);
    if (finding->stack_count > 0)
        return;
    finding_add_stack(finding, (struct finding_stack){.role = "use", .image = image, .site = incident->site,
                                                      .call = segment_call(image->segment, incident->call),
                                                      .thread = incident->tid, .ns = incident->ns});
    finding_add_birth(finding, hit);
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    for (uint32_t i = 0; image->segment != NULL && i < image->segment->incident_count; i++) {
        const struct fdt_incident *incident = &image->segment->incidents[i];
        if (incident->type != FDT_INCIDENT_BOUND)
            continue;
        struct descriptor hit = model_descriptor(image, incident->fd, incident->generation, incident->state,
                                                 &incident->life);
        if (is_stale(image, incident, &hit))
            report(rule, findings, incident, &hit);
    }
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    words_things(message, finding);
    fputs(" bound", message);
    words_place(message, finding, finding_stack(finding, "use"));
    fputs(finding->count > 1 ? " are gone, but their paths still exist" : " is gone, but its path still exists", message);
    fputs("unlink() the path when the socket is closed: until then nobody can bind to it again", suggestion);
}

const struct rule_code rule_stale_socket_path = {check, describe, .by_line = false};
