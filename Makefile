# Everything a contributor and CI run; `make help` lists it. The pinned tools are built from their
# sources into .tools/, so that nothing but Go, npm and Debian's own packages is needed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)

TOOLS := .tools/bin
SQLC := $(TOOLS)/sqlc
OAPI_CODEGEN := $(TOOLS)/oapi-codegen
GOLANGCI_LINT := $(TOOLS)/golangci-lint
GOFUMPT := $(TOOLS)/gofumpt
CYCLONEDX := $(TOOLS)/cyclonedx-gomod
GORELEASER := $(TOOLS)/goreleaser

# What is written in TypeScript, e.g. "checkout dashboard": folders with a package.json.
FRONT_ENDS := $(patsubst %/package.json,%,$(wildcard */package.json clients/*/package.json))

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Building.

.PHONY: build
build: ## Build bin/paygate: static, with its version stamped in
	CGO_ENABLED=0 GOFLAGS="$$(tools/goflags.sh)" go build -ldflags '-s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o bin/paygate ./cmd/paygate

.PHONY: generate
generate: $(SQLC) $(OAPI_CODEGEN) clients/typescript/node_modules/.package-lock.json ## Compile queries/ to Go, and the API's contract to its clients
	$(SQLC) generate
	$(OAPI_CODEGEN) -config client/api/generate.yaml -o client/api/client.gen.go httpapi/openapi.yaml
	npm --prefix clients/typescript run generate

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code and its imports
	$(GOLANGCI_LINT) fmt

# Testing.

# All but those that drive the whole gateway. An assignment, because a shell goes on past an error in a command's arguments.
LIST_PACKAGES := packages=$$(go list ./... | grep -v /e2e)

.PHONY: test
test: deps test/go test/helm $(FRONT_ENDS:%=test/%) ## Run every test; on Debian, install what is missing first

.PHONY: deps
deps: ## Install what the tests need and this Debian machine lacks
	@tools/debian-deps.sh

.PHONY: test/go
test/go: test/packages test/e2e ## Run the Go tests alone

.PHONY: test/packages
test/packages:
	$(LIST_PACKAGES); go test $$packages

# One package after the other: browsers and what is timed in them get the machine to themselves.
.PHONY: test/e2e
test/e2e:
	go test -p 1 ./e2e/...

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
	$(LIST_PACKAGES); CGO_ENABLED=1 go test -race -shuffle=on $$packages

.PHONY: restore-test
restore-test: deps ## Bring a database back as it was at a time, by the commands of docs/backup.md
	go test ./e2e -run TestPointInTimeRestore -count=1 -v

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (30s), two at once for each core
	@FUZZTIME=$(or $(FUZZTIME),30s) tools/fuzz.sh

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

# Breaking.

CHAOS_MINUTES ?= 10
CHAOS_SEED ?= 1
CHAOS := go run ./chaos -gateway bin/paygate

.PHONY: chaos
chaos: build deps ## Break four processes for CHAOS_MINUTES, by CHAOS_SEED, and check that no promise was broken
	$(CHAOS) -duration $(CHAOS_MINUTES)m -seed $(CHAOS_SEED)

.PHONY: chaos/short
chaos/short: build deps ## The same within two minutes, for CI: faults closer together, and none that needs long builds
	$(CHAOS) -duration 60s -pause 5s -rate 30 -rescue-after 12s -clock=false -upgrades 1 -seed $(CHAOS_SEED)

.PHONY: chaos/failover
chaos/failover: build deps ## Put Postgres under Patroni and Redis under Sentinels, make them fail over, and check the same
	$(CHAOS) -stores replicated -duration 150s -pause 6s -rate 30 -rescue-after 12s -clock=false -upgrades 0 -seed $(CHAOS_SEED) \
	  -faults postgres-failover-kill9,postgres-failover-cut,postgres-failover-hang,postgres-failover-no-etcd,redis-failover,api-kill9,sink-dies

.PHONY: chaos/failover/short
chaos/failover/short: build deps ## One failover of Postgres by kill -9, one by a cut line, one of Redis, within two minutes, for CI
	$(CHAOS) -stores replicated -duration 75s -pause 4s -rate 30 -rescue-after 12s -clock=false -upgrades 0 -seed $(CHAOS_SEED) \
	  -faults postgres-failover-kill9,postgres-failover-cut,redis-failover

.PHONY: chaos/mutations
chaos/mutations: build deps ## Build five defects into the gateway, one by one, and check that each is found
	$(CHAOS) -mutation all -seed $(CHAOS_SEED)

# Checking.

.PHONY: verify
verify: verify/modules release/check verify/format verify/sqlc verify/clients verify/dashboard verify/vet verify/image lint ## Check what needs no test: modules, format, SQL, generated and built files, lint

.PHONY: verify/modules
verify/modules: ## Check that go.mod is tidy, the modules are what go.sum says, and their licences are permitted
	go mod tidy -diff
	go mod verify
	go run ./tools/licences

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

.PHONY: verify/clients
verify/clients: $(OAPI_CODEGEN) clients/typescript/node_modules/.package-lock.json ## Check that the clients are what the contract gives
	$(OAPI_CODEGEN) -config client/api/generate.yaml -o .tools/client.gen.go httpapi/openapi.yaml
	diff -u client/api/client.gen.go .tools/client.gen.go
	npm --prefix clients/typescript run check

.PHONY: verify/dashboard
verify/dashboard: dashboard/node_modules/.package-lock.json ## Check that the dashboard's build is that of its sources; the checkout's own tests do
	npm --prefix dashboard run check

.PHONY: verify/vet
verify/vet: ## Run go vet
	go vet ./...

# Made of the Dockerfile's parts: the binary with its flags, and the certificates of a Debian.
IMAGE_BYTES := 40000000
.PHONY: verify/image
verify/image: deps ## Check the build that goes into the image, and that the image stays below 40 MB
	go vet -tags image ./cmd/paygate
	go test -tags image ./cmd/paygate -run Image -count=1 -v | grep -- '--- PASS'
	CGO_ENABLED=0 GOFLAGS="$$(tools/goflags.sh image)" go build -ldflags '-s -w -buildid=' -o .tools/image/paygate ./cmd/paygate
	@size=$$(cat .tools/image/paygate /etc/ssl/certs/ca-certificates.crt | wc -c); echo "the image has $$size bytes"; [ "$$size" -le $(IMAGE_BYTES) ]

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters; who may import whom is among their rules
	$(GOLANGCI_LINT) run

# Releasing.

.PHONY: sbom
sbom: build $(CYCLONEDX) ## List what bin/paygate is made of, in CycloneDX: bin/sbom/; the checkout has no package of others
	mkdir -p bin/sbom
	$(CYCLONEDX) bin -json -licenses -noserial -notimestamp -version "$(VERSION)" -output bin/sbom/paygate.cdx.json bin/paygate
	npm --prefix dashboard sbom --sbom-format=cyclonedx --omit=dev --package-lock-only >bin/sbom/dashboard.cdx.json

.PHONY: release/check
release/check: ## Check .goreleaser.yaml, as goreleaser reads it
	cd tools/goreleaser && go test ./...

.PHONY: release/reproducible
release/reproducible: ## Build what is committed twice, in two places and with empty caches, and compare
	@work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	git clone --quiet . "$$work/sources"; \
	for place in one two/of/another/depth; do \
		git clone --quiet "$$work/sources" "$$work/$$place"; \
		GOCACHE="$$work/cache-of-$${place%%/*}" $(MAKE) -C "$$work/$$place" build; \
		(cd "$$work/$$place" && sha256sum bin/paygate) | tee -a "$$work/sums"; \
	done; \
	[ "$$(sort -u "$$work/sums" | wc -l)" = 1 ]

.PHONY: release/snapshot
release/snapshot: $(GORELEASER) $(CYCLONEDX) ## Make everything of a release in dist/, and publish nothing; compiles goreleaser first
	GOFLAGS="$$(tools/goflags.sh)" $(GORELEASER) release --snapshot --clean

.PHONY: release
release: $(GORELEASER) $(CYCLONEDX) ## Publish the tag that is checked out, as a draft
	GOFLAGS="$$(tools/goflags.sh)" $(GORELEASER) release --clean

# Tools, rebuilt when their versions change.

# Without cgo, sqlc parses with the WebAssembly build of Postgres' parser instead of compiling its C.
$(SQLC): tools/sqlc/go.mod tools/sqlc/go.sum
	cd tools/sqlc && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/sqlc-dev/sqlc/cmd/sqlc

$(OAPI_CODEGEN): tools/oapi-codegen/go.mod tools/oapi-codegen/go.sum
	cd tools/oapi-codegen && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen

$(GOLANGCI_LINT): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Out of the same module as golangci-lint, which holds a gofumpt too: the two never disagree.
$(GOFUMPT): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && CGO_ENABLED=0 go build -trimpath -o ../../$@ mvdan.cc/gofumpt

$(CYCLONEDX): tools/sbom/go.mod tools/sbom/go.sum
	cd tools/sbom && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

$(GORELEASER): tools/goreleaser/go.mod tools/goreleaser/go.sum
	cd tools/goreleaser && CGO_ENABLED=0 go build -trimpath -o ../../$@ github.com/goreleaser/goreleaser/v2
