package engine

import "encoding/binary"

// helloQuery is the first statement of clickhouse-go on each connection. The
// engine can't be asked: it writes blocks of revision 0 only, while the client
// decodes this one answer at its own, newer revision.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// hello answers helloQuery with one row in the Native format of a new client.
// It says revision 0, and the client decodes all that follows at revision 0.
func hello(displayName, version string) []byte {
	var b []byte
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	// Block info: field 1 is_overflows = false, field 2 bucket_num = -1, end.
	b = append(b, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0)
	b = append(b, 4, 1) // columns, rows
	column := func(name, kind string) {
		text(name)
		text(kind)
		b = append(b, 0) // no custom serialization
	}
	column("displayName()", "String")
	text(displayName)
	column("version()", "String")
	text(version)
	column("revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	column("timezone()", "String")
	text("UTC")
	return b
}
