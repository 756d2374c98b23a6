package forest

import "golang.org/x/sys/cpu"

//go:noescape
func tabulateAVX512(bins *uint8, table *byte, shift uint8)

//go:noescape
func scoreAVX512(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)

//go:noescape
func tabulateAVX2(bins *uint8, table *byte, shift uint8)

//go:noescape
func scoreAVX2(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)

func fastPaths() (all []path) {
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW {
		all = append(all, path{"AVX-512", 64, tabulateAVX512, scoreAVX512})
	}
	if cpu.X86.HasAVX2 {
		all = append(all, path{"AVX2", 32, tabulateAVX2, scoreAVX2})
	}
	return all
}
