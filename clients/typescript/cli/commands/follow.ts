import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { NoAnswerError } from '../../src/errors.js'
import type { Context } from '../act.js'
import { eventsOf, type StreamEvent } from '../events.js'
import { note, printable, toJson } from '../output.js'
import { count } from '../values.js'

export const withCount = (command: Command): Command =>
  command.option('-n, --count <n>', 'end after so many events', count(1))

interface Following {
  readonly count?: number | undefined
  readonly after?: string | undefined
}

export interface Followed extends Omit<StreamEvent, 'data'> {
  // biome-ignore lint/suspicious/noExplicitAny: the members depend on the event
  readonly data: Readonly<Record<string, any>>
}

const AGAIN_MS = 1_000

/** Prints the events of a stream, and goes on after the last one when an instance shuts down. */
export async function follow(
  { service, out }: Context,
  path: string,
  { count = Number.POSITIVE_INFINITY, after }: Following,
  toLine: (event: Followed) => string,
): Promise<void> {
  let left = count
  let last: string | undefined
  for (let isFirst = true; ; isFirst = false) {
    try {
      const headers = last === undefined ? {} : { 'last-event-id': last }
      const query = last === undefined && after ? `?after=${encodeURIComponent(after)}` : ''
      const response = await service.open(path + query, { headers })
      for await (const event of eventsOf(response)) {
        last = event.id ?? last
        const followed = { ...event, data: JSON.parse(event.data) }
        out.line(out.isJson ? toJson(followed) : printable(toLine(followed)))
        if (--left <= 0) return
      }
    } catch (error) {
      // The first connection may be wrong; later ones were right before.
      if (isFirst && error instanceof NoAnswerError) throw error
      if (!(error instanceof NoAnswerError || error instanceof TypeError)) throw error
    }
    note('the stream has ended; it goes on at another connection')
    await sleep(AGAIN_MS)
  }
}
