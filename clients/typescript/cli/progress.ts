import { Presets, SingleBar } from 'cli-progress'
import { wantsColour } from './output.js'

export interface Progress {
  add(done: number): void
  end(): void
}

/** A bar on stderr, where that is a terminal. */
export function startProgress(what: string, total: number): Progress {
  if (!process.stderr.isTTY || total === 0) return { add() {}, end() {} }
  const cyan = wantsColour(process.stderr, process.env) ? ['\x1b[36m', '\x1b[0m'] : ['', '']
  const format = `${what} ${cyan[0]}{bar}${cyan[1]} {percentage}%  {value} of {total}  {eta_formatted} left`
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.rect)
  bar.start(total, 0)
  return { add: (done) => bar.increment(done), end: () => bar.stop() }
}
