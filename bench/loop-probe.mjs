// Preloaded into a service: how much CPU the longest turn of its event loop has taken since it was
// last asked. A turn is what keeps every other request waiting; its CPU time is the same on a
// machine that is busy with something else.
let longest = 0
let last = process.cpuUsage()

function look() {
  const { user, system } = process.cpuUsage(last)
  last = process.cpuUsage()
  longest = Math.max(longest, user + system)
  setImmediate(look)
}
look()

process.on('message', () => {
  process.send(longest / 1_000)
  longest = 0
})
process.channel.unref()
