import Type, { type Static, type TObjectOptions, type TSchema } from 'typebox'
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

/**
 * One page of a list that is in memory.
 * @param all by name, ascending
 * @throws Problem invalid-request for a cursor that is not of this list
 */
export function pageOf<T extends { readonly name: string }>(
  all: readonly T[],
  { prefix, limit, cursor }: Static<typeof PageQuery>,
): { items: T[]; nextCursor?: string } {
  const after = fromCursor(cursor, prefix)
  const rest = all.filter(({ name }) => name > after && name.startsWith(prefix))
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(last && rest.length > limit && { nextCursor: toCursor(last.name) }) }
}

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
    throw invalid(`${part}/cursor`, 'must be the nextCursor of a page with the same prefix')
  }
  return name
}
