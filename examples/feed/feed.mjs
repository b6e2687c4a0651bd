// An activity feed: the newest 100 entries of the last seven days, and how many a reader did not see.
// usage: node feed.mjs post USER TEXT        (Node 20, nothing to install)
//        node feed.mjs read USER READER
const [command, user, argument] = process.argv.slice(2)
const service = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const feed = `${service}/v1/streams/feed-${encodeURIComponent(user)}`
const SETTINGS = { capacity: 100, maxAgeMs: 7 * 24 * 3600 * 1000 }

async function call(method, url, body, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: body ? { 'content-type': 'application/json', ...headers } : headers,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  const answer = await response.json()
  if (!response.ok && response.status !== 412) throw new Error(answer.detail)
  return answer
}

async function post(text) {
  // The first post makes the settings. Later ones leave them as they are: 412.
  await call('PUT', feed, SETTINGS, { 'if-none-match': '*' })
  await call('POST', `${feed}/entries`, { entries: [{ event: 'posted', data: text }] })
}

async function show(reader) {
  const name = encodeURIComponent(reader)
  const { items, unread } = await call('GET', `${feed}/entries?order=desc&reader=${name}`)
  console.log(`${unread} unread`)
  for (const [i, { data }] of items.entries()) console.log(`${i < unread ? '*' : ' '} ${data}`)
  // Only what was shown is seen: an entry that came meanwhile stays unread.
  if (items.length > 0) await call('PUT', `${feed}/readers/${name}`, { seen: items[0].id })
}

if (command === 'post') await post(argument)
else if (command === 'read') await show(argument)
else throw new Error('usage: feed.mjs post USER TEXT, feed.mjs read USER READER')
