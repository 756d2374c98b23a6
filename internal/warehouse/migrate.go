package warehouse

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrMigrationChanged says that a migration file differs from the one that
// this warehouse was built with.
var ErrMigrationChanged = errors.New("a migration was changed after it had been applied")

// A migration is one statement of the schema's history.
type migration struct {
	number    uint32
	file      string
	statement string
	checksum  string // SHA-256 of the file, line ends apart
}

// Migrate brings the schema of w up to date. It only goes forward, may be run
// again at any time and by several processes at once: every statement is
// idempotent, and what was applied is recorded after it was applied.
//
// Migrations that the database knows and this program doesn't are no fault:
// migrations expand before they contract, so an older worker goes on working
// while a newer one is rolled out.
func Migrate(ctx context.Context, w *Warehouse) error {
	known, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	if err := w.conn.Exec(ctx, w.config.DDL(createMigrations)); err != nil {
		return fmt.Errorf("create the table migrations in database %q (the user needs the right to create tables there): %w", w.Database(), err)
	}
	applied, err := w.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	pending, err := pendingMigrations(known, applied)
	if err != nil {
		return err
	}
	var done []migration // and not recorded yet: one by one, or all at once where nothing is there that could be lost
	for i, m := range pending {
		if err := w.conn.Exec(ctx, w.config.DDL(m.statement)); err != nil {
			return errors.Join(fmt.Errorf("migration %s: %w", m.file, err), w.recordMigrations(ctx, done))
		}
		done = append(done, m)
		if len(applied) > 0 || i == len(pending)-1 {
			if err := w.recordMigrations(ctx, done); err != nil {
				return err
			}
			done = nil
		}
	}
	return nil
}

// CreateDatabase creates c's database when it is missing. The user of c must
// be allowed to; the error says what an administrator can run instead.
func CreateDatabase(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	statement := "CREATE DATABASE IF NOT EXISTS " + quoteName(c.Database)
	if c.Cluster != "" {
		statement += " ON CLUSTER " + quoteName(c.Cluster)
	}
	server := c
	server.Database = "system" // the only one that is always there
	w, err := Open(ctx, server)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("user %q may not create the database; let an administrator run %q: %w", c.User, statement, err)
	}
	return nil
}

// OpenMigrated opens c's database, creating it when it is missing, and brings
// its schema up to date.
func OpenMigrated(ctx context.Context, c Config) (*Warehouse, error) {
	w, err := Open(ctx, c)
	if isUnknownDatabase(err) {
		if err := CreateDatabase(ctx, c); err != nil {
			return nil, err
		}
		w, err = Open(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	if err := Migrate(ctx, w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func isUnknownDatabase(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && exception.Code == codeUnknownDatabase
}

// quoteName quotes an identifier, which can't be a query parameter in DDL.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "\\`") + "`" }

// The bookkeeping of migrations themselves; not one of them, because it must
// be there before the first. Rows of two runs at once are identical.
const createMigrations = `CREATE TABLE IF NOT EXISTS migrations
(
    number   UInt32,
    file     String,
    checksum String
)
ENGINE = MergeTree
ORDER BY number`

func (w *Warehouse) appliedMigrations(ctx context.Context) (map[uint32]string, error) {
	rows, err := w.conn.Query(ctx, "SELECT number, any(checksum) FROM migrations GROUP BY number")
	if err != nil {
		return nil, fmt.Errorf("read which migrations were applied: %w", err)
	}
	defer rows.Close()
	applied := map[uint32]string{}
	for rows.Next() {
		var number uint32
		var checksum string
		if err := rows.Scan(&number, &checksum); err != nil {
			return nil, fmt.Errorf("read which migrations were applied: %w", err)
		}
		applied[number] = checksum
	}
	return applied, rows.Err()
}

func (w *Warehouse) recordMigrations(ctx context.Context, done []migration) error {
	if len(done) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO migrations (number, file, checksum)")
	for _, m := range done {
		if err == nil {
			err = batch.Append(m.number, m.file, m.checksum)
		}
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("record migration %s: %w", done[len(done)-1].file, err)
	}
	return nil
}

// pendingMigrations says what is still to be applied, in order.
func pendingMigrations(known []migration, applied map[uint32]string) ([]migration, error) {
	var pending []migration
	for _, m := range known {
		checksum, done := applied[m.number]
		switch {
		case !done:
			pending = append(pending, m)
		case checksum != m.checksum:
			return nil, fmt.Errorf("%w: %s is not what this database was built with; put the old file back and write the change as a new migration", ErrMigrationChanged, m.file)
		}
	}
	return pending, nil
}

var (
	migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)
	// Statements that may run twice. Anything else would break a second run
	// that was killed between applying and recording.
	idempotent = regexp.MustCompile(`(?s)^(CREATE (TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) IF NOT EXISTS |DROP (TABLE|VIEW) IF EXISTS |ALTER TABLE \w+\s+((ADD|DROP|MODIFY|RENAME|COMMENT) (COLUMN|INDEX|PROJECTION) IF (NOT )?EXISTS |MODIFY (SETTING|TTL) ))`)
)

func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []migration
	for i, name := range names {
		file := path.Base(name)
		match := migrationName.FindStringSubmatch(file)
		if match == nil {
			return nil, fmt.Errorf("migration %s: name it as 0001_nouns.sql", file)
		}
		number, err := strconv.ParseUint(match[1], 10, 32)
		if err != nil || number != uint64(i+1) {
			return nil, fmt.Errorf("migration %s: the next number is %04d; numbers have no gaps and no doubles", file, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		content := strings.ReplaceAll(string(text), "\r\n", "\n")
		statement := oneStatement(content)
		if !idempotent.MatchString(statement) || strings.Contains(statement, ";") {
			return nil, fmt.Errorf("migration %s: write exactly one statement that may run twice (IF NOT EXISTS, IF EXISTS)", file)
		}
		sum := sha256.Sum256([]byte(content))
		all = append(all, migration{uint32(number), file, statement, hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// oneStatement is the file without its comment lines and final semicolon.
func oneStatement(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(strings.Join(lines, "\n")), ";")
}

var (
	ddlObject    = regexp.MustCompile(`^\s*(?:CREATE (?:TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) IF NOT EXISTS|CREATE TABLE|DROP (?:TABLE|VIEW)(?: IF EXISTS)?|TRUNCATE TABLE(?: IF EXISTS)?|ALTER TABLE) [\w.` + "`" + `{}:]+`)
	ddlPartition = regexp.MustCompile(`^\s*ALTER TABLE \S+\s+(?:DROP|MOVE|REPLACE|ATTACH) PARTITION\b`)
	ddlEngine    = regexp.MustCompile(`\bENGINE\s*=\s*((?:Replacing|Summing|Aggregating)?MergeTree)\b`)
)

// DDL rewrites a statement of the schema for where it runs: with Replicated
// engines, and ON CLUSTER, if c says so. The path of a replicated table is left
// to the server (default_replica_path), which knows its shards and replicas.
// Partitions are left to the server that was asked, which has the parts:
// another replica may not have fetched all of them yet, and would move too few.
func (c Config) DDL(statement string) string {
	if c.Replicated {
		statement = ddlEngine.ReplaceAllString(statement, "ENGINE = Replicated$1")
	}
	if c.Cluster != "" && !ddlPartition.MatchString(statement) {
		statement = ddlObject.ReplaceAllString(statement, "$0 ON CLUSTER "+quoteName(c.Cluster))
	}
	return statement
}
