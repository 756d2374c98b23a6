// Package install brings what the local stack needs onto the machine, once: it looks in a cache first, says what it
// waits for, and fails with a sentence that names what to install.
package install

import (
	"fmt"
	"os"
	"path/filepath"
)

// EnvCache names another folder for what is installed once per user.
const EnvCache = "DANBI_CACHE"

// CacheDir is the folder that holds what is installed once per user: $DANBI_CACHE, or danbi in the user's cache
// folder. It is made when it is missing.
func CacheDir() (string, error) {
	dir := os.Getenv(EnvCache)
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("there is no cache folder for this user: set %s to one (%w)", EnvCache, err)
		}
		dir = filepath.Join(base, "danbi")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%s: %w", EnvCache, err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the cache folder: set %s to a folder that can be written (%w)", EnvCache, err)
	}
	return dir, nil
}

// Progress is told, in one sentence at a time, what an installation does just now. It may be called many times a
// second, from one goroutine at a time; nil is allowed and hears nothing.
type Progress func(sentence string)

// Say tells the sentence.
func (p Progress) Say(sentence string) {
	if p != nil {
		p(sentence)
	}
}

func (p Progress) say(format string, args ...any) {
	if p != nil {
		p(fmt.Sprintf(format, args...))
	}
}
