/** A source of numbers in [0, 1), repeatable by seed (mulberry32). */
function uniform(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * A source of key numbers, 0 to `keys` - 1, of which number i comes with a probability in proportion
 * to 1 / (i + 1) ** exponent; the same for the same seed.
 * @param {{ keys: number, exponent: number, seed: number }} options
 * @returns {() => number}
 */
export function zipf({ keys, exponent, seed }) {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let i = 0; i < keys; i++) {
    sum += 1 / (i + 1) ** exponent
    upTo[i] = sum
  }
  const next = uniform(seed)
  return () => {
    const wanted = next() * sum
    let low = 0
    let high = keys - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle] <= wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
