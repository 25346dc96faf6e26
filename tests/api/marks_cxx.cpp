/*
 * The same in C++, not position-independent: weak references are settled differently there.
 * LIBS: -no-pie -fno-pic
 */
#include "marks.h"
