/** A reason why no Redis could be started here; the message is written for whoever ran `npm start`. */
export class ManagedRedisError extends Error {
  override readonly name = 'ManagedRedisError'
}
