import { integers, list } from './reply.js'
import { defineScript } from './script.js'

export interface Stored {
  readonly name: string
  readonly version: number
  readonly body: string
}

export interface ReadReply {
  /** Equal to the known one: nothing changed, and no document follows. */
  readonly revision: number
  readonly documents: readonly Stored[]
}

export const readScript = defineScript({
  name: 'documents.read',
  file: new URL('./scripts/documents-read.lua', import.meta.url),
  keys: ['documents'],
  args: ['known'],
  decode(reply): ReadReply {
    const [revision, ...fields] = list(reply, 1)
    return { revision: Number(revision), documents: toDocuments(fields) }
  },
})

function toDocuments(fields: readonly unknown[]): Stored[] {
  const documents: Stored[] = []
  for (let i = 0; i < fields.length; i += 3) {
    documents.push({
      name: String(fields[i]),
      version: Number(fields[i + 1]),
      body: String(fields[i + 2]),
    })
  }
  return documents
}

export const writeScript = defineScript({
  name: 'documents.write',
  file: new URL('./scripts/documents-write.lua', import.meta.url),
  keys: ['documents'],
  args: ['name', 'body', 'if_match', 'most', 'channel', 'message'],
  outcomes: ['created', 'replaced', 'unchanged', 'precondition-failed', 'too-many'],
  decode(reply, outcome) {
    const [, version, before] = integers(reply, 3)
    return { outcome, version, before }
  },
})

export const removeScript = defineScript({
  name: 'documents.remove',
  file: new URL('./scripts/documents-remove.lua', import.meta.url),
  keys: ['documents'],
  args: ['name', 'if_match', 'channel', 'message'],
  outcomes: ['removed', 'missing', 'precondition-failed'],
  decode(reply, outcome) {
    const [, before] = integers(reply, 2)
    return { outcome, before }
  },
})
