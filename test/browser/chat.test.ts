import path from 'node:path'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { EXAMPLES, useExamples } from '../examples/programs.js'
import { runProgram } from '../support/lock-run.js'
import { until } from '../support/until.js'
import { useChromium } from './chromium.js'

const { harness, serviceUrl, get, post } = useExamples()

const chromium = useChromium()

/** The chat of one channel, and pages that show it. */
async function startChat(channel: string) {
  const { child, stdout, stderr } = runProgram(
    process.execPath,
    [path.join(EXAMPLES, 'chat/chat.mjs'), channel, '0'],
    { LOCKSTEP_URL: serviceUrl() },
  )
  const url = await until('it listens', () => {
    expect(child.exitCode, stderr()).toBe(null)
    return /^(http\S+)\n/.exec(stdout())?.[1]
  })
  return {
    child,
    async open(): Promise<Page> {
      const page = await chromium.newPage()
      await page.goto(url)
      return page
    },
  }
}

/** Sends a message, again when its answer was lost. */
async function say(page: Page, by: string, text: string): Promise<void> {
  const message = page.getByLabel('Message')
  await page.getByLabel('Your name').fill(by)
  await message.fill(text)
  const send = () => page.getByRole('button').click()
  await send()
  await until('it is sent', async () => {
    if ((await message.inputValue()) === '') return true
    if ((await page.locator('output').textContent()) !== '') await send()
    return false
  })
}

/** Each line once. */
async function shows(page: Page, lines: readonly string[]): Promise<void> {
  const shown = () => page.locator('#messages li').allTextContents()
  await until(`${lines.length} lines`, async () => (await shown()).length >= lines.length)
  expect(await shown()).toEqual(lines)
}

it('shows each message once on every page, also while connections are cut', async ({ skip }) => {
  if (!chromium.isThere) skip('chromium is not installed')
  const chat = await startChat(`cuts-${Date.now()}`)
  const [ada, bob] = [await chat.open(), await chat.open()]
  const said: string[] = []
  for (let i = 0; i < 5; i++) {
    await say(ada, 'ada', `<b>${i}</b>`)
    said.push(`ada: <b>${i}</b>`)
    await shows(bob, said)
    harness.app.server.closeAllConnections()
    await say(bob, 'bob', `answer ${i}`)
    said.push(`bob: answer ${i}`)
    await shows(ada, said)
  }
  await shows(bob, said)
  await shows(await chat.open(), said)
})

it('says how many messages are gone when a page was away for too long', async ({ skip }) => {
  if (!chromium.isThere) skip('chromium is not installed')
  const channel = `gap-${Date.now()}`
  const chat = await startChat(channel)
  const page = await chat.open()
  await say(page, 'ada', 'hello')
  await shows(page, ['ada: hello'])

  // The page reaches nothing until 150 messages later, and a channel keeps 100.
  chat.child.kill('SIGSTOP')
  harness.app.server.closeAllConnections()
  const texts = Array.from({ length: 150 }, (_, i) => `message ${i}`)
  const entries = texts.map((text) => ({ event: 'said', data: { by: 'bob', text } }))
  const stream = `/v1/streams/chat-${channel}`
  await post(`${stream}/entries`, { entries: entries.slice(0, 75) }).expect(201)
  await post(`${stream}/entries`, { entries: entries.slice(75) }).expect(201)
  expect(await get(stream)).toMatchObject({ length: 100, appended: 151 })
  chat.child.kill('SIGCONT')
  await shows(page, [
    'ada: hello',
    '50 messages are gone',
    ...texts.slice(50).map((text) => `bob: ${text}`),
  ])
})
