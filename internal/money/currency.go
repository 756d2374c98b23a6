package money

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCurrency says that a currency is not in ISO 4217's list of currencies in use.
var ErrCurrency = errors.New("unknown currency")

// Exponent is how many decimals a currency has: 0 for KRW, 2 for USD, 3 for KWD. An unknown currency is ErrCurrency.
func Exponent(currency string) (int, error) {
	exponent, known := exponents[currency]
	if !known {
		return 0, fmt.Errorf("%w %q: write a code of ISO 4217 in capitals, such as KRW, USD or EUR", ErrCurrency, currency)
	}
	return exponent, nil
}

// exponents is ISO 4217's table of currencies in use, without metals, test codes and funds that nobody is paid in.
var exponents = table(map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP " +
		"CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES " +
		"KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK " +
		"NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB " +
		"TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
})

func table(codes map[int]string) map[string]int {
	all := make(map[string]int, 160)
	for exponent, line := range codes {
		for code := range strings.FieldsSeq(line) {
			all[code] = exponent
		}
	}
	return all
}
