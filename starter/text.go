package main

// text chooses between the two languages that people read.
func (a *App) text(english, korean string) string {
	if a.Lang == "ko" {
		return korean
	}
	return english
}
