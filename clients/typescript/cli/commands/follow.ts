import type { Command } from 'commander'
import type { ServerEvent } from '../../src/events.js'
import type { Context } from '../act.js'
import { printable, toJson } from '../output.js'
import { count } from '../values.js'

export const withCount = (command: Command): Command =>
  command.option('-n, --count <n>', 'end after so many events', count(1))

export interface Followed extends ServerEvent {
  // biome-ignore lint/suspicious/noExplicitAny: the members depend on the event
  readonly data: any
}

/** Prints the events of a stream, so many or until the program is interrupted. */
export async function printEvents(
  { out }: Context,
  events: AsyncIterable<ServerEvent>,
  count: number | undefined,
  toLine: (event: Followed) => string,
): Promise<void> {
  let left = count ?? Number.POSITIVE_INFINITY
  for await (const event of events) {
    out.line(out.isJson ? toJson(event) : printable(toLine(event)))
    if (--left <= 0) return
  }
}
