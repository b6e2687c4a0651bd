interface SchemaNode {
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
}

type Fill = (value: unknown) => unknown

/**
 * Compiles the defaults of a schema into a function that fills them into a value, in place:
 * interpreting the schema for every request would cost more than validating it.
 */
export function fillDefaults(schema: SchemaNode): Fill {
  return compile(schema) ?? ((value) => value)
}

/** Undefined where nothing below has a default, so that such branches cost nothing. */
function compile(schema: SchemaNode): Fill | undefined {
  if (schema.type === 'object' && schema.properties) return compileObject(schema.properties)
  if (schema.type === 'array' && schema.items) return compileArray(schema.items)
  return undefined
}

function compileObject(properties: Readonly<Record<string, SchemaNode>>): Fill | undefined {
  const defaults = Object.entries(properties).filter(([, node]) => node.default !== undefined)
  const nested = Object.entries(properties).flatMap(([name, node]) => {
    const fill = compile(node)
    return fill ? [{ name, fill }] : []
  })
  if (defaults.length === 0 && nested.length === 0) return undefined

  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const record = value as Record<string, unknown>
    for (const [name, node] of defaults) {
      if (record[name] === undefined) record[name] = structuredCloneIfNeeded(node.default)
    }
    for (const { name, fill } of nested) fill(record[name])
    return record
  }
}

function compileArray(items: SchemaNode): Fill | undefined {
  const fill = compile(items)
  if (!fill) return undefined
  return (value) => {
    if (Array.isArray(value)) for (const item of value) fill(item)
    return value
  }
}

const structuredCloneIfNeeded = (value: unknown): unknown =>
  typeof value === 'object' ? structuredClone(value) : value
