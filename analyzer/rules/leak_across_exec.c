/*
 * leak-across-exec: crossed into another program without close-on-exec, and nothing says that it was meant to.
 *
 * What crossed an exec of the image itself is its table as it stood then; what crossed into a child's program was recorded
 * when it was started. Signs of intent were looked for where arguments and environment were at hand (FDT_INTENDED,
 * FDT_CROSSING_INTENDED). Besides:
 *
 *   a shell hands on what it does on purpose: redirections are its trade;
 *   what a forked child has dup'ed onto a number before its exec, it put there for the next program;
 *   who inherited a descriptor across an exec did not open it and cannot know it: only the first crossing is told, and
 *   what came from outside the recorded tree not at all.
 */
#include "rules/leak_across_exec.h"

#include "cure.h"
#include "launch.h"
#include "lineage.h"
#include "path.h"
#include "rule.h"
#include "rules/flag_again.h"
#include "words.h"

#include <string.h>

/* One program that received descriptors: by which launch, into which image (NULL: it left no trace at all). */
struct receiver {
    const struct rule *rule;
    struct findings *findings;
    const struct image *from;
    const struct image *to;
    const struct fdt_exec *launch;
    uint64_t offence;             /* key of the exec's site and the target */
};

static bool is_dup(const char *call)
{
    return call != NULL && (strncmp(call, "dup", 3) == 0 || strcmp(call, "fcntl") == 0);
}

static bool is_accusable(const struct descriptor *descriptor, const struct root *root)
{
    const uint64_t innocent =
        FDT_CLOEXEC | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED | FDT_INTENDED | FDT_FLAG_CLEARED | FDT_UNSEEN_DEATH;
    const struct image *image = descriptor->image;
    if (descriptor->fd <= 2 || (descriptor->state & innocent) != 0 || !root->known || root->executed)
        return false;
    bool put_there = image->how == FDT_HOW_FORK && root->image == image && is_dup(descriptor_call(descriptor));
    return !put_there;
}

/* The path the caller knows it by; a bare name, or /proc/self/exe, is better told by what it turned out to be. */
static const char *target_of(const struct receiver *receiver)
{
    const char *given = receiver->launch != NULL ? launch_path(receiver->launch) : "";
    const char *actual = receiver->to != NULL ? receiver->to->exe : "";
    bool names_it = strchr(given, '/') != NULL && strncmp(given, "/proc/", 6) != 0;
    return names_it || actual[0] == '\0' ? given : actual;
}

static void begin(struct receiver *receiver)
{
    const struct image *from = receiver->from;
    uint64_t site = receiver->launch != NULL
                        ? model_site_key(receiver->findings->model, from, receiver->launch->site, receiver->launch->call)
                        : 1;
    receiver->offence = hash_text(site, target_of(receiver));
}

static void add_exec(struct finding *finding, const struct receiver *receiver)
{
    const struct fdt_exec *launch = receiver->launch;
    if (launch == NULL)
        return;
    finding_add_stack(finding, (struct finding_stack){
                                   .role = "exec", .image = receiver->from, .site = launch->site,
                                   .call = segment_call(receiver->from->segment, launch->call), .thread = launch->tid,
                                   .ns = launch->ns});
}

/* A descriptor that crossed `crossings` times, as `lifetimes` lifetimes. */
static void accuse(const struct receiver *receiver, const struct descriptor *descriptor, const struct root *root,
                   uint64_t lifetimes, uint64_t crossings)
{
    struct findings *findings = receiver->findings;
    uint64_t birth = model_site_key(findings->model, root->image, root->site, root->call);
    struct finding *finding = findings_at(findings, receiver->rule, receiver->from, birth, receiver->offence);
    if (finding == NULL)
        return;
    findings_note(findings, leaked_across_exec(root->image, birth));
    finding->crossings += crossings;
    /* Forty workers that each execute with the same inherited descriptor are forty crossings of one lifetime. */
    if (findings_note(findings, hash_number(finding->key, root_key(root)))) {
        finding->count += lifetimes;
        finding_add_descriptor(findings, finding, *descriptor);
    }
    if (finding->stack_count > 0)
        return;
    finding->target = target_of(receiver);
    finding->target_argv = receiver->to != NULL ? receiver->to->argv : NULL;
    finding_add_root(finding, root);
    add_exec(finding, receiver);
    flag_again_find(finding, root->image, root->site);
}

/* Was it there when the next program began? Another thread may have closed it at the last moment. */
static bool arrived(const struct image *next, int fd)
{
    if (next == NULL || next->segment == NULL)
        return true;
    const struct segment *segment = next->segment;
    if ((uint32_t)fd >= segment->slot_count || segment->slots[fd].state == 0)
        return false;
    return FDT_GENERATION(segment->slots[fd].state) > 1 || (segment->slots[fd].state & FDT_INHERITED) != 0;
}

static const struct image *successor(const struct findings *findings, const struct image *image)
{
    for (size_t i = 0; i < findings->model->image_count; i++)
        if (findings->model->images[i].predecessor == image && findings->model->images[i].how == FDT_HOW_EXEC)
            return &findings->model->images[i];
    return NULL;
}

static void check_own_exec(const struct rule *rule, const struct image *image, struct findings *findings)
{
    struct receiver receiver = {.rule = rule, .findings = findings, .from = image, .launch = launch_last(image)};
    receiver.to = successor(findings, image);
    begin(&receiver);
    for (size_t i = 0; i < image->open_count; i++) {
        const struct descriptor *descriptor = &image->open[i];
        struct root root = lineage_root(descriptor, NULL, 0, NULL);
        if (is_accusable(descriptor, &root) && arrived(receiver.to, descriptor->fd))
            accuse(&receiver, descriptor, &root, 1, 1);
    }
}

static const struct image *spawned_by(const struct findings *findings, const struct image *image, uint32_t group)
{
    for (size_t i = 0; i < findings->model->image_count; i++) {
        const struct image *child = &findings->model->images[i];
        if (child->predecessor == image && child->how == FDT_HOW_SPAWN && child->launch != NULL &&
            child->launch->group == group)
            return child;
    }
    return NULL;
}

static void check_crossing(const struct rule *rule, const struct image *image, struct findings *findings,
                           const struct fdt_crossing *crossing)
{
    if ((crossing->flags & FDT_CROSSING_INTENDED) != 0 || crossing->fd <= 2)
        return;
    struct receiver receiver = {.rule = rule, .findings = findings, .from = image,
                                .launch = &image->segment->execs[crossing->group]};
    struct descriptor descriptor =
        model_descriptor(image, crossing->from, crossing->generation, crossing->state, &crossing->life);
    struct root root = lineage_root(&descriptor, NULL, 0, NULL);
    if (!is_accusable(&descriptor, &root))
        return;
    receiver.to = spawned_by(findings, image, crossing->group);
    begin(&receiver);
    accuse(&receiver, &descriptor, &root, crossing->lifetimes, crossing->crossings);
}

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment == NULL || (image->segment->header.flags & FDT_HEADER_SHELL) != 0)
        return;
    if (image->end.how == END_EXEC)
        check_own_exec(rule, image, findings);
    for (uint32_t i = 0; i < image->segment->crossing_count; i++)
        check_crossing(rule, image, findings, &image->segment->crossings[i]);
}

static void put_arguments(FILE *out, const struct finding *finding)
{
    enum { SHOWN = 4 };
    const char *const *argv = finding->target_argv;
    if (argv == NULL || argv[0] == NULL)
        return;
    fputs(" (", out);
    for (size_t i = 0; i < SHOWN && argv[i] != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", i > 0 ? argv[i] : path_last(argv[i]));
    fputs(argv[0] != NULL && argv[1] != NULL && argv[2] != NULL && argv[3] != NULL && argv[SHOWN] != NULL ? " ...)" : ")",
          out);
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *birth = finding_stack(finding, "birth"), *exec = finding_stack(finding, "exec");
    const char *call = birth != NULL ? birth->call : NULL;
    words_things(message, finding);
    fprintf(message, " %s", words_birth(call));
    words_place(message, finding, birth);
    fprintf(message, " without close-on-exec crossed into %s",
            finding->target != NULL && finding->target[0] != '\0' ? finding->target : "another program");
    put_arguments(message, finding);
    words_place(message, finding, exec);
    if (finding->crossings > finding->count)
        fprintf(message, ", %llu times", (unsigned long long)finding->crossings);
    fprintf(suggestion, "use %s; if that program is meant to have it, say so in the child: dup2() it to the number it "
            "expects, or clear the flag there with fcntl(fd, F_SETFD, 0)", cloexec_cure(call));
    flag_again_put(suggestion, finding);
}

const struct rule_code rule_leak_across_exec = {check, describe, .by_line = true};
