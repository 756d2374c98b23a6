package integration

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// slim is a PNG in the 256 colours that it uses most: a third of its size, and as easy to read.
func slim(t *testing.T, picture []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	at := full.Bounds()
	used := map[color.RGBA]int{}
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			used[rgba(full.At(x, y))]++
		}
	}
	common := slices.SortedFunc(maps.Keys(used), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(used[b], used[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range common[:min(256, len(common))] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range used {
		nearest[c] = uint8(palette.Index(c))
	}
	slimmed := image.NewPaletted(at, palette)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			slimmed.SetColorIndex(x, y, nearest[rgba(full.At(x, y))])
		}
	}
	var out bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, slimmed))
	return out.Bytes()
}

func rgba(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }
