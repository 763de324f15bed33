# Perilune. `make help` lists what can be made; `make test T=kind/portgroup` runs one test.
VERSION := 0.1.0
VARIANT ?=
BUILD   := build$(if $(VARIANT),/$(VARIANT))
PREFIX  ?= /usr/local
WERROR  ?= $(if $(CI),-Werror)
LUA     ?= lua5.4
PACKAGES := lua5.4 libuv zlib openssl jansson
LOADED := libcurl libxml-2.0 libedit sqlite3 # by the program itself, when it needs them; the tests link them
ifeq ($(VARIANT),fuzz)
CC := clang
endif
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))

# Compilers and tests put aside what they need within the checkout.
export VARIANT
export TMPDIR := $(CURDIR)/build/tmp
$(shell mkdir -p $(TMPDIR))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
  -Wold-style-definition -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wpointer-arith \
  -Wdouble-promotion -Wconversion -Wsign-conversion -Wnull-dereference $(WERROR)
HARDENING := -O2 -g -fno-common -fstack-protector-strong -fstack-clash-protection -fPIE \
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(if $(IS_CLANG),,-ftrivial-auto-var-init=zero) \
  $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full)
LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed
ifeq ($(VARIANT),asan)
HARDENING := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE
LINK := -pie -fsanitize=address,undefined
endif
ifeq ($(VARIANT),fuzz)
HARDENING := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fPIE
LINK := -pie -fsanitize=address,undefined
endif

# make V=1 shows the commands, not only what they make.
Q := $(if $(V),,@)
say = @$(if $(V),,echo "  $1")

# Asked once, and not before a compiler runs: until then pkg-config may not be there.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) $(LOADED) | sed 's/-I/-isystem /g'))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PKG_LIBS)
PKG_LOADED = $(eval PKG_LOADED := $(shell pkg-config --libs $(LOADED)))$(PKG_LOADED)
CFLAGS_ALL = -std=c17 -D_POSIX_C_SOURCE=200809L -DPERI_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDENING) \
  -I. -I$(BUILD)/gen -isystem /usr/share/include $(PKG_CFLAGS) $(CFLAGS)
LIBS = $(PKG_LIBS) -lm $(LDFLAGS)

SOURCES := $(filter-out runtime/cli/main.c,$(wildcard runtime/*/*.c bindings/*/*.c))
SCHEMAS := $(wildcard bindings/schema/*.schema)
LUA_SOURCES := $(shell find stdlib -name '*.lua' 2>/dev/null)
ALL_SCHEMAS := $(SCHEMAS) $(wildcard tests/schema/*.schema)
LLHTTP := $(patsubst %,$(BUILD)/obj/llhttp/%.o,llhttp api http)
ARGPARSE := /usr/share/lua/5.4/argparse.lua
GENERATED := $(BUILD)/gen/stdlib.c $(BUILD)/gen/tables.c
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(GENERATED:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o) $(LLHTTP)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*/*_test.c))
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/support/*.c))
BENCHES := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/bench/*_bench.c))
TIDY := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(SOURCES) $(wildcard runtime/cli/main.c))

.PHONY: all
all: $(BUILD)/perilune ## the program (the default)

$(BUILD)/perilune: $(BUILD)/obj/runtime/cli/main.o $(OBJECTS) $(BUILD)/files
	$(call say,link $@)
	$(Q)$(CC) $(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -c -o $@ $<

# The HTTP parser comes as source, with warnings of its own.
$(BUILD)/obj/llhttp/%.o: /usr/share/llhttp/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) -std=c17 $(HARDENING) -I/usr/share/include/llhttp -DLLHTTP_STRICT_MODE=1 $(CFLAGS) -c -o $@ $<

$(BUILD)/gen/stdlib.c: runtime/engine/embed.lua $(LUA_SOURCES) $(ARGPARSE)
	@mkdir -p $(@D)
	$(call say,lua $@)
	$(Q)$(LUA) runtime/engine/embed.lua $@ $(LUA_SOURCES) $(ARGPARSE)

$(BUILD)/gen/tables.c: bindings/schema/compile.lua $(SCHEMAS)
	@mkdir -p $(@D)
	$(call say,lua $@)
	$(Q)$(LUA) bindings/schema/compile.lua $@ $(SCHEMAS)

# The same program with the schemas of further services: nothing else is compiled anew.
$(BUILD)/services/tables.c: bindings/schema/compile.lua $(ALL_SCHEMAS)
	@mkdir -p $(@D)
	$(call say,lua $@)
	$(Q)$(LUA) bindings/schema/compile.lua $@ $(ALL_SCHEMAS)

$(BUILD)/services/perilune: $(BUILD)/services/tables.c $(BUILD)/obj/runtime/cli/main.o $(OBJECTS)
	$(call say,link $@)
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-overlength-strings $(LINK) -o $@ $< $(filter-out %/gen/tables.o,$(filter %.o,$^)) $(LIBS)

$(BUILD)/unit/%: tests/unit/%.c $(OBJECTS) $(TEST_OBJECTS)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) $(shell pkg-config --cflags cmocka) -MMD -MP -MF $@.d $(LINK) -o $@ $< $(OBJECTS) $(TEST_OBJECTS) \
	  $(LIBS) $(PKG_LOADED) $(shell pkg-config --libs cmocka)

$(BUILD)/%_fuzz: tests/fuzz/%_fuzz.c $(OBJECTS)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LINK) -fsanitize=fuzzer -o $@ $< $(OBJECTS) $(LIBS) $(PKG_LOADED)

$(BUILD)/bench/%: tests/bench/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LINK) -o $@ $< $(OBJECTS) $(LIBS) $(PKG_LOADED)

# Other flags than last time make all anew; a file that came or went is linked, or embedded, again.
$(BUILD)/flags: NOW = $(CC) $(CFLAGS_ALL) $(LINK)
$(BUILD)/files: NOW = $(SOURCES) $(LUA_SOURCES)
$(BUILD)/flags $(BUILD)/files: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(NOW))' | cmp -s - $@ || echo '$(subst ','\'',$(NOW))' >$@
FORCE:

.PHONY: deps
deps: ## install what is missing on a Debian machine
	@tests/support/deps.sh

.PHONY: demo try
demo: ## see it work on a simulated vCenter, in acts
	@tests/demo/demo.sh
try: ## the same, yours to type in
	@tests/demo/try.sh

.PHONY: server
server: ## the simulated vCenter and govc, into build/bin
	@tests/server/build.sh

.PHONY: unit unit-tests lua-peers
unit-tests: $(UNIT_TESTS)
lua-peers: $(BUILD)/unit/support/http_peer $(BUILD)/unit/support/tls_peer $(BUILD)/services/perilune
unit: ## the C tests alone
	@tests/support/suite.sh unit

.PHONY: lua-tests integration
lua-tests: ## the Lua tests that need no server
	@tests/support/suite.sh lua
integration: ## the Lua tests against the simulated vCenter
	@tests/support/suite.sh integration

.PHONY: test asan valgrind lint
test: deps ## every test; T=path only those whose path contains it
	@tests/support/suite.sh lint unit lua integration server fuzz
asan: deps ## the tests under AddressSanitizer and UBSan
	@VARIANT=asan tests/support/suite.sh unit lua integration
valgrind: deps ## the tests under valgrind
	@WATCH=valgrind tests/support/suite.sh unit lua integration
lint: deps ## what a script can check
	@tests/support/suite.sh lint

.PHONY: tidy
tidy: $(TIDY) ## clang-tidy, on what changed
$(BUILD)/tidy/%.ok: %.c $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -include tests/lint/analyzer.h $(filter-out -ftrivial-auto-var-init=zero -Werror,$(CFLAGS_ALL)) >$@.log 2>&1 || \
	  { grep -v '^[0-9]* warnings* generated' $@.log; exit 1; }
	@mv $@.log $@

.PHONY: fuzz fuzz-programs
fuzz-programs: $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz: deps ## the parsers against made-up input, FUZZ_SECONDS each
	@tests/fuzz/fuzz.sh

.PHONY: bench bench-programs bench-serve
bench-programs: $(BENCHES)
bench: ## ratios that must hold
	@tests/support/deps.sh bench
	@tests/bench/bench.sh
bench-serve: ## deliveries a second, and idle connections, of perilune serve
	@tests/support/deps.sh bench
	@T=serve tests/bench/bench.sh

.PHONY: format
format: ## lay out the C and Go sources
	clang-format -i $$(git ls-files '*.c' '*.h')
	$$(tests/server/go.sh env GOROOT)/bin/gofmt -w $$(git ls-files '*.go')

.PHONY: install dist clean help
install: all ## into PREFIX (and DESTDIR)
	install -D -m 755 $(BUILD)/perilune $(DESTDIR)$(PREFIX)/bin/perilune
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/perilune LICENSE README.md CHANGELOG.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/perilune/guide docs/guide/*.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system dist/systemd/perilune.socket
	sed 's|@PREFIX@|$(PREFIX)|; s|/usr/local/share|$(PREFIX)/share|' dist/systemd/perilune.service \
	  >$(DESTDIR)$(PREFIX)/lib/systemd/system/perilune.service
dist: ## the source of the last commit, as perilune-VERSION.tar.gz
	git archive --prefix=perilune-$(VERSION)/ -o perilune-$(VERSION).tar.gz HEAD
clean: ## remove what was built
	rm -rf build
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(BUILD)/obj/runtime/cli/main.d $(UNIT_TESTS:=.d) $(BENCHES:=.d)
