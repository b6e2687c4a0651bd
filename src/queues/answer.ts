import type { Content } from './messages/envelope.js'

/** A message as every answer shows it. */
interface Shown extends Content {
  readonly id: string
  readonly priority: number
  readonly group?: string
  readonly deliveries: number
  readonly failures: number
  readonly sentAtMs: number
}

/**
 * The fields of a message as JSON text, without braces. Built by hand, because stored JSON goes in
 * verbatim: parsed and printed again it would cost more than everything else.
 */
export const messageText = (message: Shown): string =>
  `"id":"${message.id}","body":${bodyText(message)},"encoding":"${message.encoding}"` +
  `,"priority":${message.priority}${textOf('group', message.group)}${headersText(message)}` +
  `,"deliveries":${message.deliveries},"failures":${message.failures}` +
  `,"sentAt":"${new Date(message.sentAtMs).toISOString()}"`

export const textOf = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`

function bodyText({ body, encoding }: Content): string {
  if (encoding === 'base64') return `"${body.toString('base64')}"`
  const text = body.toString('utf8')
  return encoding === 'json' ? text : JSON.stringify(text)
}

const headersText = ({ headers }: Content): string =>
  Object.keys(headers).length === 0 ? '' : `,"headers":${JSON.stringify(headers)}`
