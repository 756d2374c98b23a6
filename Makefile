.DEFAULT_GOAL := help
SHELL := /bin/bash

# Where the third-party data lie that some tests hold results against.
export DANBI_DATA ?= $(abspath ../shared/data)

.PHONY: help demo up test short lint generate clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: ## Bring everything up and run a campaign to its settled end (EXIT=1: then stop; CUSTOMERS=n)
	go run ./starter demo $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(EXIT),--exit)

up: ## Bring up the local stack and keep it running
	go run ./starter up

test: ## Pass all tests, on real engines (installs these first)
	go run ./starter install
	cd deploy/local && go test -trimpath -count=1 ./... # built as the installed one is: the cache serves both
	go test -count=1 -timeout 30m -p 2 ./...

short: ## Only the tests that need no engine
	go test -short -timeout 5m ./internal/money/... ./internal/campaign/... ./internal/offers/... ./internal/targeting/... ./internal/ledger/... ./internal/settlement/... ./internal/measurement/... ./workflows/...

lint: ## gofmt, vet, golangci-lint, workflowcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./...
	cd tools && go build -o ../bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint go.temporal.io/sdk/contrib/tools/workflowcheck
	bin/golangci-lint run
	bin/workflowcheck ./workflows/...

generate: ## Write the generated files anew: JSON schemas, recorded histories
	go generate ./...

clean: ## Remove what was built here; caches and data stay
	rm -rf bin
