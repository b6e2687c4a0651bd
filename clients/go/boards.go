package lockstep

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"lockstep.example/lockstep/api"
)

// Boards are leaderboards.
type Boards struct{ client *Client }

// Score is the decimal text of a number or of an int64, which is exact.
type Score = api.Number

// Int is the score of an int64.
func Int(score int64) Score { return api.Int(score) }

// Float is the score of a number.
func Float(score float64) Score { return api.Float(score) }

// Submission of a Score, or of Scores where the board has several columns.
type Submission struct {
	Member string  `json:"member"`
	Score  *Score  `json:"score,omitempty"`
	Scores []Score `json:"scores,omitempty"`
	// Op is how it changes the score: "best", "set", "incr", "min" or "max".
	Op       string         `json:"op,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// Submitted is the result of a submission.
type Submitted struct {
	Entry
	Changed      bool
	PersonalBest bool
	// Error of this submission, such as "out-of-range".
	Error string
}

// Entry of a board.
type Entry struct {
	Member   string
	Score    Score
	Scores   []Score
	Rank     int64
	Position int64
	Metadata json.RawMessage
	// Total is how many entries there are, with one entry only.
	Total      int64
	Percentile float64
	Tier       string
}

// Submit submits one score.
func (b *Boards) Submit(ctx context.Context, board, member string, score Score) (Submitted, error) {
	results, err := b.SubmitAll(ctx, board, Submission{Member: member, Score: &score})
	if err != nil {
		return Submitted{}, err
	}
	return results[0], nil
}

// SubmitAll submits scores together.
func (b *Boards) SubmitAll(ctx context.Context, board string, entries ...Submission) ([]Submitted, error) {
	request := Request{Path: map[string]string{"board": board}, Body: map[string]any{"entries": entries}}
	answer, err := call[struct{ Results []Submitted }](ctx, b.client, OpSubmitScores, request)
	return answer.Results, err
}

// Page of a board. Zero means the default of the service.
type Page struct {
	// From is the position of the first entry, from 1 on, and Limit how many follow.
	From, Limit int
	Season      string
}

func (p Page) query(limit string) url.Values {
	query := url.Values{}
	if p.From > 0 {
		query.Set("from", strconv.Itoa(p.From))
	}
	if p.Limit > 0 {
		query.Set(limit, strconv.Itoa(p.Limit))
	}
	if p.Season != "" {
		query.Set("season", p.Season)
	}
	return query
}

// Top returns a page of the board, from the best on.
func (b *Boards) Top(ctx context.Context, board string, page Page) ([]Entry, error) {
	return b.list(ctx, OpListEntries, map[string]string{"board": board}, page.query("limit"))
}

// Around returns the member and its neighbours: in all as many as the limit of the page says.
func (b *Boards) Around(ctx context.Context, board, member string, page Page) ([]Entry, error) {
	path := map[string]string{"board": board, "member": member}
	return b.list(ctx, OpListEntriesAround, path, page.query("count"))
}

func (b *Boards) list(ctx context.Context, operation Operation, path map[string]string, query url.Values) ([]Entry, error) {
	answer, err := call[struct{ Items []Entry }](ctx, b.client, operation, Request{Path: path, Query: query})
	return answer.Items, err
}

// Rank returns the entry of a member; ErrAbsent if there is none.
func (b *Boards) Rank(ctx context.Context, board, member string) (Entry, error) {
	path := map[string]string{"board": board, "member": member}
	entry, err := call[Entry](ctx, b.client, OpGetEntry, Request{Path: path})
	if errors.Is(err, CodeMemberNotFound) {
		err = ErrAbsent
	}
	return entry, err
}
