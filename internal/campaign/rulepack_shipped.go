package campaign

import (
	"embed"
	"path"
	"sync"
)

//go:embed rulepacks/*.yaml
var shippedFiles embed.FS

type packFile struct {
	Packs []RulePack `yaml:"packs" json:"packs"`
}

// ShippedRules are the packs that come with this version of Danbi. They are the same for all: change none.
var ShippedRules = sync.OnceValue(func() []RulePack {
	var all []RulePack
	for _, name := range []string{"any", "kr", "us", "eu"} {
		all = append(all, mustRead[packFile](name).Packs...)
	}
	return all
})

var countries = sync.OnceValue(func() map[string]string {
	zones := map[string]string{}
	for country, names := range mustRead[map[string][]string]("zones") {
		for _, name := range names {
			zones[name] = country
		}
	}
	return zones
})

// CountryOf is the country whose packs hold in a time zone; empty where there are none.
func CountryOf(zone string) string { return countries()[zone] }

// mustRead decodes a file that is part of the program: a test reads them all.
func mustRead[T any](name string) T {
	file := path.Join("rulepacks", name+".yaml")
	data, err := shippedFiles.ReadFile(file)
	if err != nil {
		panic(err)
	}
	value, _, faults := decode[T](file, data)
	if err := faults.err(); err != nil {
		panic(err)
	}
	return value
}
