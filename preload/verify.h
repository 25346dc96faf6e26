/* verify=1: does the table equal the kernel's? */
#ifndef FDTRACE_VERIFY_H
#define FDTRACE_VERIFY_H

#define VERIFY_EXIT_STATUS 86

/*
 * Compares numbers, kinds and close-on-exec flags of the table with /proc/self/fd, and says every difference and the sum on
 * output, a descriptor of the program's or one that the caller has opened unrecorded; the latter does not count, nor do
 * those libc keeps for itself. Meaningful while no other thread opens or closes.
 * Returns the number of differences, -1 when the kernel could not be asked or shares the table among processes
 * (process_shares_table), which is said, too.
 */
int verify_table(int output);

#endif
