import Type from 'typebox'
import { isObjectName } from '../schema/formats.js'
import { invalid, type Problem, problem } from './problem.js'

/** A fence as it was sent, with the name of its lock. */
interface SentFence {
  readonly name: string
  readonly fence: number
}

const FORM =
  'a name, percent-encoded as in a path, = and the fence of its lease: `nightly=1795223400123456`'

export const FenceText = (description: string) =>
  Type.Optional(
    Type.String({
      description: `${description} ${FORM[0]?.toUpperCase()}${FORM.slice(1)}.`,
    }),
  )

export const FenceHeaders = {
  'if-fence': FenceText(
    'The lock that guards the change. 412 `fence-outdated` if a change of the same thing came with a higher fence of this lock in the last seven days.',
  ),
}

/** No lease has a higher one. */
const MAX_FENCE = 2 ** 53 - 100
const FENCE = /^([\x21-\x2b\x2d-\x3c\x3e-\x7e]+)=([1-9]\d{0,15})$/

/** @throws Problem invalid-request for what is no name with a fence. */
export function toFence(
  sent: string | undefined,
  pointer = 'header/if-fence',
): SentFence | undefined {
  if (sent === undefined) return undefined
  const [, encoded, digits] = FENCE.exec(sent) ?? []
  const name = encoded === undefined ? undefined : decoded(encoded)
  const fence = Number(digits)
  if (name !== undefined && isObjectName(name) && fence <= MAX_FENCE) {
    return { name, fence }
  }
  throw invalid(pointer, `must be ${FORM.replaceAll('`', '')}`)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** @param highest the fence that outdates it */
export const fenceOutdated = (fence: SentFence | undefined, highest: number): Problem =>
  problem('fence-outdated', `A change came with the fence ${highest} before.`, {
    extensions: { ...fence, highest },
  })
