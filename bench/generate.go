package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// generateCommand is the hidden first argument with which the bench starts itself to write an import's files: what is
// measured must not have paid for them, in time or in memory.
const generateCommand = "generate-import"

//go:embed import.yaml
var importMapping []byte

// importTruth is what the generator wrote, counted while it wrote: what the import is judged by.
type importTruth struct {
	Customers, Consents, Products    uint64
	Records                          uint64 // lines of all files but their headers
	Transactions, Purchases          uint64 // that can be read
	Amount                           int64  // of the transactions, in minor units
	BadDates, Negative, Short, Alien uint64 // lines of sales that can't be imported
	Bytes                            int64
}

func (t importTruth) quarantined() uint64 { return t.BadDates + t.Negative + t.Short + t.Alien }

const (
	salesMonths      = 12
	linesPerMember   = 12
	itemCount        = 5000
	oneBadIn         = 250
	mostLinesReceipt = 3
)

var salesFrom = time.Date(2025, 9, 1, 0, 0, 0, 0, time.FixedZone("KST", 9*3600))

// generate writes the files of an import into a folder: `generate-import DIR ROWS SEED`. It prints the truth.
func generate(args []string) error {
	if len(args) != 3 {
		return errors.New("generate-import takes DIR ROWS SEED")
	}
	rows, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	seed, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	g := &generator{dir: args[0], rows: rows, members: max(rows/linesPerMember, 100), random: rand.New(rand.NewPCG(seed, 0))}
	if err := g.write(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(g.truth)
}

type generator struct {
	dir           string
	rows, members int
	random        *rand.Rand
	truth         importTruth
	receipt       int
}

func (g *generator) write() error {
	if err := os.WriteFile(filepath.Join(g.dir, "import.yaml"), importMapping, 0o600); err != nil {
		return err
	}
	if err := g.file("members.csv", "member,tier,region,zone,name,mail,joined,agreed\n", g.membersLines); err != nil {
		return err
	}
	if err := g.file("items.csv", "sku,name,kind,maker\n", g.itemLines); err != nil {
		return err
	}
	for month := range salesMonths {
		lines := g.rows*(month+1)/salesMonths - g.rows*month/salesMonths
		name := fmt.Sprintf("sales-%02d.csv", month+1)
		if err := g.file(name, "receipt,sold,member,sku,pieces,price,store\n", func(to *bufio.Writer) { g.salesLines(to, month, lines) }); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) file(name, header string, lines func(*bufio.Writer)) (err error) {
	f, err := os.Create(filepath.Join(g.dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	to := bufio.NewWriterSize(f, 1<<20)
	_, _ = to.WriteString(header)
	lines(to)
	if err := to.Flush(); err != nil {
		return err
	}
	at, err := f.Seek(0, 1)
	g.truth.Bytes += at
	return err
}

func (g *generator) membersLines(to *bufio.Writer) {
	tiers, regions := []string{"gold", "silver", "basic"}, []string{"Seoul", "Busan", "Daegu", "Incheon", "Gwangju", "Jeju"}
	for i := range g.members {
		agreed := ""
		if g.random.IntN(10) < 7 {
			agreed = "2025-0" + strconv.Itoa(1+g.random.IntN(8)) + "-15"
			g.truth.Consents++
		}
		joined := time.Date(2015, 1, 1+g.random.IntN(3800), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		_, _ = fmt.Fprintf(to, "M%d,%s,%s,Asia/Seoul,\"Member, %d\",m%d@example.invalid,%s,%s\n",
			i, tiers[g.random.IntN(len(tiers))], regions[g.random.IntN(len(regions))], i, i, joined, agreed)
	}
	g.truth.Customers = uint64(g.members)
	g.truth.Records += uint64(g.members)
}

func (g *generator) itemLines(to *bufio.Writer) {
	for i := range itemCount {
		_, _ = fmt.Fprintf(to, "S%d,Item %d,kind-%d,maker-%d\n", i, i, i%40, i%600)
	}
	g.truth.Products = itemCount
	g.truth.Records += itemCount
}

// salesLines writes receipts of one to three lines. A bad line stands alone on its receipt, so that it changes no other.
func (g *generator) salesLines(to *bufio.Writer, month, lines int) {
	first, next := salesFrom.AddDate(0, month, 0), salesFrom.AddDate(0, month+1, 0)
	seconds := int(next.Sub(first).Seconds())
	var b []byte
	for lines > 0 {
		g.receipt++
		sold := first.Add(time.Duration(g.random.IntN(seconds)) * time.Second)
		member := "M" + strconv.Itoa(int(float64(g.members)*g.random.Float64()*g.random.Float64())) // some buy far more than others
		if g.random.IntN(oneBadIn*2) == 0 {
			g.badLine(to, sold, member)
			lines--
			continue
		}
		g.truth.Purchases++
		for range min(lines, 1+g.random.IntN(mostLinesReceipt)) {
			price := int64(500 + 10*g.random.IntN(9950))
			b = g.line(b[:0], sold.AppendFormat(nil, time.DateTime), member, price)
			_, _ = to.Write(b)
			g.truth.Amount += price
			g.truth.Transactions++
			g.truth.Records++
			lines--
		}
	}
}

func (g *generator) line(b, sold []byte, member string, price int64) []byte {
	b = strconv.AppendInt(b, int64(g.receipt), 10)
	b = append(append(append(b, ','), sold...), ',')
	b = append(append(b, member...), ",S"...)
	b = append(strconv.AppendInt(b, int64(g.random.IntN(itemCount)), 10), ',')
	b = append(strconv.AppendInt(b, int64(1+g.random.IntN(3)), 10), ',')
	b = append(strconv.AppendInt(b, price, 10), ",store-"...)
	return append(strconv.AppendInt(b, int64(g.random.IntN(300)), 10), '\n')
}

func (g *generator) badLine(to *bufio.Writer, sold time.Time, member string) {
	g.truth.Records++
	at := sold.Format(time.DateTime)
	switch g.random.IntN(4) {
	case 0:
		_, _ = to.Write(g.line(nil, []byte(sold.Format("02.01.2006")), member, 1000))
		g.truth.BadDates++
	case 1:
		_, _ = to.Write(g.line(nil, []byte(at), member, -1000))
		g.truth.Negative++
	case 2:
		_, _ = fmt.Fprintf(to, "%d,%s,%s\n", g.receipt, at, member)
		g.truth.Short++
	default:
		_, _ = to.Write(g.line(nil, []byte(at), "nobody-"+member, 1000))
		g.truth.Alien++
	}
}
