/**
 * The first `limit` of the pages of all buckets, each in the order of its bytes and one item longer.
 * @returns `next`: the key behind which the list goes on, undefined at its end
 */
export function firstOf<T>(pages: readonly T[][], limit: number, keyOf: (item: T) => string) {
  const all = pages
    .flat()
    .map((item) => ({ item, bytes: Buffer.from(keyOf(item)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
  const items = all.slice(0, limit).map(({ item }) => item)
  const last = all.length > limit ? items.at(-1) : undefined
  return { items, next: last && keyOf(last) }
}
