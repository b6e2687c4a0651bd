// A game submits the scores of one player, then shows the best three and where the player stands.
// usage: go run board.go BOARD PLAYER SCORE...        (standard library only)
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

type entry struct {
	Member string      `json:"member"`
	Rank   int         `json:"rank,omitempty"`
	Score  json.Number `json:"score"`
}

func (e entry) String() string { return fmt.Sprintf("%d %s %s", e.Rank, e.Member, e.Score) }

func call(method, address string, body io.Reader, result any) {
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		log.Fatal(response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(result); err != nil {
		log.Fatal(err)
	}
}

func main() {
	service := os.Getenv("LOCKSTEP_URL")
	if service == "" {
		service = "http://127.0.0.1:7700"
	}
	board, player := service+"/v1/leaderboards/"+url.PathEscape(os.Args[1]), os.Args[2]

	// Only the best score counts, so a score that is sent twice does no harm.
	var scores struct {
		Entries []entry `json:"entries"`
	}
	for _, score := range os.Args[3:] {
		scores.Entries = append(scores.Entries, entry{Member: player, Score: json.Number(score)})
	}
	text, err := json.Marshal(scores)
	if err != nil {
		log.Fatal(err)
	}
	call("POST", board+"/scores", bytes.NewReader(text), new(any))

	var top struct{ Items []entry }
	call("GET", board+"/entries?limit=3", nil, &top)
	for _, e := range top.Items {
		fmt.Println(e)
	}
	var own entry
	call("GET", board+"/entries/"+url.PathEscape(player), nil, &own)
	fmt.Println("you:", own)
}
