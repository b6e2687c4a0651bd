// Many programs count in one file under a lock; no increment is lost, and a holder that came too
// late does no harm.
// usage: go run counter.go FILE TIMES        (standard library only)
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
)

type answer struct {
	Token  string `json:"token"`
	Fence  int64  `json:"fence"`
	Detail string `json:"detail"`
}

func post(path string, body map[string]any, key string) (result answer) {
	url := os.Getenv("LOCKSTEP_URL")
	if url == "" {
		url = "http://127.0.0.1:7700"
	}
	text, _ := json.Marshal(body)
	request, err := http.NewRequest("POST", url+path, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != 200 {
		log.Fatal(result.Detail)
	}
	return result
}

func increment(file string) {
	// Stands in line for up to 20 s. A key per attempt, so that a retry finds its place again.
	random := make([]byte, 16)
	rand.Read(random)
	terms := map[string]any{"ttlMs": 5000, "waitMs": 20000}
	lease := post("/v1/locks/counter/acquire", terms, fmt.Sprintf("%x", random))

	var value, last int64
	if text, err := os.ReadFile(file); err == nil {
		fmt.Sscan(string(text), &value, &last)
	}
	// Whoever writes under a fence above ours got the lock after us: our lease is over.
	if last >= lease.Fence {
		log.Fatalf("stale fence %d", lease.Fence)
	}
	line := fmt.Sprintf("%d %d\n", value+1, lease.Fence)
	if err := os.WriteFile(file, []byte(line), 0o644); err != nil {
		log.Fatal(err)
	}
	post("/v1/locks/counter/release", map[string]any{"token": lease.Token}, "")
}

func main() {
	times, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for range times {
		increment(os.Args[1])
	}
}
