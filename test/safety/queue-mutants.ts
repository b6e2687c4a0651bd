import type { LedgerMutant } from './ledger-suite.js'

export const QUEUE_MUTANTS: readonly LedgerMutant<'lost' | 'together' | 'staleApplied'>[] = [
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
