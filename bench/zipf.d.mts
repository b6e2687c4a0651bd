export function zipf(options: { keys: number; exponent: number; seed: number }): () => number
