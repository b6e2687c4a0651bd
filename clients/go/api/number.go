// Package api has the types of openapi.yaml. What is nil is missing; [Ptr] makes a pointer of a value.
package api

import (
	"encoding/json"
	"strconv"
)

// Ptr returns a pointer to the value.
func Ptr[T any](value T) *T { return &value }

// Number is the decimal text of a number or of an int64, which is exact.
type Number string

// Int is the number of an int64.
func Int(value int64) Number { return Number(strconv.FormatInt(value, 10)) }

// Float is the number of a float64.
func Float(value float64) Number { return Number(strconv.FormatFloat(value, 'g', -1, 64)) }

// Int64 is the value of a whole number.
func (n Number) Int64() (int64, error) { return strconv.ParseInt(string(n), 10, 64) }

// Float64 is the value of a number.
func (n Number) Float64() (float64, error) { return strconv.ParseFloat(string(n), 64) }

// MarshalJSON is a number, or text if that would lose digits.
func (n Number) MarshalJSON() ([]byte, error) {
	const exact = 1 << 53
	if whole, err := n.Int64(); err == nil && (whole >= exact || whole <= -exact) {
		return json.Marshal(string(n))
	}
	return json.Marshal(json.Number(n))
}

// UnmarshalJSON takes a number or text.
func (n *Number) UnmarshalJSON(text []byte) error {
	var number json.Number
	err := json.Unmarshal(text, &number)
	*n = Number(number)
	return err
}
