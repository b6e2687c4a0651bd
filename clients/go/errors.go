package lockstep

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Code says what is wrong: errors.Is(err, CodeLockHeld). P has the members of such a problem.
type Code[P any] string

func (c Code[P]) Error() string { return string(c) }

func (c Code[P]) isCode() {}

// Of returns the members of the problem, such as the holders of a lock, if the error has this code.
func (c Code[P]) Of(err error) (problem P, is bool) {
	var refused *Error
	if !errors.As(err, &refused) || !errors.Is(refused, c) {
		return problem, false
	}
	return problem, json.Unmarshal(refused.problem, &problem) == nil
}

// Error is the refusal of a call by the service.
type Error struct {
	Code      string
	Status    int
	Detail    string
	RequestID string
	// RetryAfter is how long to wait before the call is repeated, if that makes sense.
	RetryAfter time.Duration

	problem []byte
}

func (e *Error) Error() string { return fmt.Sprintf("lockstep: %s: %s", e.Code, e.Detail) }

// Is reports whether the target is the code of the error.
func (e *Error) Is(target error) bool {
	_, isCode := target.(interface{ isCode() })
	return isCode && target.Error() == e.Code
}

// NoAnswerError says that no answer of the service came: the call may have been applied.
type NoAnswerError struct {
	// Call is its method and URL.
	Call string
	Err  error
}

func (e *NoAnswerError) Error() string {
	return fmt.Sprintf("lockstep: no answer to %s: %v", e.Call, e.Err)
}

// Unwrap returns what was received instead of an answer.
func (e *NoAnswerError) Unwrap() error { return e.Err }

// LeaseLostError says that the lease has ended, or may end before this process can know.
type LeaseLostError struct {
	Why string
	// Err is the answer of the service, if that is how the loss was noticed.
	Err error
	// Work is the error that the work returned, if it has one of its own: errors.Is and errors.As find
	// it too.
	Work error
}

func (e *LeaseLostError) Error() string {
	text := "lockstep: the lease is lost: " + e.Why
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Work != nil {
		text += "; the work: " + e.Work.Error()
	}
	return text
}

// Unwrap returns the answer of the service.
func (e *LeaseLostError) Unwrap() error { return e.Err }

// Is reports whether the error of the work is the target.
func (e *LeaseLostError) Is(target error) bool { return errors.Is(e.Work, target) }

// As finds the target in the error of the work.
func (e *LeaseLostError) As(target any) bool { return errors.As(e.Work, target) }

// RevokeRequestedError says that an operator asks the holder to give way. The lease goes on until
// the work has ended.
type RevokeRequestedError struct {
	// Reason is in the words of the operator.
	Reason string
}

func (e *RevokeRequestedError) Error() string {
	return "lockstep: an operator asks for the lease: " + e.Reason
}

// NackError is returned by the work of a delivery, to be delivered again after Delay, or with Dead
// never. An entry of a group has no Delay.
type NackError struct {
	Err   error
	Delay time.Duration
	Dead  bool
}

func (e *NackError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *NackError) Unwrap() error { return e.Err }

// LoadFailedError says that the last load of the key failed a moment ago.
type LoadFailedError struct {
	// RetryAfter is when the next load may begin.
	RetryAfter time.Duration
}

func (e *LoadFailedError) Error() string {
	return fmt.Sprintf("lockstep: the last load failed; the next may begin in %v", e.RetryAfter)
}

// ErrAbsent says that there is no value. A load returns it to have that cached.
var ErrAbsent = errors.New("lockstep: there is no value")

// isOneOf reports whether the service refused the call with one of these codes.
func isOneOf(err error, codes ...error) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// isAway reports whether the service could not serve the call, now.
func isAway(err error) bool {
	var refused *Error
	var silent *NoAnswerError
	return errors.As(err, &refused) && refused.Status >= 500 || errors.As(err, &silent)
}

func retryAfter(err error) time.Duration {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.RetryAfter
	}
	return 0
}
