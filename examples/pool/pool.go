// Works through jobs with other workers, at most two jobs at a time in all: each job takes a permit
// of a semaphore, under a session that ends when this worker dies.
// usage: go run pool.go POOL WORKER JOB...        (standard library only)
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

type answer struct {
	Token       string `json:"token"`
	ExpiresInMs int64  `json:"expiresInMs"`
	Detail      string `json:"detail"`
}

// How long it is certain, counted from before it was asked for.
func (a answer) left(asked time.Time) time.Duration {
	return time.Until(asked.Add(time.Duration(a.ExpiresInMs) * time.Millisecond))
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
func post(path string, body map[string]any) (int, answer) {
	text, _ := json.Marshal(body)
	random := make([]byte, 16)
	rand.Read(random)
	for range 5 {
		status, pause, result := send(path, fmt.Sprintf("%x", random), text)
		if status != 503 {
			return status, result
		}
		time.Sleep(pause)
	}
	return 503, answer{Detail: "no answer to " + path}
}

// One keepalive for all leases of this worker; cancels the context when the session may be over.
func withSession(pool, worker string, work func(ctx context.Context, session string) error) error {
	// A Redis Cluster keeps a session and the names that begin with its prefix on one node.
	terms := map[string]any{"ttlMs": 15000, "prefix": pool, "metadata": map[string]any{"worker": worker}}
	opened := time.Now()
	status, session := post("/v1/sessions", terms)
	if status != 201 {
		return errors.New(session.Detail)
	}
	token := map[string]any{"token": session.Token}
	ctx, end := context.WithCancelCause(context.Background())
	deadline := time.AfterFunc(session.left(opened), func() { end(errors.New("the session ended")) })
	keepalives := time.NewTicker(5 * time.Second)
	defer func() {
		end(nil)
		keepalives.Stop()
		deadline.Stop()
		post("/v1/sessions/end", token)
	}()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-keepalives.C:
			}
			asked := time.Now()
			if status, kept := post("/v1/sessions/keepalive", token); status == 200 {
				deadline.Reset(kept.left(asked))
			} else if status != 503 {
				end(errors.New(kept.Detail))
			}
		}
	}()
	return work(ctx, session.Token)
}

func withPermit(pool, session string, work func() error) error {
	semaphore := "/v1/semaphores/" + url.PathEscape(pool) + "@jobs"
	terms := map[string]any{"capacity": 2, "sessionToken": session, "waitMs": 20000}
	status, lease := post(semaphore+"/acquire", terms)
	// 423 when none is free for 20 s: asks again.
	for status == 423 {
		status, lease = post(semaphore+"/acquire", terms)
	}
	if status != 200 {
		return errors.New(lease.Detail)
	}
	defer post(semaphore+"/release", map[string]any{"token": lease.Token})
	return work()
}

func main() {
	pool, worker, jobs := os.Args[1], os.Args[2], os.Args[3:]
	err := withSession(pool, worker, func(ctx context.Context, session string) error {
		for _, job := range jobs {
			err := withPermit(pool, session, func() error {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				time.Sleep(100 * time.Millisecond) // The job.
				fmt.Println(worker, "did", job)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
