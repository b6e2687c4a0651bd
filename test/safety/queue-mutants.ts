import type { Mutant } from '../support/mutant.js'
import type { Judgement } from './queue-ledger.js'

interface QueueMutant extends Mutant {
  /** The finding that exposes the fault. */
  readonly sign: 'lost' | 'unexplained' | 'disordered' | 'together' | 'staleApplied'
}

export const QUEUE_MUTANTS: readonly QueueMutant[] = [
  {
    name: 'a receipt that is not checked',
    sign: 'staleApplied',
    breaks: { 'receipt-check': 'm.nonce = action.nonce' },
  },
  {
    name: 'a group without a head',
    sign: 'together',
    breaks: { 'head-of-a-group': 'if true then return true end' },
  },
  {
    name: 'a message that is dropped with its lease',
    sign: 'lost',
    breaks: { 'end-of-a-visibility': 'm.nonce = nil; write_message(queue, id, m)' },
  },
]

export const isSignOf =
  ({ sign }: QueueMutant) =>
  (soFar: Judgement): boolean =>
    soFar[sign] > 0
