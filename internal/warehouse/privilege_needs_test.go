package warehouse_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A need is one privilege on one object, as GRANT writes them.
type need struct{ privilege, object string }

var (
	commentLine = regexp.MustCompile(`(?m)^\s*--.*$`)
	space       = regexp.MustCompile(`\s+`)
	tokenRule   = regexp.MustCompile("'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|\\{\\w+:[^}]*\\}|[A-Za-z_]\\w*|\\d\\w*|\\S")
)

// bare is a statement without comment lines and its final semicolon, on one line.
func bare(text string) string {
	text = space.ReplaceAllString(commentLine.ReplaceAllString(text, ""), " ")
	return strings.TrimSuffix(strings.TrimSpace(text), ";")
}

// changesSchema says whether every server of a cluster must be told. Partitions are changed, and rows deleted, through one
// replica, and replicated tables tell the others.
func changesSchema(text string) bool {
	tokens := tokenRule.FindAllString(text, -1)
	switch word(tokens, 0) {
	case "CREATE", "DROP", "TRUNCATE", "RENAME", "EXCHANGE":
		return true
	case "ALTER":
		return !slices.ContainsFunc(tokens, func(t string) bool { return strings.EqualFold(t, "PARTITION") || strings.EqualFold(t, "DELETE") })
	}
	return false
}

func word(tokens []string, i int) string {
	if i < 0 || i >= len(tokens) {
		return ""
	}
	return strings.ToUpper(tokens[i])
}

// needsOf are the privileges that ClickHouse asks for before it runs a statement, after src/Interpreters
// (InterpreterAlterQuery::getRequiredAccessForCommand and its like) and the documentation of GRANT. A statement of a
// kind that is not listed is an error: least privilege begins with knowing what is sent.
func needsOf(text string, names map[string][]string) ([]need, error) {
	tokens := tokenRule.FindAllString(bare(text), -1)
	p := &privileges{tokens: tokens, names: names}
	switch word(tokens, 0) {
	case "SELECT", "WITH":
		p.reads(0)
	case "INSERT":
		at := 1
		if word(tokens, at) == "INTO" {
			at++
		}
		at = p.on(at, "INSERT")
		p.reads(at)
	case "CREATE":
		p.create()
	case "DROP":
		p.on(p.after("TABLE", "IF", "EXISTS"), "DROP TABLE")
	case "TRUNCATE":
		p.on(p.after("TABLE", "IF", "EXISTS"), "TRUNCATE")
	case "ALTER":
		p.alter()
	default:
		p.fail("a statement that begins with %s", word(tokens, 0))
	}
	if i := slices.IndexFunc(tokens, func(t string) bool { return strings.EqualFold(t, "CLUSTER") }); i > 0 && word(tokens, i-1) == "ON" {
		p.found = append(p.found, need{"CLUSTER", "*.*"})
	}
	return p.found, p.err
}

type privileges struct {
	tokens []string
	names  map[string][]string
	found  []need
	err    error
}

func (p *privileges) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// after is the place behind words that may stand between the first word and a name.
func (p *privileges) after(words ...string) int {
	at := 1
	for _, w := range words {
		if word(p.tokens, at) == w {
			at++
		}
	}
	return at
}

// tables are the tables that the name at a place may be, with their database, and the place behind it.
func (p *privileges) tables(at int) (all []string, next int) {
	if at >= len(p.tokens) {
		p.fail("a name is missing at the end")
		return nil, at
	}
	token := p.tokens[at]
	if known, ok := p.names[token]; ok {
		for _, name := range known {
			all = append(all, "danbi."+name)
		}
		return all, at + 1
	}
	token = strings.Trim(token, "`")
	if !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(token) {
		p.fail("%q is no name of a table", token)
		return nil, at
	}
	if word(p.tokens, at+1) == "." {
		return []string{token + "." + strings.Trim(p.tokens[at+2], "`")}, at + 3
	}
	return []string{"danbi." + token}, at + 1
}

func (p *privileges) on(at int, privileges ...string) int {
	tables, next := p.tables(at)
	for _, table := range tables {
		for _, privilege := range privileges {
			p.found = append(p.found, need{privilege, table})
		}
	}
	return next
}

// reads finds the tables behind FROM, JOIN and IN.
func (p *privileges) reads(from int) {
	local := map[string]bool{} // WITH name AS (SELECT …
	for i := range p.tokens {
		if word(p.tokens, i) == "AS" && word(p.tokens, i+1) == "(" && slices.Contains([]string{"SELECT", "WITH"}, word(p.tokens, i+2)) {
			local[p.tokens[i-1]] = true
		}
	}
	for i := from; i < len(p.tokens); i++ {
		switch word(p.tokens, i) {
		case "JOIN":
			if word(p.tokens, i-1) == "ARRAY" {
				continue
			}
		case "FROM":
		case "IN":
			if next := word(p.tokens, i+1); strings.HasPrefix(next, "{") && !strings.HasSuffix(next, ":IDENTIFIER}") || strings.HasPrefix(next, "'") {
				continue
			}
		default:
			continue
		}
		next := word(p.tokens, i+1)
		if next == "(" || next == "[" || local[strings.Trim(p.tokens[i+1], "`")] {
			continue
		}
		if word(p.tokens, i+2) == "(" {
			if word(p.tokens, i) == "FROM" || word(p.tokens, i) == "JOIN" {
				p.fail("the table function %s, which asks for privileges of its own", p.tokens[i+1])
			}
			continue
		}
		p.on(i+1, "SELECT")
	}
}

func (p *privileges) create() {
	switch word(p.tokens, 1) {
	case "DATABASE":
		p.found = append(p.found, need{"CREATE DATABASE", "danbi.*"})
		return
	case "TABLE":
	default:
		p.fail("CREATE %s", word(p.tokens, 1))
		return
	}
	next := p.on(p.after("TABLE", "IF", "NOT", "EXISTS"), "CREATE TABLE")
	if word(p.tokens, next) == "ON" { // CLUSTER name
		next += 3
	}
	if word(p.tokens, next) == "AS" {
		p.on(next+1, "SELECT") // SHOW COLUMNS is what is asked for, and SELECT holds it
		return
	}
	for i := next; i < len(p.tokens); i++ {
		if word(p.tokens, i) == "ENGINE" && word(p.tokens, i+1) == "=" {
			p.found = append(p.found, need{"TABLE ENGINE", p.tokens[i+2]})
		}
	}
}

// alter takes one action of an ALTER TABLE.
func (p *privileges) alter() {
	table := p.after("TABLE")
	_, next := p.tables(table)
	if word(p.tokens, next) == "ON" { // CLUSTER name
		next += 3
	}
	action, what := word(p.tokens, next), word(p.tokens, next+1)
	partner := func(before string) int {
		for i := next; i < len(p.tokens); i++ {
			if word(p.tokens, i) == before {
				return i + 1
			}
		}
		return len(p.tokens)
	}
	switch action + " " + what {
	case "ADD COLUMN", "DROP COLUMN", "MODIFY COLUMN", "RENAME COLUMN", "COMMENT COLUMN",
		"ADD INDEX", "DROP INDEX", "ADD PROJECTION", "DROP PROJECTION":
		p.on(table, "ALTER "+action+" "+what)
	case "MODIFY SETTING":
		p.on(table, "ALTER SETTINGS")
	case "MODIFY TTL":
		p.on(table, "ALTER TTL")
	case "DROP PARTITION", "DELETE WHERE":
		p.on(table, "ALTER DELETE")
	case "MOVE PARTITION":
		// Older servers ask for SELECT and ALTER DELETE of the source instead, which the import holds anyway.
		p.on(table, "ALTER MOVE PARTITION")
		p.on(partner("TO")+1, "INSERT") // TO TABLE name
	case "REPLACE PARTITION", "ATTACH PARTITION":
		from := partner("FROM")
		if from == len(p.tokens) {
			p.on(table, "INSERT")
			return
		}
		p.on(table, "ALTER DELETE", "INSERT")
		p.on(from, "SELECT")
	default:
		p.fail("ALTER TABLE … %s %s", action, what)
	}
}
