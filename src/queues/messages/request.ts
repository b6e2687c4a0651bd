import type { Static } from 'typebox'
import { decode } from '../../http/encoding.js'
import { invalid, type Problem } from '../../http/problem.js'
import { problem } from '../problems.js'
import { MAX_SEND_BYTES, type Queue } from '../settings.js'
import type { SendMessagesRequest } from './schemas.js'
import type { OutgoingMessage } from './store.js'

type Sent = Static<typeof SendMessagesRequest>['messages'][number]

/** @throws Problem for a message that breaks a rule which its schema cannot express */
export function toMessages(
  { name, settings: { maxMessageBytes } }: Queue,
  sent: readonly Sent[],
): OutgoingMessage[] {
  let bytes = 0
  return sent.map((message, at) => {
    const pointer = `body/messages/${at}`
    const { delayMs, group, dedupId, headers = {}, encoding, priority } = message
    if (delayMs > 0 && group !== undefined) {
      throw invalid(`${pointer}/delayMs`, 'does not go with a group, which keeps its order')
    }
    const body = decode(`${pointer}/body`, message.body, encoding)
    if (body.length > maxMessageBytes) {
      const detail = `The body of message ${at} has ${body.length} bytes; "${name}" allows ${maxMessageBytes}.`
      throw tooLarge(detail, { maxMessageBytes })
    }
    bytes += body.length + sizeOfHeaders(headers, `${pointer}/headers`)
    if (bytes > MAX_SEND_BYTES) {
      throw tooLarge(`The messages have more than ${MAX_SEND_BYTES} bytes together.`, {
        maxSendBytes: MAX_SEND_BYTES,
      })
    }
    return {
      body,
      encoding,
      priority,
      delayMs,
      headers,
      ...(group !== undefined && { group }),
      ...(dedupId !== undefined && { dedupId }),
    }
  })
}

const tooLarge = (detail: string, extensions: Readonly<Record<string, number>>): Problem =>
  problem('too-large', detail, { extensions })

const HEADER_NAME = /^[^\p{Cc}\p{Cs}]{1,64}$/u

/** @returns bytes of all names and values */
function sizeOfHeaders(headers: Readonly<Record<string, string>>, pointer: string): number {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) {
      throw invalid(pointer, 'must have names of 1 to 64 characters without control characters')
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return bytes
}
