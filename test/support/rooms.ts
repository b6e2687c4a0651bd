import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const SRC = path.resolve(import.meta.dirname, '../../src')

/** Every source file, relative to `SRC`. */
export const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)

export const read = (file: string) => readFileSync(path.join(SRC, file), 'utf8')

/** A file at the top of src is a room of its own. */
export const roomOf = (file: string) => file.split(path.sep)[0] ?? ''

/** The folders with a domain. */
export const domains = files
  .filter((file) => path.basename(file) === 'domain.ts' && roomOf(file) !== 'domain.ts')
  .map(roomOf)
  .sort()

interface Room {
  /** Other rooms that it may import. */
  readonly imports: readonly string[]
  /** The file of a folder whose first comment says what the room does. */
  readonly main?: string
}

/** A room missing here may not exist. */
export const ROOMS: Readonly<Record<string, Room>> = {
  'main.ts': { imports: ['app.ts', 'server', 'config', 'config.ts', 'http', 'logging', 'redis'] },
  'health.ts': { imports: ['config', 'server'] },
  'app.ts': {
    imports: [
      'server',
      'domain.ts',
      'domains.ts',
      'config',
      'config.ts',
      'http',
      'metrics',
      'redis',
    ],
  },
  'config.ts': { imports: ['config', 'domain.ts', 'domains.ts', 'http'] },
  'domains.ts': { imports: ['domain.ts', ...domains] },
  ...Object.fromEntries(
    domains.map((domain) => [
      domain,
      {
        imports: ['domain.ts', 'deliveries', 'redis', 'http', 'metrics', 'calendar', 'schema'],
        main: 'domain.ts',
      },
    ]),
  ),
  deliveries: { imports: ['domain.ts', 'redis', 'http'], main: 'settlement.ts' },
  'domain.ts': { imports: ['config', 'http', 'metrics', 'redis'] },
  server: {
    imports: ['config', 'config.ts', 'http', 'metrics', 'redis', 'logging'],
    main: 'server.ts',
  },
  tools: { imports: ['config.ts', 'config', 'leaderboards', 'redis'], main: 'import-board.ts' },
  config: { imports: ['schema'], main: 'load.ts' },
  http: { imports: ['schema', 'logging'], main: 'problem.ts' },
  redis: { imports: [], main: 'connections.ts' },
  metrics: { imports: [], main: 'registry.ts' },
  logging: { imports: [], main: 'logger.ts' },
  schema: { imports: [], main: 'faults.ts' },
  calendar: { imports: [], main: 'periods.ts' },
}

/** The first paragraph of the first comment of its main file. */
export function purposeOf(room: string): string {
  const file = path.join(room, ROOMS[room]?.main ?? '')
  const comment = /^\/\*\*([\s\S]*?)\*\//m.exec(read(file))?.[1]
  if (comment === undefined) throw new Error(`${file} has no comment that says what ${room} does`)
  const [paragraph = ''] = comment
    .replace(/^ \* ?/gm, '')
    .trim()
    .split('\n\n')
  return paragraph.replaceAll('\n', ' ')
}
