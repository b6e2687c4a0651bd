import { entryText } from '../entries/answer.js'
import type { DeadEntry, Delivery } from './delivery-scripts.js'

/** The body of an answer to receive. */
export const toReceived = (deliveries: readonly Delivery[]): string =>
  `{"items":[${deliveries.map(toItem).join(',')}]}`

const toItem = (delivery: Delivery): string =>
  `{${entryText(delivery)}${countsText(delivery)}` +
  `,"receipt":"${delivery.receipt}","visibleForMs":${delivery.visibleForMs}}`

const countsText = ({ deliveries, failures }: Delivery | DeadEntry): string =>
  `,"deliveries":${deliveries},"failures":${failures}`

/** The body of a page of the dead list. */
export function toDeadPage(entries: readonly DeadEntry[], next: number | undefined): string {
  const cursor = next === undefined ? '' : `,"nextCursor":${next}`
  return `{"items":[${entries.map(toDeadItem).join(',')}]${cursor}}`
}

const toDeadItem = (entry: DeadEntry): string =>
  `{${entryText(entry)}${countsText(entry)},"diedAt":"${new Date(entry.diedAtMs).toISOString()}"` +
  `${entry.error === '' ? '' : `,"error":${JSON.stringify(entry.error)}`}}`
