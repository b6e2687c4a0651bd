// Preloaded into a service: measures the CPU of the longest turn of its event loop since the last
// read. A turn delays every other request; its CPU time is the same on a busy machine.
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
