package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"github.com/danbi-project/danbi/internal/offers/budget"
)

// offersCommand is the hidden first argument with which the bench starts itself to write an instance of the offers' problem:
// the process that is measured has not paid for it.
const offersCommand = "generate-offers"

// offersInstance is customers with what their offers are worth and cost, as columns in files, and limits of which most bind.
type offersInstance struct {
	Customers, Offers int
	Limits            []budget.Limit
	Hidden            []float64 // prices that the limits were made from: nobody is told them
}

// Ranges that instances are drawn from. Monthly spend is lognormal with the spread that card and loyalty panels show; an
// offer's chance to be taken is a logistic of reward against spend; effects of offers differ between people with a
// coefficient of variation of about 40 %.
const (
	spendMedian   = 60_000 // of a month, in minor units
	spendSpread   = 0.8    // of its logarithm
	effectSpread  = 0.4    // of the logarithm of the effect
	marginOf      = 0.2    // of more spend
	contactCost   = 30
	rewardStep    = 1000
	rarely        = 10 // one offer in so many is not for a customer
	likeliestGain = 1.5
)

// parts are how many segments and regions a number of limits leaves, beside the whole budget and an inventory an offer.
func parts(limits, offers int) (segments, regions int) {
	rest := max(0, limits-1-offers)
	segments = (rest*3 + 4) / 5
	return segments, rest - segments
}

const offersBlock = 1 << 16

// generateOffers writes an instance: `generate-offers DIR CUSTOMERS OFFERS LIMITS SEED`.
func generateOffers(args []string) error {
	if len(args) != 5 {
		return errors.New("generate-offers takes DIR CUSTOMERS OFFERS LIMITS SEED")
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i+1]); err != nil {
			return err
		}
	}
	customers, offers, limits, seed := n[0], n[1], n[2], uint64(n[3])
	segments, regions := parts(limits, offers)
	classes := max(segments, 1) * max(regions, 1)
	prices, all := offersLimits(limits, offers, segments, regions, seed)
	files := map[string]*bufio.Writer{}
	for _, name := range []string{"values", "costs", "class", "luck"} {
		f, err := os.Create(filepath.Join(args[0], name))
		if err != nil {
			return err
		}
		defer f.Close()
		files[name] = bufio.NewWriterSize(f, 1<<20)
	}
	use := make([]float64, len(all))
	blocks := (customers + offersBlock - 1) / offersBlock
	made := make([]chan *offersRows, blocks)
	for i := range made {
		made[i] = make(chan *offersRows, 1)
	}
	var wait sync.WaitGroup
	room := make(chan struct{}, 2*runtime.NumCPU())
	wait.Go(func() {
		for b := range blocks {
			room <- struct{}{}
			go func() {
				made[b] <- drawRows(rand.New(rand.NewPCG(seed, uint64(b)+1)), min(offersBlock, customers-b*offersBlock), offers, classes, all, prices)
			}()
		}
	})
	for b := range blocks {
		rows := <-made[b]
		<-room
		for name, column := range map[string]any{"values": rows.values, "costs": rows.costs, "class": rows.class, "luck": rows.luck} {
			if err := binary.Write(files[name], binary.LittleEndian, column); err != nil {
				return err
			}
		}
		for j, u := range rows.use {
			use[j] += u
		}
	}
	wait.Wait()
	for _, f := range files {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for j := range all {
		all[j].Most = int64(use[j] * (1 + 0.01*rng.NormFloat64()))
		if prices[j] == 0 {
			all[j].Most = int64(use[j] * 1.1)
		}
	}
	text, err := json.Marshal(offersInstance{Customers: customers, Offers: offers, Limits: all, Hidden: prices})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(args[0], "instance.json"), text, 0o600)
}

// offersLimits are the whole budget, an inventory for each offer, and budgets of segments and of regions, which overlap;
// five in six have a price at which they are made to bind.
func offersLimits(n, offers, segments, regions int, seed uint64) (prices []float64, all []budget.Limit) {
	rng := rand.New(rand.NewPCG(seed, 1<<40))
	regionsOf := max(regions, 1)
	cost := func(name string, in func(class int) bool) {
		l := budget.Limit{Name: name, Weight: make([]budget.Weight, offers)}
		for k := range l.Weight {
			l.Weight[k].Cost = 1
		}
		if in != nil {
			for class := range max(segments, 1) * regionsOf {
				l.Scope = append(l.Scope, in(class))
			}
		}
		all, prices = append(all, l), append(prices, 0.05+0.2*rng.Float64())
	}
	cost("expected", nil)
	for s := range segments {
		cost(fmt.Sprintf("segment %d", s), func(class int) bool { return class/regionsOf == s })
	}
	for r := range regions {
		cost(fmt.Sprintf("region %d", r), func(class int) bool { return class%regionsOf == r })
	}
	for k := range min(offers, n-len(all)) {
		l := budget.Limit{Name: fmt.Sprintf("inventory %d", k), Weight: make([]budget.Weight, offers)}
		l.Weight[k].Unit = 1
		all, prices = append(all, l), append(prices, 50+200*rng.Float64())
	}
	for j := range prices {
		if j%6 == 5 {
			prices[j] = 0
		}
	}
	return prices, all
}

type offersRows struct {
	values, costs []float32
	class         []uint16
	luck          []uint32
	use           []float64
}

func drawRows(rng *rand.Rand, n, offers, classes int, all []budget.Limit, prices []float64) *offersRows {
	r := &offersRows{use: make([]float64, len(all))}
	for range n {
		spend := spendMedian * math.Exp(rng.NormFloat64()*spendSpread)
		class := rng.IntN(classes)
		r.class, r.luck = append(r.class, uint16(class)), append(r.luck, rng.Uint32())
		best, choice := 0.0, -1
		for k := range offers {
			reward := float64(rewardStep * (k + 1))
			reach := 1 / (1 + math.Exp(-(rng.NormFloat64() + likeliestGain*math.Log(reward/spend*12))))
			gain := marginOf * spend * reach * math.Exp(rng.NormFloat64()*effectSpread-effectSpread*effectSpread/2)
			value, cost := float32(math.Round(gain-reward*reach-contactCost)), float32(math.Round(reward*reach))
			if rng.IntN(rarely) == 0 {
				value, cost = budget.Never, 0
			}
			r.values, r.costs = append(r.values, value), append(r.costs, cost)
			net := float64(value)
			for j, l := range all {
				if len(l.Scope) == 0 || l.Scope[class] {
					net -= prices[j] * (float64(l.Weight[k].Cost)*float64(cost) + float64(l.Weight[k].Unit))
				}
			}
			if net > best {
				best, choice = net, k
			}
		}
		if choice < 0 {
			continue
		}
		cost := float64(r.costs[len(r.costs)-offers+choice])
		for j, l := range all {
			if len(l.Scope) == 0 || l.Scope[class] {
				r.use[j] += float64(l.Weight[choice].Cost)*cost + float64(l.Weight[choice].Unit)
			}
		}
	}
	return r
}

// readInstance maps the files of an instance.
func readInstance(dir string) (in offersInstance, values, costs []float32, class []uint16, luck []uint32, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "instance.json"))
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	if err != nil {
		return
	}
	values, err1 := mapped[float32](filepath.Join(dir, "values"))
	costs, err2 := mapped[float32](filepath.Join(dir, "costs"))
	class, err3 := mapped[uint16](filepath.Join(dir, "class"))
	luck, err4 := mapped[uint32](filepath.Join(dir, "luck"))
	return in, values, costs, class, luck, errors.Join(err1, err2, err3, err4)
}

// mapped is a file's content as a column, without reading it.
func mapped[T any](name string) ([]T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	bytes, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", name, err)
	}
	var one T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(bytes))), len(bytes)/int(unsafe.Sizeof(one))), nil
}
