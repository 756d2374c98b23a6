package importing

import "fmt"

// A Lookup is a source held in memory so that other rows find theirs in it.
// Only the columns that rules use are kept.
type Lookup struct {
	Source  string
	Key     string
	Columns []string

	keep    []int // positions of Columns in the file at hand
	key     int
	rows    map[string][]string
	doubles uint64
}

// NewLookup starts an empty one. Its columns are those of the source's header.
func NewLookup(source, key string, columns []string) *Lookup {
	return &Lookup{Source: source, Key: key, Columns: columns, rows: map[string][]string{}}
}

// Header prepares for the records of a file.
func (l *Lookup) Header(header []string) error {
	l.keep = make([]int, len(l.Columns))
	for i, c := range l.Columns {
		if l.keep[i] = indexOf(header, c); l.keep[i] < 0 {
			return fmt.Errorf("source %s: a file has no column %q%s", l.Source, c, meant(c, header))
		}
	}
	if l.key = indexOf(header, l.Key); l.key < 0 {
		return fmt.Errorf("source %s: a file has no column %q to join by%s", l.Source, l.Key, meant(l.Key, header))
	}
	return nil
}

// Add keeps a record; of two with one key the first counts.
func (l *Lookup) Add(record []string) {
	key := record[l.key]
	if key == "" {
		return
	}
	if _, there := l.rows[key]; there {
		l.doubles++
		return
	}
	values := make([]string, len(l.keep))
	for i, k := range l.keep {
		// A copy, or one kept word would hold a whole block of the file.
		values[i] = string([]byte(record[k]))
	}
	l.rows[string([]byte(key))] = values
}

func (l *Lookup) at(key string, column int) string {
	if row, ok := l.rows[key]; ok {
		return row[column]
	}
	return ""
}

func (l *Lookup) has(key string) bool {
	_, ok := l.rows[key]
	return ok
}

func indexOf(all []string, one string) int {
	for i, s := range all {
		if s == one {
			return i
		}
	}
	return -1
}
