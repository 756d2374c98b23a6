package warehouse_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

const day = 24 * time.Hour

// featureHistory is a small past, kept in Go as well as in the warehouse.
type featureHistory struct {
	customers    []person
	transactions []line
	interactions []contact
}

type person struct {
	Key       uint32    `ch:"customer_key"`
	Segment   string    `ch:"segment"`
	Region    string    `ch:"region"`
	Zone      string    `ch:"zone"`
	Language  string    `ch:"language"`
	Gender    string    `ch:"gender"`
	BirthYear uint16    `ch:"birth_year"`
	Joined    time.Time `ch:"joined"`
	UpdatedAt time.Time `ch:"updated_at"`
}

type line struct {
	Key      uint32    `ch:"customer_key"`
	At       time.Time `ch:"at"`
	ID       uint64    `ch:"id"`
	Line     uint16    `ch:"line"`
	Kind     string    `ch:"kind"`
	Amount   int64     `ch:"amount"`
	Currency string    `ch:"currency"`
	Category string    `ch:"category"`
	Brand    string    `ch:"brand"`
}

type contact struct {
	Key        uint32    `ch:"customer_key"`
	At         time.Time `ch:"at"`
	Kind       string    `ch:"kind"`
	Channel    string    `ch:"channel"`
	Campaign   string    `ch:"campaign"`
	Occurrence uint32    `ch:"occurrence"`
	Touch      string    `ch:"touch"`
	ID         uint64    `ch:"id"`
}

// row is what the warehouse says of a customer.
type row struct {
	Key           uint32             `ch:"customer_key"`
	Segment       string             `ch:"segment"`
	Zone          string             `ch:"zone"`
	Age           uint8              `ch:"age"`
	Tenure        uint16             `ch:"tenure_days"`
	Recency       uint16             `ch:"recency_days"`
	Purchases     uint32             `ch:"purchases"`
	Purchases90d  uint32             `ch:"purchases_90d"`
	Spend         int64              `ch:"spend"`
	Spend28d      int64              `ch:"spend_28d"`
	Spend90d      int64              `ch:"spend_90d"`
	Months        []int64            `ch:"spend_months"`
	Rhythm        float32            `ch:"rhythm_days"`
	Shares        map[string]float32 `ch:"category_shares"`
	TopCategory   string             `ch:"top_category"`
	TopBrand      string             `ch:"top_brand"`
	PurchaseHours []uint16           `ch:"purchase_hours"`
	ResponseHours []uint16           `ch:"response_hours"`
	Messages180d  uint16             `ch:"messages_180d"`
	Responses180d uint16             `ch:"responses_180d"`
}

var instant = time.Date(2026, 4, 15, 3, 30, 7, 0, time.UTC)

// anyFeatureHistory puts many rows on the edges of the windows: a second before, on and after them.
func anyFeatureHistory(seed uint64) featureHistory {
	rng := rand.New(rand.NewPCG(seed, 3))
	pick := func(words ...string) string { return words[rng.IntN(len(words))] }
	edge := func() time.Time {
		back := []time.Duration{0, 28 * day, 30 * day, 60 * day, 90 * day, 180 * day, 330 * day, 360 * day, 365 * day}[rng.IntN(9)]
		return instant.Add(-back + time.Duration(rng.IntN(3)-1)*time.Second)
	}
	at := func() time.Time {
		if rng.IntN(4) == 0 {
			return edge()
		}
		return instant.Add(-time.Duration(rng.IntN(450*86400)-20*86400) * time.Second)
	}
	var h featureHistory
	for key := uint32(1); key <= 70; key++ {
		h.customers = append(h.customers, person{
			Key: key, Segment: pick("a", "b"), Region: pick("seoul", ""), Language: pick("ko", "en"), Gender: pick("f", "m", ""),
			Zone:      pick("Asia/Seoul", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Berlin", "", "Asia/Soul", "KST"),
			BirthYear: uint16([]int{0, 1950, 2000, 2030}[rng.IntN(4)]),
			Joined:    []time.Time{time.Unix(0, 0).UTC(), instant.AddDate(-3, 0, 0), instant.AddDate(0, 1, 0)}[rng.IntN(3)],
			UpdatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if key%10 == 0 {
			continue // has never done anything
		}
		for i := range rng.IntN(60) {
			l := line{Key: key, At: at(), ID: uint64(key)*1000 + uint64(i), Line: 1, Kind: pick("purchase", "purchase", "purchase", "refund", "cancellation"),
				Amount: rng.Int64N(100_000), Currency: pick("KRW", "KRW", "KRW", "USD"), Category: pick("cafe", "book", "food", "한식", ""), Brand: pick("x", "y", "z", "")}
			h.transactions = append(h.transactions, l)
			if rng.IntN(3) == 0 {
				l.Line, l.Amount, l.Category = 2, rng.Int64N(50_000), "book"
				h.transactions = append(h.transactions, l)
			}
		}
		for i := range rng.IntN(30) {
			c := contact{Key: key, At: at(), Kind: pick("delivered", "open", "click", "visit"), Channel: "email", Campaign: pick("", "old", "older"), Touch: "first", ID: uint64(key)*1000 + uint64(i)}
			h.interactions = append(h.interactions, c)
			if rng.IntN(5) == 0 {
				h.interactions = append(h.interactions, c) // told twice
			}
		}
	}
	return h
}

func insert[T any](t testing.TB, w *warehouse.Warehouse, table, columns string, rows []T) {
	t.Helper()
	batch, err := w.Conn().PrepareBatch(t.Context(), "INSERT INTO "+table+" ("+columns+")")
	require.NoError(t, err)
	for i := range rows {
		require.NoError(t, batch.AppendStruct(&rows[i]))
	}
	require.NoError(t, batch.Send())
}

func (h featureHistory) load(t testing.TB, w *warehouse.Warehouse) {
	const people = "customer_key, segment, region, zone, language, gender, birth_year, joined, updated_at"
	older := slices.Clone(h.customers)
	for i := range older {
		older[i].Segment, older[i].UpdatedAt = "old", older[i].UpdatedAt.Add(-time.Hour)
	}
	insert(t, w, "customers", people, h.customers)
	insert(t, w, "customers", people, older) // an older version that has not been merged away yet
	insert(t, w, "transactions", "customer_key, at, id, line, kind, amount, currency, category, brand", h.transactions)
	insert(t, w, "interactions", "customer_key, at, kind, channel, campaign, occurrence, touch, id", h.interactions)
}

// naive computes one customer's features in the most obvious way.
func (h featureHistory) naive(p person) row {
	r := row{Key: p.Key, Segment: p.Segment, Zone: p.Zone, Recency: 65535, Months: make([]int64, 12), Shares: map[string]float32{}, PurchaseHours: make([]uint16, 24), ResponseHours: make([]uint16, 24)}
	if p.BirthYear > 0 {
		r.Age = uint8(max(0, instant.Year()-int(p.BirthYear)))
	}
	if p.Joined.Unix() != 0 {
		r.Tenure = uint16(max(0, instant.Truncate(day).Sub(p.Joined.Truncate(day))/day))
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil || p.Zone == "" {
		zone, _ = time.LoadLocation("Asia/Seoul")
	}
	var purchases []time.Time
	categories, brands := map[string]int64{}, map[string]int64{}
	for _, l := range h.transactions {
		if l.Key != p.Key || !l.At.Before(instant) {
			continue
		}
		age := instant.Sub(l.At)
		if l.Kind == "purchase" && l.Line == 1 {
			purchases = append(purchases, l.At)
			r.Purchases++
			if age <= 90*day {
				r.Purchases90d++
			}
			if age <= 365*day {
				r.PurchaseHours[l.At.In(zone).Hour()]++
			}
		}
		if l.Currency != "KRW" {
			continue
		}
		net := l.Amount
		if l.Kind != "purchase" {
			net = -net
		}
		r.Spend += net
		if age <= 28*day {
			r.Spend28d += net
		}
		if age <= 90*day {
			r.Spend90d += net
		}
		if m := int((age - time.Second) / (30 * day)); m < 12 {
			r.Months[m] += net
		}
		if age <= 365*day {
			categories[l.Category] += net
			brands[l.Brand] += net
		}
	}
	if len(purchases) > 0 {
		slices.SortFunc(purchases, time.Time.Compare)
		last := purchases[len(purchases)-1]
		r.Recency = uint16(instant.Sub(last) / day)
		if len(purchases) > 1 {
			r.Rhythm = float32(last.Sub(purchases[0]).Hours() / 24 / float64(len(purchases)-1))
		}
	}
	var positive int64
	for name, net := range categories {
		if name != "" && net > 0 {
			positive += net
		}
	}
	for name, net := range categories {
		if name != "" && net > 0 {
			r.Shares[name] = float32(float64(net) / float64(positive))
		}
	}
	r.TopCategory, r.TopBrand = top(categories), top(brands)
	h.contacts(&r, p, zone)
	return r
}

func (h featureHistory) contacts(r *row, p person, zone *time.Location) {
	messages, responses, answers := map[string]bool{}, map[uint64]bool{}, map[string]bool{}
	for _, c := range h.interactions {
		age := instant.Sub(c.At)
		if c.Key != p.Key || age <= 0 || age > 365*day {
			continue
		}
		switch {
		case c.Kind == "delivered" && age <= 180*day && c.Campaign == "":
			messages[fmt.Sprint(c.ID)] = true
		case c.Kind == "delivered" && age <= 180*day:
			messages[c.Campaign] = true
		case c.Kind == "open" || c.Kind == "click":
			if key := fmt.Sprint(c.ID, c.At); !answers[key] {
				answers[key] = true
				r.ResponseHours[c.At.In(zone).Hour()]++
			}
			if age <= 180*day {
				responses[c.ID] = true
			}
		}
	}
	r.Messages180d, r.Responses180d = uint16(len(messages)), uint16(len(responses))
}

// top is the name with the most; amounts are drawn so widely that there are no ties.
func top(sums map[string]int64) string {
	best, most := "", int64(0)
	for name, sum := range sums {
		if name != "" && sum > most {
			best, most = name, sum
		}
	}
	return best
}

// snapshot extracts and publishes, by the same steps as the activities.
func snapshot(t testing.TB, w *warehouse.Warehouse, at time.Time, shards int) (features.Snapshot, []campaign.Shard) {
	t.Helper()
	s, cut, err := w.PlanSnapshot(t.Context(), features.Snapshot{Instant: at, Currency: "KRW", Zone: "Asia/Seoul"}, shards)
	require.NoError(t, err)
	var customers uint64
	for _, shard := range cut {
		n, err := w.ExtractFeatures(t.Context(), s, shard)
		require.NoError(t, err)
		customers += n
	}
	s, err = w.PublishSnapshot(t.Context(), s, cut, customers)
	require.NoError(t, err)
	return s, cut
}

func TestFeaturesAreWhatANaiveProgramComputes(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := stacktest.Warehouse(t)
			h := anyFeatureHistory(seed)
			h.load(t, w)
			s, shards := snapshot(t, w, instant, 3)
			require.Len(t, shards, 3)
			var rows []row
			require.NoError(t, w.Conn().Select(t.Context(), &rows, `SELECT customer_key, toString(segment) AS segment, toString(zone) AS zone, age, tenure_days, recency_days, purchases, purchases_90d,
				spend, spend_28d, spend_90d, spend_months, rhythm_days, category_shares, toString(top_category) AS top_category, toString(top_brand) AS top_brand,
				purchase_hours, response_hours, messages_180d, responses_180d FROM features ORDER BY customer_key`))
			require.Len(t, rows, len(h.customers))
			require.EqualValues(t, len(h.customers), s.Customers)
			for i, p := range h.customers {
				want := h.naive(p)
				got := rows[i]
				require.InDelta(t, want.Rhythm, got.Rhythm, 1e-4*math.Max(1, float64(want.Rhythm)))
				require.InDeltaMapValues(t, want.Shares, got.Shares, 1e-6)
				got.Rhythm, got.Shares = want.Rhythm, want.Shares
				require.Equal(t, want, got, "customer %d", p.Key)
			}
		})
	}
}

// Planted at the instant or after it, a purchase is invisible; a second before it is not.
func TestNoFeatureUsesWhatCameLater(t *testing.T) {
	w := stacktest.Warehouse(t)
	h := anyFeatureHistory(9)
	h.load(t, w)
	before, _ := snapshot(t, w, instant, 2)
	plant := func(at time.Time) {
		insert(t, w, "transactions", "customer_key, at, id, line, kind, amount, currency, category, brand",
			[]line{{Key: 10, At: at, ID: 1, Line: 1, Kind: "purchase", Amount: 1e9, Currency: "KRW", Category: "planted", Brand: "planted"}})
		insert(t, w, "interactions", "customer_key, at, kind, channel, campaign, occurrence, touch, id",
			[]contact{{Key: 10, At: at, Kind: "open", Channel: "email", ID: 77}})
	}
	plant(instant)
	plant(instant.Add(time.Second))
	plant(instant.Add(40 * day))
	after, shards, err := w.PlanSnapshot(t.Context(), features.Snapshot{Instant: instant, Currency: "KRW", Zone: "Asia/Seoul"}, 2)
	require.NoError(t, err)
	require.Equal(t, before.ID, after.ID, "what comes later does not make another snapshot")
	require.True(t, after.Published)
	// Not only found again: extracted again, it is the same.
	for _, table := range []string{"features", "snapshots"} {
		require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE "+table))
	}
	again, _ := snapshot(t, w, instant, len(shards))
	require.Equal(t, before.Checksum, again.Checksum)

	plant(instant.Add(-time.Second))
	changed, _ := snapshot(t, w, instant, 2)
	require.NotEqual(t, before.ID, changed.ID, "what came before does")
	require.NotEqual(t, before.Checksum, changed.Checksum)
}

func TestSnapshotsNeedCustomers(t *testing.T) {
	w := stacktest.Warehouse(t)
	_, _, err := w.PlanSnapshot(t.Context(), features.Snapshot{Instant: instant, Currency: "KRW", Zone: "Asia/Seoul"}, 0)
	require.ErrorIs(t, err, features.ErrNoCustomers)
}

func TestASnapshotIsPublishedWholeOrNotAtAll(t *testing.T) {
	w := stacktest.Warehouse(t)
	anyFeatureHistory(4).load(t, w)
	s, shards, err := w.PlanSnapshot(t.Context(), features.Snapshot{Instant: instant, Currency: "KRW", Zone: "Asia/Seoul"}, 3)
	require.NoError(t, err)
	for _, shard := range shards[:2] {
		_, err := w.ExtractFeatures(t.Context(), s, shard)
		require.NoError(t, err)
	}
	_, err = w.PublishSnapshot(t.Context(), s, shards, 70)
	require.ErrorIs(t, err, features.ErrSnapshotIncomplete, "a shard is missing")
	_, err = w.PublishSnapshot(t.Context(), s, shards[:2], 70)
	require.ErrorIs(t, err, features.ErrSnapshotIncomplete, "customers are missing")
	var rows uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM features").Scan(&rows))
	require.Zero(t, rows)
	_, err = w.ExtractFeatures(t.Context(), s, shards[2])
	require.NoError(t, err)
	first, err := w.PublishSnapshot(t.Context(), s, shards, 70)
	require.NoError(t, err)
	second, err := w.PublishSnapshot(t.Context(), s, shards, 70)
	require.NoError(t, err)
	require.Equal(t, first, second)
	n, err := w.ExtractFeatures(t.Context(), s, shards[2])
	require.NoError(t, err, "a late attempt only counts")
	require.Positive(t, n)
	swept, err := w.SweepStaging(t.Context(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Zero(t, swept, "publishing left nothing behind")
}
