export interface TestEvent {
  event: string
  id: string
  data: string
}

/** The events of an answer, as they come. Comments and `retry` are left out. */
export async function* eventsIn(response: Response): AsyncGenerator<TestEvent> {
  if (!response.body) return
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      )
      if (fields.event !== undefined)
        yield { event: fields.event, id: fields.id ?? '', data: fields.data ?? '' }
    }
  }
}
