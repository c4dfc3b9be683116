/**
 * A pool as a supervisor sees it, and nothing of what a pool does. Tells a test over HTTP (TEST_URL) that it has started
 * and how it stops; the answer to the start is what it does: `ready`, or the code to exit with. The answer to a stop is that code, or
 * the signal to die of.
 */
const device = process.env.DEVICE_ID
const tell = (event: string) =>
  fetch(`${process.env.TEST_URL}/${event}?device=${device}&pid=${process.pid}`).then(
    (reply) => reply.text(),
    // The test is over.
    () => process.exit(0),
  )

const end = (order: string) => {
  if (!order.startsWith('SIG')) process.exit(Number(order))
  process.removeAllListeners(order)
  process.kill(process.pid, order)
}

for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  process.on(event, () => tell(event).then(end))
}
const order = await tell('start')
if (order !== 'ready') process.exit(Number(order))
process.send?.({ type: 'ready', model: `model of ${device}` }, undefined, undefined, () => {})
