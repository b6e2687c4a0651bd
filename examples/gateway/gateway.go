// A service that checks two limits before each request, per user and per address: it consumes from
// both or from neither.
// usage: go run gateway.go PORT        (standard library only)
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// One group, because they are checked together: on a Redis Cluster it keeps them on one node.
func policy(limit int) map[string]any {
	return map[string]any{"limit": limit, "windowMs": 60000, "algorithm": "sliding-window", "group": "gateway"}
}

var policies = map[string]any{"per-user": policy(3), "per-address": policy(100)}

var passedOn = []string{"RateLimit", "RateLimit-Policy", "Retry-After"}

func call(method, path string, body any, timeout time.Duration) (int, http.Header) {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	text, _ := json.Marshal(body)
	request, err := http.NewRequest(method, service+path, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: timeout}
	response, err := client.Do(request)
	if err != nil {
		return 503, http.Header{}
	}
	response.Body.Close()
	return response.StatusCode, response.Header
}

// Whether the request may pass, and the headers of the check.
func check(user, address string) (bool, http.Header) {
	limits := []map[string]any{{"policy": "per-user", "key": user}, {"policy": "per-address", "key": address}}
	path := "/v1/ratelimits/check?onDeny=reject"
	status, header := call("POST", path, map[string]any{"limits": limits}, 500*time.Millisecond)
	if status != 200 && status != 429 {
		// Better no limit than no service.
		log.Printf("not limited: the check was answered %d", status)
	}
	return status != 429, header
}

func serve(response http.ResponseWriter, request *http.Request) {
	user := request.Header.Get("X-User")
	if user == "" {
		user = "nobody"
	}
	address, _, _ := net.SplitHostPort(request.RemoteAddr)
	allowed, header := check(user, address)
	for _, name := range passedOn {
		if value := header.Get(name); value != "" {
			response.Header().Set(name, value)
		}
	}
	if !allowed {
		http.Error(response, "Too many requests.", 429)
		return
	}
	fmt.Fprintln(response, "Hello.")
}

func main() {
	for name, policy := range policies {
		status, _ := call("PUT", "/v1/ratelimit-policies/"+name, policy, 30*time.Second)
		if status != 200 && status != 201 {
			log.Fatalf("the policy %s was answered %d", name, status)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(serve)))
}
