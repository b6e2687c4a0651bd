// Many programs count in one file under a lock: no increment is lost, and a holder that is late does
// no harm.
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
	"time"
)

type answer struct {
	Token  string `json:"token"`
	Fence  int64  `json:"fence"`
	Detail string `json:"detail"`
}

var client = http.Client{Timeout: 30 * time.Second}

// Sends the request once. Without an answer the status is 503.
func send(path, key string, text []byte) (status int, pause time.Duration, result answer) {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	request, err := http.NewRequest("POST", service+path, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := client.Do(request)
	if err != nil {
		return 503, time.Second, result
	}
	defer response.Body.Close()
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	if json.NewDecoder(response.Body).Decode(&result) != nil {
		return 503, time.Second, result
	}
	return response.StatusCode, time.Duration(seconds) * time.Second, result
}

// Repeats the request with the same key while no answer comes: it is applied once.
func post(path string, body map[string]any) (answer, error) {
	text, _ := json.Marshal(body)
	random := make([]byte, 16)
	rand.Read(random)
	for range 5 {
		status, pause, result := send(path, fmt.Sprintf("%x", random), text)
		if status == 200 {
			return result, nil
		}
		if status != 503 {
			return result, fmt.Errorf("%d: %s", status, result.Detail)
		}
		time.Sleep(pause)
	}
	return answer{}, fmt.Errorf("no answer to %s", path)
}

func increment(file string) (err error) {
	// Waits in the queue for up to 20 s.
	lease, err := post("/v1/locks/counter/acquire", map[string]any{"ttlMs": 30000, "waitMs": 20000})
	if err != nil {
		return err
	}
	defer post("/v1/locks/counter/release", map[string]any{"token": lease.Token})

	var value, last int64
	if text, err := os.ReadFile(file); err == nil {
		fmt.Sscan(string(text), &value, &last)
	}
	// A higher fence in the file is that of a later holder: this lease is over.
	if last >= lease.Fence {
		return fmt.Errorf("stale fence %d", lease.Fence)
	}
	return os.WriteFile(file, []byte(fmt.Sprintf("%d %d\n", value+1, lease.Fence)), 0o644)
}

func main() {
	times, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for range times {
		if err := increment(os.Args[1]); err != nil {
			log.Fatal(err)
		}
	}
}
