import { useEffect, useRef, useState } from 'preact/hooks'

interface ApiKeyPanelProps {
  apiKey: string | undefined
  /** Why it is shown, where the service has asked for a key. */
  reason?: string | undefined
  /** What makes such a key. */
  command: string
  onChange: (key: string | undefined) => void
  onClose: () => void
}

/** No header takes anything else. Spaces around it are not part of the key. */
const ONE_WORD = String.raw`\s*[\x21-\x7E]+\s*`

/** Takes the API key, or forgets it. */
export function ApiKeyPanel({ apiKey, reason, command, onChange, onClose }: ApiKeyPanelProps) {
  const [typed, setTyped] = useState('')
  const input = useRef<HTMLInputElement>(null)
  // Not where the page has opened it by itself: the reader may be somewhere else.
  const isAskedFor = reason === undefined
  useEffect(() => {
    if (isAskedFor) input.current?.focus()
  }, [isAskedFor])
  const save = (event: Event) => {
    event.preventDefault()
    const key = typed.trim()
    if (key === '') return
    onChange(key)
    // What was refused is not asked again: the reason stands.
    if (key !== apiKey || reason === undefined) onClose()
  }
  return (
    <section class="panel key-panel" aria-labelledby="key-heading">
      <h2 id="key-heading">API key</h2>
      {reason && (
        <p class="key-reason" role="alert">
          {reason}
        </p>
      )}
      <p id="key-hint">
        Whoever runs this service makes one with <code>{command}</code>, where <code>REDIS_URL</code> says
        which Redis it has (<code>npm start</code> prints it). It stays in this tab, and is gone when you
        close it.
      </p>
      <form class="key-form" onSubmit={save}>
        <label class="visually-hidden" for="api-key">
          API key
        </label>
        <input
          id="api-key"
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          pattern={ONE_WORD}
          title="An API key is one word, without spaces"
          placeholder={apiKey === undefined ? 'eb_…' : 'Another key'}
          aria-describedby="key-hint"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Use this key
        </button>
        {apiKey !== undefined && (
          <button type="button" onClick={() => onChange(undefined)}>
            Forget the key
          </button>
        )}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </form>
    </section>
  )
}
