/** All faults of a configuration at once, one per line, as a person can read them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** A place in a value, as JSON pointer, and what is wrong there. */
export interface Fault {
  readonly pointer: string
  /** Completes "<place> ...". */
  readonly message: string
}

interface Issue {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

/** What a validator found, so that unknown and missing fields are named and not only their parent. */
export function toFaults(issues: Iterable<Issue>): Fault[] {
  return [...issues].flatMap(({ keyword, instancePath, message, params }) => {
    const { additionalProperties, requiredProperties, allowedValues } = params as {
      additionalProperties?: string[]
      requiredProperties?: string[]
      allowedValues?: unknown[]
    }
    const inside = (names: string[], text: string) =>
      names.map((name) => ({ pointer: `${instancePath}/${name}`, message: text }))
    if (keyword === 'additionalProperties')
      return inside(additionalProperties ?? [], 'is not known')
    if (keyword === 'required') return inside(requiredProperties ?? [], 'is missing')
    // Says what the parent's entry says better.
    if (keyword === 'boolean' || keyword === 'not') return []
    if (keyword === 'enum') {
      const choices = (allowedValues ?? []).map((value) => JSON.stringify(value)).join(', ')
      return [{ pointer: instancePath, message: `must be one of ${choices}` }]
    }
    return [{ pointer: instancePath, message }]
  })
}
