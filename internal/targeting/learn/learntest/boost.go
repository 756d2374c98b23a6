// Package learntest grows small boosted forests in plain Go, so that tests of learners need no library.
package learntest

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Trainer is a plain trainer by histograms: slow, and exact enough to test with.
type Trainer struct{}

type sums struct{ g, h float64 }

// Train grows p.Trees trees.
func (Trainer) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
	n := len(d.Label)
	r := rand.New(rand.NewPCG(p.Seed, 1))
	weight := func(i int) float64 {
		if d.Weight == nil {
			return 1
		}
		return float64(d.Weight[i])
	}
	var total, weights float64
	for i, y := range d.Label {
		total, weights = total+weight(i)*float64(y), weights+weight(i)
	}
	f := &forest.Forest{Features: len(d.Bins)}
	base := total / weights
	switch p.Objective {
	case learn.Logistic:
		q := min(max(base, 1e-6), 1-1e-6)
		base, f.Link = math.Log(q/(1-q)), forest.Logit
	case learn.Tweedie:
		base, f.Link = math.Log(base), forest.Log
	}
	f.Base = float32(base)
	score := make([]float64, n)
	for i := range score {
		score[i] = base
	}
	gradient := make([]sums, n)
	place := make([]int32, n)
	var varying []int
	for j, column := range d.Bins {
		for _, b := range column {
			if b != column[0] {
				varying = append(varying, j)
				break
			}
		}
	}
	for range p.Trees {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, y := range d.Label {
			place[i] = -1
			if p.Subsample >= 1 || p.Subsample == 0 || r.Float64() < p.Subsample {
				place[i] = 0
			}
			w := weight(i)
			switch p.Objective {
			case learn.Logistic:
				q := 1 / (1 + math.Exp(-score[i]))
				gradient[i] = sums{w * (q - float64(y)), w * q * (1 - q)}
			case learn.Tweedie: // as Poisson does
				m := math.Exp(score[i])
				gradient[i] = sums{w * (m - float64(y)), w * m}
			default:
				gradient[i] = sums{w * (score[i] - float64(y)), w}
			}
		}
		columns := make([]int, len(varying))
		for i, at := range r.Perm(len(varying)) {
			columns[i] = varying[at]
		}
		if p.Columns > 0 && p.Columns < 1 {
			columns = columns[:max(1, int(p.Columns*float64(len(columns))))]
		}
		t := grow(d.Bins, gradient, place, columns, p)
		one := forest.Forest{Features: f.Features, Trees: []forest.Tree{t}}
		out := make([]float32, n)
		if err := one.Score(d.Bins, out); err != nil {
			return nil, err
		}
		for i := range score {
			score[i] += float64(out[i])
		}
		f.Trees = append(f.Trees, t)
	}
	return f, nil
}

func grow(bins [][]uint8, gradient []sums, place []int32, columns []int, p learn.Params) forest.Tree {
	t := forest.Tree{{}}
	var root sums
	for i, g := range gradient {
		if place[i] == 0 {
			root.g, root.h = root.g+g.g, root.h+g.h
		}
	}
	totals := []sums{root}
	t[0].Value, t[0].Cover = float32(-p.Rate*root.g/(root.h+p.Lambda)), float32(root.h)
	open := []int{0}
	for range p.Depth {
		if len(open) == 0 {
			break
		}
		slots := make([]int32, len(t))
		for i := range slots {
			slots[i] = -1
		}
		for s, at := range open {
			slots[at] = int32(s)
		}
		type best struct {
			gain    float64
			feature int
			split   int
			left    sums
		}
		bests := make([]best, len(open))
		histogram := make([][256]sums, len(open))
		for _, j := range columns {
			clear(histogram)
			for i, b := range bins[j] {
				if place[i] >= 0 && slots[place[i]] >= 0 {
					h := &histogram[slots[place[i]]][b]
					h.g, h.h = h.g+gradient[i].g, h.h+gradient[i].h
				}
			}
			for s, at := range open {
				whole := totals[at]
				var left sums
				for b := 1; b < 255; b++ {
					left.g, left.h = left.g+histogram[s][b-1].g, left.h+histogram[s][b-1].h
					right := sums{whole.g - left.g, whole.h - left.h}
					if left.h < p.ChildWeight || right.h < p.ChildWeight || left.h <= 0 || right.h <= 0 {
						continue
					}
					gain := left.g*left.g/(left.h+p.Lambda) + right.g*right.g/(right.h+p.Lambda) - whole.g*whole.g/(whole.h+p.Lambda)
					if gain > bests[s].gain+1e-12 {
						bests[s] = best{gain, j, b, left}
					}
				}
			}
		}
		var next []int
		for s, at := range open {
			b := bests[s]
			if b.gain <= 0 {
				continue
			}
			right := sums{totals[at].g - b.left.g, totals[at].h - b.left.h}
			t[at].Feature, t[at].Cut, t[at].Left, t[at].Right = uint16(b.feature), uint8(b.split-1), int32(len(t)), int32(len(t)+1)
			for _, side := range []sums{b.left, right} {
				next = append(next, len(t))
				t = append(t, forest.Node{Value: float32(-p.Rate * side.g / (side.h + p.Lambda)), Cover: float32(side.h)})
				totals = append(totals, side)
			}
		}
		for i, at := range place {
			if at < 0 || t[at].Leaf() {
				continue
			}
			place[i] = t[at].Goes(bins[t[at].Feature][i])
		}
		open = next
	}
	return t
}
