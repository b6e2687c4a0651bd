import { toCursor } from '../../http/pages.js'
import { messageText, textOf } from '../answer.js'
import type { LookedAt, MessageState } from './scripts.js'

/** The body of a page of messages. */
export function toPage(
  state: MessageState,
  { items, next }: { readonly items: readonly LookedAt[]; readonly next?: string },
): string {
  const list = items.map((item) => toItem(state, item)).join(',')
  return `{"items":[${list}]${textOf('nextCursor', next && toCursor(next))}}`
}

function toItem(state: MessageState, item: LookedAt): string {
  const isTimed = state === 'delayed' || state === 'leased'
  return `{${messageText(item)}${isTimed ? `,"readyInMs":${item.dueInMs}` : ''}${failureText(item)}}`
}

const failureText = ({ error, firstFailedAtMs, lastFailedAtMs }: LookedAt): string =>
  textOf('error', error) +
  textOf('firstFailedAt', instant(firstFailedAtMs)) +
  textOf('lastFailedAt', instant(lastFailedAtMs))

const instant = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()
