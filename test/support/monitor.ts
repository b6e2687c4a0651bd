import net from 'node:net'
import { until } from './until.js'

/** One command that Redis ran, as MONITOR reports it. */
export interface Ran {
  readonly byScript: boolean
  /** The name in lower case, and the first three arguments. */
  readonly args: readonly string[]
}

/** The commands of Redis during `work`. MONITOR of ioredis fails on a busy server. */
export async function commandsOf(redisUrl: string, work: () => Promise<unknown>): Promise<Ran[]> {
  const { protocol, hostname, port, pathname } = new URL(redisUrl)
  const socket = protocol === 'unix:' ? net.connect(pathname) : net.connect(Number(port), hostname)
  const ran: Ran[] = []
  let isOn = false
  let last = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    const lines = (last + text).split('\r\n')
    last = lines.pop() ?? ''
    isOn ||= lines.includes('+OK')
    for (const line of lines) if (line !== '+OK') ran.push(parse(line))
  })
  try {
    socket.write('MONITOR\r\n')
    await until('MONITOR', () => isOn)
    await work()
    // MONITOR reports earlier commands before this one.
    const end = net.connect({
      ...(protocol === 'unix:' ? { path: pathname } : { port: Number(port) }),
    })
    end.end('ECHO the-end\r\n')
    await until('the end of it', () => ran.some(({ args }) => args[1] === 'the-end'))
  } finally {
    socket.destroy()
  }
  return ran
}

/** `+1339518083.107412 [0 lua] "get" "key"`. */
function parse(line: string): Ran {
  const words = /"((?:[^"\\]|\\.)*)"/gy
  words.lastIndex = line.indexOf('] ') + 2
  const args: string[] = []
  for (let word = words.exec(line); word && args.length < 4; word = words.exec(line)) {
    args.push(word[1] as string)
    words.lastIndex += 1
  }
  args[0] = args[0]?.toLowerCase() ?? ''
  return { byScript: /^\+\S+ \[\d+ lua\]/.test(line), args }
}
