package forest

import "golang.org/x/sys/cpu"

//go:noescape
func tabulateAVX512(bins *uint8, table *byte, shift uint8)

//go:noescape
func scoreAVX512(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)

func fastPaths() []path {
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW {
		return []path{{"AVX-512", 64, tabulateAVX512, scoreAVX512}}
	}
	return nil
}
