// Command healthcheck asks a URL and ends with 0 when the answer is good. Images without a shell have no other way to
// be asked how they are.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "healthcheck: write the URL to ask, as http://127.0.0.1:9090/metrics")
		os.Exit(2)
	}
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(os.Args[1])
	if err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s answers %s", os.Args[1], answer.Status)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "healthcheck:", err)
		os.Exit(1)
	}
}
