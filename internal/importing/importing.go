// Package importing decides what a row of a user's file means: which columns
// of which file become which columns of the warehouse, cast how, and which rows
// can't be read and why. A mapping file says so; nothing is guessed. It opens
// no file and knows no database: readers take an io.Reader, rows leave as Tables.
package importing
