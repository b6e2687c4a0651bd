// A log of orders that two groups work through, and a sum that is rebuilt from its first entry.
// usage (standard library only):
//
//	go run orders.go place STREAM ORDER AMOUNT
//	go run orders.go bill STREAM FOLDER        the group `billing`
//	go run orders.go mail STREAM FOLDER        the group `mail`
//	go run orders.go total STREAM
//
// A group writes each order to FOLDER, into a file with the id of the entry in its name. So work that
// is done twice changes nothing.
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
	"strconv"
	"syscall"
	"time"
)

type order struct {
	Order  string `json:"order"`
	Amount int    `json:"amount"`
}

type entry struct {
	Id      string `json:"id"`
	Receipt string `json:"receipt"`
	Data    order  `json:"data"`
}

type answer struct {
	Entries    []entry `json:"entries"`
	Items      []entry `json:"items"`
	Missed     int     `json:"missed"`
	NextCursor string  `json:"nextCursor"`
	Detail     string  `json:"detail"`
}

type object = map[string]any

var service string

// Sends the request once. Without an answer the status is 503.
func send(ctx context.Context, method, at, key string, text []byte) (status int, pause time.Duration, result answer) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, service+at, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	if text != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
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

// Repeats the request while no answer comes. Each one here can be repeated without harm.
func call(ctx context.Context, method, at, key string, body object) answer {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	for range 5 {
		status, pause, result := send(ctx, method, at, key, text)
		if status < 300 || ctx.Err() != nil {
			return result
		}
		if status != 429 && status != 503 {
			log.Fatal(result.Detail)
		}
		time.Sleep(pause)
	}
	log.Fatal("no answer to ", at)
	return answer{}
}

// With the order as its key, a place that is repeated appends nothing again.
func place(ctx context.Context, name, amount string) {
	number, err := strconv.Atoi(amount)
	if err != nil {
		log.Fatal(err)
	}
	placed := object{"event": "order.placed", "data": order{name, number}}
	result := call(ctx, "POST", "entries", "order-"+name, object{"entries": []object{placed}})
	fmt.Println(result.Entries[0].Id)
}

func bill(data order) (string, error) {
	if data.Amount <= 0 {
		return "", errors.New("there is no amount")
	}
	return fmt.Sprintf("order %s costs %d\n", data.Order, data.Amount), nil
}

func mail(data order) (string, error) {
	return fmt.Sprintf("order %s is placed\n", data.Order), nil
}

func write(file string, one entry, work func(order) (string, error)) error {
	text, err := work(one.Data)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// Works through the orders as a consumer of a group, until it has to stop.
func consume(ctx context.Context, group string, work func(order) (string, error), folder string) {
	stop, cancel := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	at := "groups/" + group
	// From the first order on. A group that exists stays where it is.
	call(ctx, "PUT", at, "", object{"start": "start"})
	for stop.Err() == nil {
		// Stopping cuts the wait; an entry that was on its way is delivered again.
		received := call(stop, "POST", at+"/receive", "", object{"limit": 10, "waitMs": 20000})
		ack, nack, release := []string{}, []object{}, []string{}
		for _, one := range received.Items {
			if stop.Err() != nil {
				release = append(release, one.Receipt)
				continue
			}
			fmt.Println(group, one.Id)
			file := filepath.Join(folder, group+"-"+one.Id)
			if err := write(file, one, work); err != nil {
				nack = append(nack, object{"receipt": one.Receipt, "error": err.Error()})
			} else {
				ack = append(ack, one.Receipt)
			}
		}
		if len(received.Items) > 0 {
			call(ctx, "POST", at+"/settle", "", object{"ack": ack, "nack": nack, "release": release})
		}
	}
}

// Reads all orders, page by page.
func total(ctx context.Context) {
	orders, sum := 0, 0
	for after := "start"; after != ""; {
		page := call(ctx, "GET", "entries?after="+after, "", nil)
		if page.Missed > 0 {
			log.Fatal(page.Missed, " entries are gone")
		}
		for _, one := range page.Items {
			orders, sum = orders+1, sum+one.Data.Amount
		}
		after = page.NextCursor
	}
	fmt.Printf("%d orders, %d in all\n", orders, sum)
}

func main() {
	command, stream, rest := os.Args[1], os.Args[2], os.Args[3:]
	service = os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	service += "/v1/streams/" + url.PathEscape(stream) + "/"
	ctx := context.Background()
	switch command {
	case "place":
		place(ctx, rest[0], rest[1])
	case "bill":
		consume(ctx, "billing", bill, rest[0])
	case "mail":
		consume(ctx, "mail", mail, rest[0])
	case "total":
		total(ctx)
	}
}
