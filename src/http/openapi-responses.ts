import { STATUS_CODES } from 'node:http'
import { mapValues, type Node } from './openapi-rules.js'

type Paths = Record<string, Record<string, { readonly responses: Record<string, Node> }>>

/**
 * The document with the responses that most operations have in its components, named by their
 * status. Others stay where they are: generators name a type after a shared one, and two of one
 * status would get names made of their codes.
 */
export function shareResponses(document: Node): Node {
  const paths = document.paths as Paths
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const uses = new Map<string, number>()
  for (const { responses } of operations) {
    for (const response of Object.values(responses)) {
      const text = JSON.stringify(response)
      uses.set(text, (uses.get(text) ?? 0) + 1)
    }
  }
  const shared: Node = {}
  const share = (response: Node, status: string): Node => {
    if (uses.get(JSON.stringify(response))! * 2 <= operations.length) return response
    const name = STATUS_CODES[status]!.replaceAll(' ', '')
    shared[name] = response
    return { $ref: `#/components/responses/${name}` }
  }
  return {
    ...document,
    paths: mapValues(paths, (methods) =>
      mapValues(methods, (operation) => ({
        ...operation,
        responses: mapValues(operation.responses, share),
      })),
    ),
    components: { ...(document.components as Node), responses: shared },
  }
}
