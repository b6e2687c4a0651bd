export type Arg = string | number | Buffer

interface EncodedCall {
  readonly keys: readonly Arg[]
  readonly args: readonly Arg[]
}

/** One larger reply would block Redis, and every other caller, while it is built and sent. */
const MAX_REPLY_BYTES = 256 * 1024

/**
 * The arguments of the EVALSHA that runs many calls of one script, as scripts/batch.lua reads them.
 * @param script its source or its SHA-1
 * @param offsetUs us added to the server's time
 * @param runId of the server, '' where it is not known
 * @param grows a full Redis refuses the script before it starts
 * @param whole a Cluster refuses it while its slot moves
 */
export function encodeBatch(
  script: string,
  calls: readonly EncodedCall[],
  offsetUs: number,
  runId: string,
  { grows, whole }: { readonly grows: boolean; readonly whole: boolean },
): Arg[] {
  const batch: Arg[] = [script, 0]
  let count = 0
  for (const { keys } of calls) {
    for (const key of keys) batch.push(key)
    count += keys.length
  }
  // While a slot moves, a server refuses a call whose keys are not all there; this one never is.
  if (whole) {
    batch.push(`${tagOf(calls)}:guard`)
    count++
  }
  batch[1] = count
  batch.push(offsetUs, runId, MAX_REPLY_BYTES, grows ? 1 : 0)
  let before: readonly Arg[] = []
  for (const { keys, args } of calls) {
    batch.push(keys.length)
    pushArguments(batch, args, before)
    before = args
  }
  return batch
}

const tagOf = (calls: readonly EncodedCall[]): string =>
  /^[^}]*}/.exec(String(calls[0]?.keys[0]))?.[0] ?? ''

/**
 * Consecutive calls share most of their arguments, and parsing one costs Redis about as much as the
 * rest of a call: an argument that equals the one of the call before is not sent again.
 */
function pushArguments(batch: Arg[], args: readonly Arg[], before: readonly Arg[]): void {
  const form = args.length === before.length ? toForm(args, before) : undefined
  batch.push(form ?? args.length)
  for (let i = 0; i < args.length; i++) {
    if (form?.[i + 1] !== SAME) batch.push(args[i] as Arg)
  }
}

const SAME = '1'
const OTHER = '0'

/** Undefined where no argument is the same: a form would be one argument more. */
function toForm(args: readonly Arg[], before: readonly Arg[]): string | undefined {
  let form = '='
  for (let i = 0; i < args.length; i++) form += args[i] === before[i] ? SAME : OTHER
  return form.includes(SAME) ? form : undefined
}
