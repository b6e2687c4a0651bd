/** How a value becomes the bytes of an entry. */
export interface Codec<T> {
  readonly contentType: string
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

const toBytes = (value: string) => new TextEncoder().encode(value)
const toText = (value: Uint8Array) => new TextDecoder().decode(value)

/** A value in JSON: bytes as base64. */
export const toWire = (value: unknown): { value: unknown; encoding: 'json' | 'base64' } =>
  value instanceof Uint8Array
    ? {
        value: btoa(Array.from(value, (one) => String.fromCharCode(one)).join('')),
        encoding: 'base64',
      }
    : { value, encoding: 'json' }

/** The value of an answer in JSON, with its encoding. */
export const fromWire = (value: unknown, encoding: string | undefined): unknown =>
  encoding === 'base64'
    ? Uint8Array.from(atob(value as string), (letter) => letter.charCodeAt(0))
    : value

export const text: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: toBytes,
  decode: toText,
}

export const bytes: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  encode: (value) => value,
  decode: (value) => value,
}

/** JSON, the default. Numbers beyond 2^53 lose digits: store them as text. */
export const json = <T>(): Codec<T> => ({
  contentType: 'application/json',
  encode: (value) => toBytes(JSON.stringify(value)),
  decode: (value) => JSON.parse(toText(value)),
})
