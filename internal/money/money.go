// Package money keeps amounts as integer minor units of a currency: won, cents, fils. Nothing here is a float.
package money

// Minor is an amount in minor units of a currency that stands beside it.
type Minor int64
