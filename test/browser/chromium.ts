import { spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The Chromium of the machine. `isThere` is false without one. */
export function useChromium() {
  const [executablePath] = `${spawnSync('which', NAMES).stdout ?? ''}`.split('\n')
  let browser: Browser
  beforeAll(async () => {
    if (!executablePath) return
    // Chromium has no sandbox for root.
    const args = ['--no-sandbox', '--disable-dev-shm-usage']
    browser = await chromium.launch({ executablePath, args, timeout: WAIT_MS })
  })
  afterAll(() => browser?.close())
  return {
    isThere: !!executablePath,
    async newPage() {
      const page = await browser.newPage()
      page.setDefaultTimeout(WAIT_MS)
      return page
    },
  }
}
