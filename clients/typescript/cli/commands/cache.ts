import { isUtf8 } from 'node:buffer'
import { Command, Option } from 'commander'
import type { Codec } from '../../src/codecs.js'
import { act } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { checkHeader } from '../service.js'
import { duration, read, several } from '../values.js'

const MONTH_MS = 30 * 86_400_000

export function cacheCommand(): Command {
  const cache = new Command('cache').description('cache: values by space and key')
  for (const command of [getCommand(), putCommand(), rmCommand(), invalidateCommand()]) {
    cache.addCommand(command)
  }
  return cache
}

/** Bytes as they are, with a content type. */
const raw = (contentType: string): Codec<Uint8Array> => ({
  contentType,
  encode: (value) => value,
  decode: (value) => value,
})

const OCTETS = 'application/octet-stream'

const getCommand = () =>
  new Command('get')
    .description('print a value as it is; exit code 1 if there is none')
    .argument('<space>')
    .argument('<key>')
    .action(
      act(async ({ service, out }, space: string, key: string) => {
        const found = await service.lockstep.cache.get(space, key, { codec: raw(OCTETS) })
        if (!found) throw new Failure(EXIT.missing)
        const { value, etag, isStale } = found
        const text = Buffer.from(value)
        const content = isUtf8(text)
          ? { value: text.toString() }
          : { base64: text.toString('base64') }
        out.show({ ...content, etag, isStale }, () => process.stdout.write(value))
      }),
    )

interface PutOptions {
  readonly file?: string
  readonly ttl?: number
  readonly stale?: number
  readonly tag?: string[]
  readonly type: string
}

const putCommand = () =>
  new Command('put')
    .description('store a value, by default from standard input')
    .argument('<space>')
    .argument('<key>')
    .argument('[value]', 'text')
    .option('--file <file>', 'store the bytes of this file')
    .option('--ttl <time>', 'how long it is fresh', duration(1, MONTH_MS))
    .option('--stale <time>', 'how long it is served stale after that', duration(0, MONTH_MS))
    .option('--tag <tag>', 'a tag to invalidate it by; may be repeated', several)
    .option('--type <type>', 'content type', OCTETS)
    .action(
      act(
        async (
          { service, out },
          space: string,
          key: string,
          text: string | undefined,
          { file, ttl, stale, tag, type }: PutOptions,
        ) => {
          if (text !== undefined && file !== undefined) {
            throw new Failure(EXIT.usage, 'give the value, or --file')
          }
          checkHeader('content type', type)
          const value = text === undefined ? await read(file ?? '-') : Buffer.from(text)
          await service.lockstep.cache.put(space, key, value, {
            codec: raw(type),
            ...(ttl !== undefined && { ttlMs: ttl }),
            ...(stale !== undefined && { staleMs: stale }),
            ...(tag && { tags: tag }),
          })
          out.show({ stored: value.length }, () => undefined)
        },
      ),
    )

const rmCommand = () =>
  new Command('rm')
    .description('delete values')
    .argument('<space>')
    .argument('<keys...>')
    .action(
      act(async ({ service, out }, space: string, keys: string[]) => {
        for (const key of keys) await service.lockstep.cache.delete(space, key)
        out.show({ deleted: keys }, () => undefined)
      }),
    )

interface InvalidateOptions {
  readonly key?: string[]
  readonly tag?: string[]
  readonly all?: true
  readonly hard?: true
}

const invalidateCommand = () =>
  new Command('invalidate')
    .description('make values stale by key, by tag, or all of a space')
    .argument('<space>')
    .option('--key <key>', 'this key; may be repeated', several)
    .option('--tag <tag>', 'values with this tag; may be repeated', several)
    .addOption(new Option('--all', 'the whole space').conflicts(['key', 'tag']))
    .option('--hard', 'never serve them again, not even stale')
    .action(
      act(async ({ service, out }, space: string, options: InvalidateOptions) => {
        const { key, tag, all, hard } = options
        if (!key && !tag && !all) throw new Failure(EXIT.usage, 'name --key, --tag or --all')
        await service.lockstep.cache.invalidate(space, {
          ...(key && { keys: key }),
          ...(tag && { tags: tag }),
          ...(all && { all }),
          ...(hard && { mode: 'hard' }),
        })
        out.show({ invalidated: space }, () => undefined)
      }),
    )
