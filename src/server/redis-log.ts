import type { FastifyBaseLogger } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import type { Contact, Contacts } from '../redis/contact.js'
import type { Reason } from '../redis/reasons.js'

/** A connection that was closed is tried again within this time, and then it is known why. */
const WHY_MS = 250
const LINES = { most: 4, periodMs: 10_000 }

/** What the log has said of one connection last. */
interface Said {
  reason: Reason | undefined
  since: number
  /** Says that the connection was closed, once it is clear that nobody knows more. */
  later: NodeJS.Timeout | undefined
}

/** One line when a connection to Redis is lost, with the reason, and one when it is back. */
export function logContacts(contacts: Contacts, logger: FastifyBaseLogger): void {
  const known = new WeakMap<Contact, Said>()
  const limit = new LineLimit({
    ...LINES,
    onRest(kind, lines) {
      const contact = contacts.all.find((each) => nameOf(each) === kind)
      if (contact) logger.warn({ ...fieldsOf(contact), lines }, 'Redis comes and goes')
    },
  })

  function say(contact: Contact, said: Said, reason: Reason | undefined): void {
    clearTimeout(said.later)
    said.later = undefined
    if (reason === said.reason) return
    const now = performance.now()
    const message = messageOf(said.reason, reason)
    if (said.reason === undefined) said.since = now
    said.reason = reason
    if (!limit.take(nameOf(contact))) return
    const awayMs = Math.round(now - said.since)
    logger.warn({ ...fieldsOf(contact), reason, awayMs }, message)
  }

  function changed(contact: Contact): void {
    const said = known.get(contact) ?? { reason: undefined, since: 0, later: undefined }
    known.set(contact, said)
    if (contact.reason === 'closed' && said.reason === undefined) {
      said.later = setTimeout(() => say(contact, said, 'closed'), WHY_MS).unref()
      return
    }
    if (said.later && !contact.reason) say(contact, said, 'closed')
    say(contact, said, contact.reason)
  }

  contacts.onChange(changed)
  for (const contact of contacts.all) if (contact.reason) changed(contact)
}

function messageOf(before: Reason | undefined, now: Reason | undefined): string {
  if (now === undefined) return 'Redis is back'
  if (now === 'full') return 'Redis is full'
  return before === undefined ? 'Redis is lost' : 'Redis is still away'
}

const nameOf = ({ purpose, server }: Contact): string => `${purpose} ${server}`
const fieldsOf = ({ purpose, server, reason }: Contact) => ({ connection: purpose, server, reason })
