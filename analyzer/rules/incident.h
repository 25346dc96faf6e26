/* What the rules about incidents share: they all find their evidence copied out of the table when it happened. */
#ifndef FDTRACE_RULES_INCIDENT_H
#define FDTRACE_RULES_INCIDENT_H

#include "rule.h"

/*
 * Reports every incident of this type in image: one finding for each (birth site, offending site), counting how often.
 * The offence's stack comes first and has this role; the lifetime's death and birth follow, where they are known.
 */
void incidents_report(const struct rule *rule, const struct image *image, struct findings *findings,
                      enum fdt_incident_type type, const char *role);

#endif
