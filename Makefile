# fdtrace: `make` builds, `make help` lists the rest.
#
# Sources are found by name, so a new file needs no line here:
#   preload/*.c *.S                                  the guest             $(O)/libfdtrace.so
#   analyzer/*.c analyzer/*/*.c                      the command           $(O)/fdtrace
#   analyzer/out/html/*                              the page it embeds
#   frameworks/*                                     hooks for test frameworks: installed as they are
#   tests/*.c                                        the Criterion binary  $(O)/fdtrace-tests
#   tests/DIR/NAME.c or .cpp                         a program to trace    $(O)/tests/DIR/NAME
#   tests/fuzz/*.c                                   fuzz targets, see fuzz.mk
#   tests/DIR/libNAME.c                              a library for one     $(O)/tests/DIR/libNAME.so
# A test program asks for more compiler words in its first comment: LIBS: -lpthread (@D is the folder it is built in).

VERSION := $(shell sed -n 's/^.define FDTRACE_VERSION "\(.*\)"/\1/p' include/fdtrace/fdtrace.h)
O       ?= build
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
libdir  ?= $(prefix)/lib
mandir  ?= $(prefix)/share/man
includedir ?= $(prefix)/include
# JOBS bounds the tests that run side by side; FILTER narrows them (FILTER='victims/*').
JOBS    ?= 2
FILTER  ?= *

# CROSS=aarch64-linux-gnu- builds for another machine; MUSL_CC is what `make musl` compiles with.
# SYSROOT=folder is where the other machine's libraries are.
ifdef CROSS
CC      := $(CROSS)gcc $(if $(SYSROOT),--sysroot=$(SYSROOT))
CXX     := $(CROSS)g++ $(if $(SYSROOT),--sysroot=$(SYSROOT))
endif
MUSL_CC ?= musl-gcc

comma   := ,
WARN    := -Wall -Wextra $(if $(CI)$(WERROR),-Werror)
OPT     := $(if $(DEBUG),-O0 -g3,-O2 -g)
SANITIZE := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer)
QUIET    = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)';)

# The guest. -fexceptions lets C++ exceptions and cancellation unwind through wrappers; frame pointers let CALL() hand
# the unwinder a start; a fortified libc header would swap the very functions we wrap. -Wno-override-init: see NEWBORN.
# nodelete: exit handlers and hooked threads point into the library until the process ends. static-libgcc: the few lines
# that resume an unwinding come along, instead of one more library in every program. noseparate-code: two mappings fewer,
# 10 us of every program's start.
PRELOAD_FLAGS = -std=gnu11 $(OPT) -fPIC -fvisibility=hidden -fno-omit-frame-pointer -fexceptions -D_GNU_SOURCE \
                -U_FORTIFY_SOURCE $(WARN) -Wno-override-init -include preload/world.h -Iinclude -iquote preload $(CFLAGS)
PRELOAD_LINK  = -shared -static-libgcc -Wl,-z,now,-z,relro,-z,nodelete,-z,noexecstack,-z,noseparate-code -Wl,--no-undefined \
                -Wl,--as-needed $(LDFLAGS)
PRELOAD_LIBS  = -ldl -lpthread
PRELOAD_MAP   = $(wildcard preload/libfdtrace.map)

# Where libxml2 keeps its headers: in a folder of their own, which its own word is asked for.
XML_FLAGS      := $(or $(shell pkg-config --cflags libxml-2.0 2>/dev/null),-I/usr/include/libxml2)
ANALYZER_FLAGS = -std=gnu11 $(OPT) -D_GNU_SOURCE -DFDTRACE_VERSION='"$(VERSION)"' $(WARN) -Iinclude -iquote analyzer \
                 $(XML_FLAGS) $(SANITIZE) $(CFLAGS)
ANALYZER_LIBS  = -Wl,--as-needed -ljansson -lxml2 -ldw -lelf -liberty -lzstd -lz

# Programs to trace keep every call where the source has it, or their stacks could not be foretold.
PROGRAM_FLAGS = -g -O0 -fno-optimize-sibling-calls -D_GNU_SOURCE $(WARN) -Iinclude -iquote preload -iquote tests
program_libs  = $(subst @D,$(abspath $(@D)),$(shell sed -n '1,9s|.*LIBS: \([^*]*\).*|\1|p' $<))

PRELOAD_OBJECTS  := $(patsubst %,$(O)/%.o,$(basename $(wildcard preload/*.c preload/*.S)))
ANALYZER_OBJECTS := $(patsubst %.c,$(O)/%.o,$(wildcard analyzer/*.c analyzer/*/*.c)) \
                    $(O)/analyzer/out/html/embed.o
TEST_OBJECTS     := $(patsubst %.c,$(O)/%.o,$(wildcard tests/*.c))
TEST_LIBRARIES   := $(patsubst %.c,$(O)/%.so,$(filter-out tests/fuzz/%,$(wildcard tests/*/lib*.c)))
C_PROGRAMS       := $(patsubst %.c,$(O)/%,$(filter-out $(wildcard tests/*/lib*.c tests/fuzz/*.c),$(wildcard tests/*/*.c)))
CXX_PROGRAMS     := $(patsubst %.cpp,$(O)/%,$(wildcard tests/*/*.cpp))
FRAMEWORKS       := $(wildcard frameworks/*.c frameworks/*.h frameworks/*.py)
SCHEMAS          := $(wildcard analyzer/out/*.schema.json)
PROGRAMS         := $(C_PROGRAMS) $(CXX_PROGRAMS)

.PHONY: all check-aarch64 preload analyzer musl programs check test bench transparency storm growth torture install uninstall clean help compile_commands.json $(O)/fdtrace.pc
.DELETE_ON_ERROR:

all: preload analyzer ## build the library and the command (default)
preload: $(O)/libfdtrace.so ## build the library alone
analyzer: $(O)/fdtrace ## build the command alone
programs: $(TEST_LIBRARIES) $(PROGRAMS) ## build the programs the tests trace
# worlds_test.c traces a program of musl, where there is its compiler.
ifeq ($(CROSS),)
programs: $(shell command -v $(MUSL_CC) >/dev/null && echo musl)
endif

check test: all programs fuzz-replay $(O)/fdtrace-tests ## run every test (FILTER='victims/*' for some, JOBS=2)
	FDTRACE_BUILD='$(abspath $(O))' $(O)/fdtrace-tests -j$(JOBS) --timeout 120 --filter '$(FILTER)'

bench: all programs ## measure the cost, as ratios to the bare program (PEERS=1: beside other tools, too)
	FDTRACE_BUILD='$(abspath $(O))' ./scripts/bench.sh
	$(if $(PEERS),FDTRACE_BUILD='$(abspath $(O))' ./scripts/bench-peers.sh)

# PATTERN='stress *' runs some of the workloads.
transparency: all ## run other people's test suites and servers bare and traced, and compare
	FDTRACE_BUILD='$(abspath $(O))' ./scripts/transparency.sh $(if $(PATTERN),'$(PATTERN)')

# SECONDS=10 for a shorter one; five rounds with different options.
storm: all programs ## trace a storm of correct closes and opens, for SECONDS=60 with each of some options
	FDTRACE_BUILD='$(abspath $(O))' SECONDS_EACH=$(or $(SECONDS),60) ./scripts/storm.sh

growth: all programs ## ask about running servers that leak, or only seem to
	FDTRACE_BUILD='$(abspath $(O))' ./scripts/growth.sh

# PATTERN='storm *' runs some of the items.
torture: all programs $(O)/fdtrace-tests ## all of the torture that check runs slices of: minutes
	FDTRACE_BUILD='$(abspath $(O))' ./scripts/torture.sh $(if $(PATTERN),'$(PATTERN)')

# For programs of musl, a second library beside the first. musl's headers want the kernel's beside them, and its compiler
# (Debian's musl-tools) sees no other folder. No libc is named in it: the program brings its own, and the library, which may be
# preloaded into programs of glibc too, must not bring musl's there (preload/loader.h).
MUSL_KERNEL   = $(O)/musl/kernel
KERNEL_FOLDER = $(firstword $(wildcard /usr/include/$(shell $(CC) -dumpmachine)/asm /usr/include/asm))
musl: ## build the library for programs of musl (needs musl-gcc)
	@[ -n '$(KERNEL_FOLDER)' ] || { echo 'make musl: no headers of the kernel for $(CC)' >&2; exit 1; }
	@mkdir -p $(MUSL_KERNEL)
	@ln -sfn /usr/include/linux $(MUSL_KERNEL)/linux
	@ln -sfn /usr/include/asm-generic $(MUSL_KERNEL)/asm-generic
	@ln -sfn $(KERNEL_FOLDER) $(MUSL_KERNEL)/asm
	$(MAKE) preload CC='$(MUSL_CC)' O=$(O)/musl CFLAGS='-isystem $(MUSL_KERNEL) $(CFLAGS)' PRELOAD_LIBS=-lgcc \
	    PRELOAD_LINK='-shared -nodefaultlibs -Wl$(comma)--eh-frame-hdr$(comma)-z$(comma)now$(comma)-z$(comma)relro$(comma)-z$(comma)nodelete$(comma)-z$(comma)noexecstack $(LDFLAGS)'

check-aarch64: ## build for aarch64, and run the tests in a machine that qemu emulates: twenty minutes or more
	./scripts/check-aarch64.sh

# Objects built with other flags are built again: $(O)/flags changes only when they do.
FLAGS := $(CC) $(CXX) $(PRELOAD_FLAGS) $(ANALYZER_FLAGS) $(LDFLAGS) $(PROGRAM_FLAGS)
ifneq ($(strip $(file <$(O)/flags)),$(strip $(FLAGS)))
$(shell mkdir -p $(O))
$(file >$(O)/flags,$(FLAGS))
endif

$(O)/libfdtrace.so: $(PRELOAD_OBJECTS) $(PRELOAD_MAP)
	$(call QUIET,LINK)$(CC) $(PRELOAD_LINK) $(addprefix -Wl$(comma)--version-script=,$(PRELOAD_MAP)) -o $@ \
	    $(PRELOAD_OBJECTS) $(PRELOAD_LIBS)

$(O)/fdtrace: $(ANALYZER_OBJECTS)
	$(call QUIET,LINK)$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

# Our own tests answer for the descriptors they leave open, when they run under the library (scripts/check).
TEST_OBJECTS     += $(O)/frameworks/fdtrace_criterion.o

$(O)/fdtrace-tests: $(TEST_OBJECTS) $(O)/tests/fdtrace_main.o $(filter-out $(O)/analyzer/main.o,$(ANALYZER_OBJECTS))
	$(call QUIET,LINK)$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ -lcriterion -lpthread $(ANALYZER_LIBS)

$(O)/preload/%.o: preload/%.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(PRELOAD_FLAGS) -MMD -MP -c -o $@ $<

$(O)/preload/%.o: preload/%.S $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,AS)$(CC) $(PRELOAD_FLAGS) -MMD -MP -c -o $@ $<

$(O)/analyzer/%.o: analyzer/%.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(ANALYZER_FLAGS) -MMD -MP -c -o $@ $<

# The assembler's .incbin leaves no dependencies behind.
$(O)/analyzer/out/html/embed.o: analyzer/out/html/embed.S $(wildcard analyzer/out/html/*.*) $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,AS)$(CC) -c -o $@ $<

$(TEST_OBJECTS): $(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(ANALYZER_FLAGS) -iquote tests -MMD -MP -c -o $@ $<

# Criterion brings a main of its own.
$(O)/tests/fdtrace_main.o: analyzer/main.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(ANALYZER_FLAGS) -Dmain=fdtrace_main -MMD -MP -c -o $@ $<

$(TEST_LIBRARIES): $(O)/%.so: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,LIB)$(CC) $(PROGRAM_FLAGS) -fPIC -shared -MMD -MP -MF $@.d -o $@ $< $(program_libs)

$(C_PROGRAMS): $(O)/%: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,PROGRAM)$(CC) -std=gnu11 $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< $(program_libs)

$(CXX_PROGRAMS): $(O)/%: %.cpp $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,PROGRAM)$(CXX) $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< $(program_libs)

# Made anew by each install: the prefix belongs to the install, not to the build.
$(O)/fdtrace.pc:
	@printf '%s\n' 'prefix=$(prefix)' 'libdir=$(libdir)' 'includedir=$(includedir)' '' 'Name: fdtrace' \
	    'Description: who opened a descriptor, why it is still open, who closed what it did not own' \
	    'Version: $(VERSION)' 'Libs: -L$${libdir} -lfdtrace' 'Cflags: -I$${includedir}' >$@

install: all $(O)/fdtrace.pc ## install under $(DESTDIR)$(prefix)
	install -Dm755 $(O)/fdtrace $(DESTDIR)$(bindir)/fdtrace
	install -Dm644 $(O)/libfdtrace.so $(DESTDIR)$(libdir)/libfdtrace.so
	$(if $(wildcard $(O)/musl/libfdtrace.so),install -Dm644 $(O)/musl/libfdtrace.so $(DESTDIR)$(libdir)/fdtrace/musl/libfdtrace.so)
	install -Dm644 include/fdtrace/fdtrace.h $(DESTDIR)$(includedir)/fdtrace/fdtrace.h
	install -Dm644 -t $(DESTDIR)$(prefix)/share/fdtrace $(FRAMEWORKS) $(SCHEMAS)
	install -Dm644 $(O)/fdtrace.pc $(DESTDIR)$(libdir)/pkgconfig/fdtrace.pc
	install -Dm644 analyzer/fdtrace.1 $(DESTDIR)$(mandir)/man1/fdtrace.1

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(bindir)/fdtrace $(DESTDIR)$(libdir)/libfdtrace.so $(DESTDIR)$(libdir)/pkgconfig/fdtrace.pc \
	    $(DESTDIR)$(libdir)/fdtrace/musl/libfdtrace.so $(DESTDIR)$(includedir)/fdtrace/fdtrace.h $(DESTDIR)$(mandir)/man1/fdtrace.1
	rm -f $(addprefix $(DESTDIR)$(prefix)/share/fdtrace/,$(notdir $(FRAMEWORKS) $(SCHEMAS)))
	-rmdir $(DESTDIR)$(includedir)/fdtrace $(DESTDIR)$(prefix)/share/fdtrace
	-rmdir -p --ignore-fail-on-non-empty $(DESTDIR)$(libdir)/fdtrace/musl

include tests/fuzz/fuzz.mk

compile_commands.json: ## for editors and clang tools
	@$(MAKE) -Bn V=1 all $(O)/fdtrace-tests | sed -n '/ -c -o /{s/["\\]/\\&/g;p}' | \
	    awk 'BEGIN {print "["} {printf "%s{\"directory\": \"$(CURDIR)\", \"file\": \"%s\", \"command\": \"%s\"}", \
	         (NR > 1 ? ",\n" : ""), $$NF, $$0} END {print "\n]"}' >$@

clean: ## remove everything that was built
	rm -rf $(O) compile_commands.json

help: ## this list
	@awk -F':.*## ' '/^[a-z_.0-9 -]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' Makefile
	@echo 'variables: CROSS=aarch64-linux-gnu- DEBUG=1 SAN=1 WERROR=1 V=1 O=$(O) prefix=$(prefix) DESTDIR='

$(PROGRAMS): | $(TEST_LIBRARIES)

-include $(PRELOAD_OBJECTS:.o=.d) $(ANALYZER_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(PROGRAMS:=.d) $(TEST_LIBRARIES:=.d)
