import type { Finding } from './audit.js'

/** Findings that the settings of Redis do not show: domains raise them about what it holds. */
export class RaisedFindings {
  readonly #raised = new Set<Finding>()
  readonly #listeners: (() => void)[] = []

  get all(): readonly Finding[] {
    return [...this.#raised]
  }

  set(finding: Finding, isRaised: boolean): void {
    if (this.#raised.has(finding) === isRaised) return
    if (isRaised) this.#raised.add(finding)
    else this.#raised.delete(finding)
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }
}
