/*
 * The segment: everything fdtrace knows about one image, in one memory-mapped file.
 *
 * Nouns
 *   image       one program in one process, from exec or fork to exec or exit; it writes exactly one segment.
 *   part        an array of equal entries inside the file (table, sites, ring, ...); found through the header only.
 *   slot        the table's entry for one descriptor number: its current or latest lifetime, and its latest death.
 *   generation  how many lifetimes a number has had; (number, generation) names a lifetime within an image.
 *   site        one distinct (call, stack), with counters. Site 0 is "no stack".
 *   shard       one of the rings; a thread always writes to the same one, so two threads rarely share a cache line.
 *   incident    evidence of a misuse, copied out of the slot when it happened, counted when it repeats.
 *   module      one loaded object: where it lay, from which epoch to which, and its build id.
 *   exec        one attempt to start another program, in this process or in a child (vfork, posix_spawn, popen, ...).
 *   crossing    a descriptor that a child's new program was given, counted when it repeats.
 *   thread      one that was recorded, and what it is called; its kernel thread id may have been another's before.
 *   root        the lifetime an inherited one began as: (process, image, number's generation, site), however many forks ago.
 *
 * Who writes: the traced process alone, lock-free, from any thread and any signal handler. Who reads: the same process,
 * and the analyzer, which treats every byte as hostile. All numbers are in the byte order of the machine, 64-bit only.
 *
 * Commit protocol: an entry is filled first and published last, by a release store to its commit word (slot.state,
 * site.hash, event.sequence, incident.commit, module.commit, thread.commit). A commit word of 0 means "nothing here".
 * A writer killed half way leaves an entry that was never published, or one whose old contents still stand.
 *
 * Versions: `version` grows with every change; `min_reader` only when an old reader would misread. A reader follows
 * each part's entry_size, so appending fields to an entry does not raise min_reader; adding a part does, because it
 * moves what follows the parts in the header. segment.md shows the same layout as tables of offsets.
 */
#ifndef FDTRACE_SEGMENT_H
#define FDTRACE_SEGMENT_H

#ifndef __LP64__
#error "fdtrace is 64-bit, the traced program and the command: build it without -m32, for a 64-bit machine"
#endif

#include <stdint.h>

#ifdef __cplusplus
#error "segment.h is C11; C++ programs want fdtrace.h"
#endif

#define FDT_MAGIC        "FDTRACE\n"   /* 8 bytes, no NUL */
#define FDT_VERSION      5u
#define FDT_MIN_READER   5u
#define FDT_OLDEST       5u            /* formats before it are no longer understood */
#define FDT_SHARDS       4u            /* power of two */
#define FDT_SUFFIX       ".fdt"        /* a segment file is PID.IMAGE.fdt */
#define FDT_DEPTH_MAX    64u           /* frames of one stack */
#define FDT_NAME_SIZE    152u
#define FDT_EXEC_TEXT    336u          /* path and arguments kept of an exec */
#define FDT_THREAD_NAME  16u           /* as the kernel has it (PR_GET_NAME): 15 bytes and NUL */
#define FDT_NO_SITE      0u
#define FDT_NO_CALL      0xffffu

enum fdt_kind {
#define FDT_KIND(symbol, name, meaning) FDT_##symbol,
#include "kinds.def"
#undef FDT_KIND
    FDT_KIND_COUNT
};

enum fdt_owner {
#define FDT_OWNER(symbol, name, ends) FDT_OWNER_##symbol,
#include "owners.def"
#undef FDT_OWNER
    FDT_OWNER_COUNT
};

enum fdt_event_type {
#define FDT_EVENT(symbol, name, meaning) FDT_EVENT_##symbol,
#include "events.def"
#undef FDT_EVENT
    FDT_EVENT_COUNT
};

enum fdt_incident_type {
#define FDT_INCIDENT(symbol, name, meaning) FDT_INCIDENT_##symbol,
#include "incidents.def"
#undef FDT_INCIDENT
    FDT_INCIDENT_COUNT
};

/* The parts of the file, in the order of header.parts. */
enum fdt_part_id {
    FDT_PART_TABLE,     /* struct fdt_slot, index = descriptor number                          */
    FDT_PART_SITES,     /* struct fdt_site, index = site id; entry 0 counts births without stack */
    FDT_PART_FRAMES,    /* uint64_t return addresses, site.frames .. + site.depth               */
    FDT_PART_RING,      /* struct fdt_event, FDT_SHARDS shards of count / FDT_SHARDS each       */
    FDT_PART_INCIDENTS, /* struct fdt_incident                                                  */
    FDT_PART_MODULES,   /* struct fdt_module                                                    */
    FDT_PART_CALLS,     /* char, public names of calls with their NULs; a call id is an offset into it */
    FDT_PART_EXECS,     /* struct fdt_exec, in the order they happened                           */
    FDT_PART_CROSSINGS, /* struct fdt_crossing                                                   */
    FDT_PART_RIGHTS,    /* struct fdt_right, a ring: entry = sequence % count                    */
    FDT_PART_THREADS,   /* struct fdt_thread, in no order: an ended one may give up its place     */
    FDT_PART_COUNT
};

/* Where a part lies. count is its capacity; how much of it was secured (backed by memory) is header.secured. */
struct fdt_part {
    uint64_t offset;      /* bytes from the start of the file, page-aligned */
    uint32_t count;       /* entries                                        */
    uint32_t entry_size;  /* bytes                                          */
};

/* How an image came to be, and how far it has got. */
enum fdt_how { FDT_HOW_START, FDT_HOW_FORK, FDT_HOW_EXEC, FDT_HOW_SPAWN };
enum fdt_image_state {
    FDT_STATE_STARTING,  /* the constructor has not finished                                     */
    FDT_STATE_RUNNING,   /* also what a SIGKILL leaves behind: the reader asks whether pid lives  */
    FDT_STATE_EXECING,   /* an exec was begun; back to running when it fails. The table is what crossed */
    FDT_STATE_EXITED     /* exit_status holds what was given to exit or _exit                     */
};

/* One shard's write position. Its own cache line, because every event of the shard's threads moves it. */
struct fdt_ring_head {
    uint64_t next;          /* events ever begun; entry = next % shard size */
    uint64_t padding[7];
};

/* Counters that only grow; each overflow policy counts here what it left out. */
struct fdt_lost {
    uint64_t slots;      /* births on numbers >= table capacity, or on unsecured pages */
    uint64_t sites;      /* stacks recorded as site 0: sites or frames were full        */
    uint64_t incidents;  /* incidents that found no room                                */
    uint64_t modules;    /* loaded objects that found no room                           */
    uint64_t stacks;     /* stacks the unwinder could not take                          */
    uint64_t execs;      /* programs started that found no room                         */
    uint64_t crossings;  /* descriptors that crossed into them and found no room        */
    uint64_t threads;    /* threads without a name: they found no room, or left theirs  */
};

#define FDT_EXE_SIZE  512u
#define FDT_CWD_SIZE  512u
#define FDT_ARGV_SIZE 2048u

/* The first bytes of the file, FDT_HEADER_SIZE of them. */
#define FDT_HEADER_SIZE 4096u
struct fdt_header {
    char     magic[8];
    uint32_t version;
    uint32_t min_reader;
    uint32_t header_size;
    uint32_t machine;             /* ELF e_machine: 62 x86-64, 183 aarch64 */
    uint64_t file_size;
    struct fdt_part parts[FDT_PART_COUNT];
    uint64_t secured[FDT_PART_COUNT]; /* where the last entry of each part that has memory ends; grows */

    int32_t  pid;                 /* as the process sees itself (its pid namespace) */
    int32_t  ppid;
    uint32_t uid, gid;            /* effective, at the start */
    uint32_t image;               /* 1 for the first image of this pid in the session, 2 after its exec, ... */
    uint32_t how;                 /* enum fdt_how */
    int32_t  predecessor_pid;     /* 0: none known */
    uint32_t predecessor_image;
    uint64_t start_monotonic_ns;  /* CLOCK_MONOTONIC when the image began; every *_ns below is on this clock */
    uint64_t start_realtime_ns;   /* CLOCK_REALTIME at the same moment */
    uint64_t end_ns;              /* 0 while running */
    uint64_t nofile_soft, nofile_hard; /* RLIMIT_NOFILE; soft follows setrlimit */
    uint32_t state;               /* enum fdt_image_state; atomic */
    int32_t  exit_status;         /* meaningful when EXITED: 0..255 */
    uint32_t depth;               /* frames asked for; 0: stacks are off */
    uint32_t unwinder;            /* 0 none, 1 frame pointers, 2 unwind tables or libunwind */
    uint32_t epoch;               /* module epoch: grows with each dlclose; atomic */
    uint32_t calls;               /* bytes of the names of calls in use */
    uint32_t modules;             /* module entries begun; atomic */
    uint32_t incidents;           /* incident entries begun; atomic */
    uint32_t sites;               /* site entries begun, site 0 included; atomic */
    uint32_t frames;              /* frame words used; atomic */
    uint32_t high_water;          /* highest number ever recorded, plus one; atomic */
    uint32_t reconciled;          /* 1 once the ending image asked the kernel about every live slot */
    uint32_t argc;                /* arguments stored in argv, cut ones not counted */
    uint32_t flags;               /* FDT_HEADER_* */
    struct fdt_lost lost;
    uint32_t execs;               /* exec entries begun; atomic */
    uint32_t crossings;           /* crossing entries begun; atomic */
    uint64_t rights;              /* descriptors ever sent or received in messages; atomic */
    uint64_t suppressions;        /* address of the text fdtrace_default_suppressions() answered; 0: there is none */
    uint32_t forks;               /* children made by fork, clone or forkpty; atomic */
    uint32_t limit_peak;          /* open_peak when the soft limit last changed; a higher one came under this limit */
    uint32_t threads;             /* thread entries begun; atomic */
    uint32_t unused;
    char     main_thread[FDT_THREAD_NAME]; /* what the thread whose id is pid is called; "" unknown */
    uint64_t reserved[9];

    /* Moved by every birth and death: its own line, away from what all threads only read. */
    __attribute__((aligned(64))) uint32_t open_now;   /* live slots; atomic */
    uint32_t open_peak;
    uint64_t open_padding[7];
    struct fdt_ring_head shards[FDT_SHARDS];

    char exe[FDT_EXE_SIZE];       /* /proc/self/exe, NUL-terminated, cut at the end when too long */
    char cwd[FDT_CWD_SIZE];       /* at the start */
    char argv[FDT_ARGV_SIZE];     /* argc NUL-terminated strings */
};
#define FDT_HEADER_ANONYMOUS 1u   /* no file could be made: memory only, gone with the process */
#define FDT_HEADER_FILTERED  2u   /* a seccomp filter may be in force: no system calls of ours any more */
#define FDT_HEADER_SHELL     4u   /* exe is a shell: from 10 upwards, close-on-exec, it keeps its script */
#define FDT_HEADER_PARTED    8u   /* a thread went on with descriptors of its own (unshare), and unrecorded */

/*
 * slot.state: one word, changed by compare-and-swap, so that a flag, a death and a birth on one number never mix.
 *
 * Invariants: LIVE is 0 in a slot never used; the generation grows by one with each birth and never otherwise; the
 * 16-bit version grows with every change of the word, so a compare-and-swap that succeeds saw every change.
 */
#define FDT_LIVE        (UINT64_C(1) << 0)  /* open, as far as this process knows                        */
#define FDT_CLOEXEC     (UINT64_C(1) << 1)  /* FD_CLOEXEC                                                */
#define FDT_INHERITED   (UINT64_C(1) << 2)  /* was there when the image began                            */
#define FDT_ADOPTED     (UINT64_C(1) << 3)  /* its birth was not seen; the kernel told of it             */
#define FDT_CONTESTED   (UINT64_C(1) << 4)  /* two threads raced for the number; the kernel had the word */
#define FDT_HIDDEN      (UINT64_C(1) << 5)  /* libc keeps it for itself                                  */
#define FDT_IGNORED     (UINT64_C(1) << 6)  /* fdtrace_ignore                                            */
#define FDT_FLAG_SET    (UINT64_C(1) << 7)  /* close-on-exec was set after birth                         */
#define FDT_FLAG_CLEARED (UINT64_C(1) << 8) /* close-on-exec was cleared on purpose after birth          */
#define FDT_NAME_CUT    (UINT64_C(1) << 9)  /* life.name holds only the end of a longer name             */
#define FDT_UNSEEN_DEATH (UINT64_C(1) << 10)/* dead, but no close was seen: the kernel said so           */
#define FDT_DELETED     (UINT64_C(1) << 11) /* its file had no name left when the image ended                     */
#define FDT_INTENDED    (UINT64_C(1) << 12) /* the exec that ended the image was meant to hand it on          */
#define FDT_UNTOUCHED   (UINT64_C(1) << 13) /* came in a message, or is 0 to 2 of a new program: not used yet */
#define FDT_TIMED       (UINT64_C(1) << 14) /* LIVE: slot.used follows its uses (option last_used)                   */
#define FDT_TOMBSTONE   FDT_TIMED           /* dead: the number is kept occupied (option quarantine)                  */
#define FDT_LABELED     (UINT64_C(1) << 15) /* life.name is what the program calls it (fdtrace_label), no path or address */
#define FDT_STATE_FLAGS  UINT64_C(0x0000ffff)
#define FDT_VERSION_SHIFT    16
#define FDT_GENERATION_SHIFT 32
#define FDT_GENERATION(state) ((uint32_t)((state) >> FDT_GENERATION_SHIFT))

/*
 * A birth and what is known of the lifetime it began. 64 bytes and the name.
 *
 * An inherited lifetime keeps what its birth was, as far as the image it came from knew: ns, tid and call are those of the
 * first birth, and the root_* fields say where that was. Its own site is 0: site ids mean something in one segment only.
 */
struct fdt_life {
    uint64_t ns;               /* when the creating call returned */
    uint32_t site;
    int32_t  tid;              /* kernel thread id */
    uint16_t call;             /* call id, FDT_NO_CALL when unseen */
    uint8_t  kind;             /* enum fdt_kind */
    uint8_t  owner;            /* enum fdt_owner */
    uint32_t flags;            /* open flags, or the socket's type; 0 when the call has none */
    uint64_t handle;           /* the owner's address: FILE *, DIR * */
    int32_t  from;             /* descriptor it was duplicated, accepted or received from; -1 none */
    uint32_t from_generation;
    uint64_t token;            /* AF_UNIX: which end of which connection this is (FDT_TOKEN_*); 0 unknown */
    int32_t  root_pid;         /* the process and image it was born in; 0: here, or unknown */
    uint32_t root_image;
    uint32_t root_site;        /* the birth site, in that image's segment */
    uint32_t root_generation;
    char     name[FDT_NAME_SIZE]; /* path or address as the program gave it, NUL-terminated; "" none */
};

/* The end of a lifetime. */
struct fdt_death {
    uint64_t ns;               /* just before the closing call; 0: never died */
    uint32_t site;
    int32_t  tid;
    uint32_t generation;       /* of the lifetime that ended */
    uint16_t call;
    uint16_t error;            /* errno of a close that failed and closed all the same (EINTR, EIO) */
};

#define FDT_USED_NS UINT64_C(10000000) /* 32 bits of it last for 497 days */

struct fdt_slot {
    uint64_t state;            /* atomic commit word, see above */
    uint32_t pen;              /* atomic: not 0 while a thread fills life, its id; a second writer leaves it alone */
    uint32_t used;             /* atomic: of a TIMED lifetime, its latest use, FDT_USED_NS units after the start, plus one */
    struct fdt_death death;    /* the latest one */
    struct fdt_life  life;     /* the current lifetime, or the latest when not LIVE */
};

/*
 * How many lifetimes of a site were live at one birth. Samples are taken at births 1, 2, 4, 8, ..., and the latest few
 * are kept: enough to tell a count that keeps growing from one that has settled, in constant space.
 */
#define FDT_SAMPLES 4u
struct fdt_sample {
    uint64_t ns;
    uint32_t live;
    uint32_t births;           /* a power of two; 0: never taken */
};

struct fdt_site {
    uint64_t hash;             /* atomic commit word: of call, epoch and frames; never 0 */
    uint32_t frames;           /* index of the innermost frame in the frames part */
    uint16_t depth;
    uint16_t call;
    uint64_t births;           /* atomic; lifetimes born here */
    uint64_t deaths;           /* atomic; lifetimes born here that ended; births - deaths are live */
    uint64_t inheritable;      /* atomic; born here without close-on-exec and never given it */
    uint32_t peak;             /* most live at one time; approximate when threads race */
    uint32_t flags;            /* FDT_SITE_* */
    uint64_t first_ns;
    uint32_t epoch;            /* module epoch the addresses belong to */
    int32_t  tid;              /* the thread it was first seen in */
    struct fdt_sample samples[FDT_SAMPLES]; /* of birth number 2^n, at n % FDT_SAMPLES */
};
#define FDT_SITE_CUT      1u   /* the stack goes on; with fewer frames than header.depth, the unwinder was at its end */
#define FDT_SITE_GUESSED  2u   /* by frame pointers: frames may be missing or wrong */
#define FDT_SITE_SYSCALL  4u   /* the call was made through syscall() */

struct fdt_event {
    uint64_t sequence;         /* atomic commit word: position in the shard, plus one */
    uint64_t ns;
    uint32_t site;
    int32_t  tid;
    int32_t  fd;
    uint32_t generation;
    int32_t  other;
    uint16_t call;
    uint8_t  type;             /* enum fdt_event_type */
    uint8_t  reserved;
    int64_t  value;
};

/* An earlier lifetime of a number, as the guest's short history of each number keeps it. generation 0: none. */
struct fdt_past {
    uint64_t birth_ns, death_ns;
    uint32_t birth_site, death_site;
    int32_t  birth_tid, death_tid;
    uint32_t generation;
    uint16_t birth_call, death_call;
    uint8_t  kind, owner;      /* enum fdt_kind, enum fdt_owner */
    uint8_t  reserved[6];
};

struct fdt_incident {
    uint32_t commit;           /* atomic: 1 when complete */
    uint32_t count;            /* atomic: how often the same (type, birth site, death site, site) happened; 0: taken back */
    uint16_t type;             /* enum fdt_incident_type */
    uint16_t call;             /* of the offence */
    int32_t  fd;               /* of the first one; -1 none */
    uint64_t ns;               /* of the first one */
    uint64_t last_ns;
    uint32_t site;
    int32_t  tid;
    int32_t  error;            /* errno the offending call answered */
    uint32_t generation;       /* of the lifetime that was hit */
    uint64_t state;            /* the slot's word at that moment */
    struct fdt_death death;    /* the slot's evidence at that moment */
    struct fdt_life  life;
    struct fdt_past  before;   /* of a reuse: the lifetime whose end the culprit had forgotten; of a GHOST: the duplicate;
                                  of a FLAG_AGAIN: the sibling */
    uint64_t limit;            /* of a LIMIT: the soft RLIMIT_NOFILE then; of a HOLDER: when its youngest was born; of a
                                  GHOST: the instance's number */
    uint32_t open;             /* of a LIMIT: descriptors open then; of a GHOST: the duplicate's number; of a FLAG_AGAIN: the sibling's */
    uint32_t next;             /* the writer's own: chains incidents of equal hash */
};

struct fdt_module {
    uint32_t commit;           /* atomic: 1 when complete */
    uint32_t born;             /* epoch in which it was first seen */
    uint32_t died;             /* epoch in which it was found gone; 0: still there */
    uint32_t build_id_length;  /* bytes, 0..20 */
    uint64_t start, end;       /* addresses [start, end) */
    uint64_t bias;             /* address - bias = address in the file's own terms */
    uint8_t  build_id[20];
    char     path[268];        /* "" when it did not fit; "[vdso]" for the kernel's */
};

/* How a new program was started. */
enum fdt_exec_how {
    FDT_EXEC_SELF,      /* in this process: the image ends here, and what crosses is its table as it stands       */
    FDT_EXEC_VFORK,     /* by a child that borrowed our memory (vfork): what crosses is among the crossings       */
    FDT_EXEC_SPAWN      /* by posix_spawn, popen, system or wordexp: the same                                     */
};

/*
 * One program started, or tried (SELF only, with error set). Entries that share call, site and path are a group, named by
 * the index of its first entry; crossings belong to groups, so that a loop that spawns takes constant space for them.
 */
struct fdt_exec {
    uint32_t commit;           /* atomic: 1 when complete */
    uint16_t call;
    uint16_t how;              /* enum fdt_exec_how */
    uint64_t ns;               /* just before the call */
    uint32_t site;
    int32_t  tid;
    int32_t  child;            /* process id the program runs under; 0 when libc does not tell (system, popen, wordexp) */
    int32_t  error;            /* SELF: errno of an exec that failed; 0 otherwise */
    uint32_t group;
    uint32_t flags;            /* FDT_EXEC_* */
    uint32_t argc;             /* arguments in text, cut ones not counted */
    uint32_t next;             /* the writer's own: chains groups */
    char     text[FDT_EXEC_TEXT]; /* the path as it was given, then argv, each ended by NUL */
};
#define FDT_EXEC_UNFOLLOWED 1u   /* its environment did not load this library */
#define FDT_EXEC_BLIND      2u   /* the child changed too much before its exec to tell what crossed */
#define FDT_EXEC_CUT        4u   /* text did not take all arguments */
#define FDT_EXEC_ELSEWHERE  8u   /* its environment names another session: a run inside this one */

/* Descriptors born at one site that crossed into the programs of one group on one number. */
struct fdt_crossing {
    uint32_t commit;           /* atomic: 1 when complete */
    uint32_t group;            /* index into the execs */
    int32_t  fd;               /* its number in the new program */
    int32_t  from;             /* its number here */
    uint32_t crossings;        /* atomic: how often */
    uint32_t lifetimes;        /* atomic: of how many lifetimes; the latest is described below */
    uint32_t generation;       /* atomic */
    uint32_t flags;            /* FDT_CROSSING_* */
    uint64_t state;            /* the slot's word at the first crossing */
    uint32_t next;             /* the writer's own: chains entries of equal hash */
    uint32_t reserved;
    struct fdt_life life;      /* as it was at the first crossing */
};
#define FDT_CROSSING_INTENDED 1u /* there was a sign of intent */

/*
 * Tokens tell the two ends of a connection apart and let messages be paired: what is sent at token t arrives at t ^ 1. Those
 * of a socketpair are unique; a named socket's is a hash of its name, so all connections to that name share one.
 */
#define FDT_TOKEN_OTHER_END 1u                 /* bit 0: of a named socket, the side that bound the name */
#define FDT_TOKEN_NAMED     (UINT64_C(1) << 63)

/* One descriptor that went out or came in by SCM_RIGHTS; or, with fd -1, a message whose descriptors were all lost. */
struct fdt_right {
    uint64_t sequence;         /* atomic commit word: position, plus one */
    uint64_t ns;               /* sent: just before the call; received: just after it */
    uint64_t token;            /* of the socket; 0 unknown */
    uint64_t message;          /* sequence of the message's first descriptor */
    int32_t  fd;
    uint32_t generation;
    int32_t  socket;
    uint32_t socket_generation;
    uint32_t site;
    int32_t  tid;
    uint16_t call;
    uint16_t flags;            /* FDT_RIGHT_* */
    uint16_t index;            /* among the message's descriptors */
    uint16_t total;            /* of them */
    uint64_t state;            /* sent: the slot's word */
    struct fdt_life life;      /* sent: the lifetime that was copied */
};
#define FDT_RIGHT_SENT      1u
#define FDT_RIGHT_PEEKED    2u /* MSG_PEEK: the message stays in the queue, these are copies of their own */
#define FDT_RIGHT_TRUNCATED 4u /* MSG_CTRUNC */

/*
 * One thread, not the main one, that had an event, from its first one on. What happened in thread tid at time t was
 * done by the latest entry with that tid and born_ns <= t, unless that had ended before t: the kernel gives the
 * number of an ended thread again.
 */
struct fdt_thread {
    uint32_t commit;           /* atomic: 1 when complete */
    int32_t  tid;
    uint64_t born_ns;          /* its first event */
    uint64_t ended_ns;         /* when it ended; 0: it had not, or nobody saw it */
    char     name[FDT_THREAD_NAME]; /* asked at its first event, its misuses, its end and the image's; "" unknown */
};

#define FDT_ASSERT(what) _Static_assert(what, #what)
FDT_ASSERT(sizeof(struct fdt_part) == 16);
FDT_ASSERT(sizeof(struct fdt_life) == 64 + FDT_NAME_SIZE);
FDT_ASSERT(sizeof(struct fdt_death) == 24);
FDT_ASSERT(sizeof(struct fdt_slot) == 256);
FDT_ASSERT(sizeof(struct fdt_site) == 128);
FDT_ASSERT(sizeof(struct fdt_sample) == 16);
FDT_ASSERT(sizeof(struct fdt_event) == 48);
FDT_ASSERT(sizeof(struct fdt_past) == 48);
FDT_ASSERT(sizeof(struct fdt_incident) == 360);
FDT_ASSERT(sizeof(struct fdt_module) == 328);
FDT_ASSERT(sizeof(struct fdt_exec) == 384);
FDT_ASSERT(sizeof(struct fdt_crossing) == 264);
FDT_ASSERT(sizeof(struct fdt_right) == 288);
FDT_ASSERT(sizeof(struct fdt_thread) == 40);
FDT_ASSERT(sizeof(struct fdt_ring_head) == 64);
FDT_ASSERT(sizeof(struct fdt_header) <= FDT_HEADER_SIZE);
FDT_ASSERT(sizeof(void *) == 8);
#undef FDT_ASSERT

#endif
