import type { Problem } from '../../http/problem.js'
import { problem } from '../problems.js'
import type { Entry, EntryPage, LostPosition } from './scripts.js'
import type { ReadOptions } from './store.js'

/**
 * The body of a page, as text: stored JSON goes in verbatim, because to parse and print it again would
 * cost more than everything else.
 */
export function toPage(
  { entries, more, missed, last, unread }: EntryPage,
  { order, before }: ReadOptions,
): string {
  const next = more ? `,"nextCursor":"${entries.at(-1)?.id}"` : ''
  const lastId = order === 'asc' && before === 'end' ? `,"lastId":"${last}"` : ''
  const ofReader = unread === undefined ? '' : `,"unread":${unread}`
  return `{"items":[${entries.map(toItem).join(',')}]${next}${lastId},"missed":${missed}${ofReader}}`
}

/** An entry as JSON. */
export const toItem = (entry: Entry): string => `{${entryText(entry)}}`

/** Its fields, without braces. */
export const entryText = ({ id, event, data, encoding }: Entry): string =>
  `"id":"${id}","appendedAt":"${appendedAt(id)}","event":"${event}"` +
  `,"data":${toData(data, encoding)},"encoding":"${encoding}"`

const appendedAt = (id: string): string =>
  new Date(Number(id.slice(0, id.indexOf('-')))).toISOString()

function toData(data: Buffer, encoding: Entry['encoding']): string {
  if (encoding === 'base64') return `"${data.toString('base64')}"`
  const text = data.toString()
  return encoding === 'json' ? text : JSON.stringify(text)
}

export function positionLost(after: string, { missed, oldest, newest }: LostPosition): Problem {
  const what =
    missed === undefined
      ? `The history of the entry "${after}" was replaced by another.`
      : `${missed} entries after "${after}" are gone.`
  return problem('position-lost', what, {
    extensions: {
      ...(missed !== undefined && { missed }),
      ...(oldest !== undefined && { oldest }),
      ...(newest !== undefined && { newest }),
    },
  })
}
