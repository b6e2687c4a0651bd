import type { LedgerMutant } from './ledger-suite.js'

export const GROUP_MUTANTS: readonly LedgerMutant<
  'lost' | 'disordered' | 'together' | 'staleApplied'
>[] = [
  {
    name: 'a receipt of an entry that is not checked',
    sign: 'staleApplied',
    breaks: { 'receipt-of-an-entry': 'if d then return nil end' },
  },
  {
    name: 'an entry that is dropped with its lease',
    sign: 'lost',
    breaks: { 'entry-that-is-ready-again': 'forget_delivery(group, id)' },
  },
  {
    name: 'a group that forgets its position',
    sign: 'together',
    breaks: { 'position-of-a-group': '' },
  },
  {
    name: 'a group that begins with the newest entry',
    sign: 'disordered',
    breaks: { 'new-entries-of-a-group': (line) => line.replace('false', 'true') },
  },
]
