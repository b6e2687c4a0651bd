import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { commandLine } from './tools.js'

const { shell } = await commandLine()

const isThere = (program: string) => spawnSync(program, ['-c', 'true']).status === 0

const LINES = `
  complete_line lockstep lo
  complete_line lockstep --url http://x locks ''
  complete_line lockstep run --once
  complete_line lockstep run name -- tr
  complete_line lockstep locks ls --limit ''`

const FOUND = 'locks\nhelp ls revoke show watch\n--once-per\n\n\n'

it('completes commands and options in bash', async () => {
  const { exit, stdout } = shell(
    'bash',
    `eval "$(lockstep completion bash)"
     complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lockstep; echo "\${COMPREPLY[*]}"; }
     ${LINES}`,
  )
  expect(await exit).toBe(0)
  expect(stdout()).toBe(FOUND)
})

it.runIf(isThere('zsh'))('completes commands and options in zsh, and files', async () => {
  const { exit, stdout } = shell(
    'zsh',
    `compdef() { }
     eval "$(lockstep completion zsh)"
     compadd() { shift; echo "$@"; }
     _files() { echo; }
     complete_line() { words=("$@"); CURRENT=$#; _lockstep; }
     ${LINES}`,
  )
  expect(await exit).toBe(0)
  expect(stdout()).toBe(FOUND)
})

it.runIf(isThere('fish'))('completes commands and options in fish, and files', async () => {
  const { exit, stdout } = shell(
    'fish',
    `lockstep completion fish | source
     for line in 'lockstep lo' 'lockstep --url http://x locks ' 'lockstep run --once' 'lockstep run name -- /etc/hostnam' 'lockstep cache put a b --file /etc/hostnam'
       echo (complete -C $line)
     end`,
  )
  expect(await exit).toBe(0)
  expect(stdout()).toBe(
    'locks\nhelp ls revoke show watch\n--once-per\n/etc/hostname\n/etc/hostname\n',
  )
})
