/* plain.c again, its debug information left in a file beside the program. LIBS: -gsplit-dwarf */
#include "plain.c"
