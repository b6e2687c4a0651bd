// Reads a profile through the cache: of many that miss at once one loads it, the others wait for it.
// usage: go run profile.go USER FOLDER        (standard library only; the profile stands in FOLDER/USER)
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

var user, folder, entry string

// Text is empty where there is none; without a cache the status is 503.
func call(method, address, body string, header http.Header) (int, http.Header, string) {
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 503, http.Header{}, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 503, http.Header{}, ""
	}
	return response.StatusCode, response.Header, string(text)
}

func load() (value string, found bool) {
	time.Sleep(200 * time.Millisecond) // A database takes its time.
	loads, err := os.OpenFile(filepath.Join(folder, "loads"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	defer loads.Close()
	fmt.Fprintln(loads, user)
	text, err := os.ReadFile(filepath.Join(folder, user))
	return string(text), err == nil
}

func loaded(lease string) string {
	value, found := load()
	if lease != "" {
		header := http.Header{}
		header.Set("Lockstep-Lease", lease)
		header.Set("Content-Type", "text/plain")
		header.Set("Lockstep-Negative", strconv.FormatBool(!found))
		// Refused if the profile was changed meanwhile: then it is used once, and not cached.
		call("PUT", entry, value, header)
	}
	if !found {
		value = "nobody"
	}
	return "loaded: " + value
}

func read() string {
	for {
		status, header, text := call("GET", entry+"?lease=true&waitMs=5000", "", http.Header{})
		lease := header.Get("Lockstep-Lease")
		switch {
		case lease != "" || (status != 200 && status != 404):
			return loaded(lease) // without a cache it is loaded just the same
		case status == 200:
			return "cached: " + text
		case header.Get("Lockstep-State") == "negative":
			return "cached: nobody" // known to have no value
		}
		seconds, _ := strconv.Atoi(header.Get("Retry-After"))
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

func main() {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	user, folder = os.Args[1], os.Args[2]
	entry = service + "/v1/cache/profiles/" + url.PathEscape(user)
	fmt.Println(read())
}
