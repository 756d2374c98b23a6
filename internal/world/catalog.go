package world

import (
	"fmt"
	"math"
)

const (
	brandsPerCategory = 100
	productsPerBrand  = 2
	merchantsPerPlace = 4
)

// A category of purchases: its share of the market and its price level against the average.
type category struct {
	id, ko, en string
	share      float64
	price      float64
}

var categories = [...]category{
	{"grocery", "식료품", "Groceries", 13.0, 0.95},
	{"restaurant", "음식점", "Restaurants", 12.0, 0.80},
	{"coffee", "커피", "Coffee", 8.5, 0.28},
	{"convenience", "편의점", "Convenience stores", 8.0, 0.25},
	{"fuel", "주유", "Fuel", 6.0, 1.70},
	{"transport", "교통", "Transport", 5.0, 0.35},
	{"fashion", "패션", "Fashion", 5.0, 1.90},
	{"beauty", "화장품", "Beauty", 4.0, 1.10},
	{"delivery", "배달", "Food delivery", 5.5, 0.75},
	{"electronics", "가전", "Electronics", 2.2, 4.60},
	{"home", "가구·생활", "Home and living", 2.4, 1.90},
	{"pharmacy", "약국", "Pharmacy", 3.2, 0.45},
	{"health", "병의원", "Health", 2.8, 1.20},
	{"education", "교육·학원", "Education", 2.0, 4.20},
	{"kids", "육아", "Kids", 1.8, 1.40},
	{"sports", "스포츠", "Sports", 1.8, 1.70},
	{"travel", "여행", "Travel", 1.5, 5.20},
	{"hotel", "숙박", "Hotels", 1.0, 4.00},
	{"books", "도서", "Books", 1.4, 0.60},
	{"cinema", "영화", "Cinema", 1.2, 0.55},
	{"games", "게임", "Games", 1.3, 0.70},
	{"music", "음악·공연", "Music and shows", 0.8, 1.80},
	{"pets", "반려동물", "Pets", 1.5, 1.00},
	{"flowers", "꽃", "Flowers", 0.5, 0.90},
	{"bakery", "제과", "Bakeries", 3.0, 0.35},
	{"alcohol", "주류", "Wine and spirits", 0.9, 1.10},
	{"car", "자동차 관리", "Car care", 1.2, 2.60},
	{"telecom", "통신", "Telecom", 1.6, 1.50},
	{"insurance", "보험", "Insurance", 0.9, 3.10},
	{"department", "백화점", "Department stores", 2.0, 3.40},
}

// The life events, each with the categories that it brings.
var lifeEvents = []map[string]float64{
	{"education": 4, "kids": 3, "books": 2, "delivery": 1},                  // became a student's parent
	{"home": 5, "electronics": 3, "grocery": 2, "telecom": 1},               // moved
	{"transport": 3, "coffee": 3, "restaurant": 3, "fashion": 2, "fuel": 1}, // new job
}

var regions = []string{
	"seoul", "gyeonggi", "incheon", "busan", "daegu", "daejeon", "gwangju", "ulsan", "sejong",
	"gangwon", "chungbuk", "chungnam", "jeonbuk", "jeonnam", "gyeongbuk", "gyeongnam", "jeju",
}

var regionShares = []float64{18, 26, 5.8, 6.4, 4.6, 2.8, 2.8, 2.1, 0.8, 3.0, 3.1, 4.1, 3.4, 3.5, 5.0, 6.3, 1.3}

// The catalogue is the same in every world: names and positions only, computed once.
var theCatalog = newCatalog()

type catalog struct {
	brands, products, merchants []string
	categoryWords               []string
	region                      alias
	shares                      []float64
	events                      []alias
	price                       []float64 // logarithm against the average
}

var places = append(append([]string{}, regions...), "online")

func newCatalog() *catalog {
	c := &catalog{region: newAlias(regionShares)}
	shares := make([]float64, len(categories))
	meanPrice, total := 0.0, 0.0
	for _, k := range categories {
		meanPrice += k.share * k.price
		total += k.share
	}
	for i, k := range categories {
		shares[i] = k.share
		c.price = append(c.price, math.Log(k.price*total/meanPrice))
		c.categoryWords = append(c.categoryWords, k.id)
		for b := range brandsPerCategory {
			brand := fmt.Sprintf("%s-%03d", k.id, b+1)
			c.brands = append(c.brands, brand)
			for p := range productsPerBrand {
				c.products = append(c.products, brand+"-"+string(rune('a'+p)))
			}
		}
		for _, place := range places {
			for m := range merchantsPerPlace {
				c.merchants = append(c.merchants, fmt.Sprintf("%s-%s-%d", k.id, place, m+1))
			}
		}
	}
	c.shares = shares
	for _, e := range lifeEvents {
		weights := make([]float64, len(categories))
		for i, k := range categories {
			weights[i] = e[k.id]
		}
		c.events = append(c.events, newAlias(weights))
	}
	return c
}

// powers raises weights to a power: 1 leaves them, more makes the large ones larger.
func powers(weights []float64, exponent float64) []float64 {
	out := make([]float64, len(weights))
	for i, w := range weights {
		out[i] = math.Pow(w, exponent)
	}
	return out
}

// shares scales weights to a sum of one, in place.
func shares(weights []float64) []float64 {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	for i := range weights {
		weights[i] /= total
	}
	return weights
}

// popularity is Zipf's: the n-th brand of a category has weight n^-exponent.
func popularity(exponent float64) []float64 {
	out := make([]float64, brandsPerCategory)
	for i := range out {
		out[i] = math.Pow(float64(i+1), -exponent)
	}
	return out
}

// merchantAt is the number of the m-th merchant of a category at a place.
func merchantAt(category, place, m int) int {
	return (category*len(places)+place)*merchantsPerPlace + m
}
