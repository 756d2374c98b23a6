package sink

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"
)

// record is one accepted mail as a segment keeps it: a frame of length and checksum, so that a torn last one is seen.
type record struct {
	ID       string
	From, To string
	Received time.Time
	Raw      []byte
}

const (
	frameHeader = 12 // magic, length of the payload, its CRC-32C
	frameMagic  = 0x3149414d
	maxPayload  = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that a frame is not whole: the file ends in it, or it was never written to its end.
var errTorn = errors.New("torn record")

func appendRecord(to []byte, r record) []byte {
	start := len(to)
	to = append(to, make([]byte, frameHeader)...)
	to = binary.LittleEndian.AppendUint64(to, uint64(r.Received.UnixNano()))
	for _, text := range []string{r.ID, r.From, r.To} {
		to = binary.LittleEndian.AppendUint16(to, uint16(len(text)))
		to = append(to, text...)
	}
	to = append(to, r.Raw...)
	payload := to[start+frameHeader:]
	binary.LittleEndian.PutUint32(to[start:], frameMagic)
	binary.LittleEndian.PutUint32(to[start+4:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(to[start+8:], crc32.Checksum(payload, castagnoli))
	return to
}

// readRecord reads one frame and says how many bytes it took; io.EOF at a clean end, errTorn within one.
func readRecord(from io.Reader) (record, int64, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(from, header[:]); err == io.EOF {
		return record{}, 0, io.EOF
	} else if err != nil {
		return record{}, 0, errTorn
	}
	length := binary.LittleEndian.Uint32(header[4:])
	if binary.LittleEndian.Uint32(header[:]) != frameMagic || length > maxPayload {
		return record{}, 0, errTorn
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return record{}, 0, errTorn
	}
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(header[8:]) {
		return record{}, 0, errTorn
	}
	r, err := parseRecord(payload)
	return r, frameHeader + int64(length), err
}

func parseRecord(payload []byte) (record, error) {
	if len(payload) < 8 {
		return record{}, errTorn
	}
	r := record{Received: time.Unix(0, int64(binary.LittleEndian.Uint64(payload))).UTC()}
	payload = payload[8:]
	for _, text := range []*string{&r.ID, &r.From, &r.To} {
		if len(payload) < 2 {
			return record{}, errTorn
		}
		n := int(binary.LittleEndian.Uint16(payload))
		if len(payload) < 2+n {
			return record{}, errTorn
		}
		*text, payload = string(payload[2:2+n]), payload[2+n:]
	}
	r.Raw = payload
	return r, nil
}
