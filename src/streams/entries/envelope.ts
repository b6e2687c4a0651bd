import type { Encoding } from '../../http/encoding.js'

const ENCODINGS: readonly Encoding[] = ['json', 'text', 'base64']

export interface Content {
  /** What happened: ASCII, at most 128 characters. */
  readonly event: string
  /** The bytes of JSON, of UTF-8, or those that base64 stands for. */
  readonly data: Buffer
  readonly encoding: Encoding
}

/** Encoding and length of the event, one byte each; event; data. */
const HEAD_BYTES = 2

/** The bytes of an entry, of which scripts know only the length. */
export const toEnvelope = ({ event, data, encoding }: Content): Buffer =>
  Buffer.concat([
    Buffer.from([ENCODINGS.indexOf(encoding), event.length]),
    Buffer.from(event),
    data,
  ])

/** @throws TypeError for bytes that `toEnvelope` does not make */
export function readEnvelope(envelope: unknown): Content {
  if (!Buffer.isBuffer(envelope)) throw new TypeError('an entry has no bytes')
  const encoding = ENCODINGS[envelope.readUInt8(0)]
  if (encoding === undefined) throw new TypeError('an entry has an unknown encoding')
  const end = HEAD_BYTES + envelope.readUInt8(1)
  return {
    event: envelope.toString('latin1', HEAD_BYTES, end),
    data: envelope.subarray(end),
    encoding,
  }
}
