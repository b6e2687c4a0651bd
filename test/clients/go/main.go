// The four domains by the client that oapi-codegen generates.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"math"
	"net/http"
	"os"
	"strconv"

	"lockstep.example/client/lockstep"
)

var ctx = context.Background()

// must ends the program unless a call was answered with this status.
func must(status int, response *http.Response, body []byte, err error) {
	if err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != status {
		log.Fatalf("%s: %s: %s", response.Request.URL, response.Status, body)
	}
}

func check(holds bool, what string) {
	if !holds {
		log.Fatal("not so: ", what)
	}
}

func pointer[T any](value T) *T { return &value }

func lock(client *lockstep.ClientWithResponses) {
	request := lockstep.AcquireLockRequest{TtlMs: pointer(int32(30_000)), Owner: pointer("ci")}
	acquired, err := client.AcquireLockWithResponse(ctx, "deploy", nil, request)
	must(200, acquired.HTTPResponse, acquired.Body, err)
	lease := acquired.JSON200

	refused, err := client.AcquireLockWithResponse(ctx, "deploy", nil, request)
	must(423, refused.HTTPResponse, refused.Body, err)

	released, err := client.ReleaseLockWithResponse(ctx, "deploy", nil,
		lockstep.ReleaseLeaseRequest{Token: lease.Token})
	must(200, released.HTTPResponse, released.Body, err)
	check(released.JSON200.Released && released.JSON200.Fence == lease.Fence, "the lease is released")
}

func put(client *lockstep.ClientWithResponses, key, contentType string, value []byte) {
	params := &lockstep.PutCacheEntryParams{TtlMs: pointer(int64(60_000))}
	response, err := client.PutCacheEntryWithBodyWithResponse(ctx, "pages", key, params,
		contentType, bytes.NewReader(value))
	must(201, response.HTTPResponse, response.Body, err)
}

func get(client *lockstep.ClientWithResponses, key string) []byte {
	response, err := client.GetCacheEntryWithResponse(ctx, "pages", key, nil)
	must(200, response.HTTPResponse, response.Body, err)
	return response.Body
}

func cache(client *lockstep.ClientWithResponses) {
	profile, _ := json.Marshal(map[string]any{"name": "Ada", "born": 1815})
	put(client, "profile/1", "application/json", profile)
	check(bytes.Equal(get(client, "profile/1"), profile), "JSON comes back as it was")

	everyByte := make([]byte, 256)
	for index := range everyByte {
		everyByte[index] = byte(index)
	}
	put(client, "bytes", "application/octet-stream", everyByte)
	check(bytes.Equal(get(client, "bytes"), everyByte), "bytes come back as they were")
}

func limit(client *lockstep.ClientWithResponses) {
	policy, err := client.PutRateLimitPolicyWithResponse(ctx, "api", nil,
		lockstep.RateLimitPolicySettings{Limit: 1, WindowMs: pointer(int64(3_600_000))})
	must(201, policy.HTTPResponse, policy.Body, err)

	decide := func() *lockstep.RateLimitDecision {
		response, err := client.CheckRateLimitWithResponse(ctx, "api", nil,
			lockstep.CheckRateLimitRequest{Key: pointer("user-7")})
		must(200, response.HTTPResponse, response.Body, err)
		return response.JSON200
	}
	check(decide().Allowed, "the first request is allowed")
	denied := decide()
	check(!denied.Allowed && *denied.RetryAfterMs > 0, "the second request is denied")
}

func board(client *lockstep.ClientWithResponses) {
	created, err := client.PutLeaderboardWithResponse(ctx, "arcade", nil, lockstep.LeaderboardSettings{
		Columns: &[]lockstep.LeaderboardColumn{
			{Name: "points", Type: pointer(lockstep.ColumnTypeInt64)},
		},
	})
	must(201, created.HTTPResponse, created.Body, err)

	largest := strconv.FormatInt(math.MaxInt64, 10)
	var score lockstep.Score
	score.FromScoreText(largest)
	submitted, err := client.SubmitScoresWithResponse(ctx, "arcade", nil, lockstep.SubmitScoresRequest{
		Entries: []lockstep.ScoreSubmission{{Member: "ada", Score: &score}},
	})
	must(200, submitted.HTTPResponse, submitted.Body, err)

	entry, err := client.GetEntryWithResponse(ctx, "arcade", "ada", nil)
	must(200, entry.HTTPResponse, entry.Body, err)
	stored, err := entry.JSON200.Score.AsScoreText()
	check(err == nil && stored == largest, "the score comes back as it was")
}

func main() {
	client, err := lockstep.NewClientWithResponses(os.Getenv("LOCKSTEP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	lock(client)
	cache(client)
	limit(client)
	board(client)
}
