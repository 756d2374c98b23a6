//go:build tools

// Package tools names what the project is checked with, so that versions are fixed and the main module stays lean.
package tools

import (
	_ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"
	_ "go.temporal.io/sdk/contrib/tools/workflowcheck"
)
