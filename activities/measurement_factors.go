package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// factors compares the levels of the spec's factors among the treated, all at once and so corrected for being several.
func (a *Measurement) factors(ctx context.Context, in MeasureEffectInput, spec campaign.Spec, q measurement.Question, really bool) ([]Contrast, error) {
	if len(spec.Measurement.Factors) == 0 {
		return nil, nil
	}
	metric := measurement.Metric(spec.Measurement.Metric)
	sums, err := a.factorial(ctx, in, q, metric, spec.Touches[0].ID)
	if err != nil {
		return nil, err
	}
	var factors []measurement.Factor
	for _, f := range spec.Measurement.Factors {
		factors = append(factors, measurement.Factor(f))
	}
	main, together := sums.Compare(factors, spec.Measurement.Confidence)
	all := append(main, together...)
	var probabilities []float64
	for _, c := range all {
		probabilities = append(probabilities, c.P)
	}
	var out []Contrast
	for i, p := range measurement.Holm(probabilities) {
		c := all[i]
		claim := measurement.Proven
		switch {
		case !really:
			claim = measurement.NeverDelivered
		case p > 1-spec.Measurement.Confidence:
			claim = measurement.Inconclusive
		}
		out = append(out, Contrast{
			Name: c.Name, Money: metric.Money(), Together: i >= len(main), Level: c.Level, Reference: c.Reference, Mean: c.Mean, Against: c.Against,
			Difference: c.Difference, Low: c.Low, High: c.High, P: c.P, Corrected: p, Claim: string(claim),
		})
	}
	return out, nil
}

// factorial is the sums as they were first added up, or adds them up.
func (a *Measurement) factorial(ctx context.Context, in MeasureEffectInput, q measurement.Question, metric measurement.Metric, touch string) (measurement.Factorial, error) {
	sums, err := a.Store.FactorResults(ctx, in.Run)
	if err != nil || len(sums) > 0 {
		return sums, err
	}
	for _, shard := range in.Shards {
		part, err := a.Store.FactorSums(ctx, in.Run, q, metric, touch, shard)
		if err != nil {
			return nil, err
		}
		sums.Add(part)
	}
	return sums, a.Store.SaveFactorResults(ctx, in.Run, sums, in.Times.Settles)
}
