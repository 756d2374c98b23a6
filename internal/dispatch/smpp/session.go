package smpp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/danbi-project/danbi/internal/clock"
)

// errBroken says that a session ended while an answer was awaited.
var errBroken = errors.New("the connection to the message centre broke")

// session is one bound connection. Requests of many goroutines share it; answers find their request by sequence number.
type session struct {
	conn    net.Conn
	window  chan struct{} // a place for each request that waits for an answer
	receive func(*pdu.DeliverSM, func(data.CommandStatusType))

	mu       sync.Mutex // of what is below, and of writing
	waiting  map[int32]chan pdu.PDU
	sequence int32
	broken   error

	heard atomic.Int64  // unix nanoseconds of the last PDU
	done  chan struct{} // closed when the session is over
}

// dial connects and binds as transceiver. receive is called for each message from the centre; it must not block.
func dial(ctx context.Context, c Config, secure *tls.Config, receive func(*pdu.DeliverSM, func(data.CommandStatusType))) (*session, error) {
	limit := min(c.Timeout, 20*time.Second)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var conn net.Conn
	var err error
	if secure != nil {
		conn, err = (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", c.Addr)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", c.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the message centre: %w", err)
	}
	s := &session{conn: conn, window: make(chan struct{}, c.Window), waiting: map[int32]chan pdu.PDU{}, done: make(chan struct{}), receive: receive}
	s.heard.Store(clock.Wall().UnixNano())
	go s.read()
	bind := pdu.NewBindRequest(pdu.Transceiver)
	bind.SystemID, bind.Password, bind.SystemType = c.SystemID, c.Password, c.Type
	answer, err := s.ask(ctx, bind, clock.Wall().Add(limit))
	if err == nil && !answer.IsOk() {
		err = fmt.Errorf("it answers %s", explain(answer.GetHeader().CommandStatus))
	}
	if err != nil {
		s.fail(err)
		return nil, fmt.Errorf("bind to the message centre: %w", err)
	}
	go s.enquire(c.EnquireLink)
	return s, nil
}

// ask writes a request and waits for its answer. written says by errBroken or a timeout that the request may have left;
// any other error means that it has not.
func (s *session) ask(ctx context.Context, request pdu.PDU, deadline time.Time) (pdu.PDU, error) {
	answer := make(chan pdu.PDU, 1)
	sequence, err := s.write(request, answer, deadline)
	if err != nil {
		return nil, err
	}
	defer s.forget(sequence)
	asked := clock.Wall().UnixNano()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case got := <-answer:
		return got, nil
	case <-s.done:
		select {
		case got := <-answer: // it came with the last bytes
			return got, nil
		default:
			return nil, errBroken
		}
	case <-timer.C:
		if s.heard.Load() < asked { // not a word to anybody since: whoever comes next is to have a connection that lives
			s.fail(errors.New("the message centre is silent"))
		}
		return nil, fmt.Errorf("%w: no answer in time", errBroken)
	case <-ctx.Done():
		timer.Reset(min(grace, max(time.Until(deadline), 0)))
		select {
		case got := <-answer:
			return got, nil
		case <-timer.C:
		case <-s.done:
		}
		return nil, fmt.Errorf("%w: stopped before the answer", errBroken)
	}
}

// errUnsent says that nothing of a request left.
var errUnsent = errors.New("nothing was sent")

// write puts a request on the wire in one piece. No byte leaves after the deadline; a PDU that was cut short by it is
// worthless to the centre, and the session with it.
func (s *session) write(request pdu.PDU, answer chan pdu.PDU, deadline time.Time) (int32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, fmt.Errorf("%w: %w", errUnsent, s.broken)
	}
	if answer != nil {
		s.sequence = s.sequence%0x7FFFFFFE + 1
		request.SetSequenceNumber(s.sequence)
	}
	out := pdu.NewBuffer(nil)
	request.Marshal(out)
	if !clock.Wall().Before(deadline) {
		return 0, fmt.Errorf("%w: its time is over", errUnsent)
	}
	sequence := request.GetSequenceNumber()
	if answer != nil {
		s.waiting[sequence] = answer
	}
	_ = s.conn.SetWriteDeadline(deadline)
	n, err := s.conn.Write(out.Bytes())
	if err == nil {
		return sequence, nil
	}
	delete(s.waiting, sequence)
	s.failLocked(err)
	if n < out.Len() { // a part of a PDU is no message
		return 0, fmt.Errorf("%w: %w", errUnsent, err)
	}
	return 0, errBroken
}

func (s *session) forget(sequence int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, sequence)
}

func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(err)
}

func (s *session) failLocked(err error) {
	if s.broken == nil {
		s.broken = err
		_ = s.conn.Close()
		close(s.done)
	}
}

func (s *session) alive() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// read takes PDUs until the connection ends, or something comes that is no SMPP.
func (s *session) read() {
	in := bufio.NewReaderSize(s.conn, 32<<10)
	for {
		got, err := parse(in)
		if err != nil {
			s.fail(err)
			return
		}
		s.heard.Store(clock.Wall().UnixNano())
		switch got := got.(type) {
		case *pdu.DeliverSM:
			s.receive(got, func(status data.CommandStatusType) {
				response := pdu.NewDeliverSMRespFromReq(got).(*pdu.DeliverSMResp)
				response.CommandStatus = status
				_, _ = s.write(response, nil, clock.Wall().Add(answerLimit))
			})
		case *pdu.EnquireLink:
			_, _ = s.write(got.GetResponse(), nil, clock.Wall().Add(answerLimit))
		case *pdu.Unbind:
			_, _ = s.write(got.GetResponse(), nil, clock.Wall().Add(answerLimit))
			s.fail(errors.New("the message centre ended the session"))
			return
		default:
			s.answer(got)
		}
	}
}

// answerLimit is how long an answer of ours may take to be written.
const answerLimit = 5 * time.Second

func (s *session) answer(got pdu.PDU) {
	s.mu.Lock()
	waiting := s.waiting[got.GetSequenceNumber()]
	delete(s.waiting, got.GetSequenceNumber())
	s.mu.Unlock()
	if waiting != nil { // one that nobody waits for is too late, or for somebody else
		waiting <- got
		return
	}
	if got.CanResponse() {
		nack := pdu.NewGenericNack().(*pdu.GenericNack)
		nack.CommandStatus = data.ESME_RINVCMDID
		nack.SetSequenceNumber(got.GetSequenceNumber())
		_, _ = s.write(nack, nil, clock.Wall().Add(answerLimit))
	}
}

// parse reads one PDU. The library was not written against hostile peers: what it can't take ends the session, not us.
func parse(in *bufio.Reader) (got pdu.PDU, err error) {
	defer func() {
		if r := recover(); r != nil {
			got, err = nil, fmt.Errorf("a PDU that can't be read: %v", r)
		}
	}()
	got, err = pdu.Parse(in)
	if err == nil && got == nil {
		err = errors.New("a PDU that can't be read")
	}
	return got, err
}

// enquire asks a silent centre whether it lives, and ends the session when it does not answer.
func (s *session) enquire(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
		if time.Since(time.Unix(0, s.heard.Load())) < every {
			continue
		}
		if _, err := s.ask(context.Background(), pdu.NewEnquireLink(), clock.Wall().Add(every)); err != nil {
			s.fail(fmt.Errorf("the message centre is silent: %w", err))
			return
		}
	}
}

// close says goodbye.
func (s *session) close() {
	if s.alive() {
		_, _ = s.ask(context.Background(), pdu.NewUnbind(), clock.Wall().Add(time.Second))
	}
	s.fail(errors.New("closed"))
}
