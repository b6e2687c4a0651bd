package lockstep

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Cache is a space of the cache with values of one type.
type Cache[T any] struct {
	client *Client
	space  string
	codec  Codec[T]
}

// Codec is how a value becomes the bytes of an entry.
type Codec[T any] struct {
	ContentType string
	Encode      func(T) ([]byte, error)
	Decode      func([]byte) (T, error)
}

// NewCache returns a space whose values are encoded by a codec.
func NewCache[T any](c *Client, space string, codec Codec[T]) *Cache[T] {
	return &Cache[T]{c, space, codec}
}

// JSON is a space of JSON values.
func JSON[T any](c *Client, space string) *Cache[T] {
	return NewCache(c, space, Codec[T]{
		"application/json",
		func(value T) ([]byte, error) { return json.Marshal(value) },
		func(text []byte) (value T, err error) {
			err = json.Unmarshal(text, &value)
			return value, err
		},
	})
}

// Text is a space of texts.
func Text(c *Client, space string) *Cache[string] {
	return NewCache(c, space, Codec[string]{
		"text/plain; charset=utf-8",
		func(value string) ([]byte, error) { return []byte(value), nil },
		func(text []byte) (string, error) { return string(text), nil },
	})
}

// Bytes is a space of bytes.
func Bytes(c *Client, space string) *Cache[[]byte] {
	same := func(value []byte) ([]byte, error) { return value, nil }
	return NewCache(c, space, Codec[[]byte]{"application/octet-stream", same, same})
}

// Cached is a value that was read.
type Cached[T any] struct {
	Value T
	// ETag is the version, for IfMatch.
	ETag  string
	Stale bool
}

// PutOptions of an entry. Zero means the default of the space.
type PutOptions struct {
	TTL, Stale, Error time.Duration
	Tags              []string
	// IfMatch stores only over this version; "*": over any.
	IfMatch string
	// IfNoneMatch "*" stores only where there is none.
	IfNoneMatch string
}

func (c *Cache[T]) path(key string) map[string]string {
	return map[string]string{"space": c.space, "key": key}
}

// Get reads a value; ErrAbsent if there is none.
func (c *Cache[T]) Get(ctx context.Context, key string) (cached Cached[T], err error) {
	response, err := c.client.Do(ctx, OpGetCacheEntry, Request{Path: c.path(key)})
	if errors.Is(err, CodeCacheMiss) {
		return cached, ErrAbsent
	}
	if err != nil {
		return cached, err
	}
	cached.ETag = response.Header.Get("ETag")
	cached.Stale = response.Header.Get("Lockstep-State") == "stale"
	cached.Value, err = c.codec.Decode(response.Body)
	return cached, err
}

// Put stores a value.
func (c *Cache[T]) Put(ctx context.Context, key string, value T, options PutOptions) error {
	body, err := c.codec.Encode(value)
	if err != nil {
		return err
	}
	_, err = c.client.Do(ctx, OpPutCacheEntry, c.put(key, body, options))
	return err
}

// PutAbsent stores that there is no value.
func (c *Cache[T]) PutAbsent(ctx context.Context, key string, options PutOptions) error {
	request := c.put(key, []byte{}, options)
	request.Header.Set("Lockstep-Negative", "true")
	_, err := c.client.Do(ctx, OpPutCacheEntry, request)
	return err
}

func (c *Cache[T]) put(key string, body []byte, options PutOptions) Request {
	query := url.Values{}
	for name, duration := range map[string]time.Duration{"ttlMs": options.TTL, "staleMs": options.Stale, "errorMs": options.Error} {
		if duration > 0 {
			query.Set(name, strconv.FormatInt(ms(duration).count(), 10))
		}
	}
	header := http.Header{"Content-Type": {c.codec.ContentType}}
	groups := make([]string, len(options.Tags))
	for i, tag := range options.Tags {
		groups[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(tag) + `"`
	}
	lines := map[string]string{"Cache-Groups": strings.Join(groups, ", "), "If-Match": options.IfMatch, "If-None-Match": options.IfNoneMatch}
	for name, value := range lines {
		if value != "" {
			header.Set(name, value)
		}
	}
	return Request{Path: c.path(key), Query: query, Header: header, Body: body}
}

// Delete removes an entry, if there is one.
func (c *Cache[T]) Delete(ctx context.Context, key string) error {
	_, err := c.client.Do(ctx, OpDeleteCacheEntry, Request{Path: c.path(key)})
	return err
}

// Invalidation of entries by their Keys, by Tags, or of All.
type Invalidation struct {
	Keys []string `json:"keys,omitempty"`
	Tags []string `json:"tags,omitempty"`
	All  bool     `json:"all,omitempty"`
	// Mode "hard" never serves the values again. By default they are stale.
	Mode string `json:"mode,omitempty"`
}

// Invalidate makes entries stale, or unusable.
func (c *Cache[T]) Invalidate(ctx context.Context, what Invalidation) error {
	_, err := c.client.Do(ctx, OpInvalidateCache, Request{Path: map[string]string{"space": c.space}, Body: what})
	return err
}

// GetMany reads the values that are there.
func (c *Cache[T]) GetMany(ctx context.Context, keys ...string) (map[string]T, error) {
	type results struct {
		Results []struct{ Key, Status, Value string }
	}
	found := map[string]T{}
	for len(keys) > 0 {
		body := map[string]any{"keys": keys, "encoding": "base64"}
		request := Request{Path: map[string]string{"space": c.space}, Body: body}
		answer, err := call[results](ctx, c.client, OpGetManyCacheEntries, request)
		if err != nil {
			return nil, err
		}
		keys = nil
		for _, one := range answer.Results {
			switch one.Status {
			case "deferred":
				keys = append(keys, one.Key)
			case "hit":
				value, err := base64.StdEncoding.DecodeString(one.Value)
				if err != nil {
					return nil, err
				}
				if found[one.Key], err = c.codec.Decode(value); err != nil {
					return nil, err
				}
			}
		}
	}
	return found, nil
}

// Increment adds to a counter, and returns its value.
func (c *Cache[T]) Increment(ctx context.Context, key string, by int64) (int64, error) {
	type counter struct {
		Value int64 `json:",string"`
	}
	body := map[string]any{"by": strconv.FormatInt(by, 10)}
	answer, err := call[counter](ctx, c.client, OpIncrementCacheCounter, Request{Path: c.path(key), Body: body})
	return answer.Value, err
}
