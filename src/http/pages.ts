import Type, { type Static, type TObjectOptions, type TSchema } from 'typebox'
import { type GrantedNames, isGranted, rulesBelow } from './granted-names.js'
import { invalid } from './problem.js'

/** Query of a list of named things. */
export const PageQuery = Type.Object(
  {
    prefix: Type.String({
      default: '',
      maxLength: 512,
      description: 'Only names that begin with this text. Default: all.',
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 100,
      description: 'Items per page, 1 to 1000. Default 100.',
    }),
    cursor: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: '`nextCursor` of the page before. Default: the first page.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A page of items. @param title of the component in the document: `CacheSpaceList` */
export const PageOf = <T extends TSchema>(item: T, options: TObjectOptions & { title: string }) =>
  Type.Object(
    {
      items: Type.Array(item, { description: 'The items of this page, by name.' }),
      nextCursor: Type.Optional(
        Type.String({ description: '`cursor` of the next page; absent on the last page.' }),
      ),
    },
    options,
  )

type Asked = Static<typeof PageQuery>

interface Named {
  readonly name: string
}

interface Page<T> {
  readonly items: T[]
  readonly nextCursor?: string
}

/**
 * One page of a list that is in memory.
 * @param all by name, ascending
 * @param names those that the caller may see
 * @throws Problem invalid-request for a cursor that is not of this list
 */
export function pageOf<T extends Named>(
  all: readonly T[],
  { prefix, limit, cursor }: Asked,
  names: GrantedNames,
): Page<T> {
  const after = fromCursor(cursor, prefix)
  const isAsked = ({ name }: T) => name > after && name.startsWith(prefix) && isGranted(names, name)
  return firstPage(all.filter(isAsked), limit)
}

/**
 * One page of a list that is read in parts, each with the names of one prefix.
 * @param names those that the caller may see
 * @param read the first `limit` items behind `after`, '' for the first
 * @throws Problem invalid-request for a cursor that is not of this list
 */
export async function readPage<T extends Named>(
  { prefix, limit, cursor }: Asked,
  names: GrantedNames,
  read: (prefix: string, after: string, limit: number) => Promise<readonly T[]>,
  part: 'query' | 'body' = 'query',
): Promise<Page<T>> {
  const after = fromCursor(cursor, prefix, part)
  const rules = rulesBelow(names, prefix)
  const from = after === '' ? 0 : rules.findIndex((rule) => isGranted([rule], after))
  if (from < 0) throw invalid(`${part}/cursor`, OTHER_LIST)
  const found: T[] = []
  for (const [at, { text, isPrefix }] of rules.slice(from).entries()) {
    const left = limit + 1 - found.length
    const start = at === 0 ? after : ''
    if (isPrefix) found.push(...(await read(text, start, left)))
    else if (start === '') {
      // A name comes before all others that begin with it.
      found.push(...(await read(text, '', 1)).filter(({ name }) => name === text))
    }
    if (found.length > limit) break
  }
  return firstPage(found, limit)
}

function firstPage<T extends Named>(rest: readonly T[], limit: number): Page<T> {
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(last && rest.length > limit && { nextCursor: toCursor(last.name) }) }
}

const OTHER_LIST = 'must be the nextCursor of a page with the same prefix'

/** @param name of the last item of a page */
export const toCursor = (name: string): string => Buffer.from(name).toString('base64url')

/**
 * @returns the name after which the page begins; '' without a cursor
 * @throws Problem invalid-request for a cursor that is not of a list with this prefix
 */
export function fromCursor(
  cursor: string | undefined,
  prefix: string,
  part: 'query' | 'body' = 'query',
): string {
  if (cursor === undefined) return ''
  const name = Buffer.from(cursor, 'base64url').toString()
  if (name === '' || toCursor(name) !== cursor || !name.startsWith(prefix)) {
    throw invalid(`${part}/cursor`, OTHER_LIST)
  }
  return name
}
