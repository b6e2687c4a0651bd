export type Arg = string | number | Buffer

interface FramedCall {
  readonly keys: readonly Arg[]
  readonly args: readonly Arg[]
}

/**
 * The arguments of the EVALSHA that runs calls of one script, in the layout that
 * scripts/batch.lua reads.
 * @param script its source or its SHA-1
 * @param offsetUs us added to the server's time
 * @param runId of the server, '' where it is not known
 * @param replyBytes once the replies are larger, the other calls are not run
 * @param grows a full Redis refuses the script before it starts
 */
export function frameCalls(
  script: string,
  calls: readonly FramedCall[],
  offsetUs: number,
  runId: string,
  replyBytes: number,
  grows: boolean,
): Arg[] {
  const frame: Arg[] = [script, 0]
  let count = 0
  for (const { keys } of calls) {
    for (const key of keys) frame.push(key)
    count += keys.length
  }
  frame[1] = count
  frame.push(offsetUs, runId, replyBytes, grows ? 1 : 0)
  let before: readonly Arg[] = []
  for (const { keys, args } of calls) {
    frame.push(keys.length)
    pushArguments(frame, args, before)
    before = args
  }
  return frame
}

/**
 * Calls of one script mostly say the same but for a few words, and each word costs about as much as
 * the rest of the way of a call: those of the call before are pointed at, not sent again.
 */
function pushArguments(frame: Arg[], args: readonly Arg[], before: readonly Arg[]): void {
  const form = args.length === before.length ? toForm(args, before) : undefined
  frame.push(form ?? args.length)
  for (let i = 0; i < args.length; i++) {
    if (form?.[i + 1] !== SAME) frame.push(args[i] as Arg)
  }
}

const SAME = '1'
const OTHER = '0'

/** Undefined where nothing is the same: then the form would be one more word. */
function toForm(args: readonly Arg[], before: readonly Arg[]): string | undefined {
  let form = '='
  let same = 0
  for (let i = 0; i < args.length; i++) {
    const isSame = args[i] === before[i]
    form += isSame ? SAME : OTHER
    if (isSame) same += 1
  }
  return same === 0 ? undefined : form
}
