// An activity feed: the newest 100 entries of the last seven days, and how many a reader did not see.
// usage: go run feed.go post USER TEXT        (standard library only)
//
//	go run feed.go read USER READER
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

type object map[string]any

type page struct {
	Items []struct {
		ID   string
		Data string
	}
	Unread int
}

var client = http.Client{Timeout: 5 * time.Second}

func call(method, address string, body any, header http.Header, result any) {
	text, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	request, err := http.NewRequest(method, address, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 && response.StatusCode != 412 {
		log.Fatal(response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(result); err != nil {
		log.Fatal(err)
	}
}

func post(feed, text string) {
	// The first post makes the settings. Later ones leave them as they are: 412.
	settings := object{"capacity": 100, "maxAgeMs": 7 * 24 * 3600 * 1000}
	call("PUT", feed, settings, http.Header{"If-None-Match": {"*"}}, new(any))
	entries := []object{{"event": "posted", "data": text}}
	call("POST", feed+"/entries", object{"entries": entries}, http.Header{}, new(any))
}

func show(feed, reader string) {
	name := url.PathEscape(reader)
	var shown page
	call("GET", feed+"/entries?order=desc&reader="+url.QueryEscape(reader), nil, http.Header{}, &shown)
	fmt.Println(shown.Unread, "unread")
	for i, entry := range shown.Items {
		star := " "
		if i < shown.Unread {
			star = "*"
		}
		fmt.Println(star, entry.Data)
	}
	// Only what was shown is seen: an entry that came meanwhile stays unread.
	if len(shown.Items) > 0 {
		call("PUT", feed+"/readers/"+name, object{"seen": shown.Items[0].ID}, http.Header{}, new(any))
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: feed post USER TEXT, feed read USER READER")
	}
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	feed := service + "/v1/streams/feed-" + url.PathEscape(os.Args[2])
	switch os.Args[1] {
	case "post":
		post(feed, os.Args[3])
	case "read":
		show(feed, os.Args[3])
	default:
		log.Fatal("usage: feed post USER TEXT, feed read USER READER")
	}
}
