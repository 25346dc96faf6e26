/* plain.c again, optimized. LIBS: -O2 */
#include "plain.c"
