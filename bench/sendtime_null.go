package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// The file of past e-mails has three buckets of send times, which hardly differ in their response. Each stands for an hour.
var bucketHours = map[string]int{"1": 9, "2": 13, "3": 18}

const (
	mailsEach  = 120 // mails of one kind that count as one customer's history
	resamples  = 1000
	conclusive = .95
)

// sentMail is one line of the file. kind is what the mail was and to whom it went: mails are compared within it only,
// because the buckets were not drawn by lot.
type sentMail struct {
	kind     string
	bucket   string
	answered bool
}

// null judges the method on a file whose truth is that send times have no effect: it learns on one half of the mails and is
// judged on the other, each mail's kind for itself. The effect is the response at the chosen bucket over the one as sent.
func (b *sendtimeBench) null() (map[string]any, error) {
	mails, err := readMails(b.data)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"mails": len(mails)}
	section := (*engines)(nil).begin()
	random := rand.New(rand.NewPCG(1, 0))
	random.Shuffle(len(mails), func(i, j int) { mails[i], mails[j] = mails[j], mails[i] })
	half := len(mails) / 2
	var judged []sentMail
	var choices []map[string]string // by half, by kind
	var parts []int
	var timing *dispatch.Timing
	for k, parted := range [][2][]sentMail{{mails[:half], mails[half:]}, {mails[half:], mails[:half]}} {
		choice, learned, err := chooseBuckets(parted[0])
		if err != nil {
			return nil, err
		}
		timing = learned
		choices = append(choices, choice)
		judged = append(judged, parted[1]...)
		parts = append(parts, slices.Repeat([]int{k}, len(parted[1]))...)
	}
	kinds := map[string]int{}
	cellOf, at := make([]int, len(judged)), make([]bool, len(judged))
	for i, m := range judged {
		key := fmt.Sprint(parts[i], m.kind)
		if _, known := kinds[key]; !known {
			kinds[key] = len(kinds)
		}
		cellOf[i], at[i] = kinds[key], choices[parts[i]][m.kind] == m.bucket
	}
	type cell struct{ sent, answered, at, atAnswered float64 }
	effect := func(pick func(i int) int) float64 {
		cells := make([]cell, len(kinds))
		for i := range judged {
			j := pick(i)
			hit := 0.
			if judged[j].answered {
				hit = 1
			}
			c := &cells[cellOf[j]]
			c.sent, c.answered = c.sent+1, c.answered+hit
			if at[j] {
				c.at, c.atAnswered = c.at+1, c.atAnswered+hit
			}
		}
		var chosen, usual float64
		for _, c := range cells {
			usual += c.answered
			if c.at > 0 {
				chosen += c.atAnswered / c.at * c.sent
			} else {
				chosen += c.answered
			}
		}
		return chosen / usual
	}
	mean := effect(func(i int) int { return i })
	draws := make([]float64, resamples)
	for r := range draws {
		draws[r] = effect(func(int) int { return random.IntN(len(judged)) })
	}
	section.end(out)
	slices.Sort(draws)
	lo, hi := draws[int(resamples*(1-conclusive)/2)], draws[int(resamples*(1+conclusive)/2)]
	out["effect"] = map[string]float64{"mean": mean, "lo": lo, "hi": hi}
	out["learned"] = timing.Learned()
	out["claim"] = "inconclusive"
	if lo > 1 {
		out["claim"] = "more responses"
	}
	return out, nil
}

// chooseBuckets learns from mails as the product learns from customers' histories, and chooses a bucket for each kind.
func chooseBuckets(mails []sentMail) (map[string]string, *dispatch.Timing, error) {
	zones, err := dispatch.NewZones("UTC")
	if err != nil {
		return nil, nil, err
	}
	learner := dispatch.NewTimingLearner(worldEnds, zones)
	histories := map[string][]byte{}
	counts := map[string]int{}
	for n, m := range mails {
		i := counts[m.kind]
		counts[m.kind]++
		at := time.Date(2026, 8, 31, bucketHours[m.bucket], 0, 0, 0, time.UTC).AddDate(0, 0, -(i % mailsEach))
		h := dispatch.EventBytes(histories[m.kind], at, dispatch.EventSent, uint32(n+1))
		if m.answered {
			h = dispatch.EventBytes(h, at.Add(10*time.Minute), dispatch.EventAnswer, uint32(n+1))
		}
		if i%mailsEach == mailsEach-1 {
			learner.Add("", "UTC", string(h))
			h = nil
		}
		histories[m.kind] = h
	}
	for _, kind := range sortedKeys(histories) {
		learner.Add("", "UTC", string(histories[kind]))
	}
	timing := learner.Learn()
	choice := map[string]string{}
	for kind := range counts {
		expected := timing.Expect("", time.UTC, worldEnds, string(histories[kind]))
		best := "1"
		for _, bucket := range []string{"2", "3"} {
			if expected[bucketHours[bucket]] > expected[bucketHours[best]] {
				best = bucket
			}
		}
		choice[kind] = best
	}
	return choice, timing, nil
}

func readMails(path string) (mails []sentMail, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		found, _ := filepath.Glob(filepath.Join(path, "*.csv*"))
		if len(found) == 0 {
			return nil, fmt.Errorf("%s holds no CSV file of e-mails", path)
		}
		path = found[0]
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var text io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	lines := csv.NewReader(text)
	head, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[name] = i
	}
	for _, name := range []string{"Email_Type", "Email_Source_Type", "Email_Campaign_Type", "Time_Email_sent_Category", "Email_Status"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("%s has no column %s", path, name)
		}
	}
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return mails, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		bucket := line[column["Time_Email_sent_Category"]]
		if _, ok := bucketHours[bucket]; !ok {
			return nil, fmt.Errorf("%s: a mail was sent in bucket %q, which is none of 1, 2 and 3", path, bucket)
		}
		mails = append(mails, sentMail{
			kind:     line[column["Email_Type"]] + "/" + line[column["Email_Source_Type"]] + "/" + line[column["Email_Campaign_Type"]],
			bucket:   bucket,
			answered: line[column["Email_Status"]] != "0",
		})
	}
}

func sortedKeys[V any](all map[string]V) []string { return slices.Sorted(maps.Keys(all)) }
