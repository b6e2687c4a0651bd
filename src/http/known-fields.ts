import type { TSchema } from 'typebox'

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: object
  readonly additionalProperties?: unknown
  readonly items?: SchemaNode
}

type Holds = (value: unknown) => boolean

/**
 * Splits a schema in two: whether a value has only fields that its closed objects know, and the rest.
 * TypeBox matches every field of a closed object with a pattern, the filled in defaults included,
 * which takes longer than all of its other checks.
 */
export function splitKnownFields(schema: TSchema): { open: TSchema; holds: Holds } {
  return { open: toOpen(schema as SchemaNode) as TSchema, holds: compile(schema) ?? (() => true) }
}

const isClosed = ({ additionalProperties, patternProperties }: SchemaNode): boolean =>
  additionalProperties === false && patternProperties === undefined

type Open = { -readonly [K in keyof SchemaNode]: SchemaNode[K] }

/** Follows fields and items; what a union or a condition holds stays with TypeBox. */
function toOpen(node: SchemaNode): SchemaNode {
  // TypeBox marks optional fields with properties that a spread leaves out.
  const open = Object.defineProperties({}, Object.getOwnPropertyDescriptors(node)) as Open
  if (node.type === 'object' && node.properties) {
    if (isClosed(node)) delete open.additionalProperties
    open.properties = Object.fromEntries(
      Object.entries(node.properties).map(([name, inner]) => [name, toOpen(inner)]),
    )
  }
  if (node.type === 'array' && node.items) open.items = toOpen(node.items)
  return open
}

/** Undefined where nothing below is closed. */
function compile(node: SchemaNode): Holds | undefined {
  if (node.type === 'object' && node.properties) return compileObject(node, node.properties)
  if (node.type === 'array' && node.items) return compileArray(node.items)
  return undefined
}

function compileObject(
  node: SchemaNode,
  properties: Record<string, SchemaNode>,
): Holds | undefined {
  const nested = Object.entries(properties).flatMap(([name, inner]) => {
    const holds = compile(inner)
    return holds ? [{ name, holds }] : []
  })
  const known = isClosed(node) ? new Set(Object.keys(properties)) : undefined
  if (!known && nested.length === 0) return undefined
  return (value) => {
    // What is no object is refused by TypeBox.
    if (typeof value !== 'object' || value === null) return true
    if (known) for (const field in value) if (!known.has(field)) return false
    return nested.every(({ name, holds }) => holds((value as Record<string, unknown>)[name]))
  }
}

function compileArray(items: SchemaNode): Holds | undefined {
  const holds = compile(items)
  return holds && ((value) => !Array.isArray(value) || value.every(holds))
}
