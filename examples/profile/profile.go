// Reads a profile through the cache: of many callers that miss at once, one loads it and the others
// wait for it.
// usage: go run profile.go USER FOLDER        (standard library only; the file FOLDER/USER is the profile)
package main

import (
	"encoding/json"
	"errors"
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

var client = http.Client{Timeout: 10 * time.Second}

func call(method, address, body string, header http.Header) (int, http.Header, string) {
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	response, err := client.Do(request)
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

// The profile, or nil; an error if the database fails.
func load() (*string, error) {
	time.Sleep(200 * time.Millisecond) // A database takes its time.
	loads, err := os.OpenFile(filepath.Join(folder, "loads"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer loads.Close()
	fmt.Fprintln(loads, user)
	text, err := os.ReadFile(filepath.Join(folder, user))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	value := string(text)
	return &value, err
}

func fill(lease string) (*string, error) {
	value, err := load()
	if err != nil {
		// No caller is granted a load for 5 s.
		body, _ := json.Marshal(map[string]any{"token": lease, "failed": true, "backoffMs": 5000})
		call("POST", entry+"/lease/cancel", string(body), http.Header{"Content-Type": {"application/json"}})
		return nil, err
	}
	header := http.Header{"Lockstep-Lease": {lease}, "Content-Type": {"text/plain"}}
	body := ""
	if value == nil {
		header.Set("Lockstep-Negative", "true")
	} else {
		body = *value
	}
	// Refused if the profile changed meanwhile: then it is used once, and not cached.
	call("PUT", entry, body, header)
	return value, nil
}

// How the profile was found, and the profile, or nil.
func read() (how string, value *string, err error) {
	for {
		status, header, text := call("GET", entry+"?lease=true&waitMs=5000", "", http.Header{})
		state := header.Get("Lockstep-Lease-Status")
		switch {
		case state == "granted":
			value, err = fill(header.Get("Lockstep-Lease"))
			return "loaded", value, err
		case status == 200:
			return "cached", &text, nil
		case status != 404:
			value, err = load() // Without a cache it is loaded just the same.
			return "loaded", value, err
		case header.Get("Lockstep-State") == "negative":
			return "cached", nil, nil
		case state == "backoff":
			return "", nil, errors.New("the last load failed a moment ago")
		}
		seconds, _ := strconv.Atoi(header.Get("Retry-After"))
		time.Sleep(time.Duration(seconds) * time.Second) // Another caller loads.
	}
}

func main() {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	user, folder = os.Args[1], os.Args[2]
	entry = service + "/v1/cache/profiles/" + url.PathEscape(user)
	how, value, err := read()
	if err != nil {
		log.Fatal(err)
	}
	if value == nil {
		fmt.Println(how + ": nobody")
	} else {
		fmt.Println(how + ": " + *value)
	}
}
