import {
  createDocuments,
  type Document,
  type Documents,
  type DocumentsOptions,
} from './documents.js'
import { filedDocuments } from './filed-documents.js'

/** Named configuration that may leave settings out; a name without configuration has all defaults. */
export interface DefaultedDocuments<Sent extends object, Whole> extends Documents<Sent> {
  /**
   * Every setting of a name, with the defaults: at once where the documents of the namespace are
   * known, which they are after its first request.
   * @throws StoreError where the namespace is not known yet, and Redis cannot be asked.
   */
  readonly settingsOf: (namespace: string, name: string) => Whole | Promise<Whole>
  /** Whether the configuration file has the name. */
  readonly isInFile: (name: string) => boolean
}

export interface DefaultedDocumentsOptions<Sent, Whole>
  extends Pick<DocumentsOptions<Sent>, 'binder' | 'pubSub' | 'part' | 'parse'> {
  /** The section of the configuration file. */
  readonly definitions: { follow(use: (section: Readonly<Record<string, Sent>>) => void): void }
  /** Fills the defaults in; called once for each document that is used. */
  readonly toWhole: (sent: Sent) => Whole
  readonly defaults: Whole
}

export function createDefaultedDocuments<Sent extends object, Whole>({
  definitions,
  toWhole,
  defaults,
  ...options
}: DefaultedDocumentsOptions<Sent, Whole>): DefaultedDocuments<Sent, Whole> {
  let filed = filedDocuments<Sent>({})
  definitions.follow((section) => {
    filed = filedDocuments(section)
  })
  const documents = createDocuments<Sent>({ ...options, fromFile: () => filed })
  // Every request asks, and who compares settings with those before does so fastest by identity.
  const whole = new WeakMap<Sent, Whole>()
  const wholeOf = (document: Document<Sent> | undefined): Whole => {
    if (!document) return defaults
    const known = whole.get(document.value)
    if (known !== undefined) return known
    const settings = toWhole(document.value)
    whole.set(document.value, settings)
    return settings
  }
  return {
    ...documents,
    isInFile: (name) => filed.has(name),
    settingsOf(namespace, name) {
      const known = documents.peek(namespace, name)
      if (known || documents.knows(namespace)) return wholeOf(known)
      return documents.get(namespace, name).then(wholeOf)
    },
  }
}
