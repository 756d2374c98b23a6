package features

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
)

// functions are what an expression may call: aggregates, and functions of their arguments alone. What reads a clock, a
// file, another table, a server or chance is not among them.
var functions = strings.Fields(`
	count countIf sum sumIf avg avgIf min minIf max maxIf any anyIf argMin argMinIf argMax argMaxIf uniqExact uniqExactIf
	quantile quantileIf quantileExact quantileExactIf median medianIf stddevPop stddevPopIf varPop varPopIf
	groupArray groupArrayIf groupUniqArray groupUniqArrayIf
	if multiIf coalesce ifNull nullIf isNaN isNull isNotNull isFinite greatest least abs sign round floor ceil intDiv modulo sqrt log exp pow
	toFloat64 toFloat32 toInt64 toInt32 toUInt64 toUInt32 toUInt16 toUInt8 toString
	lower upper length startsWith endsWith position like ilike match empty notEmpty in
	arraySort arrayUniq arrayDistinct arrayCount arraySum arrayAvg arrayMin arrayMax arrayElement arrayDifference has indexOf`)

var (
	keywords = strings.Fields("and or not in like ilike between is null case when then else end true false nan")
	clocks   = strings.Fields("now now64 today yesterday tomorrow current_timestamp current_date nowinblock utctimestamp interval")
	queries  = strings.Fields("select from join with union intersect except where group having order limit prewhere final sample settings format into array using global any_join")
	kinds    = []string{"String", "Float64", "Int64", "Array(String)", "Array(Int64)"}

	token     = regexp.MustCompile(`^(?:\s+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|'(?:[^'\\]|\\.|'')*'|\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*|<=|>=|!=|<>|==|[-+*/%=<>(),])`)
	parameter = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*):([A-Za-z0-9()]+)\}$`)
)

// Compile checks the expression word by word and gives it with its parameters' names under a prefix. It can name the
// source's columns, its own parameters and the instant; everything else is a fault with line and column.
func (o Own) Compile(prefix string, columns []string) (string, []error) {
	var out strings.Builder
	var faults []error
	line, column, depth := 1, 1, 0
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("sql %d:%d: %s", line, column, fmt.Sprintf(format, args...)))
	}
	used := map[string]bool{}
	rest := o.SQL
	if strings.TrimSpace(rest) == "" {
		fault("is empty: write an aggregate, as in sum(amount)")
	}
	for rest != "" {
		word := token.FindString(rest)
		if word == "" {
			fault("%q can't stand here: only columns, functions, numbers, 'texts', {parameters} and + - * / %% = != < <= > >= ( ) ,", rest[:1])
			break
		}
		rest = rest[len(word):]
		text := word
		switch c := word[0]; {
		case c == '{':
			m := parameter.FindStringSubmatch(word)
			switch {
			case m == nil || !slices.Contains(kinds, m[2]):
				fault("%s must be written as {name:Type}, with one of the types %s", word, strings.Join(kinds, ", "))
			default:
				used[m[1]] = true
				if given, ok := o.Params[m[1]]; !ok {
					fault("the parameter %s has no value: add it under params", m[1])
				} else if _, err := paramValue(given, m[2]); err != nil {
					fault("the parameter %s: %v", m[1], err)
				}
				text = "{" + prefix + m[1] + ":" + m[2] + "}"
			}
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				fault("this ) closes nothing")
			}
		case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if problem := o.name(word, strings.HasPrefix(strings.TrimLeft(rest, " \t\n"), "("), columns); problem != "" {
				fault("%s", problem)
			}
		}
		if last := out.String(); strings.HasSuffix(last, "-") && text == "-" || strings.HasSuffix(last, "/") && text == "*" {
			fault("a comment can't stand here")
		}
		out.WriteString(text)
		for _, r := range word {
			if column++; r == '\n' {
				line, column = line+1, 1
			}
		}
	}
	if depth > 0 {
		fault("%d ( are not closed", depth)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Params)) {
		if !used[name] {
			faults = append(faults, fmt.Errorf("params.%s is not used by the sql: remove it", name))
		}
	}
	return out.String(), faults
}

// name says what is wrong with a word of the expression, if anything is.
func (o Own) name(word string, called bool, columns []string) string {
	low := strings.ToLower(word)
	switch {
	case slices.Contains(clocks, low):
		return fmt.Sprintf("%s reads a clock: a feature knows only what came before the snapshot's instant; write (instant - at) / 86400 for days ago, or give it a window", word)
	case slices.Contains(queries, low):
		return fmt.Sprintf("%s can't be used: a feature is one aggregate over the rows of %s before the snapshot's instant, and reads no other table", word, o.From)
	case called && slices.Contains(keywords, low):
		return ""
	case called && slices.Contains(functions, word):
		return ""
	case called:
		if near := campaign.Nearest(word, functions); near != "" {
			return fmt.Sprintf("there is no function %s; did you mean %s?", word, near)
		}
		return fmt.Sprintf("there is no function %s among those that a feature may call; docs/features.md lists them", word)
	case slices.Contains(keywords, low), slices.Contains(columns, word), word == "instant":
		return ""
	}
	if near := campaign.Nearest(word, columns); near != "" {
		return fmt.Sprintf("%s has no column %s; did you mean %s?", o.From, word, near)
	}
	return fmt.Sprintf("%s has no column %s: it has %s", o.From, word, strings.Join(columns, ", "))
}

// Values are the parameters as the engine takes them, under a prefix.
func (o Own) Values(prefix string) map[string]any {
	out := map[string]any{}
	for _, m := range regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*):([A-Za-z0-9()]+)\}`).FindAllStringSubmatch(o.SQL, -1) {
		if v, err := paramValue(o.Params[m[1]], m[2]); err == nil {
			out[prefix+m[1]] = v
		}
	}
	return out
}

// paramValue is a value from YAML or JSON as one of the types.
func paramValue(given any, kind string) (any, error) {
	list := func() []any { l, _ := given.([]any); return l }
	switch kind {
	case "String":
		if s, ok := given.(string); ok {
			return s, nil
		}
	case "Float64", "Int64":
		if f, ok := number(given); ok && (kind == "Float64" || f == float64(int64(f))) {
			if kind == "Int64" {
				return int64(f), nil
			}
			return f, nil
		}
	case "Array(String)":
		out := []string{}
		for _, v := range list() {
			s, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v is no text: quote it", v)
			}
			out = append(out, s)
		}
		if len(out) > 0 {
			return out, nil
		}
	case "Array(Int64)":
		out := []int64{}
		for _, v := range list() {
			f, ok := number(v)
			if !ok || f != float64(int64(f)) {
				return nil, fmt.Errorf("%v is no whole number", v)
			}
			out = append(out, int64(f))
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, fmt.Errorf("%v is no %s", given, kind)
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
