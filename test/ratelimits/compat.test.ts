import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'

const plain = useHarness()
const compat = useHarness({ environment: { LOCKSTEP_COMPAT: 'true' } })

describe.each(['/json', '/v1/GetRateLimits'])('%s of another service', (path) => {
  it('is an unknown path unless LOCKSTEP_COMPAT is true', async () => {
    const { body } = await plain.request('post', path).send({}).expect(404)
    expect(body.code).toBe('unknown-path')
    expect((await compat.request('post', path).send({})).body.code).toBe('invalid-request')
  })

  it('is never in the document', async () => {
    for (const harness of [plain, compat]) {
      const { body } = await harness.request('get', '/openapi.json').expect(200)
      expect(body.paths).not.toHaveProperty([path])
    }
  })
})
