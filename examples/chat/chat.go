// A chat channel in a web page: serves the page, and passes its two calls on to the stream of the channel.
// usage: go run chat.go CHANNEL PORT        (standard library only)
package main

import (
	_ "embed"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
)

//go:embed index.html
var page []byte

// Here, and not in the page: EventSource sends no token, and visitors should not have one.
func authorize(header http.Header) {
	if token := os.Getenv("LOCKSTEP_TOKEN"); token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
}

// Passes a call on to the service, with a few headers and without the cookies of visitors.
func passOn(address string) *httputil.ReverseProxy {
	to, err := url.Parse(address)
	if err != nil {
		log.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Director: func(request *http.Request) {
			header := http.Header{"X-Forwarded-For": nil}
			for _, name := range []string{"Content-Type", "Idempotency-Key", "Last-Event-Id"} {
				if value := request.Header.Get(name); value != "" {
					header.Set(name, value)
				}
			}
			authorize(header)
			request.URL, request.Host, request.Header = to, to.Host, header
		},
		// EventSource gives up at an answer such as 503. When it is cut off, it connects again.
		ModifyResponse: func(answer *http.Response) error {
			if answer.StatusCode >= 500 {
				return fmt.Errorf("the service answered %s", answer.Status)
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// A new page shows the newest 100 messages. A channel that has settings keeps them: 412.
func configure(stream string) {
	settings := strings.NewReader(`{"capacity":100,"maxAgeMs":604800000}`)
	request, err := http.NewRequest("PUT", stream, settings)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("If-None-Match", "*")
	authorize(request.Header)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode > 201 && answer.StatusCode != 412 {
		log.Fatalf("the settings were answered %s", answer.Status)
	}
}

func main() {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	stream := service + "/v1/streams/chat-" + url.PathEscape(os.Args[1])
	configure(stream)
	calls := map[string]http.Handler{
		"GET /events":    passOn(stream + "/events?after=start"),
		"POST /messages": passOn(stream + "/entries"),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		name := request.Method + " " + request.URL.Path
		if call, known := calls[name]; known {
			call.ServeHTTP(response, request)
		} else if name == "GET /" {
			response.Header().Set("Content-Type", "text/html; charset=utf-8")
			response.Write(page)
		} else {
			http.NotFound(response, request)
		}
	})))
}
