import { describe } from 'vitest'
import { LOCK_RUN } from '../support/lock-run.js'
import { itRunsOncePerPeriod } from '../support/once-per-contract.js'

describe('lock-run.sh --once-per', () => {
  itRunsOncePerPeriod({ command: [LOCK_RUN], says: 'lock-run' })
})
