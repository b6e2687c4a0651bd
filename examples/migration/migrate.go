// Several services start at once: one of them migrates, the others wait and find it done.
// usage: go run migrate.go NAME DATABASE        (standard library only; needs sqlite3)
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const ttl = 10 * time.Second

type answer struct {
	Token       string        `json:"token"`
	Fence       int64         `json:"fence"`
	ExpiresInMs int64         `json:"expiresInMs"`
	Detail      string        `json:"detail"`
	Status      int           `json:"-"`
	Pause       time.Duration `json:"-"`
}

// The end of the lease, counted from before it was asked for.
func (a answer) end(asked time.Time) time.Time {
	return asked.Add(time.Duration(a.ExpiresInMs) * time.Millisecond)
}

var client = http.Client{Timeout: ttl}

// Without an answer the status is 503: the request may have been applied.
func post(path string, body map[string]any, key string) answer {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	text, _ := json.Marshal(body)
	request, err := http.NewRequest("POST", service+path, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	result := answer{Status: 503, Pause: time.Second}
	response, err := client.Do(request)
	if err != nil {
		return result
	}
	defer response.Body.Close()
	if json.NewDecoder(response.Body).Decode(&result) == nil {
		result.Status = response.StatusCode
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		result.Pause = time.Duration(seconds) * time.Second
	}
	return result
}

func newKey() string {
	random := make([]byte, 16)
	rand.Read(random)
	return fmt.Sprintf("%x", random)
}

func acquire(name, owner string) (lease answer, until time.Time) {
	// One key for all tries: it keeps the place in the queue, and a try whose answer was lost
	// gets the same lease.
	key := newKey()
	// Each try is shorter than the lease, whose end is counted from before the try.
	body := map[string]any{"ttlMs": ttl.Milliseconds(), "waitMs": ttl.Milliseconds() / 2, "owner": owner}
	for {
		asked := time.Now()
		lease = post("/v1/locks/"+name+"/acquire", body, key)
		switch lease.Status {
		case 200:
			return lease, lease.end(asked)
		case 503:
			time.Sleep(lease.Pause)
		case 423:
		default:
			log.Fatal(lease.Detail)
		}
	}
}

// Renews the lock while work runs, cancels its context when the lock is lost, then releases it.
func withLock(name, owner string, work func(ctx context.Context, fence int64) error) error {
	lease, until := acquire(name, owner)
	body := map[string]any{"token": lease.Token}
	ctx, lose := context.WithCancelCause(context.Background())
	deadline := time.AfterFunc(time.Until(until), func() { lose(errors.New("no renewal in time")) })
	renewals := time.NewTicker(ttl / 3)
	ended := make(chan struct{})
	defer func() {
		close(ended)
		renewals.Stop()
		deadline.Stop()
		post("/v1/locks/"+name+"/release", body, newKey())
	}()
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-renewals.C:
			}
			asked := time.Now()
			renewed := post("/v1/locks/"+name+"/renew", body, newKey())
			if renewed.Status == 200 {
				deadline.Reset(time.Until(renewed.end(asked)))
			} else if renewed.Status != 503 {
				lose(errors.New(renewed.Detail))
			}
		}
	}()
	if err := work(ctx, lease.Fence); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}

//go:embed steps
var steps embed.FS

func main() {
	name, database := os.Args[1], os.Args[2]
	err := withLock("migrate", name, func(ctx context.Context, fence int64) error {
		sql := func(text string) (string, error) {
			command := exec.CommandContext(ctx, "sqlite3", "-bail", "-cmd", ".timeout 60000", database, text)
			command.Stderr = os.Stderr
			output, err := command.Output()
			return strings.TrimSpace(string(output)), err
		}
		first, _ := steps.ReadFile("steps/0.sql")
		if _, err := sql(string(first)); err != nil {
			return err
		}
		// From now on the database refuses every earlier holder.
		text, err := sql(fmt.Sprintf("UPDATE migration SET fence = %d; SELECT version FROM migration;", fence))
		if err != nil {
			return err
		}
		version, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		done := version
		for ; ; done++ {
			step, err := steps.ReadFile(fmt.Sprintf("steps/%d.sql", done+1))
			if err != nil {
				break
			}
			// A step and its fence are one transaction: both are written, or neither.
			begin := fmt.Sprintf("BEGIN IMMEDIATE; UPDATE migration SET version = %d, fence = %d; ", done+1, fence)
			if _, err := sql(begin + string(step) + " COMMIT;"); err != nil {
				return err
			}
		}
		if done > version {
			fmt.Println(name + ": migrated")
		} else {
			fmt.Println(name + ": nothing to do")
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
