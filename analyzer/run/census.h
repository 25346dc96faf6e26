/*
 * Who is still running when the command has ended: `sh -c 'server & exit'` leaves a server behind, whose recording must
 * not be taken away from under it.
 */
#ifndef FDTRACE_RUN_CENSUS_H
#define FDTRACE_RUN_CENSUS_H

#include "run/folder.h"

/* Processes that record into the folder, are about to begin, or were started by this run and cannot be traced. */
size_t run_census(const struct run_folder *folder);

/*
 * Gives programs that are just starting the moment they need to begin their recording; they would be reported as not
 * traced, or not at all.
 */
void run_census_settle(const struct run_folder *folder);

#endif
