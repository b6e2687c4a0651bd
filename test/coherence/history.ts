/**
 * What a run knows for certain, in milliseconds on the clock of the client process. The source of a
 * key is a number, its truth, which each change increases. A value records the truth that it was
 * loaded from.
 */
export interface Value {
  readonly key: string
  readonly truth: number
  /** Written without a lease, so it counts as loaded when its PUT is applied. */
  readonly isPlain: boolean
  /** When its PUT was acknowledged; undefined if that is unknown. */
  storedAt: number | undefined
}

/** An acknowledged change of a source: every value loaded from an earlier truth is out of date. */
export interface Change {
  readonly truth: number
  readonly ackedAt: number
}

export interface Read {
  readonly id: string
  readonly state: 'fresh' | 'stale'
  readonly fromMemory: boolean
  /** Answered by a read of Redis for this request alone: not from L1, not by an in-flight read. */
  readonly isDirect: boolean
  readonly beganAt: number
}

export interface TakenFill {
  readonly id: string
  readonly beganAt: number
}

export class History {
  /** Values by the id inside them. */
  readonly values = new Map<string, Value>()
  readonly reads: Read[] = []
  readonly takenFills: TakenFill[] = []
  refusedFills = 0
  readonly #hard = new Map<string, Change[]>()
  readonly #soft = new Map<string, Change[]>()

  changed(mode: 'hard' | 'soft', key: string, change: Change): void {
    const changes = mode === 'hard' ? this.#hard : this.#soft
    const known = changes.get(key)
    if (known) known.push(change)
    else changes.set(key, [change])
  }

  /** When the first change that outdates the value was acknowledged; infinite for never. */
  outOfDateAt(mode: 'hard' | 'soft', { key, truth }: Value): number {
    const changes = (mode === 'hard' ? this.#hard : this.#soft).get(key) ?? []
    return Math.min(...changes.filter((one) => one.truth > truth).map((one) => one.ackedAt))
  }
}
