import { RestResultPush } from '../../edge/result-push.ts'
import { systemClock } from '../../shared/clock.ts'

interface Wanted {
  url: string
  token: string
  channel: string
}

/**
 * Entry in workerd: listens to a channel (JSON in the body) and tells what it comes to, a line each: `acknowledged true`,
 * the messages, and what comes after it has closed the stream upon the message `close`.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const { channel, ...endpoint } = (await request.json()) as Wanted
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const stream = new RestResultPush(endpoint, systemClock).open(channel)
    const writer = writable.getWriter()
    const say = (line: string) => writer.write(new TextEncoder().encode(`${line}\n\n`))
    const tell = async () => {
      await say(`acknowledged ${await stream.acknowledged}`)
      for (;;) {
        // As one does who waits: what is pending is raced against time, and kept.
        const next = stream.nextMessage()
        while ((await Promise.race([next, systemClock.sleep(5).then(() => 'timer')])) === 'timer');
        const message = await next
        await say(`message ${message}`)
        if (message === 'close') break
        if (message === undefined) return writer.close()
      }
      const next = stream.nextMessage()
      stream.close()
      await say(`after close ${await next}`)
      await writer.close()
    }
    tell().catch((error) => writer.abort(error))
    return new Response(readable)
  },
}
