package sink

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const defaultSegment = 64 << 20

// digest stands for a message ID, or an address, in memory: 16 bytes however long it is.
type digest [16]byte

func digestOf(text string) digest {
	sum := sha256.Sum256([]byte(text))
	return digest(sum[:16])
}

// place is where a record lies.
type place struct {
	segment uint32
	offset  int64
}

// entry is what is known of a message without reading it.
type entry struct {
	place  place // of the first copy
	first  int64 // unix nanoseconds
	copies uint32
}

// mailbox keeps mails in append-only segment files. A mail is written before Put returns, so that a kill of the process
// loses none that was acknowledged; an index in memory, rebuilt at start, answers whether one is there.
type mailbox struct {
	dir   string
	limit int64

	mu      sync.RWMutex
	files   []*os.File // by segment number, from 0; the last one is written
	size    int64      // of the last segment
	index   map[digest]entry
	people  map[digest]struct{}
	recent  []place // ring of the latest mails
	next    int     // where the ring is written
	mails   uint64
	doubled int
	bytes   int64
	buffer  []byte
}

const ringSize = 1000

// openMailbox opens or makes the mailbox of a name under dir. A last record that was not written to its end is dropped: its sender
// never got an answer.
func openMailbox(dir, name string, limit int64) (*mailbox, error) {
	if limit <= 0 {
		limit = defaultSegment
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the sink's folder: %w", err)
	}
	b := &mailbox{
		dir: dir, limit: limit,
		index: map[digest]entry{}, people: map[digest]struct{}{}, recent: make([]place, 0, ringSize),
	}
	for n := 0; ; n++ {
		file, err := os.OpenFile(b.path(n), os.O_RDWR, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the sink's mail: %w", err), b.Close())
		}
		b.files = append(b.files, file)
		if err := b.load(n); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	if len(b.files) == 0 {
		if err := b.rotate(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *mailbox) path(segment int) string {
	return filepath.Join(b.dir, fmt.Sprintf("%06d.mail", segment))
}

// load indexes a segment and cuts off a torn end, so that new records follow whole ones.
func (b *mailbox) load(segment int) error {
	in := bufio.NewReaderSize(b.files[segment], 1<<20)
	var offset int64
	for {
		r, n, err := readRecord(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if err := b.files[segment].Truncate(offset); err != nil {
				return fmt.Errorf("drop the torn end of %s: %w", b.path(segment), err)
			}
			break
		}
		b.remember(r.ID, r.To, place{uint32(segment), offset}, r.Received, len(r.Raw))
		offset += n
	}
	b.size = offset
	return nil
}

func (b *mailbox) rotate() error {
	file, err := os.OpenFile(b.path(len(b.files)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("begin a new file of mails: %w", err)
	}
	b.files, b.size = append(b.files, file), 0
	return nil
}

// Put keeps a mail. When it returns nil the mail is written.
func (b *mailbox) Put(r record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.put(r)
}

// PutOnce keeps a message unless it is there already, and says so.
func (b *mailbox) PutOnce(r record) (again bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.index[digestOf(r.ID)]; known {
		return true, nil
	}
	return false, b.put(r)
}

func (b *mailbox) put(r record) error {
	if b.size >= b.limit {
		if err := b.rotate(); err != nil {
			return err
		}
	}
	b.buffer = appendRecord(b.buffer[:0], r)
	// Written at an offset of our own: what a failed write left behind is overwritten by the next one.
	if _, err := b.files[len(b.files)-1].WriteAt(b.buffer, b.size); err != nil {
		return fmt.Errorf("write a mail: %w", err)
	}
	b.remember(r.ID, r.To, place{uint32(len(b.files) - 1), b.size}, r.Received, len(r.Raw))
	b.size += int64(len(b.buffer))
	return nil
}

func (b *mailbox) remember(id, to string, at place, received time.Time, size int) {
	key := digestOf(id)
	e, known := b.index[key]
	if !known {
		e = entry{place: at, first: received.UnixNano()}
	}
	e.copies++
	if e.copies == 2 {
		b.doubled++
	}
	b.index[key] = e
	b.people[digestOf(to)] = struct{}{}
	if len(b.recent) < ringSize {
		b.recent = append(b.recent, at)
	} else {
		b.recent[b.next] = at
	}
	b.next = (b.next + 1) % ringSize
	b.mails++
	b.bytes += int64(size)
}

// Find says whether a message is there.
func (b *mailbox) Find(id string) (entry, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	e, ok := b.index[digestOf(id)]
	return e, ok
}

// Read gets the mail at a place.
func (b *mailbox) Read(at place) (record, error) {
	b.mu.RLock()
	file := b.files[at.segment]
	b.mu.RUnlock()
	r, _, err := readRecord(io.NewSectionReader(file, at.offset, maxPayload))
	if err != nil {
		return record{}, fmt.Errorf("read a mail from %s: %w", filepath.Base(file.Name()), err)
	}
	return r, nil
}

// Latest is where the last n mails lie, the newest first, skipping the first skip.
func (b *mailbox) Latest(skip, n int) []place {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []place
	for i := skip; i < len(b.recent) && len(out) < n; i++ {
		out = append(out, b.recent[((b.next-1-i)%len(b.recent)+len(b.recent))%len(b.recent)])
	}
	return out
}

// Each calls visit for every mail in the order of arrival, up to those there at the call.
func (b *mailbox) Each(visit func(record) error) error {
	b.mu.RLock()
	files, size := b.files, b.size
	b.mu.RUnlock()
	for i, file := range files {
		length := int64(1 << 62)
		if i == len(files)-1 {
			length = size
		}
		in := bufio.NewReaderSize(io.NewSectionReader(file, 0, length), 1<<20)
		for {
			r, _, err := readRecord(in)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", filepath.Base(file.Name()), err)
			}
			if err := visit(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// count is how much a mailbox holds.
type count struct {
	Mails      uint64 `json:"mails"`      // copies included
	Messages   int    `json:"messages"`   // by Message-ID
	Recipients int    `json:"recipients"` // distinct addresses
	Doubled    int    `json:"doubled"`    // messages that came more than once
	Bytes      int64  `json:"bytes"`
	Files      int    `json:"files"`
}

// Count is how much there is.
func (b *mailbox) Count() count {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return count{
		Mails: b.mails, Messages: len(b.index), Recipients: len(b.people), Doubled: b.doubled, Bytes: b.bytes, Files: len(b.files),
	}
}

// Close closes the files.
func (b *mailbox) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var faults []error
	for _, file := range b.files {
		faults = append(faults, file.Close())
	}
	return errors.Join(faults...)
}
