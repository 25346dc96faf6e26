# Fuzzing: `make fuzz` for real, with clang's libFuzzer; and the same targets with a driver of our own, for the tests.
#
#   tests/fuzz/NAME.c          a target            $(O)/fuzz/NAME (clang), $(O)/fuzz/replay-NAME (the tests' compiler)
#   tests/fuzz/seeds/NAME/     inputs to start from; those of segment, report and elf are made by the build
#   tests/fuzz/cases/NAME/     inputs that broke something once
#
# RUNS or SECONDS bound each target (SECONDS=0: none); TARGET='segment elf' takes some. Finds stand in $(O)/fuzz/found.

FUZZ_TARGETS := segment report elf suppressions baseline diff environment arguments
TARGET       ?= $(FUZZ_TARGETS)
RUNS         ?= 20000
SECONDS      ?= 60
CLANG        ?= clang
FUZZ_FLAGS    = -std=gnu11 -O1 -g -fno-omit-frame-pointer -D_GNU_SOURCE -DFDTRACE_VERSION='"$(VERSION)"' -Iinclude \
                -DFUZZ_LIBRARY='"$(abspath $(FUZZ_LIBRARY))"' -iquote analyzer -iquote preload -iquote tests \
                $(XML_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_SHARED  := $(filter-out analyzer/main.c,$(patsubst $(O)/%.o,%.c,$(filter-out %/embed.o,$(ANALYZER_OBJECTS)))) \
                tests/segment_maker.c tests/fuzz/fuzz.c
FUZZ_EMBED   := $(O)/analyzer/out/html/embed.o
fuzz_objects  = $(patsubst %.c,$(O)/fuzz/$(1)/%.o,$(FUZZ_SHARED) $(2)) $(FUZZ_EMBED)
fuzz_own      = tests/fuzz/$(1).c \
                $(if $(filter segment report diff,$(1)),tests/fuzz/session.c) \
                $(if $(filter segment report,$(1)),tests/fuzz/segment_mutator.c) \
                $(if $(filter environment,$(1)),preload/option.c)
FUZZ_LIBRARY := $(O)/fuzz/seeds/elf/library
FUZZ_SEEDS   := $(O)/fuzz/seeds/report/tree $(FUZZ_LIBRARY)

.PHONY: fuzz fuzz-replay
fuzz: $(TARGET:%=$(O)/fuzz/%) $(FUZZ_SEEDS) ## fuzz the parsers with libFuzzer (TARGET=segment, RUNS=20000, SECONDS=60)
	@O='$(O)' RUNS='$(RUNS)' SECONDS='$(SECONDS)' ./scripts/fuzz.sh $(TARGET)

fuzz-replay: $(FUZZ_TARGETS:%=$(O)/fuzz/replay-%) $(FUZZ_SEEDS)

$(O)/fuzz/gcc/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(FUZZ_FLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(O)/fuzz/clang/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call QUIET,CLANG)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

define fuzz_target
$(O)/fuzz/replay-$(1): $(call fuzz_objects,gcc,$(call fuzz_own,$(1)) tests/fuzz/replay.c)
	$$(call QUIET,LINK)$(CC) -fsanitize=address,undefined -o $$@ $$^ $(ANALYZER_LIBS)
$(O)/fuzz/$(1): $(call fuzz_objects,clang,$(call fuzz_own,$(1)))
	$$(call QUIET,LINK)$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $$^ $(ANALYZER_LIBS)
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(target))))

$(O)/fuzz/make-seeds: $(call fuzz_objects,gcc,tests/fuzz/seeds.c)
	$(call QUIET,LINK)$(CC) -fsanitize=address,undefined -o $@ $^ $(ANALYZER_LIBS)

$(O)/fuzz/seeds/report/tree: $(O)/fuzz/make-seeds
	@mkdir -p $(@D) $(O)/fuzz/seeds/segment
	$(call QUIET,SEEDS)ASAN_OPTIONS=detect_leaks=0 $< $(O)/fuzz/seeds

# Small, and with all there is to read: lines, inlined calls, symbols, and a text of suppressions. Sessions name it by
# its build id (session.h).
$(FUZZ_LIBRARY): tests/fuzz/elf_seed.c
	@mkdir -p $(@D)
	$(call QUIET,SEEDS)$(CC) -g -O1 -shared -nostdlib -fPIC -Iinclude -Wl,-z,max-page-size=4096 \
	    -Wl,--build-id=0x$$(printf '02%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20) -o $@ $<

-include $(wildcard $(O)/fuzz/*/*/*.d $(O)/fuzz/*/*/*/*.d)
