/*
 * Siblings: descriptors that one function opened side by side, as the two ends of a pipe are. Whoever sets a flag on one of
 * them twice probably meant the other.
 */
#ifndef FDTRACE_SIBLING_H
#define FDTRACE_SIBLING_H

/*
 * The number of a live sibling of fd without close-on-exec, -1 none: of the same call and place, or born by the same thread
 * just before or just after it, with stacks that differ in one frame at most. Looks at a few numbers around fd only.
 */
int sibling_inheritable(int fd);

#endif
