package warehouse

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestShippedMigrationsAreWellFormed(t *testing.T) {
	all, err := readMigrations(migrationFiles)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, m := range all {
		require.NotContains(t, strings.ToLower(m.statement), "now(", m.file)
	}
}

func TestMigrationFilesAreRefused(t *testing.T) {
	const table = "-- Why.\nCREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x"
	for name, c := range map[string]struct {
		files map[string]string
		says  string
	}{
		"a gap":            {map[string]string{"0001_a.sql": table, "0003_b.sql": table}, "0003_b.sql: the next number is 0002"},
		"a double":         {map[string]string{"0001_a.sql": table, "0001_b.sql": table}, "0001_b.sql: the next number is 0002"},
		"a name":           {map[string]string{"first.sql": table}, "first.sql: name it"},
		"not idempotent":   {map[string]string{"0001_a.sql": "CREATE TABLE a (x UInt8) ENGINE = MergeTree ORDER BY x"}, "0001_a.sql: write exactly one"},
		"blind add":        {map[string]string{"0001_a.sql": "ALTER TABLE a ADD COLUMN y UInt8"}, "0001_a.sql: write exactly one"},
		"two statements":   {map[string]string{"0001_a.sql": table + ";\n" + table}, "0001_a.sql: write exactly one"},
		"only a comment":   {map[string]string{"0001_a.sql": "-- nothing\n"}, "0001_a.sql: write exactly one"},
		"not from the top": {map[string]string{"0002_a.sql": table}, "0002_a.sql: the next number is 0001"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for file, text := range c.files {
				files["migrations/"+file] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := readMigrations(files)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestLineEndsDoNotChangeAChecksum(t *testing.T) {
	const text = "-- Why.\nCREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;\n"
	unix, err := readMigrations(fstest.MapFS{"migrations/0001_a.sql": {Data: []byte(text)}})
	require.NoError(t, err)
	dos, err := readMigrations(fstest.MapFS{"migrations/0001_a.sql": {Data: []byte(strings.ReplaceAll(text, "\n", "\r\n"))}})
	require.NoError(t, err)
	require.Equal(t, unix, dos)
	require.False(t, strings.HasSuffix(unix[0].statement, ";"))
}

func TestPendingMigrations(t *testing.T) {
	known := []migration{{1, "0001_a.sql", "A", "one"}, {2, "0002_b.sql", "B", "two"}}

	pending, err := pendingMigrations(known, map[uint32]string{1: "one"})
	require.NoError(t, err)
	require.Equal(t, known[1:], pending)

	_, err = pendingMigrations(known, map[uint32]string{1: "other"})
	require.ErrorIs(t, err, ErrMigrationChanged)
	require.ErrorContains(t, err, "0001_a.sql")

	pending, err = pendingMigrations(known, map[uint32]string{1: "one", 2: "two", 3: "of a newer release"})
	require.NoError(t, err)
	require.Empty(t, pending)
}

func TestDDLForReplicatedServers(t *testing.T) {
	const merge = "CREATE TABLE IF NOT EXISTS a (x UInt8)\nENGINE = MergeTree\nORDER BY x"
	const replacing = "CREATE TABLE IF NOT EXISTS a (x UInt8, v UInt8)\nENGINE = ReplacingMergeTree(v)\nORDER BY x"

	require.Equal(t, merge, Config{}.DDL(merge))
	require.Equal(t,
		"CREATE TABLE IF NOT EXISTS a (x UInt8)\nENGINE = ReplicatedMergeTree\nORDER BY x",
		Config{Replicated: true}.DDL(merge))
	require.Equal(t,
		"CREATE TABLE IF NOT EXISTS a ON CLUSTER `main` (x UInt8, v UInt8)\nENGINE = ReplicatedReplacingMergeTree(v)\nORDER BY x",
		Config{Replicated: true, Cluster: "main"}.DDL(replacing))
	require.Equal(t,
		"ALTER TABLE a ON CLUSTER `main` ADD COLUMN IF NOT EXISTS y UInt8",
		Config{Replicated: true, Cluster: "main"}.DDL("ALTER TABLE a ADD COLUMN IF NOT EXISTS y UInt8"))
	const move = "ALTER TABLE `ready` MOVE PARTITION ID '202611' TO TABLE `a`"
	require.Equal(t, move, Config{Replicated: true, Cluster: "main"}.DDL(move))

	all, err := readMigrations(migrationFiles)
	require.NoError(t, err)
	for _, m := range append(all, migration{file: "migrations", statement: createMigrations}) {
		statement := Config{Replicated: true, Cluster: "main"}.DDL(m.statement)
		require.Equal(t, 1, strings.Count(statement, " ON CLUSTER `main`"), m.file)
		if strings.Contains(m.statement, "MergeTree") {
			require.Contains(t, statement, "ENGINE = Replicated", m.file)
		}
		twice := Config{Replicated: true}.DDL(statement)
		require.Equal(t, statement, twice, "rewriting twice is rewriting once: %s", m.file)
	}
}

func TestUnknownDatabaseIsTold(t *testing.T) {
	require.False(t, isUnknownDatabase(nil))
	require.False(t, isUnknownDatabase(errors.New("refused")))
}
