import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { hasOpenssl, makeCertificate } from '../../support/certificates.js'
import { useHarness } from '../../support/harness.js'
import { startService } from '../../support/service.js'
import { tempFolder } from '../../support/temp-folder.js'
import { loadingDriver, originFile, SPACE } from './driver.js'

const harness = useHarness()
const { get, loadFrom } = loadingDriver(harness)

async function useHttpsOrigin() {
  const { cert, key, certFile } = makeCertificate(tempFolder(), 'origin')
  const server = createServer({ cert, key }, (request, response) => void response.end(request.url))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certFile }
}

it.skipIf(!hasOpenssl())(
  'an origin is reached by TLS where its certificate is trusted',
  async () => {
    const origin = await useHttpsOrigin()
    const file = path.join(tempFolder(), 'lockstep.yaml')
    writeFileSync(file, originFile(origin, 'default'))
    const service = await startService({
      LOCKSTEP_CONFIG_FILE: file,
      NODE_EXTRA_CA_CERTS: origin.certFile,
    })
    const answer = await fetch(`${await service.ready()}/v1/cache/${SPACE}/secure`)
    expect([answer.status, await answer.text()]).toEqual([200, '/values/secure'])
  },
)

it.skipIf(!hasOpenssl())('an origin with another certificate is away', async () => {
  loadFrom(await useHttpsOrigin())
  const { body } = await get('insecure').expect(503)
  expect(body).toMatchObject({ code: 'origin-unavailable' })
})
