import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface ApiKeyPanelProps {
  apiKey: string | undefined
  /** Why it is shown, where the service has asked for a key. */
  reason?: string | undefined
  /** Whose key it takes, in a sentence. */
  hint: ComponentChildren
  onChange: (key: string | undefined) => void
  onClose: () => void
}

/** Takes the API key, or forgets it. */
export function ApiKeyPanel({ apiKey, reason, hint, onChange, onClose }: ApiKeyPanelProps) {
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
    onClose()
  }
  return (
    <section class="panel key-panel" aria-labelledby="key-heading">
      <h2 id="key-heading">API key</h2>
      {reason && (
        <p class="key-reason" role="alert">
          {reason}
        </p>
      )}
      <p id="key-hint">{hint} It stays in this tab, and is gone when you close it.</p>
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
