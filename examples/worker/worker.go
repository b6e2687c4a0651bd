// Works through the messages of a queue. It extends their leases while it works, reports what failed,
// and gives back what it has not begun when it has to stop.
// usage: go run worker.go QUEUE FOLDER        (standard library only)
//
// A message is {"text": ..., "seconds": ...}: after these seconds its text is in FOLDER, in a file with
// the id of the message as its name. So work that is done twice changes nothing.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type message struct {
	Id           string `json:"id"`
	Receipt      string `json:"receipt"`
	VisibleForMs int    `json:"visibleForMs"`
	Body         struct {
		Text    *string `json:"text"`
		Seconds float64 `json:"seconds"`
	} `json:"body"`
}

type answer struct {
	Items   []message `json:"items"`
	Results []struct {
		Status string `json:"status"`
	} `json:"results"`
	Detail string `json:"detail"`
}

var service string

// Sends the request once. Without an answer the status is 503.
func send(ctx context.Context, call string, text []byte) (status int, pause time.Duration, result answer) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", service+call, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
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

// Repeats the request while no answer comes. A settle can be repeated without harm.
func post(ctx context.Context, call string, body any) answer {
	text, _ := json.Marshal(body)
	for range 5 {
		status, pause, result := send(ctx, call, text)
		if status == 200 || ctx.Err() != nil {
			return result
		}
		if status != 429 && status != 503 {
			log.Fatal(result.Detail)
		}
		time.Sleep(pause)
	}
	log.Fatal("no answer to ", call)
	return answer{}
}

func settle(settlement map[string]any) answer {
	return post(context.Background(), "settle", settlement)
}

func work(one message, folder string) error {
	if one.Body.Text == nil {
		return errors.New("there is no text")
	}
	fmt.Println("doing", one.Id)
	time.Sleep(time.Duration(one.Body.Seconds * float64(time.Second)))
	return os.WriteFile(filepath.Join(folder, one.Id), []byte(*one.Body.Text), 0o644)
}

// The receipts of the messages at hand.
type hand struct {
	sync.Mutex
	receipts []string
}

func (h *hand) remove(receipt string) {
	h.Lock()
	defer h.Unlock()
	h.receipts = slices.DeleteFunc(h.receipts, func(one string) bool { return one == receipt })
}

// At half of its time, every message at hand gets as much again.
func (h *hand) keep(ctx context.Context, visibleForMs int) {
	half := time.NewTicker(time.Duration(visibleForMs) * time.Millisecond / 2)
	defer half.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-half.C:
		}
		extend := []map[string]any{}
		h.Lock()
		for _, receipt := range h.receipts {
			extend = append(extend, map[string]any{"receipt": receipt, "visibilityMs": max(1000, visibleForMs)})
		}
		h.Unlock()
		if len(extend) > 0 {
			settle(map[string]any{"extend": extend})
		}
	}
}

func workThrough(stop context.Context, messages []message, folder string) {
	ctx, end := context.WithCancel(context.Background())
	atHand := &hand{}
	for _, one := range messages {
		atHand.receipts = append(atHand.receipts, one.Receipt)
	}
	go atHand.keep(ctx, messages[0].VisibleForMs)
	for _, one := range messages {
		if stop.Err() != nil {
			break
		}
		settlement := map[string]any{"ack": []string{one.Receipt}}
		if err := work(one, folder); err != nil {
			settlement = map[string]any{"nack": []any{map[string]any{"receipt": one.Receipt, "error": err.Error()}}}
		}
		atHand.remove(one.Receipt)
		// Another worker has the message, or had it: its work may be done twice.
		if status := settle(settlement).Results[0].Status; status == "stale" || status == "gone" {
			fmt.Fprintln(os.Stderr, one.Id, "is", status)
		}
	}
	end()
	if len(atHand.receipts) > 0 {
		settle(map[string]any{"release": atHand.receipts})
	}
}

func main() {
	queue, folder := os.Args[1], os.Args[2]
	service = os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	service += "/v1/queues/" + url.PathEscape(queue) + "/"
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	for stop.Err() == nil {
		// No more than it does within the visibility of a message. Stopping cuts the wait; a message
		// that was on its way is delivered again.
		found := post(stop, "receive", map[string]any{"limit": 5, "waitMs": 20000})
		if len(found.Items) > 0 {
			workThrough(stop, found.Items, folder)
		}
	}
}
