import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'

const harness = useHarness()

/** Names that `.` in a regular expression does not match. */
const NAMES = ['\u2028', 'a\u2029b']

const post = (path: string, body: object) => harness.request('post', path).send(body)

it.each(NAMES)(
  'a name with a line separator is checked and shown like any other: %j',
  async (name) => {
    const lock = `/v1/locks/${encodeURIComponent(name)}`
    const metadata = { [name]: 'x' }
    await post(`${lock}/acquire`, { metadata }).expect(200)
    const { body } = await harness.request('get', lock).expect(200)
    expect(JSON.stringify(body)).toContain(JSON.stringify(metadata))

    const names = [`${name}@s`, `${name}@t`]
    const set = await post('/v1/lock-sets/acquire', { names }).expect(200)
    expect(Object.keys(set.body.fences)).toEqual(names)

    const fields = '/v1/cache/by-name/object/fields'
    const refused = await harness
      .request('patch', fields)
      .send({ set: { [name]: 5 } })
      .expect(400)
    expect(refused.body.errors).toEqual([
      faultAt(`body/set/${name}`, expect.stringMatching(/^must be string/)),
    ])
    await harness.request('patch', fields).send({ set: metadata }).expect(200)
    expect((await harness.request('get', fields).expect(200)).body.fields).toMatchObject(metadata)
  },
)
