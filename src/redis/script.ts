import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Batcher, type BatchOptions, type Program } from './batch.js'
import type { Arg } from './batch-codec.js'
import { assertHeader, parseHeader, type ScriptHeader } from './script-header.js'
import { librariesOf } from './script-libraries.js'

/**
 * Names as in the header of a script: `name`; `name?` (optional); `name[]` (a list); `group[].name`
 * (a list of records). A list is last; KEYS and ARGV have at most one each.
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

/** The binding of one Lua file. */
export interface ScriptSpec<K extends Names, A extends Names, R, O extends Names> {
  /** `<domain>.<verb>`: begins the Lua header and labels the metrics. */
  readonly name: `${string}.${string}`
  readonly file: URL
  readonly keys: K
  readonly args: A
  /** The words of the lines below RETURN, for a script that returns an outcome. */
  readonly outcomes?: O
  /** Throws on a reply of an unknown shape. */
  readonly decode: (reply: unknown, outcome: O[number]) => R
  /** Cost in units of about 7 us of Redis time; a batch holds 128. Default 1, or 1 per key of a list. */
  readonly units?: (args: Values<A>, keys: Values<K, string | Buffer>) => number
  /** False for sweeps and bulk work: every call travels alone. Default true. */
  readonly coalesce?: boolean
  /** Strings of the reply arrive as Buffers, for bytes that are no text. Default false. */
  readonly buffers?: boolean
}

export type RunScript<K extends Names, A extends Names, R> = (
  keys: Values<K, string | Buffer>,
  args: Values<A>,
) => Promise<R>

export interface Script<K extends Names, A extends Names, R> {
  readonly program: Program
  readonly decode: (reply: unknown) => R
  bind(options: BatchOptions): RunScript<K, A, R>
}

const BATCH = readFileSync(new URL('./scripts/batch.lua', import.meta.url), 'utf8')

/**
 * Loads a Lua file and checks its header against the spec. Lua works with positions and numbers,
 * TypeScript with names and words, and only the header states both: a difference stops the start.
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
  const libraries = librariesOf(file, body).join('\n')
  const source = BATCH.replace(/^-- @libraries$/m, () => libraries).replace(
    /^-- @body$/m,
    () => body,
  )
  return {
    name,
    source,
    sha: createHash('sha1').update(source).digest('hex'),
    grows: header.grows,
    whole: /^-- @whole$/m.test(source),
    coalesce: coalesce ?? true,
    buffers: buffers ?? false,
  }
}

/** Looks up the word of the outcome for a decoder; by index, as every reply passes here. */
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
    if (word === undefined) {
      // Only a number is shown: a string may be a token.
      const shown = typeof code === 'number' ? code : typeof code
      throw new TypeError(`unknown outcome ${shown} of ${name}`)
    }
    return decode(reply, word)
  }
}

/** One unit per key of a list, else one. */
function unitsOf(keys: Names): (args: unknown, keys: object) => number {
  const list = keys.find((name) => name.endsWith('[]'))?.slice(0, -2)
  return list === undefined ? () => 1 : (_, bag) => ((bag as Bag)[list] as readonly Arg[]).length
}

type Bag = Readonly<Record<string, unknown>>

/** An absent optional key is left out: a key is never empty. */
const absentKey = (): void => undefined
/** An absent optional argument is sent as '': ARGV holds no nil. */
const absentArg = (values: Arg[]): void => void values.push('')

/** Compiles the declared names into a function from named values to positions. */
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
