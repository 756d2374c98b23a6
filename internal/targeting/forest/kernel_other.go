//go:build !amd64

package forest

func fastPaths() []path { return nil }
