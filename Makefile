# Perilune. `make help` lists what can be made; `make test T=kind/portgroup` runs one test.
VERSION := 0.1.0
VARIANT ?=
BUILD   ?= build$(if $(VARIANT),/$(VARIANT))
PREFIX  ?= /usr/local
WERROR  ?= $(if $(CI),-Werror)
LUA     ?= lua5.4
PACKAGES := lua5.4 libuv libcurl libxml-2.0 openssl jansson
TEST_PACKAGES := cmocka

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
  -Wold-style-definition -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wpointer-arith \
  -Wdouble-promotion -Wconversion -Wsign-conversion -Wnull-dereference $(WERROR)
HARDENING := -O2 -g -fno-common -fstack-protector-strong -fstack-clash-protection -fPIE \
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero \
  $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full)
LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed
ifeq ($(VARIANT),asan)
HARDENING := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE
LINK := -pie -fsanitize=address,undefined
endif
CFLAGS_ALL = -std=c17 -D_POSIX_C_SOURCE=200809L -DPERI_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDENING) \
  -I. -I$(BUILD)/gen $(shell pkg-config --cflags $(PACKAGES) | sed 's/-I/-isystem /g') $(CFLAGS)
LIBS = $(shell pkg-config --libs $(PACKAGES)) $(LDFLAGS)

SOURCES := $(filter-out runtime/cli/main.c,$(wildcard runtime/*/*.c bindings/*/*.c))
SCHEMAS := $(wildcard bindings/schema/*.schema)
LUA_SOURCES := $(shell find stdlib -name '*.lua' 2>/dev/null)
GENERATED := $(BUILD)/gen/stdlib.c $(BUILD)/gen/tables.c
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o) $(GENERATED:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*/*_test.c))

.PHONY: all
all: $(BUILD)/perilune ## the program (the default)

$(BUILD)/perilune: $(BUILD)/obj/runtime/cli/main.o $(OBJECTS)
	$(CC) $(LINK) -o $@ $^ $(LIBS)

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -c -o $@ $<

$(BUILD)/gen/stdlib.c: runtime/engine/embed.lua $(LUA_SOURCES)
	@mkdir -p $(@D)
	$(LUA) runtime/engine/embed.lua $@ $(LUA_SOURCES)

$(BUILD)/gen/tables.c: bindings/schema/compile.lua $(SCHEMAS)
	@mkdir -p $(@D)
	$(LUA) bindings/schema/compile.lua $@ $(SCHEMAS)

$(BUILD)/unit/%: tests/unit/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(shell pkg-config --cflags $(TEST_PACKAGES)) -MMD -MP -MF $@.d $(LINK) -o $@ $< $(OBJECTS) \
	  $(LIBS) $(shell pkg-config --libs $(TEST_PACKAGES))

.PHONY: unit
unit: $(UNIT_TESTS) ## the C tests alone
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(OBJECTS:.o=.d) $(BUILD)/obj/runtime/cli/main.d $(UNIT_TESTS:=.d)
