/* plain.c again, in the DWARF of older compilers: it counts files from 1 and keeps ranges otherwise. LIBS: -gdwarf-4 */
#include "plain.c"
