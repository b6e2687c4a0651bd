import { Command } from 'ioredis'

/**
 * EVAL or EVALSHA. Once one argument is a Buffer, ioredis encodes every argument by itself, which
 * doubles the cost of a batch; here the text between two Buffers is encoded at once.
 */
export class EvalCommand extends Command {
  override toWritable(socket: object): string | Buffer {
    const args = this.args as readonly (string | Buffer)[]
    if (!args.some(Buffer.isBuffer)) return super.toWritable(socket)
    const parts: Buffer[] = []
    let text = `*${args.length + 1}\r\n$${this.name.length}\r\n${this.name}\r\n`
    for (const arg of args) {
      if (typeof arg === 'string') {
        text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`
      } else {
        parts.push(Buffer.from(`${text}$${arg.length}\r\n`), arg)
        text = '\r\n'
      }
    }
    parts.push(Buffer.from(text))
    return Buffer.concat(parts)
  }
}
