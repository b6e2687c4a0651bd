/**
 * What a script needs to answer a repeated request with the result of the first: the memo stands in
 * the slot of the data and is written by the same script.
 */
export interface Idempotency {
  /** SHA-256 of the caller's key, base64url: where the memo stands. */
  readonly digest: string
  /** SHA-256 of the request, base64url: another request under the same key is refused. */
  readonly fingerprint: string
  /** How long the memo is kept. */
  readonly ttlMs: number
}
