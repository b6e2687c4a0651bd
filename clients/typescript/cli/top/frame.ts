import stringWidth from 'string-width'
import { type Cell, columns, type Output, time } from '../output.js'
import { latency, rate, type View } from './view.js'

/** Rows of each list. */
const LISTED = 8

/** The lines of one picture. */
export function frameOf(view: View, out: Output): string[] {
  const { requests, redisCalls, rates } = view
  const head = (text: string) => out.paint('bold', text)
  const table = (heads: readonly string[], rows: readonly (readonly Cell[])[], none: string) => {
    const [first = '', ...lines] = columns([heads, ...rows.slice(0, LISTED)])
    return ['', head(first), ...(rows.length > 0 ? lines : [out.paint('dim', none)])]
  }
  const failed = `failed/s ${rate(requests.failedPerSecond)}`
  return [
    head(`lockstep ${view.version}  up for ${time(view.uptimeMs)}  redis ${view.redis}`),
    '',
    ...columns([
      ['', '/s', 'p50', 'p99'],
      ['requests', rate(requests.perSecond), latency(requests.p50Ms), latency(requests.p99Ms)],
      ['redis', rate(redisCalls.perSecond), latency(redisCalls.p50Ms), latency(redisCalls.p99Ms)],
    ]),
    [
      requests.failedPerSecond > 0 ? out.paint('red', failed) : failed,
      `in flight ${requests.inFlight}`,
      `waiting for locks ${view.lockWaiters}`,
      `event loop p99 ${Math.round(view.eventLoopP99Ms)}ms`,
    ].join('   '),
    ...pairs(rates.map(([name, perSecond]) => [name, rate(perSecond)] as const)),
    ...table(
      ['ROUTE', '/s', 'P50', 'P99'],
      view.routes.map((one) => [
        one.route,
        rate(one.perSecond),
        latency(one.p50Ms),
        latency(one.p99Ms),
      ]),
      'no request',
    ),
    ...table(
      ['LOCK WAITED FOR', 'WAITING', 'HOLDERS'],
      view.locks.map(({ name, queueLength, holderCount }) => [name, queueLength, holderCount]),
      'no request waits for a lock',
    ),
    ...table(
      ['DENIED SUBJECT', 'POLICY', 'TIMES'],
      view.denied.map(({ key, policy, denials }) => [key, policy, denials]),
      'no subject was denied',
    ),
  ]
}

/** Two rates on a line. */
function pairs(rates: readonly (readonly [string, Cell])[]): string[] {
  const rows: Cell[][] = []
  for (let at = 0; at < rates.length; at += 2) {
    rows.push([...(rates[at] ?? []), '', ...(rates[at + 1] ?? [])])
  }
  return ['', ...columns([['', '/s', '', '', '/s'], ...rows])]
}

/** The part of the lines that a terminal has room for. */
export function fitted(lines: readonly string[], width: number, height: number): string[] {
  return lines
    .slice(0, height)
    .map((line) => (stringWidth(line) <= width ? line : cut(line, width)))
}

/** A line that is too long loses its colours with its end. */
function cut(line: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of this program
  const letters = [...line.replace(/\x1b\[\d+m/g, '')]
  while (stringWidth(letters.join('')) > width) letters.pop()
  return letters.join('')
}
