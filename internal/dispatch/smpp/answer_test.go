package smpp_test

import (
	"net"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smpp"
)

// What people answer is read as the centre writes it: who opts out is told on, the rest is acknowledged and forgotten.
func TestAnAnswerOptsOut(t *testing.T) {
	t.Parallel()
	cp949, err := korean.EUCKR.NewEncoder().Bytes([]byte("수신거부 합니다"))
	require.NoError(t, err)
	ucs2, err := data.UCS2.Encode("수신 거부")
	require.NoError(t, err)
	answers := []struct {
		raw      []byte
		encoding data.Encoding
		esm      byte
	}{
		{[]byte("Stop"), data.GSM7BIT, 0}, {[]byte("thank you"), data.GSM7BIT, 0}, {ucs2, data.UCS2, 0}, {cp949, data.GSM7BIT, 0},
		{[]byte("STOP"), data.GSM7BIT, 0x08},                                      // a delivery acknowledgement, not a message
		{[]byte{0xD8}, data.UCS2, 0}, {[]byte{0xFF, 0xFE, 0x80}, data.GSM7BIT, 0}, // garbage
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	acknowledged := make(chan data.CommandStatusType, len(answers))
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		write := func(p pdu.PDU) {
			out := pdu.NewBuffer(nil)
			p.Marshal(out)
			_, _ = conn.Write(out.Bytes())
		}
		for {
			got, err := pdu.Parse(conn)
			if err != nil {
				return
			}
			switch got := got.(type) {
			case *pdu.BindRequest:
				write(got.GetResponse())
				for i, a := range answers {
					p := pdu.NewDeliverSM().(*pdu.DeliverSM)
					p.SetSequenceNumber(int32(i + 1))
					p.EsmClass = a.esm
					p.SourceAddr, _ = pdu.NewAddressWithTonNpiAddr(1, 1, "821012345678")
					p.DestAddr, _ = pdu.NewAddressWithTonNpiAddr(0, 1, "15880000")
					_ = p.Message.SetMessageDataWithEncoding(a.raw, a.encoding)
					write(p)
				}
			case *pdu.DeliverSMResp:
				acknowledged <- got.CommandStatus
			}
		}
	}()
	into := &inbox{}
	c, err := smpp.New(smpp.Config{Addr: listener.Addr().String(), SystemID: "danbi", Timeout: 2 * time.Second}, "sms", into)
	require.NoError(t, err)
	require.NoError(t, c.Ready(t.Context()))
	for range answers {
		select {
		case status := <-acknowledged:
			require.Equal(t, data.ESME_ROK, status)
		case <-time.After(10 * time.Second):
			t.Fatal("an answer was not acknowledged")
		}
	}
	require.Len(t, into.all(), 3)
	for _, f := range into.all() {
		require.Equal(t, "821012345678", f.From)
		require.Equal(t, dispatch.FeedbackUnsubscribed, f.Kind)
		require.Equal(t, "sms", f.Channel)
	}
}
