/* verify=1: does the table equal the kernel's? */
#ifndef FDTRACE_VERIFY_H
#define FDTRACE_VERIFY_H

#define VERIFY_EXIT_STATUS 86

/*
 * Compares numbers, kinds and close-on-exec flags of the table with the kernel's, and says every difference and the
 * sum on output, a descriptor of the program's or one that the caller has opened unrecorded; the latter does not
 * count, nor do those libc keeps for itself. What other threads have in hand meanwhile is no difference: it is looked
 * at again until it stands still. Open numbers for which the table has no room are no difference either; how many
 * there are is said. Returns the number of differences, -1 when the kernel could not be asked, or what it would answer
 * is not what the record is about (process_shares_table; a thread that parted from the process's table), which is
 * said, too.
 */
int verify_table(int output);

#endif
