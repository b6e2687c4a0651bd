import { type Command, Command as NewCommand } from 'commander'

const SCRIPTS = {
  bash: `_lockstep() {
  local IFS=$'\\n'
  COMPREPLY=($(lockstep completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _lockstep lockstep`,
  zsh: `#compdef lockstep
_lockstep() {
  local -a found
  found=(\${(f)"$(lockstep completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _lockstep lockstep`,
  fish: `function __lockstep_found
  set -g __lockstep_words (lockstep completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  set -q __lockstep_words[1]
end
complete -c lockstep -n __lockstep_found -f -a '$__lockstep_words'`,
} as const

/** Prints what a shell runs at its start; the shell then asks `completion words`. */
export function completionCommand(): Command {
  const completion = new NewCommand('completion').description('completion for a shell')
  for (const [shell, script] of Object.entries(SCRIPTS)) {
    const command = new NewCommand(shell).description(`print the completion of ${shell}`)
    completion.addCommand(command.action(() => void process.stdout.write(`${script}\n`)))
  }
  const words = new NewCommand('words')
    .argument('[typed...]')
    .action((typed: string[], _, self) => {
      const program = self.parent.parent
      for (const word of candidates(program, typed)) process.stdout.write(`${word}\n`)
    })
  return completion.addCommand(words, { hidden: true })
}

/** What may stand in place of the last word. */
export function candidates(program: Command, typed: readonly string[]): string[] {
  const start = typed.at(-1) ?? ''
  const before = typed.slice(0, -1)
  if (before.includes('--')) return []
  const path = [program]
  for (let at = 0; at < before.length; at++) {
    const word = before[at] as string
    const option = optionsOf(path).find(({ short, long }) => word === short || word === long)
    if (option?.required) at++
    const next = path.at(-1)?.commands.find((command) => command.name() === word)
    if (next) path.push(next)
  }
  const last = before.at(-1) ?? ''
  const isValue = optionsOf(path).some(({ short, long, required }) => {
    return required && (last === short || last === long)
  })
  if (isValue) return []
  const words = start.startsWith('-')
    ? optionsOf(path).flatMap(({ long }) => long ?? [])
    : visible(path.at(-1) as Command)
  return [...new Set(words)].filter((word) => word.startsWith(start)).sort()
}

const optionsOf = (path: readonly Command[]) =>
  path.flatMap((command) => [...command.createHelp().visibleOptions(command)])

const visible = (command: Command) =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name())
