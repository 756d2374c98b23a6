package warehouse

import "strings"

// columnSQL is the expression of a column in the query's outermost SELECT, or in a deeper one that it is taken from by name.
func columnSQL(text, name string) string {
	if outer := outerSQL(text, name); outer != name {
		return outer
	}
	for at := 0; ; {
		next := strings.Index(text[at:], "SELECT\n")
		if next < 0 {
			return name
		}
		at += next + len("SELECT\n")
		for _, column := range topLevel(text[at:]) {
			if expression, found := strings.CutSuffix(column, " AS "+name); found {
				return strings.TrimSpace(expression)
			}
		}
	}
}

func outerSQL(text, name string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line == "SELECT" {
			text = strings.Join(lines[i+1:], "\n")
			break
		}
	}
	for _, column := range topLevel(text) {
		if column == name {
			return name
		}
		if expression, found := strings.CutSuffix(column, " AS "+name); found {
			return expression
		}
	}
	return ""
}

// topLevel cuts a list of columns at its commas, those within brackets apart, up to its FROM.
func topLevel(text string) []string {
	var all []string
	var one strings.Builder
	depth := 0
	for line := range strings.Lines(text) {
		if depth == 0 && strings.HasPrefix(strings.TrimSpace(line), "FROM") {
			break
		}
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		for _, r := range line {
			switch {
			case r == '(' || r == '[':
				depth++
			case r == ')' || r == ']':
				depth--
			case r == ',' && depth == 0:
				all = append(all, strings.TrimSpace(one.String()))
				one.Reset()
				continue
			}
			one.WriteRune(r)
		}
	}
	return append(all, strings.TrimSpace(one.String()))
}
