# pam_nitro. `make help` lists the targets.

BUILD       ?= build
PREFIX      ?= /usr
DESTDIR     ?=
SYSCONFDIR  ?= /etc
# Where libpam looks for modules: Debian's multiarch folder, else /usr/lib64 or /usr/lib.
MULTIARCH   := $(shell $(CC) -print-multiarch 2>/dev/null)
PAMDIR      ?= $(if $(wildcard /lib/$(MULTIARCH)/security),/lib/$(MULTIARCH)/security,$(if $(wildcard /usr/lib64/security),/usr/lib64/security,/lib/security))
BINDIR      ?= $(PREFIX)/bin
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/pam_nitro
INSTALL     ?= install
SANITIZE    ?=
WERROR      ?=
VERSION     := $(shell sed -n 's/^\#\# *\([0-9][0-9.]*\).*/\1/p' NEWS.md 2>/dev/null | head -n 1)

WARNINGS    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
               -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
               -Wnull-dereference -Wundef -Wvla -Wwrite-strings -Wswitch-enum \
               -Wimplicit-fallthrough
# A distribution's own level of _FORTIFY_SOURCE goes first, but for what its
# compiler sets by itself. An older C library makes 2 of 3.
FORTIFY     := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
# No frame tables: nothing unwinds this C, and they are a tenth of the module.
HARDENING   := -fno-asynchronous-unwind-tables -fstack-protector-strong -fstack-clash-protection $(FORTIFY) $(if $(filter x86_64%,$(MULTIARCH)),-fcf-protection)
CFLAGS      ?= -O2 -g
# How nitro-ssh-static is linked; -static-pie where the C library has it.
STATIC      ?= -static
ALL_CFLAGS   = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -DNITRO_VERSION='"$(VERSION)"' \
               $(WARNINGS) $(WERROR) $(if $(SANITIZE),$(SANITIZE),$(HARDENING)) $(CPPFLAGS) $(CFLAGS) \
               -ffile-prefix-map=$(CURDIR)=. -Ipam_nitro -MMD -MP
ALL_LDFLAGS  = $(SANITIZE) -Wl,-z,relro -Wl,-z,now -Wl,--as-needed -Wl,--gc-sections $(LDFLAGS)

# A sanitizer's runtime comes with the program that loads the module.
comma       := ,
floor        = $(sort $(wildcard pam_nitro/$(1)/*.c pam_nitro/$(1)/*/*.c))
objects      = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

BASE        := $(call floor,base)
VERIFYING   := $(BASE) $(call floor,evidence) $(call floor,ssh)
JUDGING     := $(VERIFYING) $(call floor,policy)
SANDBOX     := $(call floor,sandbox)
MODULE      := $(JUDGING) $(SANDBOX) $(call floor,module)
ADMIN       := $(JUDGING) $(SANDBOX) $(call floor,admin)
# nitro-ssh: the C library alone (distributions have no static libcbor), so of
# ssh/ only what needs no libcrypto.
CLIENT      := $(BASE) $(call floor,client) $(addprefix pam_nitro/ssh/,answer.c challenge.c ssh_key.c)
SIM         := $(sort $(wildcard tests/sim/*.c))

PROGRAMS    := $(BUILD)/pam_nitro.so $(BUILD)/pam-nitro $(BUILD)/nitro-ssh
MANPAGES    := $(sort $(wildcard pam_nitro/man/*.[1-9]))

.PHONY: all
all: $(PROGRAMS) ## build everything that is installed

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/pam_nitro.so: $(call objects,$(MODULE)) pam_nitro/module/module.map
	$(CC) -shared $(ALL_LDFLAGS) $(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,--version-script=pam_nitro/module/module.map \
	    -o $@ $(filter %.o,$^) -lpam -lcrypto -lcbor -lconfig -lseccomp

$(BUILD)/pam-nitro: $(call objects,$(ADMIN))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lcbor -lconfig -lseccomp -ljansson -lz

$(BUILD)/nitro-ssh: $(call objects,$(CLIENT))
	$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: nitro-ssh-static
nitro-ssh-static: $(BUILD)/nitro-ssh-static ## nitro-ssh without any shared library, for enclave images

$(BUILD)/nitro-ssh-static: $(call objects,$(CLIENT))
	$(CC) $(STATIC) $(ALL_LDFLAGS) -o $@ $^

# Tests: what they link against, then the programs themselves.

$(BUILD)/libnitro.a: $(call objects,$(JUDGING) $(SANDBOX))
	rm -f $@ && $(AR) rcsD $@ $^

# Everything but the main functions, so that unit tests reach it.
$(BUILD)/libclient.a: $(call objects,$(filter-out %/main.c,$(call floor,client)))
	rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/libadmin.a: $(call objects,$(filter-out %/main.c,$(call floor,admin)))
	rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/libsim.a: $(call objects,$(filter-out %/main.c,$(SIM)))
	rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/nitro-sim: $(call objects,$(wildcard tests/sim/main.c)) $(BUILD)/libsim.a $(BUILD)/libnitro.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lcbor -lconfig

# Plays /dev/nsm for the unmodified nitro-ssh.
$(BUILD)/nsm-supervisor: $(call objects,tests/sim/supervisor/main.c)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

UNIT_TESTS   := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/*_test.c)))
MODULE_TESTS := $(patsubst tests/module/%.c,$(BUILD)/tests/module/%,$(sort $(wildcard tests/module/*_test.c)))
# libfault.so brings an allocator of its own, and so does a sanitizer.
FAULT_TESTS  := $(if $(SANITIZE),,$(addprefix $(BUILD)/tests/fault/,fault_test limits_test) tests/fault/imports_test.sh)
SCRIPT_TESTS := $(sort $(wildcard tests/unit/*_test.sh tests/unit/*_test.py tests/module/*_test.sh))
# Those that also make sense with programs of another build.
COVERED      := $(filter-out %/symbols_test.sh,$(SCRIPT_TESTS))
# How the programs were linked, which what is installed no longer tells.
LINK_TESTS   := $(filter %/symbols_test.sh %_linkage_test.sh,$(SCRIPT_TESTS))
SSHD_TESTS   := $(sort $(wildcard tests/sshd/*_test.py))

$(BUILD)/obj/tests/%.o: ALL_CFLAGS += -Itests -Wno-vla

UNIT_SHARED  := $(call objects,$(filter-out %_test.c,$(wildcard tests/unit/*.c)))
UNIT_LIBS    := -lcmocka -lcrypto -lcbor -lconfig -lseccomp -ljansson -lz -lpthread

$(BUILD)/tests/unit/client_%: $(BUILD)/obj/tests/unit/client_%.o $(UNIT_SHARED) \
    $(BUILD)/libsim.a $(BUILD)/libclient.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(UNIT_LIBS)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_SHARED) \
    $(BUILD)/libsim.a $(BUILD)/libadmin.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(UNIT_LIBS)

# Parts of the module by themselves, for what no answer of a client can bring about.
PART_TESTS := $(addprefix $(BUILD)/tests/unit/,keep_test report_test)
$(PART_TESTS): $(call objects,$(call floor,module))
$(PART_TESTS): UNIT_LIBS := $(BUILD)/libnitro.a $(UNIT_LIBS) -lpam

$(BUILD)/tests/module/%: $(BUILD)/obj/tests/module/%.o $(call objects,$(filter-out %_test.c,$(wildcard tests/module/*.c))) \
    $(call objects,tests/unit/certs.c tests/unit/unit.c) $(BUILD)/libsim.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lpam -lcrypto -lcbor -lconfig -lseccomp -lpthread

# Stands in front of the libraries, so that its functions are found first.
$(BUILD)/tests/fault/libfault.so: $(call objects,$(addprefix tests/fault/,by_hand.c interpose.c memory.c wrappers.c))
	@mkdir -p $(@D)
	$(CC) -shared $(ALL_LDFLAGS) -Wl,-soname,libfault.so -Wl,--no-as-needed -o $@ $^ \
	    -lpam -lcrypto -lcbor -lconfig -lseccomp

$(BUILD)/obj/tests/fault/%.o: ALL_CFLAGS += -fno-builtin -U_FORTIFY_SOURCE

$(BUILD)/tests/fault/fault_test: $(call objects,$(addprefix tests/fault/,fault_test.c pool.c run.c scene.c)) \
    $(BUILD)/tests/fault/libfault.so $(call objects,$(filter-out %_test.c,$(wildcard tests/module/*.c))) \
    $(BUILD)/libsim.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $(filter %.o,$^) $(BUILD)/tests/fault/libfault.so \
	    $(BUILD)/libsim.a $(BUILD)/libnitro.a -lcmocka -lpam -lcrypto -lcbor -lconfig -lseccomp -lpthread

$(BUILD)/tests/fault/limits_test: $(BUILD)/obj/tests/fault/limits_test.o \
    $(call objects,$(filter-out %_test.c,$(wildcard tests/module/*.c))) $(BUILD)/libsim.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lpam -lcrypto -lcbor -lconfig -lseccomp -lpthread

$(BUILD)/tests/bench/pam_prompt.so: $(BUILD)/obj/tests/bench/pam_prompt.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -shared -o $@ $^ -lpam

$(BUILD)/tests/bench/process $(BUILD)/tests/bench/digests: $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto

$(BUILD)/tests/bench/verdict: $(call objects,$(addprefix tests/bench/,candidate.c verdict.c world.c)) $(BUILD)/libsim.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lcbor -lconfig -lseccomp

$(BUILD)/tests/load/own_time_test: $(BUILD)/obj/tests/load/own_time_test.o $(call objects,$(filter-out %_test.c,$(wildcard tests/module/*.c))) \
    $(BUILD)/libsim.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lpam -lcrypto -lcbor -lconfig -lseccomp -lpthread

# Lets something happen to the sandbox of a login at a real sshd.
$(BUILD)/tests/load/child-fault: $(call objects,tests/load/child_fault.c)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# What a hostile openssl.cnf brings into sshd.
$(BUILD)/tests/load/evil.so: $(call objects,tests/load/evil_provider.c)
	@mkdir -p $(@D)
	$(CC) -shared $(ALL_LDFLAGS) -o $@ $^ -lcrypto

# One program for each harness of tests/fuzz. FUZZ_MAIN is what calls it: here
# a driver that replays its corpus, in other builds a fuzzer's engine.
FUZZ_TESTS   := $(patsubst tests/fuzz/%_fuzz.c,$(BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_SHARED  := $(call objects,$(filter-out %_fuzz.c %/replay.c,$(wildcard tests/fuzz/*.c)))
FUZZ_MAIN    ?= $(call objects,tests/fuzz/replay.c)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(FUZZ_SHARED) $(filter %.o,$(FUZZ_MAIN)) \
    $(BUILD)/libsim.a $(BUILD)/libclient.a $(BUILD)/libadmin.a $(BUILD)/libnitro.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(filter-out %.o,$(FUZZ_MAIN)) $(FUZZ_LIBS)

FUZZ_LIBS    := -lcrypto -lcbor -lconfig -lseccomp -ljansson -lz

# The module itself, but for the world around it.
$(BUILD)/tests/fuzz/conversation: $(call objects,$(call floor,module))
$(BUILD)/tests/fuzz/conversation: FUZZ_LIBS += -lpam
$(BUILD)/tests/fuzz/conversation: ALL_LDFLAGS += $(addprefix -Wl$(comma)--wrap=,clock_gettime getrandom \
    pam_syslog pam_set_data pam_get_data \
    nitro_policy_load_base nitro_policy_load_reachable nitro_policy_load_settings nitro_sandbox_run)

.SECONDARY:

.PHONY: tests
tests: $(UNIT_TESTS) $(MODULE_TESTS) $(FUZZ_TESTS) $(filter $(BUILD)/%,$(FAULT_TESTS)) $(BUILD)/nitro-sim $(BUILD)/nsm-supervisor \
    $(BUILD)/tests/fail_memory.so $(BUILD)/tests/fail_calls.so ## build the test programs

.PHONY: deps
deps: ## install what is missing for build, tests and demo (needs root)
	packaging/install-deps

.PHONY: check
check: deps ## install what is missing, build, run all tests (needs root)
	$(MAKE) all nitro-ssh-static tests
	BUILD=$(BUILD) tests/run $(UNIT_TESTS) $(FUZZ_TESTS) $(MODULE_TESTS) $(FAULT_TESTS) $(SCRIPT_TESTS) $(SSHD_TESTS)

# For tests/distros, in two halves: of the programs as they were built, and of those in their place.
.PHONY: check-linked check-in-place
check-linked:
	BUILD=$(BUILD) tests/run $(LINK_TESTS)
check-in-place:
	BUILD=$(BUILD) tests/run $(UNIT_TESTS) $(FUZZ_TESTS) $(MODULE_TESTS) $(FAULT_TESTS) $(filter-out $(LINK_TESTS),$(SCRIPT_TESTS)) $(SSHD_TESTS)

.PHONY: check-unit
check-unit: all nitro-ssh-static tests ## unit and module tests alone, no root needed
	BUILD=$(BUILD) tests/run $(UNIT_TESTS) $(FUZZ_TESTS) $(SCRIPT_TESTS) $(MODULE_TESTS)

.PHONY: check-asan
check-asan: ## unit, module and script tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) BUILD=$(BUILD)/asan CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" all tests
	BUILD=$(BUILD)/asan TEST_TIMEOUT=900 tests/run $(patsubst $(BUILD)/%,$(BUILD)/asan/%,$(UNIT_TESTS) $(FUZZ_TESTS) $(MODULE_TESTS)) $(COVERED)

# Only what calls no library but the C library and cmocka: what libcrypto,
# libcbor and libconfig have written would be taken for uninitialised.
MSAN_TESTS   := $(addprefix $(BUILD)/msan/tests/unit/,bytes_test hex_test time_text_test error_test answer_test challenge_test)

.PHONY: check-msan
check-msan: ## base/ and the texts of ssh/ under MemorySanitizer
	$(MAKE) BUILD=$(BUILD)/msan CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	    SANITIZE="-fsanitize=memory -fno-sanitize-recover=all" $(MSAN_TESTS)
	BUILD=$(BUILD)/msan MSAN_OPTIONS=allocator_may_return_null=1 tests/run $(MSAN_TESTS)

# Mapped counters: what the sandbox confines can write no file. As in a
# sanitized build the module stays loaded, and tests that measure do not. Faults
# reach most of the branches that only a fault can: a larger sample of them keeps
# the shares the same from run to run.
.PHONY: coverage
coverage: deps ## which lines and branches the tests reach; red below what each floor has to (needs root)
	rm -rf $(BUILD)/coverage/profiles && mkdir -p -m 1777 $(BUILD)/coverage/profiles && chmod 1777 $(BUILD)/coverage/profiles
	$(MAKE) BUILD=$(BUILD)/coverage CC=clang CFLAGS="-O0 -g -DUNIT_IS_SANITIZED=1 -Wno-unused-command-line-argument" \
	    SANITIZE="-fprofile-instr-generate=$(abspath $(BUILD))/coverage/profiles/%m%c.profraw -fcoverage-mapping -mllvm -runtime-counter-relocation" \
	    all nitro-ssh-static tests $(BUILD)/coverage/tests/fault/fault_test
	BUILD=$(BUILD)/coverage FAULT_SAMPLE=29 tests/run $(patsubst $(BUILD)/%,$(BUILD)/coverage/%,$(UNIT_TESTS) $(MODULE_TESTS)) \
	    $(BUILD)/coverage/tests/fault/fault_test $(COVERED) tests/sshd/programs_test.py
	BUILD=$(BUILD)/coverage tests/coverage

.PHONY: check-mutants
check-mutants: tests ## every mutant of documents, answers and certificates, not a sample of them
	BUILD=$(BUILD) NITRO_MUTANTS=all TEST_TIMEOUT=3600 tests/run $(BUILD)/tests/unit/mutants_test $(BUILD)/tests/unit/resigned_test
	grep -h '^# .* mutants' $(BUILD)/tests/log/*mutants_test.log $(BUILD)/tests/log/*resigned_test.log

# Take memory and libraries from the programs.
$(BUILD)/tests/fail_%.so: tests/memory/fail_%.c
	@mkdir -p $(@D)
	$(CC) -shared $(filter-out $(SANITIZE),$(ALL_CFLAGS)) $(LDFLAGS) -o $@ $<

$(BUILD)/tests/valgrind/relax.so: tests/valgrind/relax.c
	@mkdir -p $(@D)
	$(CC) -shared $(ALL_CFLAGS) $(LDFLAGS) -o $@ $<

.PHONY: check-valgrind
check-valgrind: deps ## logins through libpam under valgrind (needs root)
	$(MAKE) all tests $(BUILD)/tests/valgrind/relax.so
	BUILD=$(BUILD) TEST_TIMEOUT=1800 tests/run tests/valgrind/valgrind_test.sh

.PHONY: check-fault
check-fault: deps ## every call and allocation of a login made to fail: a quarter of an hour (needs root)
	$(MAKE) all tests
	BUILD=$(BUILD) FAULT_SAMPLE=1 TEST_TIMEOUT=14400 tests/run $(FAULT_TESTS)
	@grep '^# ' $(BUILD)/tests/log/tests-fault-fault_test.log | tail -n 2

.PHONY: check-mutation
check-mutation: ## remove, invert and shift each check of the module in turn, and demand a red test (needs root; long)
	BUILD=$(BUILD) tests/mutation/check

.PHONY: check-enclave
check-enclave: deps ## logins from real enclave machines in QEMU, built once from Debian's source (needs root)
	$(MAKE) all nitro-ssh-static $(BUILD)/nitro-sim
	BUILD=$(BUILD) TEST_MAY_SKIP=1 TEST_TIMEOUT=2400 tests/run tests/enclave/enclave_test.py

.PHONY: check-clients
check-clients: deps ## the examples for paramiko, AsyncSSH, Go and Ansible at a real sshd (needs root)
	$(MAKE) all $(BUILD)/nitro-sim
	BUILD=$(BUILD) TEST_MAY_SKIP=1 TEST_TIMEOUT=900 tests/run tests/clients/clients_test.py

LOAD_TESTS   := $(BUILD)/tests/load/own_time_test $(sort $(wildcard tests/load/*_test.py))
LOAD_NEEDS   := all nitro-ssh-static $(BUILD)/nitro-sim $(BUILD)/tests/load/child-fault $(BUILD)/tests/load/evil.so \
                $(BUILD)/tests/load/own_time_test
# The figures stand in the logs, which tests/run shows of failures alone.
load_figures  = @sed -n 's/^\# /    /p' $(patsubst %,$(BUILD)/tests/log/tests-load-%.log,$(1))

.PHONY: check-load
check-load: deps ## a thousand logins at once, faults, swapped files, a short soak at a real sshd (needs root)
	$(MAKE) $(LOAD_NEEDS)
	BUILD=$(BUILD) TEST_TIMEOUT=900 tests/run $(LOAD_TESTS)
	$(call load_figures,[!o]*_test.py own_time_test)

.PHONY: soak
soak: deps ## honest and hostile clients for TIME seconds (600) at a real sshd (needs root)
	$(MAKE) $(LOAD_NEEDS)
	BUILD=$(BUILD) SOAK_SECONDS=$(or $(TIME),600) TEST_TIMEOUT=$$(($(or $(TIME),600) + 900)) \
	    tests/run tests/load/soak_test.py
	$(call load_figures,soak_test.py)

.PHONY: check-oracle
check-oracle: deps ## what a stranger learns by asking: TRIES (1000) of each kind, timed at a real sshd (needs root)
	$(MAKE) all $(BUILD)/nitro-sim
	BUILD=$(BUILD) ORACLE_TRIES=$(or $(TRIES),1000) TEST_TIMEOUT=3600 tests/run tests/load/oracle/oracle_test.py
	$(call load_figures,oracle-oracle_test.py)

# Fuzzing has builds of its own, with libFuzzer. FUZZ_SANITIZE= (nothing) makes
# one that is several times as fast.
FUZZ_SANITIZE ?= address,undefined
FUZZ_BUILD     = $(BUILD)/fuzz/$(if $(FUZZ_SANITIZE),sanitized,plain)
FUZZ_CFLAGS    = -O2 -g -fno-omit-frame-pointer

.PHONY: fuzz-tests
fuzz-tests: $(FUZZ_TESTS)

.PHONY: fuzz-build
fuzz-build:
	+$(MAKE) BUILD=$(FUZZ_BUILD) CC=clang CFLAGS="$(FUZZ_CFLAGS)" \
	    SANITIZE="-fsanitize=fuzzer-no-link$(if $(FUZZ_SANITIZE),$(comma)$(FUZZ_SANITIZE) -fno-sanitize-recover=all)" \
	    FUZZ_MAIN="-fsanitize=fuzzer$(if $(FUZZ_SANITIZE),$(comma)$(FUZZ_SANITIZE))" fuzz-tests

.PHONY: fuzz
fuzz: fuzz-build ## look for new inputs for TIME seconds over all harnesses, or HARNESS=name; FUZZ_SANITIZE= for speed
	BUILD=$(BUILD) tests/fuzz/run $(FUZZ_BUILD)/tests/fuzz $(or $(TIME),60) $(or $(HARNESS),$(notdir $(FUZZ_TESTS)))

.PHONY: fuzz-afl
fuzz-afl: ## the same by AFL++, where it is installed
	+command -v afl-clang-fast >/dev/null || { echo "fuzz-afl: skipped, there is no afl-clang-fast (package afl++)"; exit 0; }; \
	AFL_QUIET=1 $(MAKE) BUILD=$(BUILD)/fuzz/afl CC=afl-clang-fast CFLAGS="$(FUZZ_CFLAGS)" WARNINGS= FORTIFY= \
	    FUZZ_MAIN=-fsanitize=fuzzer fuzz-tests && \
	BUILD=$(BUILD) tests/fuzz/run-afl $(BUILD)/fuzz/afl/tests/fuzz $(or $(TIME),60) $(or $(HARNESS),$(notdir $(FUZZ_TESTS)))

.PHONY: fuzz-corpus
fuzz-corpus: fuzz-build $(FUZZ_TESTS) ## tests/fuzz/corpus anew: seeds of the simulator and what fuzzing found, minimised
	BUILD=$(BUILD) tests/fuzz/merge $(FUZZ_BUILD)/tests/fuzz $(BUILD)/tests/fuzz $(or $(HARNESS),$(notdir $(FUZZ_TESTS)))

.PHONY: fuzz-coverage
fuzz-coverage: ## lines of each floor that the corpus of tests/fuzz reaches
	+$(MAKE) BUILD=$(BUILD)/fuzz/coverage CC=clang CFLAGS="-O1 -g" \
	    SANITIZE="-fprofile-instr-generate -fcoverage-mapping" fuzz-tests
	tests/fuzz/coverage $(BUILD)/fuzz/coverage

.PHONY: lint
lint: ## formatting, static analysis, manual pages, include direction
	tests/lint

BENCH_PROGRAMS := $(addprefix $(BUILD)/tests/bench/,digests pam_prompt.so process verdict)

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)

.PHONY: bench
bench: $(BENCH_PROGRAMS) ## what a verdict costs, as a ratio to five P-384 verifications
	$(MAKE) all nitro-ssh-static $(BUILD)/nitro-sim
	BUILD=$(BUILD) tests/bench/bench

.PHONY: bench-gate
bench-gate: deps ## the same in instructions, with limits that must hold
	$(MAKE) $(BENCH_PROGRAMS)
	BUILD=$(BUILD) tests/bench/bench --gate

.PHONY: bench-results
bench-results: deps ## everything, at a real sshd too, into tests/bench/RESULTS.md (needs root and gnuplot)
	$(MAKE) all nitro-ssh-static $(BUILD)/nitro-sim $(BENCH_PROGRAMS)
	BUILD=$(BUILD) tests/bench/bench --write

.PHONY: demo
demo: deps ## real sshd logins, granted and refused by attestation (needs root; KEEP=1 leaves the sshd up)
	$(MAKE) all $(BUILD)/nitro-sim
	BUILD=$(BUILD) KEEP=$(KEEP) tests/sshd/demo

.PHONY: install
install: all ## put module, tools, manual pages, completion and conf in place (DESTDIR, PREFIX, BINDIR, PAMDIR, MANDIR, DOCDIR, SYSCONFDIR)
	$(INSTALL) -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(SYSCONFDIR)/pam_nitro \
	    $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(INSTALL) -m 0644 $(BUILD)/pam_nitro.so $(DESTDIR)$(PAMDIR)/pam_nitro.so
	$(INSTALL) -m 0755 $(BUILD)/pam-nitro $(BUILD)/nitro-ssh $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 0644 packaging/completion/pam-nitro.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pam-nitro
	$(INSTALL) -m 0644 packaging/completion/_pam-nitro $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_pam-nitro
	for f in pam_nitro.conf measurements.conf aws-nitro-root.pem; do \
	    test -e $(DESTDIR)$(SYSCONFDIR)/pam_nitro/$$f || \
	    $(INSTALL) -m 0644 conf/$$f $(DESTDIR)$(SYSCONFDIR)/pam_nitro/$$f || exit 1; done
	$(INSTALL) -m 0644 README.md SECURITY.md NEWS.md LICENSE $(wildcard conf/*) \
	    $(DESTDIR)$(DOCDIR)
	$(INSTALL) -m 0644 $(wildcard packaging/examples/*) $(DESTDIR)$(DOCDIR)/examples
	for page in $(MANPAGES); do \
	    $(INSTALL) -m 0644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.} || exit 1; done

.PHONY: dist
dist: ## pam_nitro-VERSION.tar.xz of the last commit, the same bytes each time
	packaging/dist $(BUILD)

.PHONY: deb
deb: ## Debian packages of this tree, in $(BUILD)/deb
	packaging/build-deb $(BUILD)/deb

.PHONY: check-packages
check-packages: deps ## Debian and RPM packages, SELinux and images: built, linted, installed, upgraded, purged, logged in (needs root)
	$(MAKE) $(BUILD)/nitro-sim
	BUILD=$(BUILD) TEST_MAY_SKIP=1 TEST_TIMEOUT=1800 tests/run $(sort $(wildcard tests/packages/*_test.sh))

.PHONY: check-reproducible
check-reproducible: deps ## two builds in surroundings of their own: the same programs, tarball and packages
	BUILD=$(BUILD) TEST_MAY_SKIP=1 TEST_TIMEOUT=1800 tests/run tests/packages/reproducible_test.sh

.PHONY: check-distros
check-distros: ## all tests in a Debian 12 and a Debian 13 with the packages built there (needs root; SUITES)
	BUILD=$(BUILD) tests/distros/check $(SUITES)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | sort | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
