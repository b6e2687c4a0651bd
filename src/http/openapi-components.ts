import { HEADERS, mapSchema, type Node, PARAMETERS } from './openapi-rules.js'

/**
 * The document with each titled schema once, in its components, under its title. Problem responses
 * that several operations share stand there too, named by their codes.
 * @throws Error for two schemas with one title
 */
export function componentsOf(document: Node): Node {
  const schemas = new Map<string, Node>()
  const responses: Node = {}
  const paths = mapSchema(document.paths, (node) => {
    if (typeof node.title === 'string') return toReference(schemas, node)
    const codes = problemCodesOf(node)
    if (codes === undefined) return node
    const name = codes.join('.')
    responses[name] = node
    return { $ref: `#/components/responses/${name}` }
  })
  const { properties } = (schemas.get('Problem') ?? {}) as { properties?: { code: Node } }
  if (properties) nameCodes(schemas, Object.keys(responses))
  return {
    ...document,
    paths,
    components: {
      ...(document.components as Node),
      parameters: PARAMETERS,
      headers: HEADERS,
      responses,
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** What one use of a schema may say in other words than the others. */
const OF_ONE_USE = ['description', 'default', 'examples'] as const

function toReference(schemas: Map<string, Node>, { title, ...node }: Node): Node {
  const name = title as string
  const known = schemas.get(name)
  if (known === undefined) schemas.set(name, node)
  else if (essence(known) !== essence(node)) throw new Error(`two schemas have the title ${name}`)
  const own = OF_ONE_USE.filter(
    (key) => node[key] !== undefined && JSON.stringify(node[key]) !== JSON.stringify(known?.[key]),
  )
  return {
    $ref: `#/components/schemas/${name}`,
    ...(known && Object.fromEntries(own.map((key) => [key, node[key]]))),
  }
}

function essence(node: Node): string {
  const copy = { ...node }
  for (const key of OF_ONE_USE) delete copy[key]
  return JSON.stringify(copy)
}

interface Response {
  readonly content?: { readonly 'application/problem+json'?: { readonly examples: object } }
}

/** Undefined for what is no response with a problem. */
function problemCodesOf(node: Node): string[] | undefined {
  const { content } = node as Response
  const problem = content?.['application/problem+json']
  return problem && Object.keys(problem.examples)
}

/** The codes of all problems, as one enum. */
function nameCodes(schemas: Map<string, Node>, responses: readonly string[]): void {
  const codes = new Set(responses.flatMap((name) => name.split('.')))
  const known = schemas.get('ProblemCode') as Node
  schemas.set('ProblemCode', { ...known, enum: [...codes].sort() })
}
