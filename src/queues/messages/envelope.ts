export const ENCODINGS = ['json', 'text', 'base64'] as const

export type Encoding = (typeof ENCODINGS)[number]

export type MessageHeaders = Readonly<Record<string, string>>

export interface Content {
  /** The bytes of JSON, of UTF-8, or those that base64 stands for. */
  readonly body: Buffer
  readonly encoding: Encoding
  readonly headers: MessageHeaders
}

/** Encoding, one byte; bytes of the headers, four; headers as JSON; body. */
const FRAME_BYTES = 5

const NO_HEADERS: MessageHeaders = Object.freeze({})

/** The bytes of a message that Redis stores once and no script reads. */
export function toEnvelope({ body, encoding, headers }: Content): Buffer {
  const json = Object.keys(headers).length === 0 ? '' : JSON.stringify(headers)
  const length = Buffer.byteLength(json)
  const envelope = Buffer.allocUnsafe(FRAME_BYTES + length + body.length)
  envelope.writeUInt8(ENCODINGS.indexOf(encoding), 0)
  envelope.writeUInt32BE(length, 1)
  envelope.write(json, FRAME_BYTES)
  body.copy(envelope, FRAME_BYTES + length)
  return envelope
}

/** @throws TypeError for bytes that `toEnvelope` does not write */
export function readEnvelope(envelope: unknown): Content {
  if (!Buffer.isBuffer(envelope)) throw new TypeError('a message has no body')
  const encoding = ENCODINGS[envelope.readUInt8(0)]
  if (encoding === undefined) throw new TypeError('a message has an unknown encoding')
  const end = FRAME_BYTES + envelope.readUInt32BE(1)
  return {
    body: envelope.subarray(end),
    encoding,
    headers: end === FRAME_BYTES ? NO_HEADERS : toHeaders(envelope.subarray(FRAME_BYTES, end)),
  }
}

const toHeaders = (json: Buffer): MessageHeaders => JSON.parse(json.toString()) as MessageHeaders
