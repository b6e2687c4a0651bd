// Several services start at once; one of them migrates, the others wait and find it done.
// usage: go run migrate.go NAME VERSION_FILE        (standard library only)
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

type answer struct {
	Token        string `json:"token"`
	Fence        int64  `json:"fence"`
	Detail       string `json:"detail"`
	RetryAfterMs int    `json:"retryAfterMs"`
}

func post(path string, body map[string]any, key string) (status int, result answer) {
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
	return response.StatusCode, result
}

func acquire(lock, owner string) answer {
	// A key per attempt: if the answer is lost, the same attempt asked again gets the same lease.
	random := make([]byte, 16)
	rand.Read(random)
	for {
		body := map[string]any{"ttlMs": 10000, "owner": owner}
		status, lease := post("/v1/locks/"+lock+"/acquire", body, fmt.Sprintf("%x", random))
		if status == 200 {
			return lease
		}
		if status != 423 && status != 503 {
			log.Fatal(lease.Detail)
		}
		time.Sleep(time.Duration(min(max(lease.RetryAfterMs, 1), 100)) * time.Millisecond)
	}
}

func main() {
	name, versionFile := os.Args[1], os.Args[2]
	lease := acquire("migrate", name)
	if _, err := os.Stat(versionFile); err == nil {
		fmt.Println(name + ": nothing to do")
	} else {
		// A real migration would write the fence into the database, which refuses a smaller one.
		line := fmt.Sprintf("migrated by %s under fence %d\n", name, lease.Fence)
		if err := os.WriteFile(versionFile, []byte(line), 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name + ": migrated")
	}
	post("/v1/locks/migrate/release", map[string]any{"token": lease.Token}, "")
}
