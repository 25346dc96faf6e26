/*
 * Findings: what rules have to say, gathered by site.
 *
 * A finding is (rule, program, birth site, offending site). A rule looks at one image after the other and reports each
 * offence with findings_at; offences that agree in those four, in whatever images of the program, share a finding and
 * add up there. When all images have been seen, findings_finish looks up the stacks, joins what differs in addresses alone
 * (finding_merge.h), lets each rule find words for what it gathered, and sorts: most severe first.
 */
#ifndef FDTRACE_FINDING_H
#define FDTRACE_FINDING_H

#include "model.h"

#include <stdio.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

struct rule;
struct finding_limits;
enum { FINDING_STACKS_MAX = 5 };

/* One stack of evidence. */
struct finding_stack {
    const char *role;             /* birth, death, second-close, use, limit, overwrite, victim-birth, register, duplicate, set-again, ... */
    const struct image *image;
    uint32_t site;
    const char *call;             /* NULL unseen */
    int thread;                   /* 0 unknown */
    const char *thread_name;      /* after findings_finish; untrusted; NULL unknown */
    uint64_t ns;
    struct model_stack stack;     /* after findings_finish */
};

/* What becomes of a finding once it has been made: shown, or put aside by findings_sift. */
enum finding_fate {
    FINDING_SHOWN,
    FINDING_SUPPRESSED,           /* by a suppression */
    FINDING_KNOWN                 /* by the baseline, and not more than there */
};

struct finding {
    const struct rule *rule;
    enum severity severity;       /* the rule's, unless what is known says less */
    const struct image **images;  /* distinct, in the order of their ids; the first names the finding */
    size_t image_count;
    uint64_t count;               /* lifetimes, or offences where a rule is about calls */
    uint64_t crossings;           /* leak-across-exec: how often they crossed; 0 otherwise */
    const char *target;           /* leak-across-exec: the program that received them; NULL otherwise */
    const char *const *target_argv; /* of the first crossing; NULL-terminated, may be NULL */
    struct descriptor *descriptors;
    size_t descriptor_count;
    struct finding_stack stacks[FINDING_STACKS_MAX];
    size_t stack_count;
    int error;                    /* errno of the offence, 0 none */
    int death_error;              /* errno of the close before it, that closed all the same (EINTR, EIO); 0 none */
    int epoll, duplicate;         /* epoll-ghost: the numbers of the instance, and of what keeps it watched */
    const struct fdt_incident *again; /* where close-on-exec was set in vain, when this one had none; NULL otherwise */
    struct finding_limits *limits; /* limit-hit, limit-near: see headroom.h; NULL otherwise */
    char *message, *suggestion;   /* raw: to be escaped when printed */
    uint64_t fingerprint;
    uint64_t key;
    enum finding_fate fate;
    uint64_t known;               /* how many of them the baseline has */
};

struct findings {
    struct finding **items;       /* after findings_finish: sorted; those put aside follow the shown ones */
    size_t count;                 /* shown */
    size_t aside;                 /* put aside */
    struct model *model;
    struct finding_index *index;
    struct finding_index *notes;
    bool out_of_memory;
};

/*
 * The finding for this offence, new or known; stack_count == 0 tells a new one. birth_key and offence_key are
 * model_site_key's (0 none). NULL: out of memory, which findings_finish will tell.
 */
struct finding *findings_at(struct findings *findings, const struct rule *rule, const struct image *image,
                            uint64_t birth_key, uint64_t offence_key);
void finding_add_descriptor(struct findings *findings, struct finding *finding, struct descriptor descriptor);
/* Site 0 is fine: a stack without frames still names call, thread and time. */
void finding_add_stack(struct finding *finding, struct finding_stack stack);
/* The stack in which descriptor was born. Nothing for one whose birth nobody saw. */
void finding_add_birth(struct finding *finding, const struct descriptor *descriptor);

/* The stack in which the root of an inherited descriptor was born (lineage.h). */
struct root;
void finding_add_root(struct finding *finding, const struct root *root);

/*
 * A set of keys that rules share among each other: findings_note adds one and tells whether it is new, findings_noted
 * whether it is there.
 */
bool findings_note(struct findings *findings, uint64_t key);
bool findings_noted(const struct findings *findings, uint64_t key);

/* Runs every rule over every image. 0 or -ENOMEM. Free with findings_free in either case; model must outlive it. */
int findings_gather(struct findings *findings, struct model *model);
void findings_free(struct findings *findings);
/* One of them, when it is in no list any more. */
void finding_free(struct finding *finding);
/* Puts aside what is not FINDING_SHOWN any more; the order stays. 0 or -ENOMEM. */
int findings_sift(struct findings *findings);
/* Finds words anew, after count or descriptors changed. False: out of memory. */
bool finding_reword(struct finding *finding);

/*
 * The frame people should look at first: the innermost one of the program itself, else the innermost one outside the
 * system's libraries, else the innermost one. NULL: the stack is empty.
 */
const struct model_frame *finding_own_frame(const struct finding *finding, const struct model_stack *stack);
/* The same for any stack of a program whose executable is exe. */
const struct model_frame *own_frame(const char *exe, const struct model_stack *stack);
/* The stack with that role, or NULL. */
const struct finding_stack *finding_stack(const struct finding *finding, const char *role);

#endif
