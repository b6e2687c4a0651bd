import { messageText } from '../answer.js'
import type { Delivery } from './scripts.js'

/** The body of an answer to receive. */
export const toReceived = (deliveries: readonly Delivery[]): string =>
  `{"items":[${deliveries.map(toItem).join(',')}]}`

const toItem = (delivery: Delivery): string =>
  `{${messageText(delivery)},"receipt":"${delivery.receipt}","visibleForMs":${delivery.visibleForMs}}`
