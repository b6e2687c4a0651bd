/**
 * The first `limit` of the pages of all buckets, each in the order of its bytes.
 * @returns `next`: the key behind which the list goes on, undefined at its end
 */
export function firstOf<T>(pages: readonly T[][], limit: number, keyOf: (item: T) => string) {
  const items = pages
    .flat()
    .map((item) => ({ item, bytes: Buffer.from(keyOf(item)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .slice(0, limit)
    .map(({ item }) => item)
  const last = items.length === limit ? items.at(-1) : undefined
  return { items, next: last && keyOf(last) }
}
