/*
 * The loader's functions, and those of threads, as old a glibc as 2.28 has them.
 *
 * With 2.34 glibc moved libdl and libpthread into libc.so.6, and gave their functions a second version of that date. Linked
 * today, we would ask for that one, and no older libc would load us. So we ask for the first version, which newer ones keep;
 * and weakly, because where it still is in libdl.so.2 or libpthread.so.0, the program may not have loaded those: then
 * loader.c fetches libdl.so.2, and without libpthread no thread ever ends.
 */
#ifndef FDTRACE_LOADER_H
#define FDTRACE_LOADER_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#if defined(__GLIBC__) && defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#elif defined(__GLIBC__)
#define FIRST_VERSION "GLIBC_2.17"
#endif

#ifdef FIRST_VERSION
#define OF_FIRST_VERSION(name)                                                                         \
    __asm__(".symver " #name ", " #name "@" FIRST_VERSION);                                            \
    extern __typeof__(name) name __attribute__((weak))
#else /* musl has no versions, and one library */
#define OF_FIRST_VERSION(name) extern __typeof__(name) name __attribute__((weak))
#endif
OF_FIRST_VERSION(pthread_key_create);
OF_FIRST_VERSION(pthread_setspecific);

/*
 * Is this the other C library, not the one we were built for? LD_PRELOAD may reach programs of both, and musl ends a program
 * whose preloaded library wants what it lacks. So nothing that only one of them has is asked for but weakly, and in the wrong
 * world we pass every call on and do nothing.
 */
bool loader_is_foreign(void);

/* Fetches libdl where that is a library of its own. The others do so, too; idempotent, safe from several threads. */
void loader_start(void);
/*
 * dlsym. handle: RTLD_DEFAULT, RTLD_NEXT (after us; libdl's own are found, too) or dlopen's. NULL: no such symbol;
 * unless handle is RTLD_DEFAULT, dlsym has then allocated (symbols.h).
 */
void *loader_find(void *handle, const char *name);
/* dlopen with RTLD_NOW | RTLD_LOCAL. NULL: it cannot be had. */
void *loader_open(const char *name);
/* dladdr. False: address is in no object. */
bool loader_tell(const void *address, Dl_info *info);

#endif
