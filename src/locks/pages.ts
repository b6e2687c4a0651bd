/** The first `limit` items of the pages of all buckets, in the order of the bytes of their keys. */
export const firstOf = <T>(pages: readonly T[][], limit: number, keyOf: (item: T) => string): T[] =>
  pages
    .flat()
    .map((item) => ({ item, bytes: Buffer.from(keyOf(item)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .slice(0, limit)
    .map(({ item }) => item)
