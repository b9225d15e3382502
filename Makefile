# Everything a contributor and CI run; `make help` lists it. The pinned tools are built from their
# sources into .tools/, so that nothing but Go, npm and Debian's own packages is needed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

TOOLS := .tools/bin
SQLC := $(TOOLS)/sqlc
GOLANGCI_LINT := $(TOOLS)/golangci-lint
GOFUMPT := $(TOOLS)/gofumpt

# The front ends there are, e.g. "checkout dashboard": folders with a package.json.
FRONT_ENDS := $(patsubst %/package.json,%,$(wildcard */package.json))

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Building.

.PHONY: build
build: ## Build bin/paygate: static, with its version stamped in
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/paygate ./cmd/paygate

.PHONY: generate
generate: $(SQLC) ## Compile queries/ to Go
	$(SQLC) generate

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code and its imports
	$(GOLANGCI_LINT) fmt

# Testing.

.PHONY: test
test: deps test/go test/helm $(FRONT_ENDS:%=test/%) ## Run every test; on Debian, install what is missing first

.PHONY: deps
deps: ## Install what the tests need and this Debian machine lacks
	@tools/debian-deps.sh

.PHONY: test/go
test/go: ## Run the Go tests alone
	go test ./...

.PHONY: test/helm
test/helm: ## Render the Helm chart and hold it to the types of Kubernetes
	cd tools/helm && go test ./...

.PHONY: schema-dump
schema-dump: build ## Dump a database of this schema for the upgrade test; at each release
	tools/with-postgres.sh e2e/testdata/dump.sh bin/paygate \
		"e2e/testdata/schema-$$(bin/paygate version --json | sed -nE 's/.*"schema": ([0-9]+).*/\1/p').sql.gz"

.PHONY: compose-test
compose-test: ## Start docker-compose.yml from a clean clone, pay, kill each service; needs a Docker engine
	deploy/compose/test.sh

.PHONY: test/race
test/race: ## Run the Go tests with the race detector, in random order
	CGO_ENABLED=1 go test -race -shuffle=on $$(go list ./... | grep -v /e2e)

.PHONY: $(FRONT_ENDS:%=test/%)
$(FRONT_ENDS:%=test/%): test/%: %/node_modules/.package-lock.json
	npm --prefix $* test

# npm writes this file last, but only when there is something to install.
%/node_modules/.package-lock.json: %/package-lock.json
	npm --prefix $* ci --no-audit --no-fund
	mkdir -p $(@D)
	touch $@

# Measuring.

.PHONY: bench
bench: build deps ## Measure this build against pgbench in one run, and write bench/RESULTS.md; at most ten minutes
	go run ./bench -gateway bin/paygate -write bench/RESULTS.md

# Checking.

.PHONY: verify
verify: verify/modules verify/format verify/sqlc verify/vet lint ## Check what needs no test: modules, format, SQL, lint

.PHONY: verify/modules
verify/modules: ## Check that go.mod is tidy and the modules are what go.sum says
	go mod tidy -diff
	go mod verify

.PHONY: verify/format
verify/format: $(GOFUMPT) ## Check the format of the Go code
	@unformatted=$$($(GOFUMPT) -l .); \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; \
	fi

.PHONY: verify/sqlc
verify/sqlc: $(SQLC) deps ## Check the generated Go, and every query on a migrated database
	$(SQLC) diff
	tools/with-postgres.sh bash -euc 'go run ./cmd/paygate migrate; SQLC_DATABASE_URL=$$DATABASE_URL $(SQLC) vet'

.PHONY: verify/vet
verify/vet: ## Run go vet
	go vet ./...

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters; who may import whom is among their rules
	$(GOLANGCI_LINT) run

# Tools, rebuilt when their versions change.

# Without cgo, sqlc parses with the WebAssembly build of Postgres' parser instead of compiling its C.
$(SQLC): tools/sqlc/go.mod tools/sqlc/go.sum
	cd tools/sqlc && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

$(GOLANGCI_LINT): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Out of the same module as golangci-lint, which holds a gofumpt too: the two never disagree.
$(GOFUMPT): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && CGO_ENABLED=0 go build -trimpath -o ../../$@ mvdan.cc/gofumpt
