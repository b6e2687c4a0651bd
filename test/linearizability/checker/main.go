// Command checker reads the history of some locks, one operation per line of JSON, and prints the
// locks whose history is not linearizable. Porcupine does the search; step defines a lock.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is what a caller knows about one call. Times are microseconds on the caller's clock.
type Operation struct {
	Lock  string `json:"lock"`
	Op    string `json:"op"`    // acquire, renew, release, verify
	Lease int    `json:"lease"` // number of the acquire, shared by its repeats
	Out   string `json:"out"`   // granted, refused; held, lost; unknown: it may take effect at any later time
	Fence int64  `json:"fence"` // of the granted lease
	TtlUs int64  `json:"ttlUs"`
	Call  int64  `json:"call"`
	End   int64  `json:"end"` // unless the outcome is unknown
}

// The clocks of the caller and of Redis may drift apart by this much during one lease.
const slackUs = 20_000

const (
	none  = 0
	never = math.MaxInt64
)

// input is an operation, or the expiry of the lease time that operation `setter` set.
type input struct {
	op     string
	lease  int
	setter int
}

type output struct {
	out   string
	fence int64
}

// state of one lock: who holds it, which operation set its deadline, and the highest known fence.
type state struct {
	holder int
	setter int
	fence  int64
}

func step(s, i, o interface{}) (bool, interface{}) {
	now, in, out := s.(state), i.(input), o.(output)
	holds := now.holder == in.lease
	switch in.op {
	case "acquire":
		return acquire(now, in, out)
	case "renew":
		if holds {
			now.setter = in.setter
		}
	case "release":
		if holds {
			now.holder, now.setter = none, none
		}
	case "expire":
		if now.setter == in.setter {
			now.holder, now.setter = none, none
		}
		return true, now
	}
	return out.out == "unknown" || holds == (out.out == "held"), now
}

func acquire(now state, in input, out output) (bool, interface{}) {
	if out.out == "refused" {
		return now.holder != none, now
	}
	if now.holder == none {
		now.holder, now.setter = in.lease, in.setter
	}
	if out.out == "unknown" {
		return true, now
	}
	grown := out.fence > now.fence
	now.fence = out.fence
	return grown && now.holder == in.lease, now
}

var lock = porcupine.Model{
	Init: func() interface{} { return state{} },
	Step: step,
}

// toHistory adds the expiries of the leases to the operations of one lock.
func toHistory(operations []Operation) []porcupine.Operation {
	var history []porcupine.Operation
	for i, op := range operations {
		end := op.End
		if op.Out == "unknown" {
			end = never
		}
		in := input{op.Op, op.Lease, i + 1}
		history = append(history, porcupine.Operation{
			Input: in, Call: op.Call, Output: output{op.Out, op.Fence}, Return: end,
		})
		if from, to, ok := timeOf(op); ok && !isOver(operations, op, from) {
			in.op = "expire"
			history = append(history, porcupine.Operation{
				Input: in, Call: from, Output: output{}, Return: to,
			})
		}
	}
	return history
}

// timeOf returns when the lease time that an operation set expires, if it set any.
func timeOf(op Operation) (from, to int64, ok bool) {
	switch {
	case op.Op != "acquire" && op.Op != "renew":
		return 0, 0, false
	case op.Out == "granted" || op.Out == "held":
		return op.Call + op.TtlUs - slackUs, op.End + op.TtlUs + slackUs, true
	case op.Out == "unknown" && op.Op == "renew":
		return op.Call + op.TtlUs - slackUs, never, true
	// If the caller missed a grant, the service may know that and have undone it early.
	case op.Out == "unknown":
		return op.Call, never, true
	}
	return 0, 0, false
}

// isOver reports whether the lease was certainly released or renewed before `at`.
func isOver(operations []Operation, op Operation, at int64) bool {
	for _, later := range operations {
		if later.Lease == op.Lease && later.Out == "held" && later.Call > op.End && later.End < at &&
			op.Out != "unknown" && (later.Op == "release" || later.Op == "renew") {
			return true
		}
	}
	return false
}

func read() map[string][]Operation {
	locks := map[string][]Operation{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var op Operation
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		locks[op.Lock] = append(locks[op.Lock], op)
	}
	return locks
}

func main() {
	patience, err := time.ParseDuration(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	illegal, undecided, locks := []string{}, []string{}, read()
	for name, operations := range locks {
		switch porcupine.CheckOperationsTimeout(lock, toHistory(operations), patience) {
		case porcupine.Illegal:
			illegal = append(illegal, name)
		case porcupine.Unknown:
			undecided = append(undecided, name)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"illegal": illegal, "undecided": undecided, "locks": len(locks),
	})
}
