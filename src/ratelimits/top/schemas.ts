import Type from 'typebox'
import { ObjectName } from '../../http/names.js'

const count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

const DeniedSubject = Type.Object(
  {
    key: { ...ObjectName, description: 'Who or what is limited.' },
    denials: count('Recent denials: each counts half after `halfLifeMs`. Never too low.'),
    error: count('How much too high `denials` may be.'),
  },
  { title: 'DeniedSubject', description: 'A subject that was denied often.' },
)

export const TopResponse = Type.Object(
  {
    items: Type.Array(DeniedSubject, { description: 'The most denied first.' }),
    halfLifeMs: Type.Integer({
      minimum: 1,
      maximum: 86_400_000,
      description: 'A denial counts half after this time. Milliseconds.',
    }),
  },
  {
    title: 'TopDeniedSubjects',
    description: 'The subjects that this process denied most often, the most denied first.',
    examples: [
      {
        items: [
          { key: '203.0.113.7', denials: 4_211, error: 0 },
          { key: '198.51.100.23', denials: 96, error: 2 },
        ],
        halfLifeMs: 60_000,
      },
    ],
  },
)
