/* Every function of fdtrace.h, with what it answers in a word a line: traced and untraced differ in nothing else. */
#include "marks.h"
