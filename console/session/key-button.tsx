import type { KeyPanel } from './use-key-panel.ts'

interface KeyButtonProps {
  panel: KeyPanel
  /** Whether there is a key. */
  isSet: boolean
}

/** Opens and closes what takes the API key, and shows whether there is one. */
export function KeyButton({ panel: { button, isShown, show }, isSet }: KeyButtonProps) {
  return (
    <button ref={button} type="button" class="quiet" aria-expanded={isShown} onClick={() => show(!isShown)}>
      API key <span class={`dot ${isSet ? 'dot-on' : ''}`} aria-hidden="true" />
      <span class="visually-hidden">{isSet ? '(set)' : '(none)'}</span>
    </button>
  )
}
