/*
 * Incidents: evidence of misuse, kept in the segment apart from the ring, so that it survives however busy the program is. What
 * is evidence of what is for misuse.h to judge.
 *
 * Any thread, any signal handler; lock-free. A full part counts what it could not keep (header.lost.incidents).
 */
#ifndef FDTRACE_INCIDENT_H
#define FDTRACE_INCIDENT_H

#include "fdtrace/segment.h"
#include "hook.h"

/* What an incident is about: a lifetime, its end, and sometimes another one that came before. */
struct evidence {
    int fd;
    uint64_t state;
    struct fdt_death death;
    struct fdt_life life;
    struct fdt_past before;
    uint64_t limit;
    uint32_t open;
    uint32_t count;          /* of a HOLDER; otherwise it begins with 1 */
};

/* Which call an incident is about: as a rule the one that is being made. */
struct offence {
    uint16_t call;
    uint32_t site;
    int32_t tid;
    uint64_t ns;
};

/* What fd's slot knows now; fd may be -1, or without a slot: then all is zero. */
void incident_evidence(struct evidence *evidence, int fd);
/* The call that is being made. */
struct offence incident_offence(const struct call *call);

/* The one that is equal, UINT32_MAX when there is none. */
uint32_t incident_find(enum fdt_incident_type type, uint32_t site, const struct evidence *evidence, int error);
/* Has one of this type and error been kept about lifetimes that began and ended where this one did? A walk over all of them. */
bool incident_about(enum fdt_incident_type type, int error, const struct evidence *evidence);
/* A new incident, whatever there is already. Its index, or UINT32_MAX when there is no room. */
uint32_t incident_new(enum fdt_incident_type type, const struct offence *offence, int error, const struct evidence *evidence);
/*
 * The same, but equal ones are counted, and the ring is told. call is the one being made, offence the one that is held against
 * somebody; incident_keep holds the call itself against its caller.
 */
uint32_t incident_keep_at(enum fdt_incident_type type, const struct call *call, const struct evidence *evidence, int error,
                          const struct offence *offence);
uint32_t incident_keep(enum fdt_incident_type type, const struct call *call, const struct evidence *evidence, int error);

#endif
