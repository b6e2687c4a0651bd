/** 32 bits of a text: FNV-1a over its UTF-16 units, then mixed so that every bit counts. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return remix(hash, 0)
}

/** Another 32 bits of the same, one kind per seed. Source: the finalizer of MurmurHash3. */
export function remix(hash: number, seed: number): number {
  let mixed = hash ^ Math.imul(seed, 0x9e3779b9)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
