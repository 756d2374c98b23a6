package sink

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
	"go.uber.org/zap"
)

// ReferenceTag is the vendor's parameter in which this message centre takes the sender's own id of a message, and gives
// it back in receipts. Without it a message has only the id that the centre gives.
const ReferenceTag = 0x1400

// centre is a message centre: it takes text messages by SMPP 3.4, keeps each part on disk before it answers, and sends
// receipts to whoever submitted.
type centre struct {
	box     *mailbox
	faults  *faults
	metrics *metrics
	log     *zap.Logger
	listen  net.Listener

	mu    sync.Mutex
	binds map[*bound]struct{}
}

func newCentre(listen net.Listener, box *mailbox, faults *faults, metrics *metrics, log *zap.Logger) *centre {
	return &centre{listen: listen, box: box, faults: faults, metrics: metrics, log: log, binds: map[*bound]struct{}{}}
}

// serve takes connections until the listener closes.
func (c *centre) serve() error {
	for {
		conn, err := c.listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the message centre can't take connections: %w", err)
		}
		c.metrics.connections.Inc()
		b := &bound{centre: c, conn: conn, out: bufio.NewWriterSize(conn, 32<<10)}
		c.mu.Lock()
		c.binds[b] = struct{}{}
		c.mu.Unlock()
		go b.serve()
	}
}

func (c *centre) close() {
	_ = c.listen.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := range c.binds {
		_ = b.conn.Close()
	}
}

// bound is one connection.
type bound struct {
	centre   *centre
	conn     net.Conn
	ready    bool // it is bound
	sequence atomic.Int32

	mu  sync.Mutex
	out *bufio.Writer
}

func (b *bound) serve() {
	defer func() {
		_ = b.conn.Close()
		b.centre.mu.Lock()
		delete(b.centre.binds, b)
		b.centre.mu.Unlock()
		if r := recover(); r != nil { // the codec was not written against hostile peers
			b.centre.log.Warn("a connection sent what can't be read", zap.Any("panic", r))
		}
	}()
	in := bufio.NewReaderSize(b.conn, 32<<10)
	for {
		if in.Buffered() == 0 { // answers to a window leave together
			if b.flush() != nil {
				return
			}
		}
		got, err := pdu.Parse(in)
		if err != nil || got == nil || !b.take(got) {
			_ = b.flush()
			return
		}
	}
}

func (b *bound) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Flush()
}

func (b *bound) send(p pdu.PDU) {
	out := pdu.NewBuffer(nil)
	p.Marshal(out)
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = b.out.Write(out.Bytes())
}

// take answers one PDU; false ends the connection.
func (b *bound) take(got pdu.PDU) bool {
	switch got := got.(type) {
	case *pdu.BindRequest:
		answer := pdu.NewBindResp(*got)
		answer.SystemID = "sink"
		b.ready = true
		b.send(answer)
	case *pdu.SubmitSM:
		return b.submit(got)
	case *pdu.Unbind:
		b.send(got.GetResponse())
		return false
	case *pdu.DeliverSMResp, *pdu.EnquireLinkResp:
	default:
		if got.CanResponse() {
			b.send(got.GetResponse())
		}
	}
	return true
}

func (b *bound) submit(p *pdu.SubmitSM) bool {
	answer := pdu.NewSubmitSMRespFromReq(p).(*pdu.SubmitSMResp)
	refuse := func(kind string, status data.CommandStatusType) bool {
		b.centre.metrics.refused.WithLabelValues(kind).Inc()
		answer.CommandStatus = status
		b.send(answer)
		return true
	}
	t := b.centre.faults.sms.Load()
	if t.DelayMS > 0 {
		time.Sleep(time.Duration(t.DelayMS) * time.Millisecond)
	}
	switch {
	case !b.ready:
		return refuse("permanent", data.ESME_RINVBNDSTS)
	case chance(t.Permanent):
		return refuse("permanent", data.ESME_RINVDSTADR)
	case chance(t.Temporary):
		return refuse("temporary", data.ESME_RTHROTTLED)
	case chance(t.Lose):
		return false
	}
	name := rand.Text()[:16]
	id := name
	if reference, ok := p.OptionalParameters[ReferenceTag]; ok {
		id = strings.TrimRight(string(reference.Data), "\x00")
	}
	raw, part, of := textOf(p)
	r := record{ID: id, From: p.SourceAddr.Address(), To: p.DestAddr.Address(), Received: time.Now(), Raw: raw}
	if part > 1 { // the message is there with its first part; the others are kept beside it
		r.ID = fmt.Sprintf("%s part %d of %d", id, part, of)
	}
	if err := b.centre.box.Put(r); err != nil {
		return refuse("temporary", data.ESME_RMSGQFUL)
	}
	b.centre.metrics.texts.Inc()
	switch {
	case chance(t.Drop):
		return false
	case chance(t.Stall):
		time.Sleep(time.Duration(t.StallMS) * time.Millisecond)
		return false
	case chance(t.Broken): // what follows is no SMPP
		b.mu.Lock()
		_, _ = b.out.WriteString("HTTP/1.1 502 Bad Gateway\r\n\r\n")
		b.mu.Unlock()
		return false
	}
	answer.MessageID = name
	b.send(answer)
	if p.RegisteredDelivery&1 == 1 && !chance(t.Mute) {
		undelivered := chance(t.Undelivered)
		time.AfterFunc(time.Duration(t.ReceiptMS)*time.Millisecond, func() { b.receipt(p, name, id, undelivered) })
	}
	return true
}

// textOf is the text of a message as it came, and which part of how many it is.
func textOf(p *pdu.SubmitSM) (raw []byte, part, of byte) {
	raw, _ = p.Message.GetMessageData()
	if payload, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok && len(raw) == 0 {
		raw = payload.Data
	}
	part, of = 1, 1
	if total, seq, _, found := p.Message.UDH().GetConcatInfo(); found {
		return raw, seq, total
	}
	if seq, ok := p.OptionalParameters[pdu.TagSarSegmentSeqnum]; ok && len(seq.Data) == 1 {
		part = seq.Data[0]
		if total, ok := p.OptionalParameters[pdu.TagSarTotalSegments]; ok && len(total.Data) == 1 {
			of = total.Data[0]
		}
	}
	return raw, part, of
}

// receipt tells whether a message arrived, on the connection that it came by or on any other.
func (b *bound) receipt(p *pdu.SubmitSM, name, id string, undelivered bool) {
	state, code, text := byte(2), "000", "DELIVRD"
	if undelivered {
		state, code, text = 5, "001", "UNDELIV"
	}
	d := pdu.NewDeliverSM().(*pdu.DeliverSM)
	d.SourceAddr, d.DestAddr, d.EsmClass = p.DestAddr, p.SourceAddr, 0x04
	now := time.Now().UTC().Format("0601021504")
	_ = d.Message.SetMessageWithEncoding(fmt.Sprintf("id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:%s err:%s text:", name, now, now, text, code), data.ASCII)
	d.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: append([]byte(name), 0)})
	d.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{state}})
	if id != name {
		d.RegisterOptionalParam(pdu.Field{Tag: ReferenceTag, Data: []byte(id)})
	}
	to := b
	b.centre.mu.Lock()
	if _, open := b.centre.binds[b]; !open {
		for other := range b.centre.binds {
			if other.ready {
				to = other
				break
			}
		}
	}
	b.centre.mu.Unlock()
	d.SetSequenceNumber(to.sequence.Add(1))
	to.send(d)
	_ = to.flush()
}
