import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Batcher, type BatchOptions, type Program } from './batch.js'
import type { Arg } from './frame.js'
import { assertHeader, parseHeader, type ScriptHeader } from './script-header.js'
import { librariesOf } from './script-libraries.js'

/**
 * Names as a script header spells them: `name`; `name?` (optional); `name[]` (a list);
 * `group[].name` (a list of records). Lists stand last, one per KEYS and one per ARGV.
 */
type Names = readonly string[]

type Scalar<N> = N extends `${string}[]${string}` | `${string}?` ? never : N
type Optional<N> = N extends `${infer Name}?` ? Name : never
type List<N> = N extends `${infer Name}[]` ? Name : never
type Group<N> = N extends `${infer Name}[].${string}` ? Name : never
type Field<N, G extends string> = N extends `${G}[].${infer Name}` ? Name : never

/** The object a caller passes for a list of declared names. */
export type Values<A extends Names, V = Arg> = {
  readonly [N in Scalar<A[number]>]: V
} & { readonly [N in Optional<A[number]>]?: V | undefined } & {
  readonly [N in List<A[number]>]: readonly V[]
} & {
  readonly [G in Group<A[number]>]: readonly { readonly [F in Field<A[number], G>]: V }[]
}

/** Everything the process must know about one Lua file to call it safely. */
export interface ScriptSpec<K extends Names, A extends Names, R, O extends Names> {
  /** `<domain>.<verb>`; must open the Lua header, and labels the metrics. */
  readonly name: `${string}.${string}`
  readonly file: URL
  readonly keys: K
  readonly args: A
  /** The words of the lines below RETURN, in their order; for a script that answers an outcome. */
  readonly outcomes?: O
  /** Turns the raw reply into a domain value, or throws on a shape it does not know. */
  readonly decode: (reply: unknown, outcome: O[number]) => R
  /** Cost in units of about 7 us of Redis time; a batch holds 128. Default 1, or 1 per listed key. */
  readonly units?: (args: Values<A>, keys: Values<K, string | Buffer>) => number
  /** False for sweeps and bulk work: every call travels alone. Default true. */
  readonly coalesce?: boolean
  /** The reply holds bytes that are no text: strings arrive as Buffers. Default false. */
  readonly buffers?: boolean
}

export type RunScript<K extends Names, A extends Names, R> = (
  keys: Values<K, string | Buffer>,
  args: Values<A>,
) => Promise<R>

export interface Script<K extends Names, A extends Names, R> {
  readonly program: Program
  /** Turns the raw reply into a domain value, or throws on a shape it does not know. */
  readonly decode: (reply: unknown) => R
  bind(options: BatchOptions): RunScript<K, A, R>
}

const FRAME = readFileSync(new URL('./scripts/batch.lua', import.meta.url), 'utf8')

/**
 * Loads a Lua file and checks its header against the spec. Lua sees positions and numbers, and
 * TypeScript sees names and words; the header is the only place that states both, so a header that
 * disagrees stops the process at boot rather than at 3 a.m.
 */
export function defineScript<
  const K extends Names,
  const A extends Names,
  R,
  const O extends Names = readonly [],
>(spec: ScriptSpec<K, A, R, O>): Script<K, A, R> {
  const body = readFileSync(spec.file, 'utf8')
  const header = parseHeader(body)
  assertHeader(spec, header)
  const program = compose(spec, body, header)
  const keyOrder = toPositions(spec.keys, absentKey)
  const argOrder = toPositions(spec.args, absentArg)
  const decode = toDecoder(spec, header)
  const { units = unitsOf(spec.keys) } = spec

  return {
    program,
    decode,
    bind(options) {
      const batcher = new Batcher(program, options)
      return (keys, args) =>
        batcher.call(keyOrder(keys as Bag), argOrder(args as Bag), units(args, keys), decode)
    },
  }
}

type Loading = Pick<
  ScriptSpec<Names, Names, unknown, Names>,
  'name' | 'file' | 'coalesce' | 'buffers'
>

function compose({ name, file, coalesce, buffers }: Loading, body: string, header: ScriptHeader) {
  const source = FRAME.replace(/^-- @libraries$/m, () =>
    librariesOf(file, body).join('\n'),
  ).replace(/^-- @body$/m, () => body)
  return {
    name,
    source,
    sha: createHash('sha1').update(source).digest('hex'),
    grows: header.grows,
    coalesce: coalesce ?? true,
    buffers: buffers ?? false,
  }
}

/** Puts the word of its outcome before a decoder; every reply passes here, so by one index. */
function toDecoder<R, O extends Names>(
  { name, decode }: Pick<ScriptSpec<Names, Names, R, O>, 'name' | 'decode'>,
  { outcomeAt, outcomes }: ScriptHeader,
): (reply: unknown) => R {
  if (outcomeAt < 0) return decode as (reply: unknown) => R
  const codes = outcomes.map(({ code }) => code)
  const least = Math.min(...codes)
  const words = Array.from(
    { length: Math.max(...codes) - least + 1 },
    (_, i) => outcomes[codes.indexOf(least + i)]?.word as O[number] | undefined,
  )
  return (reply) => {
    const code: unknown = Array.isArray(reply) ? reply[outcomeAt] : undefined
    const word = typeof code === 'number' ? words[code - least] : undefined
    // A string there may be a token.
    if (word === undefined) {
      throw new TypeError(
        `unknown outcome ${typeof code === 'number' ? code : typeof code} of ${name}`,
      )
    }
    return decode(reply, word)
  }
}

/** What a call costs that does as much for every key that it lists. */
function unitsOf(keys: Names): (args: unknown, keys: object) => number {
  const list = keys.find((name) => name.endsWith('[]'))?.slice(0, -2)
  return list === undefined ? () => 1 : (_, bag) => ((bag as Bag)[list] as readonly Arg[]).length
}

type Bag = Readonly<Record<string, unknown>>

/** A key must never be empty, so an absent optional key is left out: KEYS ends before it. */
const absentKey = (): void => undefined
/** Redis knows no nil in ARGV, so an absent optional argument is sent as ''. */
const absentArg = (values: Arg[]): void => void values.push('')

/** Compiles declared names into a function from a named bag to positions. */
function toPositions(names: Names, absent: (values: Arg[]) => void): (bag: Bag) => Arg[] {
  const scalars = names.filter((name) => !name.includes('[]'))
  const lists = names.filter((name) => name.includes('[]'))
  const listName = lists[0]?.split('[]')[0]
  const fields = lists.map((name) => name.split('[].')[1]).filter((name) => name !== undefined)

  const pick = scalars.map((name) => {
    const optional = name.endsWith('?')
    const field = optional ? name.slice(0, -1) : name
    return (bag: Bag, values: Arg[]) => {
      const value = bag[field] as Arg | undefined
      if (value !== undefined) values.push(value)
      else if (optional) absent(values)
      else throw new TypeError(`script argument ${name} is missing`)
    }
  })

  return (bag) => {
    const values: Arg[] = []
    for (const scalar of pick) scalar(bag, values)
    if (listName === undefined) return values
    for (const item of bag[listName] as readonly (Arg | Bag)[]) {
      if (fields.length === 0) values.push(item as Arg)
      else for (const field of fields) values.push((item as Record<string, Arg>)[field] as Arg)
    }
    return values
  }
}
