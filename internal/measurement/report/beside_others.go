package report

import (
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/measurement"
)

// Overlap is another campaign whose window overlaps this one's and that drew some of the same customers. Its messages are
// part of what both arms did; where it treated as large a share of either, it takes nothing from the comparison.
type Overlap struct {
	Campaign   string    `json:"campaign"`
	Occurrence uint32    `json:"occurrence"`
	Opens      time.Time `json:"opens"`
	Closes     time.Time `json:"closes"`
	Both       uint64    `json:"both"`    // customers whom both drew, for whichever arm
	Treated    uint64    `json:"treated"` // of this one's treated it treated so many
	Control    uint64    `json:"control"` // of this one's control
	Alike      float64   `json:"alike"`   // probability of shares as unlike as these where neither draw knew of the other
}

// Cancellation is how far a run had come when it was cancelled.
type Cancellation struct {
	At       time.Time `json:"at"`
	Messages uint64    `json:"messages"` // that left, or may have
	Planned  uint64    `json:"planned"`
	Window   float64   `json:"window"` // share of the window that was over
}

// unlike is how improbable shares must be for an overlap to count as a fault; as strict as the sample ratio's.
const unlike = 0.001

// judge finds how alike the shares are that an overlapping campaign treated of either arm.
func (o *Overlap) judge(treated, control uint64) {
	o.Alike = 1
	if treated > 0 && control > 0 {
		o.Alike = measurement.SampleRatio(o.Treated, o.Control, float64(control)/float64(treated+control))
	}
}

// cancelled says how far the run had come; call it when its messages are counted.
func (d *Document) cancelled(at time.Time) {
	c := &Cancellation{At: at, Messages: d.Budget.Messages}
	for _, n := range d.Hours {
		c.Planned += n
	}
	c.Planned = max(c.Planned, c.Messages)
	if length := d.Times.Closes.Sub(d.Times.Opens); length > 0 {
		c.Window = min(max(float64(at.Sub(d.Times.Opens))/float64(length), 0), 1)
	}
	d.Cancelled = c
}

// warning is a sentence about the comparison, and whether it takes something from it.
type warning struct {
	Text string
	Bad  bool
}

// disturbed says what else happened to the customers who are compared.
func (d *Document) disturbed(r reader) (all []warning) {
	if c := d.Cancelled; c != nil {
		all = append(all, warning{r.choose(
			fmt.Sprintf("It was cancelled on %s, when %s of the window was over and %s of %s messages had left. The window is measured to its end, and all who were drawn count: this is what was changed by the messages that left, less than the whole campaign would have.",
				r.date(c.At), r.percent(c.Window), r.count(c.Messages), r.count(c.Planned)),
			fmt.Sprintf("%s에 취소했습니다. 집계 기간의 %s가 지났고, 메시지 %s건 가운데 %s건이 나간 뒤였습니다. 집계 기간은 끝까지 재고 추첨된 고객을 모두 셉니다. 따라서 여기의 효과는 나간 메시지만큼의 효과이며, 캠페인 전체의 효과보다 작습니다.",
				r.date(c.At), r.percent(c.Window), r.count(c.Planned), r.count(c.Messages))), true})
	}
	for _, o := range d.Overlaps {
		treated, control := share(o.Treated, d.arm("treated")), share(o.Control, d.arm("control"))
		if o.Alike < unlike {
			all = append(all, warning{r.choose(
				fmt.Sprintf("%s/%d (%s) drew %s of these customers too, and wrote to %s of the treated but %s of control (%s): part of the difference is that campaign's. Most likely a limit on recent contacts kept it from this one's treated only; run such campaigns one after the other.",
					o.Campaign, o.Occurrence, r.days(o.Opens, o.Closes), r.count(o.Both), r.percent(treated), r.percent(control), chance(o.Alike)),
				fmt.Sprintf("%s/%d (%s) 캠페인도 이 고객 가운데 %s명을 추첨했고, 발송군의 %s, 대조군의 %s에게 보냈습니다(%s). 두 군이 달라 차이의 일부는 그 캠페인의 것입니다. 최근 접촉 제한이 발송군에만 걸렸을 수 있으니 이런 캠페인은 차례로 진행하십시오.",
					o.Campaign, o.Occurrence, r.days(o.Opens, o.Closes), r.count(o.Both), r.percent(treated), r.percent(control), chance(o.Alike))), true})
			continue
		}
		all = append(all, warning{r.choose(
			fmt.Sprintf("%s/%d (%s) drew %s of these customers too, and wrote to %s of the treated and %s of control: alike, for each draws by itself. Each campaign's effect contains the other's on those customers.",
				o.Campaign, o.Occurrence, r.days(o.Opens, o.Closes), r.count(o.Both), r.percent(treated), r.percent(control)),
			fmt.Sprintf("%s/%d (%s) 캠페인도 이 고객 가운데 %s명을 추첨했고, 발송군의 %s, 대조군의 %s에게 보냈습니다. 따로 추첨하므로 두 군에서 비슷합니다. 이 고객들에서는 두 캠페인의 효과가 서로 섞여 있습니다.",
				o.Campaign, o.Occurrence, r.days(o.Opens, o.Closes), r.count(o.Both), r.percent(treated), r.percent(control))), false})
	}
	return all
}

// chance is a probability as it is written beside a claim; what a computer can't tell from 0 is not called that.
func chance(p float64) string {
	if p < 1e-9 {
		return "p < 1e-9"
	}
	return fmt.Sprintf("p = %.2g", p)
}

// Disturbed is what else happened to the customers who are compared.
func (p page) Disturbed() []warning { return p.d.disturbed(p.reader) }
