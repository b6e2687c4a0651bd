import { expect } from 'vitest'

/** Where an entry of `errors[]` points: `body/limits/0/cost`. */
export const placeOf = (fault: { in: string; pointer: string } | undefined): string =>
  fault ? fault.in + fault.pointer : 'nowhere'

/** An entry of `errors[]` at a place: `body/limits/0/cost`. */
export function faultAt(place: string, detail: unknown = expect.any(String)): unknown {
  const [part, ...names] = place.split('/')
  return { in: part, pointer: names.map((name) => `/${name}`).join(''), detail }
}
