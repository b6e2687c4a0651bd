interface SchemaNode {
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
}

type Fill = (value: unknown) => unknown

/**
 * Compiles a function that fills the defaults of a schema into a value: reading the schema for every
 * request would cost more than validating it.
 */
export function fillDefaults(schema: SchemaNode): Fill {
  return compile(schema) ?? ((value) => value)
}

/** Undefined if nothing below has a default: such branches cost nothing. */
function compile(schema: SchemaNode): Fill | undefined {
  if (schema.type === 'object' && schema.properties) return compileObject(schema.properties)
  if (schema.type === 'array' && schema.items) return compileArray(schema.items)
  return undefined
}

function compileObject(properties: Readonly<Record<string, SchemaNode>>): Fill | undefined {
  const defaults = toDefaults(properties)
  const nested = Object.entries(properties).flatMap(([name, node]) => {
    const fill = compile(node)
    return fill ? [{ name, fill }] : []
  })
  if (Object.keys(defaults).length === 0 && nested.length === 0) return undefined

  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const record: Record<string, unknown> = { ...defaults, ...value }
    for (const { name, fill } of nested) {
      if (record[name] !== undefined) record[name] = fill(record[name])
    }
    return record
  }
}

/**
 * One object that is spread into every value: V8 would make a slow dictionary of a body to which a
 * dozen properties are added one by one. It is parsed, so that it is no dictionary itself.
 */
function toDefaults(properties: Readonly<Record<string, SchemaNode>>): Record<string, unknown> {
  const defaults = Object.entries(properties).flatMap(([name, node]) =>
    node.default === undefined ? [] : [[name, node.default] as const],
  )
  return JSON.parse(JSON.stringify(Object.fromEntries(defaults)))
}

function compileArray(items: SchemaNode): Fill | undefined {
  const fill = compile(items)
  return fill && ((value) => (Array.isArray(value) ? value.map(fill) : value))
}
