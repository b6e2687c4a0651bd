import { HEADERS, mapSchema, type Node, PARAMETERS } from './openapi-rules.js'

/**
 * The document with each titled schema once, in its components, under its title, and the example of
 * each problem under its code.
 * @throws Error for two schemas with one title
 */
export function componentsOf(document: Node): Node {
  const schemas = new Map<string, Node>()
  const examples: Node = {}
  const paths = mapSchema(document.paths, (node) =>
    typeof node.title === 'string' ? toReference(schemas, node) : shareExamples(examples, node),
  )
  const codes = Object.keys(examples).sort()
  const code = schemas.get('ProblemCode')
  if (code) schemas.set('ProblemCode', { ...code, enum: codes })
  return {
    ...document,
    paths,
    components: {
      ...(document.components as Node),
      parameters: PARAMETERS,
      headers: HEADERS,
      examples: Object.fromEntries(codes.map((name) => [name, examples[name]])),
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** What one use of a schema may say in other words than the others. */
const OF_ONE_USE = ['description', 'default', 'examples'] as const

function toReference(schemas: Map<string, Node>, { title, ...node }: Node): Node {
  const name = title as string
  // A default belongs to a field: another field of this schema may have none.
  const { default: _, ...shared } = node
  const known = schemas.get(name) ?? shared
  schemas.set(name, known)
  if (essence(known) !== essence(node)) throw new Error(`two schemas have the title ${name}`)
  const own = OF_ONE_USE.filter(
    (key) => node[key] !== undefined && JSON.stringify(node[key]) !== JSON.stringify(known[key]),
  )
  return {
    $ref: `#/components/schemas/${name}`,
    ...Object.fromEntries(own.map((key) => [key, node[key]])),
  }
}

function essence(node: Node): string {
  const copy = { ...node }
  for (const key of OF_ONE_USE) delete copy[key]
  return JSON.stringify(copy)
}

const PROBLEM = 'application/problem+json'

/** @param node if it is the content of a response with a problem, gets references */
function shareExamples(examples: Node, node: Node): Node {
  const problem = node[PROBLEM] as { readonly examples: Node } | undefined
  if (problem === undefined) return node
  Object.assign(examples, problem.examples)
  const references = Object.keys(problem.examples).map(
    (code) => [code, { $ref: `#/components/examples/${code}` }] as const,
  )
  return { ...node, [PROBLEM]: { ...problem, examples: Object.fromEntries(references) } }
}
