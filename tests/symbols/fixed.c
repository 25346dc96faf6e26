/* plain.c again, linked for a fixed address. LIBS: -no-pie */
#include "plain.c"
