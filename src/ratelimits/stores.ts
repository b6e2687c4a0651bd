import type { AdjustmentStore } from './adjustments/store.js'
import type { CheckStore } from './checks/store.js'
import type { ExceptionStore } from './exceptions/store.js'
import type { LeaseStore } from './leases/store.js'
import type { PolicyStore } from './policies/store.js'
import type { ReservationStore } from './reservations/store.js'

/** What the routes of the domain stand on. */
export interface RateLimitStores {
  readonly policies: PolicyStore
  readonly checks: CheckStore
  readonly adjustments: AdjustmentStore
  readonly exceptions: ExceptionStore
  readonly reservations: ReservationStore
  readonly leases: LeaseStore
}
