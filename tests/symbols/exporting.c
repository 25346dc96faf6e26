/* plain.c again, without debug information, but its functions can be exported. LIBS: -g0 -rdynamic */
#include "plain.c"
