/** Callers invent namespaces: further ones are not looked at. */
const MAX_NAMESPACES = 64
const MAX_AGE_MS = 5_000

/** What one thing of the configuration file contains, in each namespace that is looked at. */
export interface FiledContents<Content> {
  readonly name: string
  readonly contents: readonly Content[]
}

/** Named settings, some of them of the configuration file. */
interface Documents<Settings> {
  readonly isInFile: (name: string) => boolean
  readonly settingsOf: (namespace: string, name: string) => Settings | Promise<Settings>
}

interface FiledLooksOptions<Settings, Content> {
  readonly documents: Documents<Settings>
  /** The section of the configuration file. */
  readonly definitions: { current(): Readonly<Record<string, unknown>> }
  /** @returns undefined for a thing that does not exist there */
  readonly contentOf: (thing: {
    readonly namespace: string
    readonly name: string
    readonly settings: Settings
  }) => Promise<Content | undefined>
  readonly clockOffsetUs?: (() => number) | undefined
}

/**
 * Looks into the things of the configuration file, whose names are few, for gauges. A thing is another
 * one in each namespace: those in which this process used it are looked at.
 */
export class FiledLooks<Settings, Content> {
  readonly #options: FiledLooksOptions<Settings, Content>
  readonly #namespaces = new Map<string, Set<string>>()
  #found: Promise<readonly FiledContents<Content>[]> | undefined
  #readAtMs = 0

  constructor(options: FiledLooksOptions<Settings, Content>) {
    this.#options = options
  }

  /** The same documents: whose settings a request asks for is used. */
  noting<D extends Documents<Settings>>(documents: D): D {
    return {
      ...documents,
      settingsOf: (namespace: string, name: string) => {
        this.#note(namespace, name)
        return documents.settingsOf(namespace, name)
      },
    }
  }

  /** At most 5 s old; empty while Redis does not answer. */
  read(): Promise<readonly FiledContents<Content>[]> {
    const { clockOffsetUs, definitions } = this.#options
    const now = performance.now() + (clockOffsetUs?.() ?? 0) / 1_000
    if (!this.#found || now - this.#readAtMs >= MAX_AGE_MS) {
      this.#readAtMs = now
      const all = Object.keys(definitions.current()).map((name) => this.#look(name))
      this.#found = Promise.all(all).catch(() => [])
    }
    return this.#found
  }

  #note(namespace: string, name: string): void {
    if (!this.#options.documents.isInFile(name)) return
    const known = this.#namespaces.get(name) ?? new Set()
    if (known.size < MAX_NAMESPACES) this.#namespaces.set(name, known.add(namespace))
  }

  async #look(name: string): Promise<FiledContents<Content>> {
    const { documents, contentOf } = this.#options
    const found = await Promise.all(
      [...(this.#namespaces.get(name) ?? [])].map(async (namespace) =>
        contentOf({ namespace, name, settings: await documents.settingsOf(namespace, name) }),
      ),
    )
    return { name, contents: found.filter((content) => content !== undefined) }
  }
}
