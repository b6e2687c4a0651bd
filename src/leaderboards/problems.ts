import Type from 'typebox'
import { defineProblems, type Problem } from '../http/problem.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'config-immutable': {
    status: 409,
    title: 'This setting cannot change once entries exist',
    cause: 'The order of existing entries depends on it.',
    remedy: 'Keep what `changes` names as it is, use a new name, or delete the board first.',
    retry: 'no',
    members: Type.Object(
      {
        changes: Type.Array(
          Type.Object(
            {
              setting: Type.String({ description: 'Path of the setting.' }),
              present: Type.Optional(Type.Unknown({ description: 'Its value.' })),
              wanted: Type.Optional(Type.Unknown({ description: 'The value of the request.' })),
            },
            { title: 'RefusedChange' },
          ),
          { description: 'The settings that cannot change any more.' },
        ),
      },
      {
        title: 'ConfigImmutableProblem',
        examples: [{ changes: [{ setting: 'season.every', present: 'none', wanted: 'weekly' }] }],
      },
    ),
  },
  'season-closed': {
    status: 409,
    title: 'The season is closed',
    cause: 'The board was closed and the next season has not begun.',
    remedy: 'Submit again when the next season has begun, or open the season again.',
    retry: 'later',
  },
  'no-next-season': {
    status: 409,
    title: 'No season follows the present one',
    cause: 'The board has no seasons, so it would be closed for ever.',
    remedy: 'Give the board seasons before it has entries, or submit nothing more.',
    retry: 'no',
  },
})

export const noBoard = (board: string): Problem =>
  problem('not-found', `There is no leaderboard "${board}", or it has no such season.`)
