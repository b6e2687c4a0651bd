/**
 * What a script needs to answer a retry with the result of the first request. It stores an
 * idempotency record in the slot of the data.
 */
export interface Idempotency {
  /** SHA-256 of the caller's key, base64url: where the record is stored. */
  readonly digest: string
  /** SHA-256 of the request, base64url: another request with the same key is refused. */
  readonly fingerprint: string
  /** How long the record is kept. */
  readonly ttlMs: number
}
