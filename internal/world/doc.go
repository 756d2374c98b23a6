// Package world is the simulated population: what its customers are like, what they buy, and how they react to what
// reaches them. It is the only place that knows the truth, and it knows no model: it never imports a package that decides.
//
// All randomness is counter-based. A draw depends on the seed, the customer, what it is for and a number, and on nothing
// that was drawn before. So any customer and any month can be generated alone, shards don't matter, living on continues
// the same process, and both potential outcomes of a message are exact: the same draws with it and without it.
package world
